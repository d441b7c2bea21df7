"""Years of a plausible roll-out as ledger entries, for the demo and for tests.

Lots of sites are planned, ordered and built, mostly in the summer holidays; then a line goes
live, is verified by a campaign, and verified again within half a year. Some go stale, some
regress, and schools join the goal in between. The reasons have the wording of
`monitor/rollout/stage.py`, for which German pages have the German.

Must not know: the ledger's file, or how a forecast or report is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from monitor.campaigns.evidence import Measurement, Rates
from monitor.campaigns.layers import PAYLOAD_OF_WIRE
from monitor.campaigns.records import CampaignPhase, CampaignStep, campaign_entry, measurement_entry
from monitor.rollout.goal_records import GoalScope, goal_entry
from monitor.rollout.stage import Stage
from monitor.rollout.stage_records import StageChange, reported_entry, reported_figure, stage_entry
from monitor.words.rate import megabits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.inventory.city import Contract, Inventory, School, Site
    from monitor.ledger.chain import Entry
    from monitor.rollout.goal_records import Unit

_FRESH_DAYS: Final = 180
_LATE_SCHOOLS: Final = 4
_CAMPAIGN_DAYS: Final = (0, 3, 7)
_TESTS_A_DAY: Final = 10
_PAUSE: Final = timedelta(hours=3)
_MINUTE: Final = timedelta(minutes=1)
_FORGOTTEN_SHARE: Final = 0.06


@dataclass(frozen=True, slots=True)
class _Line:
    key: str
    host: str
    contract: Contract
    lot: str
    joined: datetime
    zone: ZoneInfo


def rollout_history(
    inventory: Inventory, first_year: int, last_year: int, seed: int = 0
) -> Iterator[Entry]:
    """Yield the entries of a roll-out over those years, first day to last, by time.

    Every site of the goal is planned; about nine in ten are verified at the end. The same
    inventory, years and seed give the same entries.

    Raises:
        ValueError: if the last year is before the first.
    """
    if last_year < first_year:
        raise ValueError(f"the years {first_year}..{last_year} end before they begin")
    begin = datetime(first_year, 1, 8, 7, tzinfo=UTC)
    end = datetime(last_year + 1, 1, 1, tzinfo=UTC)
    random = Random(seed)  # noqa: S311  # a story that can be repeated, not a secret
    schools = [school for school in inventory.schools if _in_goal(inventory, school)]
    late = {
        school.id: _joins(begin, end, random)
        for school in random.sample(schools, min(_LATE_SCHOOLS, len(schools) // 4))
    }
    entries = list(_scopes(inventory, schools, late, begin))
    lines = [
        _Line(
            str(school.key(site)),
            site.uplink.host,
            site.uplink.contract,
            _lot(site, school),
            late.get(school.id, begin),
            ZoneInfo(inventory.calendar.timezone),
        )
        for school in schools
        for site in school.sites
        if site.uplink.contract is not None
    ]
    random.shuffle(lines)
    for place, line in enumerate(lines):
        entries += _life(line, place / len(lines), begin, end, random)
    for goal in inventory.reported_goals:
        entries += (reported_entry(reported_figure(goal.id, one)) for one in goal.entries)
    entries.sort(key=lambda entry: entry.at)
    yield from (entry for entry in entries if begin - timedelta(days=8) <= entry.at < end)


def _in_goal(inventory: Inventory, school: School) -> bool:
    return inventory.goal is None or inventory.goal.covers(school)


def _lot(site: Site, school: School) -> str:
    return site.lot or school.district


def _joins(begin: datetime, end: datetime, random: Random) -> datetime:
    return begin + (end - begin) * random.uniform(0.2, 0.7)


def _scopes(
    inventory: Inventory, schools: list[School], late: dict[str, datetime], begin: datetime
) -> Iterator[Entry]:
    goal = inventory.goal
    name, unit = (goal.name, goal.unit) if goal else (inventory.city, "schools")
    wanted: Unit = "sites" if unit == "sites" else "schools"
    at_end = sum(_size(school, wanted) for school in schools)
    spoken_of = goal.denominator if goal else at_end
    for at in (begin, *sorted(late.values())):
        there = [school for school in schools if late.get(school.id, begin) <= at]
        missing = at_end - sum(_size(school, wanted) for school in there)
        sites = tuple(str(school.key(site)) for school in there for site in school.sites)
        yield goal_entry(GoalScope(at, name, wanted, max(1, spoken_of - missing), sites))


def _size(school: School, unit: Unit) -> int:
    return len(school.sites) if unit == "sites" else 1


def _life(
    line: _Line, place: float, begin: datetime, end: datetime, random: Random
) -> Iterator[Entry]:
    """Yield the history of one site; `place` from 0 to 1 is its position in the order."""
    span = end - begin
    planned = max(line.joined, begin + timedelta(days=random.uniform(0, 60)))
    built = _work_day(begin + span * (0.12 + 0.86 * place) + _days(random, -60, 60), random)
    built = max(built, planned + _days(random, 60, 150))
    ordered = planned + (built - planned) * random.uniform(0.2, 0.6)
    document = f"{line.lot}/{planned:%Y}-{random.randrange(100, 999)}"
    yield _attested(line, planned, Stage.PLANNED, document)
    yield _attested(line, ordered, Stage.ORDERED, document)
    yield _attested(line, built, Stage.BUILT, document)
    at = built + _days(random, 2, 30)
    yield _attested(line, at, Stage.REPORTED, line.contract.provider)
    at += _days(random, 3, 60)
    until = f"{at.astimezone(line.zone):%Y-%m-%d %H:%M}"
    why = f"up in 1436 of 1440 minutes until {until}, seen as expected: address "
    yield _stage(line, at, Stage.LIVE, f"{why}{line.host!r}")
    yield from _campaigns(line, at + _days(random, 10, 90), end, random)


def _campaigns(line: _Line, at: datetime, end: datetime, random: Random) -> Iterator[Entry]:
    """Yield campaigns to the end: passed, sometimes failed, sometimes forgotten."""
    verified = False
    passed = ""
    while at < end:
        at = at.replace(hour=15, minute=0, second=0, microsecond=0)
        name = f"{line.key.replace('/', '-')}-{at:%Y%m%d}"
        fails = random.random() < (0.06 if verified else 0.1)
        yield from _campaign(line, name, at, random, fails=fails)
        last = _test_times(at)[-1]
        known = last + _MINUTE
        if fails:
            if verified:
                rate = megabits(line.contract.down_bps)
                why = (
                    f"campaign {name} failed: download: 90 % of {rate} was reached on 1 of 3 days, "
                    f"owed on two thirds of them; {passed} had passed"
                )
                proof = (f"campaign:{name}", f"campaign:{passed}")
                yield _stage(line, known, Stage.REGRESSED, why, *proof, since=last)
            verified, at = False, last + _days(random, 20, 80)
            continue
        why = f"campaign {name} passed on {last.astimezone(line.zone):%Y-%m-%d} with 30 tests"
        if not verified:
            yield _stage(line, known, Stage.VERIFIED, why, f"campaign:{name}", since=last)
        verified, passed, at = True, name, last + _days(random, 140, 170)
        if random.random() < _FORGOTTEN_SHARE:
            stale = last + timedelta(days=_FRESH_DAYS)
            why += f", {_FRESH_DAYS} days ago or more: measure again"
            yield _stage(line, stale, Stage.LIVE_STALE, why, f"campaign:{name}")
            verified, at = False, stale + _days(random, 10, 60)


def _campaign(
    line: _Line, name: str, at: datetime, random: Random, *, fails: bool
) -> Iterator[Entry]:
    contract = line.contract
    down = Rates(contract.down_bps, contract.normal_down_bps, contract.minimum_down_bps)
    up = Rates(contract.up_bps, contract.normal_up_bps, contract.minimum_up_bps)
    times = _test_times(at)
    yield campaign_entry(CampaignStep(name, line.key, at, CampaignPhase.STARTED, down, up))
    for test, when in enumerate(times):
        # The school's own traffic takes its part of what the line carries.
        others = round(random.uniform(0.001, 0.03), 4)
        slow = fails and test >= _TESTS_A_DAY
        share = (
            random.uniform(0.55, 0.7) if slow else random.uniform(0.92, PAYLOAD_OF_WIRE) - others
        )
        upload = random.uniform(0.92, PAYLOAD_OF_WIRE) - others
        yield measurement_entry(
            Measurement(
                site=line.key,
                at=when,
                method="iperf3",
                down_bps=float(int(share * contract.down_bps)),
                up_bps=float(int(upload * contract.up_bps)),
                streams=4,
                seconds=10.0,
                cross_traffic_share=others,
                clock_stepped=False,
                held_slot=True,
                campaign=name,
            )
        )
    ended = times[-1] + _MINUTE
    yield campaign_entry(CampaignStep(name, line.key, ended, CampaignPhase.FINISHED, down, up))


def _test_times(begin: datetime) -> list[datetime]:
    """Return when the tests of a campaign start: ten on each day, with a pause after the fifth."""
    return [
        begin
        + timedelta(days=day, minutes=1 + 12 * test)
        + (_PAUSE if test >= _TESTS_A_DAY // 2 else timedelta())
        for day in _CAMPAIGN_DAYS
        for test in range(_TESTS_A_DAY)
    ]


def _attested(line: _Line, at: datetime, stage: Stage, reference: str) -> Entry:
    # Noon in UTC is on the same day in Europe's time zones.
    at = at.replace(hour=12, minute=0, second=0)
    why = f"{stage} on {at:%Y-%m-%d} by {reference}; no 24 hours on the right line are proven yet"
    return _stage(line, at, stage, why, f"milestone:{stage}/{at:%Y-%m-%d}/{reference}")


def _stage(
    line: _Line,
    at: datetime,
    stage: Stage,
    why: str,
    *evidence: str,
    since: datetime | None = None,
) -> Entry:
    at = at.replace(microsecond=0)
    return stage_entry(StageChange(line.key, at, stage, since or at, why, evidence))


def _work_day(at: datetime, random: Random) -> datetime:
    """Return a working day: half of the time in the summer holidays, at noon UTC."""
    day: date = at.date()
    if random.random() < 0.5:  # noqa: PLR2004  # half of the time
        day = date(day.year, 7, 1) + timedelta(days=random.randrange(42))
    return datetime.combine(day, time(12), UTC)


def _days(random: Random, least: int, most: int) -> timedelta:
    return timedelta(seconds=round(random.uniform(least, most) * 86400))
