"""The installed service's systemd unit: its settings, and the options in its `ExecStart=`.

Must not know: how a command runs as the service, or any single command.
"""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UNIT: Final = "schulnetz.service"
INSTALLED_CONFIG: Final = Path("/etc/schulnetz/schools.yaml")
INSTALLED_STATE: Final = Path("/var/lib/schulnetz")
CREDENTIALS: Final = Path("/run/credentials", UNIT)
_BOOTED: Final = Path("/run/systemd/system")
_ANSWER_SECONDS: Final = 30.0
# Prefixes that systemd.service(5) allows before the program of ExecStart=.
_EXEC_PREFIXES: Final = "@-:+!"


@dataclass(frozen=True, slots=True)
class Unit:
    """Section [Service] of the unit and its drop-ins: keys and values, in the order of the text."""

    settings: tuple[tuple[str, str], ...]

    def last(self, key: str) -> str:
        """Return the effective value of a single-valued key; empty if not set."""
        return next((value for name, value in reversed(self.settings) if name == key), "")

    def all(self, key: str) -> list[str]:
        """Return the values of a key that may occur several times; an empty one resets it."""
        found: list[str] = []
        for name, value in self.settings:
            if name == key:
                found = [*found, value] if value else []
        return found

    @property
    def user(self) -> str:
        """Return the service's user; empty for root."""
        dynamic = self.last("DynamicUser").casefold() in {"yes", "true", "1", "on"}
        user = self.last("User") or (UNIT.partition(".")[0] if dynamic else "")
        return "" if user in {"root", "0"} else user

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the variables of `Environment=`."""
        words = (word for value in self.all("Environment") for word in _words(value))
        return dict(word.split("=", 1) for word in words if "=" in word)

    @property
    def command(self) -> list[str]:
        """Return the words of `ExecStart=`, the program first; empty without one."""
        lines = self.all("ExecStart")
        if not lines:
            return []
        words = _words(lines[-1].lstrip(_EXEC_PREFIXES).replace("%d", str(CREDENTIALS)))
        return [Template(word).safe_substitute(self.environment) for word in words]

    def option(self, name: str) -> str | None:
        """Return the value of an option of the service's command line, such as `--ledger`."""
        words = self.command
        for place, word in enumerate(words):
            key, equals, value = word.partition("=")
            if key == name:
                return value if equals else next(iter(words[place + 1 :]), None)
        return None

    @property
    def config(self) -> Path:
        """Return the configuration file of the service."""
        named = self.option("--config") or self.environment.get("SCHULNETZ_CONFIG")
        return Path(named) if named else INSTALLED_CONFIG

    @property
    def state_directory(self) -> Path:
        """Return the state directory of the service."""
        named = self.option("--state-dir")
        if named:
            return Path(named)
        folder = next(iter(" ".join(self.all("StateDirectory")).split()), "")
        return Path("/var/lib", folder.partition(":")[0]) if folder else INSTALLED_STATE

    @property
    def ledger(self) -> str | None:
        """Return the URL of the service's database; None if the ledger is a file."""
        return self.option("--ledger") or self.environment.get("SCHULNETZ_LEDGER")

    @property
    def ledger_writer(self) -> str | None:
        """Return the service's ledger writer in that database, if given."""
        return self.option("--ledger-writer") or self.environment.get("SCHULNETZ_LEDGER_WRITER")


def parse_unit(text: str) -> Unit:
    """Return the [Service] settings of a unit and its drop-ins, given as one text.

    Source: systemd.syntax(7).
    """
    settings = []
    section = ""
    for line in _joined(text):
        if line.startswith("[") and line.endswith("]"):
            section = line
        elif section == "[Service]" and "=" in line:
            key, _, value = line.partition("=")
            settings.append((key.strip(), value.strip()))
    return Unit(tuple(settings))


def _words(value: str) -> list[str]:
    """Return a value's words; none if a quote is not closed: systemd ignores such a line, too."""
    try:
        return shlex.split(value)
    except ValueError:
        return []


def _joined(text: str) -> Iterator[str]:
    """Yield the lines without comments, with continuation lines joined."""
    begun = ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith(("#", ";")):
            continue
        if line.endswith("\\"):
            begun += line[:-1] + " "
            continue
        if begun or line:
            yield (begun + line).strip()
        begun = ""


def is_booted() -> bool:
    """Return whether systemd is this machine's first process; sd_booted(3)."""
    return _BOOTED.is_dir()


def installed_unit() -> Unit | None:
    """Return the unit that systemd has on this machine; None without one, or without systemd."""
    said = _systemctl("cat") if is_booted() else None
    return parse_unit(said.stdout) if said is not None and said.returncode == 0 else None


def active_state() -> str:
    """Return the service's ActiveState, such as `active` or `failed`; empty if unknown."""
    said = _systemctl("is-active")
    return said.stdout.strip() if said is not None else ""


def _systemctl(verb: str) -> subprocess.CompletedProcess[str] | None:
    """Return systemd's output about the service; None without a response."""
    try:
        return subprocess.run(  # noqa: S603  # nothing of it comes from elsewhere
            ["systemctl", verb, UNIT],  # noqa: S607  # wherever the distribution keeps it
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
