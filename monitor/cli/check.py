"""`schulnetz check`: whether a configuration file can be used, and all that is wrong if not.

Must not know: how a file is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.calendar.school_days import NOTHING_KNOWN, SchoolCalendar
from monitor.cli.as_json import check_as_json
from monitor.cli.common import (
    CONFIG_VARIABLE,
    Exit,
    default_config,
    fail,
    json_option,
    read_inventory,
)
from monitor.cli.contacts import check_contacts
from monitor.cli.hints import has_no_holidays, hints, watched
from monitor.cli.insecure import insecure_settings
from monitor.cli.output import say, say_json, show
from monitor.cli.run_options import concurrency_option, shard_option
from monitor.clock import SystemClock
from monitor.config import ConfigError, load
from monitor.config.build.plausible import odd_locations
from monitor.config.contacts import FILE_NAME, read_contacts
from monitor.config.tree.problems import START, Problem
from monitor.rollout.goal_records import configured_scope
from monitor.rollout.progress import units
from monitor.schedule import CapacityError, refuse_overload
from monitor.words.plural import count_of
from monitor.words.table import Column, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.inventory.city import Inventory
    from monitor.inventory.shard import Shard


@click.command()
@click.argument(
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar=CONFIG_VARIABLE,
    default=default_config,
    required=False,
)
@click.option("--list", "list_schools", is_flag=True, help="List the schools as well.")
@json_option
@concurrency_option
@shard_option
def check(
    file: Path,
    list_schools: bool,  # noqa: FBT001  # click passes flags by name
    as_json: bool,  # noqa: FBT001  # the same
    concurrency: int,
    shard: Shard | None,
) -> None:
    """Check a configuration file; print every error with its line and column.

    Of a file without errors: what will be watched, and hints of what cannot be said yet, each with
    the YAML that adds it.
    """
    if as_json:
        _print_json(file, concurrency, shard)
        return
    inventory = read_inventory(file)
    try:
        refuse_overload((shard.of(inventory) if shard else inventory).checks(), concurrency)
    except CapacityError as error:
        fail(f"{file}: {error}", Exit.WRONG)
    sites = [site for _, site in inventory.sites()]
    if list_schools:
        table = Table(Column("id"), Column("number"), Column("name", Kind.TEXT))
        for school in inventory.schools:
            table.add(school.id, school.number, school.name)
        show(table)
    say(
        f"{file}: {count_of(len(inventory.schools), 'school')}, {count_of(len(sites), 'site')}, "
        f"{count_of(sum(len(site.switches) for site in sites), 'switch', 'switches')}, "
        f"{count_of(sum(1 for _ in inventory.checks()), 'check')}; no errors"
    )
    say(f"{file}: {watched(inventory)}")
    check_contacts(inventory, file)
    for hint in hints(inventory):
        say(f"{file}: hint: {hint}")
    for warning in _warnings(inventory):
        say(f"{file}: 1 warning: {warning}", err=True)


def _print_json(file: Path, concurrency: int, shard: Shard | None) -> None:
    """Print the same as JSON; leave with 1 if anything is wrong."""
    inventory: Inventory | None = None
    errors: list[Problem] = []
    try:
        inventory = load(file)
        refuse_overload((shard.of(inventory) if shard else inventory).checks(), concurrency)
        if (contacts := file.with_name(FILE_NAME)).exists():
            read_contacts(contacts, inventory)
    except ConfigError as error:
        errors += error.problems
    except CapacityError as error:
        errors.append(Problem(str(file), *START, str(error)))
    warnings = _warnings(inventory) if inventory is not None else ()
    say_json(check_as_json(file, inventory, errors, warnings))
    if errors:
        raise SystemExit(Exit.WRONG)


def _warnings(inventory: Inventory) -> Iterator[str]:
    """Yield what is no error and yet not as it should be."""
    calendar = SchoolCalendar(inventory.calendar)
    now = SystemClock().now()
    if calendar.is_running_out(now) and not has_no_holidays(inventory):
        known = (
            "no school holidays are known"
            if calendar.data_ends == NOTHING_KNOWN
            else f"school holidays are known until {calendar.data_ends}"
        )
        yield f"{known}; every later weekday counts as a school day: add them to city.holidays"
    yield from odd_locations(inventory)
    for seen, cure in insecure_settings(inventory):
        yield f"{seen}; {cure}"
    scope = configured_scope(inventory, now)
    if scope is not None and (listed := len(units(scope))) < scope.denominator:
        yield (
            f"goals.connectivity wants {scope.denominator} {scope.unit}, and {listed} of them are "
            "listed: this goal cannot be reached; list the others, or correct the denominator"
        )
