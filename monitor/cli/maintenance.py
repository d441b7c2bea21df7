"""`schulnetz maintenance`: announce planned work, so that it does not page.

Must not know: how windows are stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from monitor.calendar.local_time import TimeError, is_repeated, is_span, parse_until
from monitor.calendar.maintenance import ALL_SCHOOLS, MaintenanceBook, MaintenanceError
from monitor.cli.as_json import window_as_json
from monitor.cli.common import (
    Exit,
    config_option,
    fail,
    find_school,
    json_option,
    read_inventory,
    state_option,
)
from monitor.cli.other_shard import refuse_other_shard, shards_of
from monitor.cli.output import say, say_json, show
from monitor.cli.service import ServiceCommand, person
from monitor.clock import SystemClock
from monitor.words.plural import count_of
from monitor.words.table import Column, Kind, Table

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from monitor.inventory.city import Inventory

_ALL: Final = "all"


@click.group()
def maintenance() -> None:
    """Announce planned work. The daemon picks it up within seconds."""


@maintenance.command(cls=ServiceCommand)
@click.argument("school", metavar="SCHOOL|all")
@click.option(
    "--until",
    required=True,
    metavar="TIME",
    help="End: 14:00, 2026-12-24 18:00 or 24.12.2026 18:00; 2h is from now.",
)
@click.option(
    "--from",
    "begin",
    metavar="TIME",
    help="Start: the same; 30m is from now.  [default: now]",
)
@click.option(
    "--reason", required=True, help="The reason; it is shown on the status page, not in alerts."
)
@json_option
@config_option
@state_option
def add(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    school: str,
    until: str,
    begin: str | None,
    reason: str,
    as_json: bool,  # noqa: FBT001  # click passes flags by name
    config: Path,
    state_dir: Path,
) -> None:
    """Add a window for SCHOOL. It survives restarts and expires by itself."""
    inventory = read_inventory(config)
    whose, name = _whose(inventory, school)
    if whose != ALL_SCHOOLS:
        refuse_other_shard(whose, state_dir)
    elif shards := shards_of(state_dir):
        say(f"warning: only for the schools of shard {shards}; add it for the others", err=True)
    now = SystemClock().now()
    zone = _zone(inventory)
    try:
        starts = parse_until(begin, zone, now) if begin else now
        ends = parse_until(until, zone, now, after=starts)
        _refuse_early_span(until, zone, starts, ends)
        book = _book(inventory, state_dir, now)
        planned = book.add(whose, starts, ends, reason, now=now, by=person())
    except (TimeError, MaintenanceError) as error:
        fail(str(error), Exit.WRONG)
    if as_json:
        say_json(window_as_json(planned, zone))
        return
    say(f"{planned.id}: {name} from {_short(starts, zone)} until {_short(ends, zone)}")
    say(_zone_note(inventory))


@maintenance.command("list", cls=ServiceCommand)
@click.argument("school", required=False)
@json_option
@config_option
@state_option
def list_(school: str | None, as_json: bool, config: Path, state_dir: Path) -> None:  # noqa: FBT001  # click passes flags by name
    """List the windows of all schools, or of SCHOOL."""
    inventory = read_inventory(config)
    found = find_school(inventory, school).id if school else None
    windows = _book(inventory, state_dir, SystemClock().now()).windows(found)
    zone = _zone(inventory)
    if as_json:
        say_json({"windows": [window_as_json(one, zone) for one in windows]})
        return
    if not windows:
        say("no maintenance windows")
        return
    table = Table(
        Column("id"),
        Column("school", Kind.TEXT, leads=True),
        Column("from"),
        Column("until"),
        Column("reason", Kind.TEXT, leads=True),
    )
    for planned in windows:
        window = planned.window
        table.add(
            planned.id,
            _shown(planned.school),
            _short(window.starts, zone),
            _short(window.ends, zone),
            window.reason,
        )
    show(table)
    say(_zone_note(inventory))


@maintenance.command(cls=ServiceCommand)
@click.argument("window_id", metavar="ID")
@json_option
@config_option
@state_option
def cancel(window_id: str, as_json: bool, config: Path, state_dir: Path) -> None:  # noqa: FBT001  # click passes flags by name
    """End the window with that ID, or cancel it before it starts."""
    inventory = read_inventory(config)
    now = SystemClock().now()
    try:
        planned = _book(inventory, state_dir, now).cancel(window_id, now=now)
    except MaintenanceError as error:
        fail(str(error), Exit.WRONG)
    if as_json:
        say_json(window_as_json(planned, _zone(inventory)))
        return
    say(f"cancelled: {_shown(planned.school)}, {planned.window.reason}")


def _refuse_early_span(until: str, zone: ZoneInfo, starts: datetime, ends: datetime) -> None:
    """Explain why a span ends before the window starts: it counts from now.

    Raises:
        TimeError: if it does.
    """
    if ends <= starts and is_span(until):
        raise TimeError(
            f"--until {until} is a span from now and ends at {_local(ends, zone)}, before the "
            f"window starts at {_local(starts, zone)}; write the time at which it ends"
        )


def _whose(inventory: Inventory, wanted: str) -> tuple[str, str]:
    """Return the school of a window, and its name; `all` for all schools."""
    if wanted.casefold() == _ALL and inventory.school(_ALL) is None:
        return ALL_SCHOOLS, f"all {count_of(len(inventory.schools), 'school')}"
    found = find_school(inventory, wanted)
    return found.id, found.name


def _shown(school: str) -> str:
    return _ALL if school == ALL_SCHOOLS else school


def _book(inventory: Inventory, state_directory: Path, now: datetime) -> MaintenanceBook:
    book = MaintenanceBook(state_directory, inventory)
    book.refresh(now)
    if book.problem:
        say(f"warning: {book.problem}", err=True)
    return book


def _zone(inventory: Inventory) -> ZoneInfo:
    return ZoneInfo(inventory.calendar.timezone)


def _zone_note(inventory: Inventory) -> str:
    return f"Local time of {inventory.calendar.timezone}."


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _short(instant: datetime, zone: ZoneInfo) -> str:
    """Return a local time; its zone only in the hour that a change of clocks repeats."""
    if is_repeated(instant, zone):
        return _local(instant, zone)
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"
