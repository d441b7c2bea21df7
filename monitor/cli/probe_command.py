"""`schulnetz probe`: the options of probing one school now.

Must not know: how a check works, or how its result is shown.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import click

from monitor.cli.common import (
    config_option,
    default_state_directory,
    find_place,
    json_option,
    read_inventory,
)
from monitor.cli.demo_note import simulated
from monitor.cli.demo_options import STATE_DIRECTORY, config_of_demo
from monitor.cli.service import ServiceCommand
from monitor.inventory.checks import CheckKind


@click.command(cls=ServiceCommand)
@click.argument("place", metavar="SCHOOL[/SITE]")
@config_option
@click.option(
    "--only",
    # By value: click would use the names of the enum members, which are upper case.
    type=click.Choice(["snmp", *(k.value for k in CheckKind if k is not CheckKind.INTERFACES)]),
    help="Only checks of this kind.",
)
@json_option
@click.option("--watch", is_flag=True, help="Continue until Ctrl-C, with verdicts.")
@click.option(
    "--demo", "of_demo", is_flag=True, help="Probe the simulated devices of a running demo."
)
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path),
    help="Where maintenance windows are kept.  [default: as for run, or for demo]",
)
def probe(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    place: str,
    config: Path,
    only: str | None,
    as_json: bool,  # noqa: FBT001  # click passes flags by name
    watch: bool,  # noqa: FBT001  # the same
    of_demo: bool,  # noqa: FBT001  # the same
    state_dir: Path | None,
) -> None:
    """Check one school or site now, and report what is wrong. It is given by id, number or name."""
    # The probes' libraries take a second of CPU, which the help does not need.
    from monitor.cli import probe as session  # noqa: PLC0415

    if watch and as_json:
        raise click.UsageError("--watch and --json do not go together")
    inventory = read_inventory(config_of_demo(config, state_dir, of_demo=of_demo))
    if of_demo:
        inventory = simulated(inventory, state_dir or STATE_DIRECTORY)
    found = find_place(inventory, place)
    kind = CheckKind.INTERFACES if only == "snmp" else CheckKind(only) if only else None
    state = state_dir or (STATE_DIRECTORY if of_demo else default_state_directory())
    wishes = session.Wishes(kind, as_json, watch, of_demo, state)
    # Ctrl-C is how --watch ends; without it, nothing has been found out.
    with contextlib.suppress(KeyboardInterrupt) if watch else contextlib.nullcontext():
        asyncio.run(session.probe(inventory, found, wishes))
