"""Runs commands as the installed service: its user, its secrets, its limits.

Under systemd the person at the shell and the service are two users: what one writes, the other may
not read, and secrets are the service's alone. So root's command on an installed host is run by
`systemd-run` with the settings of the service's unit. Without systemd (a container), with another
configuration or state directory, or as the service's own user, the command runs as it is.

Must not know: what any single command does.
"""

from __future__ import annotations

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

# Set for what already runs as the service: it must not ask for it once more.
INSIDE: Final = "SCHULNETZ_AS_SERVICE"
_ARGUMENTS: Final = "monitor.arguments"
# How the service starts, ends and is watched is not for a command; all else of the unit is.
_NOT_TAKEN: Final = ("Type", "Exec", "Watchdog", "Restart", "Notify", "Standard", "PIDFile")
# What a terminal and a language are; systemd-run hands nothing on by itself.
_HANDED_ON: Final = ("TERM", "COLUMNS", "NO_COLOR", "COLORTERM", "LANG", "LC_ALL")
# Where systemd looks for a program of ExecStart= without a path (systemd.service(5)).
_PROGRAM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_OPTIONS: Final = {
    "config": "--config",
    "state_dir": "--state-dir",
    "ledger_url": "--ledger",
    "ledger_writer": "--ledger-writer",
    "web_config": "--web-config",
}


class Program(click.Group):
    """The whole program; remembers its arguments, so that one can be run once more elsewhere."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, as click does, and keep the arguments."""
        ctx.meta[_ARGUMENTS] = tuple(args)
        return super().parse_args(ctx, args)


class ServiceCommand(click.Command):
    """A command that works with the service's secrets or state, and so runs as the service.

    `for_all` says that others than root may run it as they are, `extra` which settings it needs
    beyond the unit's.
    """

    for_all = False
    extra: tuple[str, ...] = ()

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # click's own face
        """Run the command: as the service where there is one, else as it is."""
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
    """The installed service, as whom commands run."""

    unit: Unit
    extra: tuple[str, ...] = ()
    """Further settings for this command."""

    def run(self, words: Sequence[str], stdout: IO[bytes] | None = None) -> int:
        """Run `schulnetz WORDS` as the service to its end; return its exit code.

        It reads and writes this process's own terminal or pipes; `stdout` takes the output instead.
        Ctrl-C, and this process's end, are the command's.
        """
        name = f"schulnetz-command-{token_hex(4)}.service"
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _leave)
        command = transient(self.unit, name, words, self.extra)
        # In a session of its own, so that Ctrl-C reaches the command and not systemd-run.
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
    """Return the command line that runs `schulnetz WORDS` as unit `name`, set as the service is."""
    program = shutil.which(next(iter(unit.command), ""), path=_PROGRAM_PATH)
    if program is None:
        fail(f"ExecStart= of {UNIT} names no program: systemctl status {UNIT}", Exit.WRONG)
    taken = [f"{key}={value}" for key, value in _taken(unit)]
    # A user of the same name has the same number, dynamic or not: else the state changes owners.
    taken += [f"User={unit.user}", *extra]
    variables = [f"{key}={os.environ[key]}" for key in _HANDED_ON if key in os.environ]
    # The person, where one is asked for (`sla excuse`), and not the service.
    person = os.environ.get("SUDO_USER") or os.environ.get("LOGNAME") or "root"
    variables += [f"LOGNAME={person}", f"{INSIDE}=1"]
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
    """Yield the settings that a command shares with the service, as systemd-run takes them."""
    for key, value in unit.settings:
        if key.startswith(_NOT_TAKEN):
            continue
        # In a unit one line may hold several; systemd-run takes `localhost` and the like alone.
        if key.startswith("IPAddress") and value:
            yield from ((key, word) for word in value.split())
        else:
            yield key, value


def refuse_beside_service(ctx: click.Context, state_directory: Path) -> None:
    """Leave with a line where root would run a daemon on the state of the installed service.

    What it wrote there the service could not read.
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
    """Return the command with its arguments as they were given, and the options that were not.

    What was looked up by default is named, so that the service takes the same.
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
    """Return whether a command is about what the service watches and keeps."""
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
    """Return whom this process runs as; the number where it has no name."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _systemctl(*words: str) -> None:
    subprocess.run(["systemctl", *words], check=False, capture_output=True)  # noqa: S603, S607  # ours


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
