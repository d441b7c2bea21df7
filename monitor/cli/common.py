"""What the commands share: options, exit codes, reading the configuration, errors.

Every command imports this file, so the configuration's modules are imported only on use.

Must not know: any single command.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import socket
import sys
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click
from click.core import ParameterSource

from monitor.cli.output import say, say_document, say_text
from monitor.cli.unit import INSTALLED_CONFIG, INSTALLED_STATE, installed_unit
from monitor.state.whole_file import whole_text
from monitor.words.text import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.cli.unit import Unit
    from monitor.config import ConfigError
    from monitor.inventory.city import Inventory, School

Command = TypeVar("Command", bound="Callable[..., Any]")

DEFAULT_CONFIG = Path("config/schools.yaml")
CONFIG_VARIABLE = "SCHULNETZ_CONFIG"
CONFIG_DEFAULT = f"the service's, {INSTALLED_CONFIG} where it exists, else {DEFAULT_CONFIG}"
NAMED = frozenset({ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT})
LOCAL_STATE = Path("state")
STATE_DEFAULT = f"$STATE_DIRECTORY, the service's, {INSTALLED_STATE} where it exists, else ./state"
_UNIT = "monitor.unit"
_FEW = 10
DEFAULT_LISTEN = "127.0.0.1:9822"


class Exit(IntEnum):
    """Exit codes; `schulnetz --help` documents them."""

    OK = 0
    WRONG = 1
    USAGE = 2
    CANNOT_START = 3
    CHECK_FAILED = 4


def program() -> str:
    """Return how this program was called, for commands that are copied: a path, or its name."""
    called = sys.argv[0]
    name = Path(called).name
    is_on_path = name == called or shutil.which(name) == called
    return "schulnetz" if is_on_path or name == "__main__.py" else called


def fail(message: str, code: Exit) -> NoReturn:
    """Print an error on stderr, each line of it marked as one, and exit with a code."""
    say(*(f"error: {line}" for line in message.split("\n")), err=True)
    raise SystemExit(code)


def sentence(error: Exception) -> str:
    """Return an error's message for a person, without the errno of an `OSError`."""
    return getattr(error, "strerror", None) or str(error)


def is_there(path: Path) -> bool:
    """Return whether a file exists; exit with the reason if that cannot be determined."""
    # Path.exists() raises other errors; which ones depends on the version of Python.
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        fail(f"{path}: {sentence(error)}", Exit.WRONG)
    return True


def write_document(text: str, out: Path | None, mode: int | None) -> None:
    """Write a document to a file, with that mode if one is given; without a file, print it.

    Exits with 1 if the file cannot be written.
    """
    if out is None:
        say_document(text)
        return
    try:
        with whole_text(out, mode=mode) as stream:
            stream.write(text)
    except OSError as error:
        fail(f"{out}: {sentence(error)}", Exit.WRONG)


class Listen(click.ParamType[tuple[str, int]]):
    """`HOST:PORT`, with an IPv6 address in brackets."""

    name = "host:port"

    def convert(
        self,
        value: str | tuple[str, int],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, int]:
        """Parse host and port."""
        if isinstance(value, tuple):
            return value
        host, _, port = value.rpartition(":")
        if "/" in host and "//" not in host:
            self.fail(
                f"{host!r} is a network; give one address of this machine, or 0.0.0.0 for all of "
                "them",
                param,
                ctx,
            )
        host = host.strip("[]")
        is_port = re.fullmatch(r"[0-9]{1,5}", port) is not None
        if not _may_be_host(host) or not is_port or int(port) > 65535:  # noqa: PLR2004  # the largest port
            self.fail(f"{value!r} is not HOST:PORT, such as {DEFAULT_LISTEN}", param, ctx)
        return host, int(port)


def _may_be_host(text: str) -> bool:
    """Return whether a text can name a host: of those with a colon, only an IPv6 address can."""
    if ":" not in text:
        return bool(text)
    try:
        socket.inet_pton(socket.AF_INET6, text.partition("%")[0])
    except OSError:
        return False
    return True


class Years(click.ParamType[tuple[int, int]]):
    """`FIRST..LAST`, both included."""

    name = "years"

    def convert(
        self,
        value: str | tuple[int, int],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[int, int]:
        """Return the first and the last year."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"(20\d\d)\.\.(20\d\d)", value)
        if found is None or found[1] > found[2]:
            self.fail(f"{value!r} is not FIRST..LAST, such as 2018..2023", param, ctx)
        return int(found[1]), int(found[2])


class Permissions(click.ParamType[int]):
    """Permissions of a file in octal, such as 0640."""

    name = "octal"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Parse the mode."""
        if isinstance(value, int):
            return value
        if re.fullmatch(r"0?[0-7]{3}", value) is None:
            self.fail(f"{value!r} are no permissions in octal, such as 0640", param, ctx)
        return int(value, 8)


def json_option(command: Command) -> Command:
    """Add `--json`; `as_json.py` makes the output."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON; docs/json.md describes it."
    )(command)


def language_option(what: str) -> Callable[[Command], Command]:
    """Return a decorator that adds `--lang`: German by default, as mails and reports are."""
    return click.option(
        "--lang",
        "language",
        type=click.Choice(LANGUAGES),
        default="de",
        show_default=True,
        help=f"Language of {what}.",
    )


def mode_option(command: Command) -> Command:
    """Add `--mode OCTAL`."""
    return click.option(
        "--mode",
        type=Permissions(),
        help="Permissions of the file.  [default: unchanged; 0600 for a new file]",
    )(command)


def unit_of(context: click.Context) -> Unit | None:
    """Return the installed service's unit, or None; systemd is queried once per run."""
    if _UNIT not in context.meta:
        context.meta[_UNIT] = installed_unit()
    found: Unit | None = context.meta[_UNIT]
    return found


def default_config() -> Path:
    """Return the configuration of the installed service, else the one in a clone."""
    unit = unit_of(click.get_current_context())
    if unit is not None:
        return unit.config
    return INSTALLED_CONFIG if is_there(INSTALLED_CONFIG) else DEFAULT_CONFIG


def service_option(name: str) -> str | None:
    """Return an option of the installed service's command line, None without it."""
    unit = unit_of(click.get_current_context())
    return unit.option(name) if unit is not None else None


def config_option(command: Command) -> Command:
    """Add `--config FILE`; processed before the other options, whose defaults depend on it."""
    return config_option_of(CONFIG_DEFAULT)(command)


def config_option_of(default: str) -> Callable[[Command], Command]:
    """Return a decorator that adds `--config FILE` with this default."""
    return click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar=CONFIG_VARIABLE,
        default=default_config,
        show_default=default,
        is_eager=True,
        help=f"The schools, in YAML; also ${CONFIG_VARIABLE}.",
    )


def base_url(host: str, port: int, scheme: str = "http") -> str:
    """Return the URL of the daemon's pages, with brackets around an IPv6 address."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def reachable_host(host: str) -> str:
    """Return the host that a browser can open: this machine's name if it listens on all addresses.

    No certificate contains 0.0.0.0 or ::. It is the short name: the full one may need a DNS lookup.
    """
    return socket.gethostname() if host in {"0.0.0.0", "::"} else host  # noqa: S104  # no binding


def listen_option(command: Command) -> Command:
    """Add `--listen HOST:PORT`."""
    return click.option(
        "--listen",
        type=Listen(),
        default=DEFAULT_LISTEN,
        show_default=True,
        help="Where to serve pages, API and /metrics.",
    )(command)


def default_state_directory() -> Path:
    """Return systemd's state directory if it gave one, else the installed service's, else `state`.

    With a configuration other than the service's, the state is in the current directory.
    """
    if "STATE_DIRECTORY" in os.environ:
        return Path(os.environ["STATE_DIRECTORY"].partition(":")[0])
    context = click.get_current_context()
    unit = unit_of(context)
    config = context.params.get("config")
    is_named = context.get_parameter_source("config") in NAMED
    installed = INSTALLED_CONFIG if unit is None else unit.config
    if is_named and config != installed:
        return LOCAL_STATE
    if unit is not None:
        return unit.state_directory
    return INSTALLED_STATE if INSTALLED_STATE.is_dir() else LOCAL_STATE


def path_of(context: click.Context) -> str:
    """Return a command's name with its groups, as it is typed."""
    names = []
    while context.parent is not None:
        names.append(context.info_name or "")
        context = context.parent
    return " ".join(names[::-1])


def _readable(context: click.Context, _: click.Parameter, value: Path) -> Path:
    """Return the state directory; exit with the remedy if only the service may read it."""
    unit = unit_of(context)
    is_for_all = getattr(context.command, "for_all", False)
    if unit is None or is_for_all or value != unit.state_directory:
        return value
    if os.path.lexists(value) and not os.access(value, os.R_OK | os.X_OK):
        fail(f"{value} is for the service alone: sudo schulnetz {path_of(context)} ...", Exit.WRONG)
    return value


def state_option(command: Command) -> Command:
    """Add `--state-dir DIR`."""
    return click.option(
        "--state-dir",
        # The code that reads it reports permission errors, with the remedy.
        type=click.Path(path_type=Path, readable=False),
        callback=_readable,
        default=default_state_directory,
        show_default=STATE_DEFAULT,
        help="Where the ledger and the maintenance windows are kept.",
    )(command)


def say_config_error(error: ConfigError, config: Path, *, excerpts: bool = False) -> None:
    """Print every mistake of a configuration, and how to name another one if there is none."""
    say_text(config_error_text(error, config, excerpts=excerpts), err=True)


def config_error_text(error: ConfigError, config: Path, *, excerpts: bool = False) -> str:
    """Return what `say_config_error` prints, one mistake a line unless there are excerpts."""
    from monitor.config.tree.excerpt import with_excerpts  # noqa: PLC0415  # pydantic, YAML

    text = with_excerpts(error.problems, error.text) if excerpts else str(error)
    if config == DEFAULT_CONFIG and not os.path.lexists(config):
        text += f"; name it with --config or in ${CONFIG_VARIABLE}"
    return text


def read_inventory(config: Path) -> Inventory:
    """Return the inventory; if the file has errors, print all of them and exit with 1."""
    # Importing it takes a third of a second of CPU, and parsing options does not need it.
    from monitor.config import ConfigError, load  # noqa: PLC0415

    try:
        return load(config)
    except ConfigError as error:
        say_config_error(error, config, excerpts=True)
        raise SystemExit(Exit.WRONG) from None


def find_place(inventory: Inventory, wanted: str) -> School:
    """Return the school with that name; for `SCHOOL/SITE`, the school with only that site.

    Exits with suggestions if there is none.
    """
    name, slash, site = wanted.rpartition("/")
    if not slash or any(wanted.casefold() in names_of(school) for school in inventory.schools):
        return find_school(inventory, wanted)
    return with_site(find_school(inventory, name), site)


def with_site(school: School, wanted: str) -> School:
    """Return the school with only the site of that id; exit with its site ids if there is none."""
    sites = tuple(one for one in school.sites if one.id == wanted.casefold())
    if not sites:
        known = ", ".join(one.id for one in school.sites)
        fail(f"{school.id} has no site {wanted!r}; it has: {known}", Exit.WRONG)
    return replace(school, sites=sites)


def names_of(school: School) -> tuple[str, ...]:
    """Return the names by which a school may be given: id, number and name, case-insensitive."""
    return (school.id, school.number.casefold(), school.name.casefold())


def find_school(inventory: Inventory, wanted: str) -> School:
    """Return the school with that id, number or name; exit with suggestions if there is none."""
    for school in inventory.schools:
        if wanted and wanted.casefold() in names_of(school):
            return school
    known = {school.id: school for school in inventory.schools}
    known |= {school.name: school for school in inventory.schools}
    inside = [name for name in known if wanted.casefold() in name.casefold()]
    close = inside or difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
    ids = list(dict.fromkeys(known[name].id for name in close))[:5]
    if ids:
        hint = f"did you mean {', '.join(ids)}?"
    elif len(inventory.schools) <= _FEW:
        hint = f"there are: {', '.join(school.id for school in inventory.schools)}"
    else:
        hint = "`schulnetz check --list` lists them"
    fail(f"no school {wanted!r} is configured; {hint}", Exit.WRONG)
