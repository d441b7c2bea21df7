"""Runs commands as the installed service: its user, its secrets, its limits.

Under systemd the user at the shell and the service are different users: they may not be able to
read each other's files, and only the service has the secrets. So root's command on an installed
host is run by `systemd-run` with the settings of the service's unit. Without systemd (a container),
with another configuration or state directory, or as the service's own user, the command runs as it
is.

Must not know: what any single command does.
"""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn

import click
from click.core import ParameterSource

from monitor.cli.common import Exit, fail, path_of, unit_of
from monitor.cli.unit import UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from monitor.cli.unit import Unit

# Set for commands that already run as the service, so that they do not switch again.
INSIDE: Final = "SCHULNETZ_AS_SERVICE"
_ARGUMENTS: Final = "monitor.arguments"
# Settings for starting, stopping and supervising do not apply to a command; all others do.
_NOT_TAKEN: Final = ("Type", "Exec", "Watchdog", "Restart", "Notify", "Standard", "PIDFile")
# Terminal and language; systemd-run does not pass on any variables by itself.
_HANDED_ON: Final = ("TERM", "COLUMNS", "NO_COLOR", "COLORTERM", "LANG", "LC_ALL")
# Where systemd searches for an ExecStart= program without a path (systemd.service(5)).
_PROGRAM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_OPTIONS: Final = {
    "config": "--config",
    "state_dir": "--state-dir",
    "ledger_url": "--ledger",
    "ledger_writer": "--ledger-writer",
    "web_config": "--web-config",
}


class Program(click.Group):
    """The whole program; keeps its arguments, so that a command can be re-run as the service."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments like click, and keep them."""
        ctx.meta[_ARGUMENTS] = tuple(args)
        return super().parse_args(ctx, args)


class ServiceCommand(click.Command):
    """A command that works with the service's secrets or state, and so runs as the service.

    `for_all` allows users other than root to run it as themselves, `extra` are settings that it
    needs beyond the unit's.
    """

    for_all = False
    extra: tuple[str, ...] = ()

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # click's own face
        """Run the command, as the service if one is installed."""
        unit = unit_of(ctx)
        if unit is None or not _is_meant(unit, ctx) or is_service(unit):
            return super().invoke(ctx)
        if os.geteuid() != 0:
            if self.for_all:
                return super().invoke(ctx)
            fail(
                f"the service's secrets and state are its own: sudo schulnetz {path_of(ctx)} ...",
                Exit.WRONG,
            )
        return ctx.exit(self.run_as(Service(unit, self.extra), ctx))

    def run_as(self, service: Service, ctx: click.Context) -> int:
        """Run the command as the service; return its exit code."""
        return service.run(words_of(ctx))


@dataclass(frozen=True, slots=True)
class Service:
    """The installed service, as which commands run."""

    unit: Unit
    extra: tuple[str, ...] = ()
    """Additional settings for this command."""

    def run(self, words: Sequence[str], stdout: IO[bytes] | None = None) -> int:
        """Run `schulnetz WORDS` as the service until it ends; return its exit code.

        It uses this process's terminal or pipes; `stdout` receives the output instead, if given.
        Ctrl-C and the end of this process also end the command.
        """
        name = f"schulnetz-command-{token_hex(4)}.service"
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _leave)
        command = transient(self.unit, name, words, self.extra)
        # In its own session, so that Ctrl-C reaches the command and not systemd-run.
        process = subprocess.Popen(command, stdout=stdout, start_new_session=True)  # noqa: S603  # ours
        asked = False
        try:
            while True:
                try:
                    return process.wait()
                except KeyboardInterrupt:
                    _systemctl(*(("stop",) if asked else ("kill", "--signal=INT")), name)
                    asked = True
        finally:
            if process.poll() is None:
                _systemctl("stop", name)
                process.wait()


def transient(unit: Unit, name: str, words: Sequence[str], extra: Sequence[str]) -> list[str]:
    """Return the command line that runs `schulnetz WORDS` as unit `name`, like the service."""
    program = shutil.which(next(iter(unit.command), ""), path=_PROGRAM_PATH)
    if program is None:
        fail(f"ExecStart= of {UNIT} names no program: systemctl status {UNIT}", Exit.WRONG)
    taken = [f"{key}={value}" for key, value in _taken(unit)]
    # The same user name must give the same uid, dynamic or not; otherwise the state changes owner.
    taken += [f"User={unit.user}", *extra]
    variables = [f"{key}={os.environ[key]}" for key in _HANDED_ON if key in os.environ]
    # For `person`: it is not the service's user.
    login = os.environ.get("SUDO_USER") or os.environ.get("LOGNAME") or "root"
    variables += [f"LOGNAME={login}", f"{INSIDE}=1"]
    return [
        "systemd-run",
        f"--unit={name}",
        "--description=A command of schulnetz, as the service",
        "--service-type=exec",
        "--quiet",
        "--wait",
        "--pipe",
        "--collect",
        *(f"--property={one}" for one in taken),
        *(f"--setenv={one}" for one in variables),
        program,
        *words,
    ]


def _taken(unit: Unit) -> Iterator[tuple[str, str]]:
    """Yield the settings that a command shares with the service, in systemd-run's format."""
    for key, value in unit.settings:
        if key.startswith(_NOT_TAKEN):
            continue
        # A unit's line may list several; systemd-run accepts names like `localhost` only alone.
        if key.startswith("IPAddress") and value:
            yield from ((key, word) for word in value.split())
        else:
            yield key, value


def refuse_beside_service(ctx: click.Context, state_directory: Path) -> None:
    """Exit with an error if root would run a daemon on the installed service's state.

    The service could not read the files written there.
    """
    unit = unit_of(ctx)
    if unit is None or is_service(unit) or os.geteuid() != 0:
        return
    if _same(state_directory, unit.state_directory):
        fail(
            f"{state_directory} is the state of {UNIT}, which runs as {unit.user}: "
            f"systemctl start {UNIT}, or name another --state-dir",
            Exit.CANNOT_START,
        )


def words_of(ctx: click.Context) -> list[str]:
    """Return the command with its arguments as given, and with the options that were not.

    Options with computed defaults are included, so that the service uses the same values.
    """
    given: list[str] = list(ctx.meta[_ARGUMENTS])
    begins = 0
    for name in path_of(ctx).split():
        begins = given.index(name, begins) + 1
    return [*given[:begins], *_named(ctx), *given[begins:]]


def _named(ctx: click.Context) -> Iterator[str]:
    for name, option in _OPTIONS.items():
        value = ctx.params.get(name)
        if value is None or ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            continue
        # A URL that may hold a password is in the unit's variables, never on a command line.
        if name == "ledger_url" and ctx.get_parameter_source(name) is ParameterSource.ENVIRONMENT:
            continue
        yield from (option, str(value))


def _is_meant(unit: Unit, ctx: click.Context) -> bool:
    """Return whether a command uses the service's configuration and state."""
    owned: dict[str, Path | str | None] = {
        "config": unit.config,
        "state_dir": unit.state_directory,
        "ledger_url": unit.ledger,
    }
    if ctx.params.get("of_demo"):
        return False
    wanted = {name: ctx.params[name] for name in owned if ctx.params.get(name) is not None}
    return all(_same(value, owned[name]) for name, value in wanted.items())


def _same(one: Path | str, other: Path | str | None) -> bool:
    if isinstance(one, Path) and isinstance(other, Path):
        return one.absolute() == other.absolute()
    return one == other


def is_service(unit: Unit) -> bool:
    """Return whether this process is the service's own user, or the service is root."""
    if not unit.user or INSIDE in os.environ:
        return True
    return unit.user in {own_name(), str(os.geteuid())}


def own_name() -> str:
    """Return the user of this process; its number if it has no name."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def person() -> str:
    """Return the login of the person at the shell, also in a command that runs as the service.

    Empty if it has none.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _systemctl(*words: str) -> None:
    subprocess.run(["systemctl", *words], check=False, capture_output=True)  # noqa: S603, S607  # ours


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
