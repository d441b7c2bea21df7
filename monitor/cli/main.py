"""The commands of `schulnetz`.

Must not know: how anything is measured or stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor import __version__
from monitor.cli import backfill as backfill_command
from monitor.cli import campaign as campaign_command
from monitor.cli import check as check_command
from monitor.cli import contacts as contacts_command
from monitor.cli import demo_commands, unit_command
from monitor.cli import doctor as doctor_command
from monitor.cli import export as export_command
from monitor.cli import importing as import_command
from monitor.cli import ledger as ledger_command
from monitor.cli import maintenance as maintenance_command
from monitor.cli import probe as probe_command
from monitor.cli import report as report_command
from monitor.cli import run as run_command
from monitor.cli import sla as sla_command
from monitor.cli import walk as walk_command
from monitor.cli.common import (
    Listen,
    concurrency_option,
    config_option,
    default_state_directory,
    find_school,
    json_option,
    listen_option,
    read_inventory,
    shard_option,
    state_option,
)
from monitor.cli.demo import STATE_DIRECTORY, config_of_demo
from monitor.cli.ledger_option import ledger_option
from monitor.cli.output import say, say_json
from monitor.cli.service import Program, ServiceCommand, refuse_beside_service
from monitor.config import schema as config_schema
from monitor.daemon.settings import Settings
from monitor.inventory.checks import CheckKind

if TYPE_CHECKING:
    from monitor.inventory.shard import Shard
    from monitor.ledger.place import LedgerPlace

EPILOG = """\b
Exit codes: 0 success; 1 the configuration or an argument is wrong;
2 wrong usage; 3 the daemon could not start, or crashed; 4 a probed check failed."""


VERSION = f"schulnetz {__version__} (Python {platform.python_version()})"


@click.group(cls=Program, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(message=VERSION)
def main() -> None:
    """Monitor every school's uplink and switches, and report which schools are connected."""


@main.command()
@config_option
@listen_option
@state_option
@concurrency_option
@click.option(
    "--allow-fewer-schools",
    is_flag=True,
    help="Accept a reload that drops more than 20 % of the schools.",
)
@click.option(
    "--traps",
    type=Listen(),
    metavar="HOST:PORT",
    help="Receive SNMP traps and informs of the devices at this address. [default: off]",
)
@shard_option
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format of the log.",
)
@click.option(
    "--web-config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Users, TLS and headers, in the format of Prometheus exporters.",
)
@click.option(
    "--allowed-host",
    "host_names",
    multiple=True,
    metavar="NAME",
    help="An additional host name for browsers. May be given several times.",
)
@click.option(
    "--without-login",
    is_flag=True,
    help="Serve other machines even though no login is required.",
)
@click.option("--enable-reload", is_flag=True, help="Allow logged-in users to POST /-/reload.")
@ledger_option
def run(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    config: Path,
    listen: tuple[str, int],
    state_dir: Path,
    concurrency: int,
    allow_fewer_schools: bool,  # noqa: FBT001  # click passes flags by name
    traps: tuple[str, int] | None,
    web_config: Path | None,
    host_names: tuple[str, ...],
    without_login: bool,  # noqa: FBT001  # the same
    enable_reload: bool,  # noqa: FBT001  # the same
    shard: Shard | None,
    log_format: str,
    ledger: LedgerPlace,
) -> None:
    """Run the daemon until SIGTERM; SIGHUP reads the configuration again."""
    refuse_beside_service(click.get_current_context(), state_dir)
    settings = Settings(
        state_dir,
        *listen,
        concurrency,
        allow_fewer_schools,
        ledger,
        traps=traps,
        web_config=web_config,
        host_names=host_names,
        without_login=without_login,
        reload_by_http=enable_reload,
    )
    run_command.run(config, settings, log_format=log_format, shard=shard)


@main.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    say_json(config_schema())


@main.command(cls=ServiceCommand)
@click.argument("school")
@config_option
@click.option(
    "--only",
    # By value: click would use the names of the enum members, which are upper case.
    type=click.Choice(["snmp", *(k.value for k in CheckKind if k is not CheckKind.INTERFACES)]),
    help="Only checks of this kind.",
)
@json_option
@click.option("--watch", is_flag=True, help="Go on until Ctrl-C, with verdicts.")
@click.option(
    "--demo", "of_demo", is_flag=True, help="Probe the simulated devices of a running demo."
)
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path),
    help="Where maintenance windows are kept.  [default: as for run, or for demo]",
)
def probe(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    school: str,
    config: Path,
    only: str | None,
    as_json: bool,  # noqa: FBT001  # click passes flags by name
    watch: bool,  # noqa: FBT001  # the same
    of_demo: bool,  # noqa: FBT001  # the same
    state_dir: Path | None,
) -> None:
    """Check one school now (by id, number or name) and report what is wrong."""
    if watch and as_json:
        raise click.UsageError("--watch and --json do not go together")
    inventory = read_inventory(config_of_demo(config, of_demo=of_demo))
    found = find_school(inventory, school)
    kind = CheckKind.INTERFACES if only == "snmp" else CheckKind(only) if only else None
    state = state_dir or (STATE_DIRECTORY if of_demo else default_state_directory())
    wishes = probe_command.Wishes(kind, as_json, watch, of_demo, state)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(probe_command.probe(inventory, found, wishes))


@main.command()
def version() -> None:
    """Print the version."""
    say(VERSION)


main.add_command(backfill_command.backfill)
main.add_command(export_command.group)
main.add_command(import_command.group)
main.add_command(ledger_command.group)
main.add_command(campaign_command.campaign)
main.add_command(check_command.check)
main.add_command(contacts_command.contacts)
main.add_command(demo_commands.demo)
main.add_command(doctor_command.doctor)
main.add_command(maintenance_command.maintenance)
main.add_command(report_command.report)
main.add_command(sla_command.sla)
main.add_command(unit_command.unit)
main.add_command(walk_command.walk)
main.add_command(walk_command.record)
