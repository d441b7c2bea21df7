"""The commands of `schulnetz`: where each is, and its short help.

Help, completion and the suggestion for a mistyped name need this table alone. A command's module is
imported when the command is used, so that `schulnetz --help` does not load the daemon's libraries.

Must not know: any single command.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

import click

from monitor.cli.service import Program

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "backfill": (
        "backfill:backfill",
        "Write the roll-out's history as OpenMetrics.",
    ),
    "campaign": ("campaign:campaign", "Measure a school's line: 30 tests on 3 days."),
    "check": (
        "check:check",
        "Check a configuration file.",
    ),
    "contacts": (
        "contacts:contacts",
        "Whom to call at night: contacts for Alertmanager's mails.",
    ),
    "demo": (
        "demo_commands:demo",
        "Run the daemon on a simulated city.",
    ),
    "discover": (
        "discover:discover",
        "Find a school's router and switches in NETWORK.",
    ),
    "doctor": (
        "doctor:doctor",
        "Check whether the daemon can work on this machine.",
    ),
    "export": (
        "export:group",
        "Write boards, rules, jobs and service files into a folder.",
    ),
    "hash-password": (
        "hash_password:hash_password",
        "Print the bcrypt hash of a password, for web.config.yml.",
    ),
    "import": (
        "importing:group",
        "Import schools into the configuration.",
    ),
    "init": (
        "init:init",
        "Write a first configuration to FILE.",
    ),
    "ledger": ("ledger:group", "Verify, export, back up and restore the ledger of evidence."),
    "maintenance": (
        "maintenance:maintenance",
        "Announce planned work.",
    ),
    "probe": (
        "probe_command:probe",
        "Check one school or site now, and report what is wrong.",
    ),
    "record": (
        "walk:record",
        "Record one device's replies to FILE, for a bug report.",
    ),
    "report": (
        "report:report",
        "Report the roll-out: goal, forecast, regressions, evidence.",
    ),
    "run": (
        "run_command:run",
        "Run the daemon until SIGTERM.",
    ),
    "schema": ("schema:schema", "Print the JSON Schema of the configuration, for editors."),
    "sla": ("sla:sla", "Report a month's availability per site, with every outage."),
    "unit": (
        "unit_command:unit",
        "Print a systemd drop-in for the hosts of the configuration.",
    ),
    "version": ("version:version", "Print the version."),
    "walk": ("walk:walk", "Print a TABLE of one device."),
}
"""By name: `MODULE:OBJECT` in `monitor.cli`, and the first sentence of the command's own help."""


class Listed(click.Command):
    """A command that is listed in the table and not imported yet."""

    def __init__(self, name: str, where: str, short_help: str) -> None:
        super().__init__(name, help=short_help)
        self._module, _, self._object = where.partition(":")

    def load(self) -> click.Command:
        """Return the command itself; imports its module."""
        found = getattr(import_module(f"monitor.cli.{self._module}"), self._object)
        if not isinstance(found, click.Command):
            raise TypeError(f"monitor.cli.{self._module}:{self._object} is not a command")
        return found


class ListedCommands(Program):
    """The program with the commands of the table."""

    def __init__(self, *arguments: object, **settings: object) -> None:
        super().__init__(*arguments, **settings)  # type: ignore[arg-type]  # click's own
        for name, (where, short_help) in COMMANDS.items():
            self.add_command(Listed(name, where, short_help))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command in the arguments, and import it."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, Listed) else command, rest
