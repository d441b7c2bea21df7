"""`schulnetz campaign`: plan, start, follow and cancel measuring campaigns of a school's lines.

The daemon does the work: start and cancel leave a request in the state directory, status reads the
ledger.

Must not know: how a line is tested, or how a plan is made.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from monitor.calendar.school_days import CalendarError, SchoolCalendar
from monitor.campaigns.book import judge, sentence_of
from monitor.campaigns.plan import CampaignError, campaign_id, next_due, progress
from monitor.campaigns.plan import plan as plan_campaign
from monitor.campaigns.requests import FILE_NAME, Request, RequestFile, RequestFileError
from monitor.campaigns.rules import MEASUREMENTS
from monitor.campaigns.runner import KINDS
from monitor.campaigns.trial import why_spoiled
from monitor.cli.as_json import campaign_as_json, plan_as_json
from monitor.cli.common import (
    Exit,
    config_option,
    fail,
    find_school,
    json_option,
    read_inventory,
    state_option,
    with_site,
)
from monitor.cli.ledger_option import ledger_option
from monitor.cli.other_shard import refuse_other_shard
from monitor.cli.output import say, say_json, show
from monitor.cli.service import ServiceCommand
from monitor.clock import SystemClock
from monitor.ledger.chain import LedgerError
from monitor.words.plural import count_of
from monitor.words.rate import megabits
from monitor.words.table import Column, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from monitor.campaigns.evidence import Measurement
    from monitor.campaigns.plan import Progress, Slot
    from monitor.campaigns.requests import Action
    from monitor.inventory.city import Goal, Inventory, School, Site
    from monitor.ledger.chain import Entry
    from monitor.ledger.place import LedgerPlace

_SHOWN = 5
_HISTORY = timedelta(days=60)

site_option = click.option("--site", metavar="ID", help="Only this site of the school.")


@click.group()
def campaign() -> None:
    """Measure a school's line: 30 tests on 3 days.

    By the method of the Bundesnetzagentur (not certified).
    """


@campaign.command()
@click.argument("school")
@site_option
@json_option
@config_option
def plan(school: str, site: str | None, as_json: bool, config: Path) -> None:  # noqa: FBT001  # click passes flags by name
    """Show when SCHOOL would be tested if a campaign started now."""
    inventory = read_inventory(config)
    found, calendar = find_school(inventory, school), _calendar(inventory)
    now = SystemClock().now()
    plans = []
    for place in _sites(found, site):
        name = str(found.key(place))
        try:
            slots = plan_campaign(found, calendar, now, campaign_id(name, now))
        except CampaignError as error:
            fail(f"{name}: {error}", Exit.WRONG)
        if as_json:
            possible = place.uplink.throughput is not None
            plans.append(plan_as_json(name, slots, calendar.timezone, possible=possible))
            continue
        say(f"{name}: {count_of(len(slots), 'test')}")
        for day in dict.fromkeys(slot.day for slot in slots):
            times = [
                f"{slot.at.astimezone(calendar.timezone):%H:%M}"
                for slot in slots
                if slot.day == day
            ]
            say(f"  {day:%a %Y-%m-%d}  {' '.join(times)}")
        if place.uplink.throughput is None:
            say(f"  not possible yet: no {_lacking(place)} in the configuration")
    if as_json:
        say_json({"campaigns": plans})


@campaign.command(cls=ServiceCommand)
@click.argument("school")
@site_option
@json_option
@config_option
@state_option
@ledger_option
def start(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    school: str,
    site: str | None,
    as_json: bool,  # noqa: FBT001  # click passes flags by name
    config: Path,
    state_dir: Path,
    ledger: LedgerPlace,
) -> None:
    """Start campaigns for SCHOOL's lines. The daemon begins within seconds."""
    inventory = read_inventory(config)
    found = find_school(inventory, school)
    now = SystemClock().now()
    refuse_other_shard(found.id, state_dir)
    running = _running(found, ledger, state_dir)
    wanted: dict[str, str] = {}
    for place in _sites(found, site):
        name = str(found.key(place))
        if place.uplink.throughput is None:
            fail(f"{name} has no {_lacking(place)} in the configuration; set it", Exit.WRONG)
        if name in running:
            fail(f"campaign {running[name]} runs there; cancel it first", Exit.WRONG)
        wanted[name] = campaign_id(name, now)
    _request(state_dir, "start", wanted, now)
    if as_json:
        say_json({"requested": list(wanted.values())})
        return
    for one in wanted.values():
        say(f"requested: {one}; `schulnetz campaign status {found.id}` shows it")


@campaign.command(cls=ServiceCommand)
@click.argument("school")
@site_option
@json_option
@config_option
@state_option
@ledger_option
def cancel(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    school: str,
    site: str | None,
    as_json: bool,  # noqa: FBT001  # click passes flags by name
    config: Path,
    state_dir: Path,
    ledger: LedgerPlace,
) -> None:
    """Cancel the campaigns of SCHOOL. A running test stops within seconds."""
    inventory = read_inventory(config)
    found = find_school(inventory, school)
    refuse_other_shard(found.id, state_dir)
    running = _running(found, ledger, state_dir)
    names = [str(found.key(one)) for one in _sites(found, site)]
    ended = {name: running[name] for name in names if name in running}
    if not ended:
        fail(f"no campaign runs at {found.id}", Exit.WRONG)
    _request(state_dir, "cancel", ended, SystemClock().now())
    if as_json:
        say_json({"requested": list(ended.values())})
        return
    for one in ended.values():
        say(f"requested: end of {one}")


@campaign.command(cls=ServiceCommand)
@click.argument("school")
@site_option
@json_option
@config_option
@state_option
@ledger_option
def status(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    school: str,
    site: str | None,
    as_json: bool,  # noqa: FBT001  # click passes flags by name
    config: Path,
    state_dir: Path,
    ledger: LedgerPlace,
) -> None:
    """Show the progress of SCHOOL's campaigns, and what delayed them."""
    inventory = read_inventory(config)
    found, calendar = find_school(inventory, school), _calendar(inventory)
    now = SystemClock().now()
    campaigns, requested = [], []
    for place in _sites(found, site):
        name = str(found.key(place))
        known = _progress(_entries(ledger, name))
        waiting = _waiting(state_dir, name, {one.campaign.id for one in known})
        if as_json:
            requested += waiting
            if known:
                campaigns.append(_as_json(known[-1], found, inventory.goal, calendar, now))
            continue
        for request in waiting:
            say(f"{name}: {request} was requested, and the daemon has not taken it up yet")
        if known:
            _show(known[-1], found, inventory.goal, calendar, now)
        elif not waiting:
            say(f"{name}: no campaign yet")
    if as_json:
        say_json({"requested": requested, "campaigns": campaigns}, default=str)


def _as_json(
    so_far: Progress, school: School, goal: Goal | None, calendar: SchoolCalendar, now: datetime
) -> dict[str, object]:
    zone = calendar.timezone
    is_over = so_far.ended is not None
    return campaign_as_json(
        so_far,
        judge(so_far.campaign, goal, school.classes, zone) if is_over else None,
        None if is_over else _following(so_far, school, calendar, now),
        len(so_far.counted(zone)),
        zone,
    )


def _following(
    so_far: Progress, school: School, calendar: SchoolCalendar, now: datetime
) -> tuple[Slot, datetime] | None:
    """Return the next test of a running campaign, and when it is due."""
    try:
        slots = plan_campaign(school, calendar, so_far.started, so_far.campaign.id)
        return next_due(slots, so_far, now, calendar.timezone)
    except CampaignError as error:
        fail(str(error), Exit.WRONG)


def _show(
    so_far: Progress, school: School, goal: Goal | None, calendar: SchoolCalendar, now: datetime
) -> None:
    one, zone = so_far.campaign, calendar.timezone

    def local(instant: datetime) -> str:
        return f"{instant.astimezone(zone):%Y-%m-%d %H:%M %Z}"

    say(f"{one.site}: campaign {one.id}, since {local(so_far.started)}")
    spoiled = sum(bool(test.invalidities()) for test in one.measurements)
    done = len(so_far.counted(zone))
    say(f"  {done} of {MEASUREMENTS} measured, {count_of(spoiled, 'test')} did not count")
    if so_far.ended is not None:
        verdict = judge(one, goal, school.classes, zone)
        reason = so_far.ended.reason or sentence_of(verdict)
        say(f"  {so_far.ended.phase} {local(so_far.ended.at)}: {reason}")
        for said in verdict.reasons if verdict is not None else ():
            say(f"  {said}")
    else:
        following = _following(so_far, school, calendar, now)
        if following is not None:
            slot, due = following
            when = "now" if due <= now else local(due)
            say(f"  next: test {slot.number} of {MEASUREMENTS}, {when}")
    if one.measurements:
        show(_results(one.measurements[-_SHOWN:], local))
    for step in so_far.held_up[-_SHOWN:]:
        say(f"  {step.phase} {local(step.at)}: {step.reason}")
    if len(so_far.held_up) > _SHOWN:
        say(f"  ({len(so_far.held_up) - _SHOWN} earlier ones are in the ledger)")


def _results(measurements: Iterable[Measurement], local: Callable[[datetime], str]) -> Table:
    table = Table(
        Column("measured"),
        *(Column(head, Kind.NUMBER) for head in ("download", "upload", "others")),
        Column("counts", Kind.TEXT),
    )
    for one in measurements:
        share = one.cross_traffic_share
        table.add(
            local(one.at),
            _rate(one.down_bps),
            _rate(one.up_bps),
            "?" if share is None else f"{100 * share:.1f} %",
            f"no: {why_spoiled(one)}" if one.invalidities() else "yes",
        )
    return table


def _rate(bps: float | None) -> str:
    return "-" if bps is None else megabits(bps, ",.1f")


def _sites(school: School, wanted: str | None) -> tuple[Site, ...]:
    return (school if wanted is None else with_site(school, wanted)).sites


def _calendar(inventory: Inventory) -> SchoolCalendar:
    try:
        return SchoolCalendar(inventory.calendar)
    except CalendarError as error:
        fail(str(error), Exit.WRONG)


def _entries(ledger: LedgerPlace, site: str) -> list[Entry]:
    since = SystemClock().now() - _HISTORY
    try:
        if not ledger.exists():
            return []
        with ledger.open_reader() as reader:
            return [
                recorded.entry
                for kind in KINDS
                for recorded in reader.entries(kind, since=since, subject=site)
            ]
    except LedgerError as error:
        fail(str(error), Exit.WRONG)


def _progress(entries: list[Entry]) -> tuple[Progress, ...]:
    try:
        return progress(entries)
    except LedgerError as error:
        fail(str(error), Exit.WRONG)


def _lacking(site: Site) -> str:
    """Return what the configuration lacks for testing a site."""
    return "contract" if site.uplink.contract is None else "throughput.method"


def _running(school: School, ledger: LedgerPlace, state_dir: Path) -> dict[str, str]:
    """Return the running or requested campaign of each of a school's sites."""
    running: dict[str, str] = {}
    for site in school.sites:
        name = str(school.key(site))
        known = _progress(_entries(ledger, name))
        for request in _waiting(state_dir, name, {one.campaign.id for one in known}):
            running[name] = request
        for one in known:
            if one.ended is None:
                running[name] = one.campaign.id
    return running


def _waiting(state_dir: Path, site: str, known: set[str]) -> list[str]:
    """Return the campaigns that were requested, not cancelled, and not yet started."""
    try:
        requests = RequestFile(state_dir / FILE_NAME).read()
    except RequestFileError as error:
        fail(str(error), Exit.WRONG)
    back = {one.campaign for one in requests if one.action == "cancel"}
    return [
        one.campaign
        for one in requests
        if one.action == "start" and one.site == site and one.campaign not in known | back
    ]


def _request(state_dir: Path, action: Action, wanted: Mapping[str, str], now: datetime) -> None:
    """Request the start or the end of a campaign at each of these sites."""
    try:
        file = RequestFile(state_dir / FILE_NAME)
        for site, campaign_wanted in wanted.items():
            file.add(Request(action, site, campaign_wanted, now))
    except RequestFileError as error:
        fail(str(error), Exit.WRONG)
