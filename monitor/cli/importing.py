"""`schulnetz import`: imports schools and devices from other sources into the configuration file.

The change is shown first and written only after confirmation. The complete file is checked before
that, so an import never leaves a file that the daemon would reject.

Must not know: how the file is edited, or its rules.
"""

from __future__ import annotations

import difflib
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from monitor.cli.common import Exit, config_option, fail, sentence
from monitor.cli.output import ask, say, say_text
from monitor.config import ConfigError, load_text
from monitor.config.edit import EditError, edit_schools
from monitor.importing.decoding import decoded
from monitor.importing.known import known_in
from monitor.importing.librenms import read_librenms
from monitor.importing.matching import drop_known_devices
from monitor.importing.netbox import read_netbox, schools_of
from monitor.importing.netbox_server import ask_netbox, is_address
from monitor.importing.sheet import read_sheet
from monitor.importing.taken import ImportProblemError
from monitor.importing.zabbix import read_zabbix
from monitor.schedule import CapacityError, refuse_overload
from monitor.state.whole_file import whole_text
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config.edit import Edited, Row
    from monitor.importing.taken import Taken

MAX_BYTES: Final = 8 * 1024 * 1024
NETBOX_VARIABLE: Final = "NETBOX_TOKEN"
_NEW: Final = ("name", "type", "district", "location", "network")

_export_argument = click.argument("export", type=click.Path(dir_okay=False, path_type=Path))
yes_option = click.option("--yes", is_flag=True, help="Write without asking.")


@click.group("import")
def group() -> None:
    """Import schools into the configuration, after showing the change."""


@group.command("csv")
@click.argument("table", type=click.Path(dir_okay=False, path_type=Path))
@config_option
@yes_option
def from_csv(table: Path, config: Path, yes: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Import the schools of TABLE, which has a header line; schools are matched by number.

    Columns: number, and optionally id, name, type, district, latitude, longitude, profile, network,
    router, switches; German names work, too. Decimal commas, semicolons, tabs and encodings are
    accepted as spreadsheets save them.
    """
    with _refusals():
        take_in(read_sheet(_text(table), str(table)), config, yes=yes)


@group.command("netbox")
@click.argument("sources", nargs=-1, required=True)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"File with the token for a running NetBox; otherwise ${NETBOX_VARIABLE}.",
)
@config_option
@yes_option
def from_netbox(
    sources: tuple[str, ...],
    token_file: Path | None,
    config: Path,
    yes: bool,  # noqa: FBT001  # click passes flags by name
) -> None:
    """Import sites and devices from NetBox: a running one by its URL, or files of its responses.

    The files are the responses to GET /api/dcim/sites/?limit=0 and, for routers and switches, GET
    /api/dcim/devices/?limit=0. The school's number is the site's facility; its type,
    profile and network are the custom fields school_type, school_profile and school_network; its
    district is the region.
    """
    known = known_in(_configured(config))
    with _refusals():
        if not any(map(is_address, sources)):
            texts = {one: _text(Path(one)) for one in sources}
            take_in(read_netbox(texts, known), config, yes=yes)
            return
        if len(sources) > 1:
            fail("name one address, or files", Exit.USAGE)
        if sources[0].casefold().startswith("http://"):
            say("warning: without TLS, everybody on the way can read the token", err=True)
        sites, devices = ask_netbox(sources[0], _token(token_file))
        take_in(schools_of(sites, devices, known), config, yes=yes)


def _token(file: Path | None) -> str:
    """Return the token for NetBox, which is never an argument: others could read it there."""
    if file is None:
        token = os.environ.get(NETBOX_VARIABLE, "").strip()
        if not token:
            fail(f"a token is needed: set ${NETBOX_VARIABLE}, or name --token-file", Exit.USAGE)
        return token
    return _read(file).decode("ascii", "replace").strip()


@group.command("librenms")
@_export_argument
@config_option
@yes_option
def from_librenms(export: Path, config: Path, yes: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Import routers and switches from EXPORT, LibreNMS's response to GET /api/v0/devices.

    A device belongs to the configured school whose number, id or name is in its location, its
    name or its notes.
    """
    known = known_in(_configured(config))
    with _refusals():
        take_in(read_librenms(_text(export), str(export), known), config, yes=yes)


@group.command("zabbix")
@_export_argument
@config_option
@yes_option
def from_zabbix(export: Path, config: Path, yes: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Import routers and switches from EXPORT, Zabbix's hosts exported as JSON.

    A host belongs to the configured school whose number, id or name is in its tag `school`, its
    inventory's location, its groups or its name.
    """
    known = known_in(_configured(config))
    with _refusals():
        take_in(read_zabbix(_text(export), str(export), known), config, yes=yes)


@contextmanager
def _refusals() -> Iterator[None]:
    """Exit with every mistake of an import."""
    try:
        yield
    except ImportProblemError as error:
        for problem in error.problems[:-1]:
            say(f"error: {problem}", err=True)
        fail(error.problems[-1], Exit.WRONG)


def _text(path: Path) -> str:
    """Return the text of a file to import, whatever its encoding."""
    text, guessed = decoded(_read(path), str(path))
    if guessed:
        say(f"{path}: read as {guessed}; save it as UTF-8 if letters are wrong", err=True)
    return text


def _configured(config: Path) -> str:
    """Return the text of the configuration, which must be UTF-8."""
    try:
        return _read(config).decode("utf-8")
    except UnicodeDecodeError as error:
        fail(f"{config} is not UTF-8 (octet {error.start}); save it as UTF-8", Exit.WRONG)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        fail(f"{path} cannot be read: {sentence(error)}", Exit.WRONG)
    if len(data) > MAX_BYTES:
        fail(f"{path} is larger than {MAX_BYTES} bytes", Exit.WRONG)
    return data


def take_in(taken: Taken, config: Path, *, yes: bool) -> None:
    """Show the change of an import, and write it after confirmation."""
    say(*taken.notes, err=True)
    rows = taken.rows
    numbers = [row["number"] for row in rows if "number" in row]
    twice = sorted({str(one) for one in numbers if numbers.count(one) > 1})
    if twice:
        fail(f"these numbers occur twice: {', '.join(twice)}", Exit.WRONG)
    before = _configured(config)
    # An invalid file is rejected below, completely.
    with suppress(ConfigError):
        drop_known_devices(rows, load_text(before.encode(), str(config)))
    try:
        edited = edit_schools(before, rows, str(config))
    except EditError as error:
        fail(str(error), Exit.WRONG)
    say(*edited.by_hand, err=True)
    if edited.text == before:
        said = count_of(len(rows), "school is there already", "schools are there already")
        say(f"{config}: nothing changes; {said}")
        return
    _check(edited, rows, config)
    change = difflib.unified_diff(
        before.splitlines(keepends=True),
        edited.text.splitlines(keepends=True),
        str(config),
        f"{config} (new)",
    )
    say_text("".join(change))
    say(
        f"{count_of(len(edited.added), 'school')} added, {len(edited.updated)} updated; "
        f"{len(edited.absent)} of the file are not in the import and stay"
    )
    if not yes and not ask(f"write {config}?"):
        say("nothing was written")
        return
    _write(config, edited.text)
    say(f"{config}: written; SIGHUP makes a running daemon read it")


def _check(edited: Edited, rows: list[Row], config: Path) -> None:
    """Exit with every error if the new file is not valid."""
    try:
        refuse_overload(load_text(edited.text.encode(), str(config)).checks())
    except CapacityError as error:
        fail(f"nothing was written; {error}", Exit.WRONG)
    except ConfigError as error:
        added = [row for row in rows if row.get("id") in edited.added]
        for row in added:
            missing = [key for key in _NEW if key not in row]
            if missing:
                say(f"school {row['number']} is new and lacks {', '.join(missing)}", err=True)
        say_text(f"nothing was written; the new file would not be valid:\n{error}", err=True)
        raise SystemExit(Exit.WRONG) from None


def _write(config: Path, text: str) -> None:
    """Replace the file atomically, keeping its permissions."""
    try:
        with whole_text(config) as out:
            out.write(text)
    except OSError as error:
        fail(f"{config} cannot be written: {sentence(error)}", Exit.WRONG)
