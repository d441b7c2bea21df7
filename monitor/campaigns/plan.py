"""A campaign's plan and its progress: when to test, what is left, what is due next.

A plan depends only on the campaign's id and start, so a restart computes the same one:
10 tests on each of 3 days that are not adjacent, the 5th and the 6th of a day three hours
apart, none in or near lessons. A test that was refused or invalid is retried the same day.

Must not know: how a test is run, files, or why a test was refused.
Source: Bundesnetzagentur, Allgemeinverfuegung Vfg. Nr. 99/2021 of 2021-12-08 on § 57 (4) TKG.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Final, Protocol

from monitor.campaigns.records import CAMPAIGN, CampaignPhase, campaigns_from, read_campaign
from monitor.campaigns.rules import (
    DAYS,
    HALF_A_DAY,
    MEASUREMENTS_A_DAY,
    PAUSE,
    SPACING,
    WINDOW_DAYS,
    counted,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from monitor.campaigns.evidence import Campaign, Measurement
    from monitor.campaigns.records import CampaignStep
    from monitor.inventory.city import School
    from monitor.ledger.chain import Entry

# Between two tests of a day, outside lessons; a minute more than required.
_APART: Final = SPACING + timedelta(minutes=1)
# A test must end this long before lessons begin and before the day ends.
GUARD: Final = timedelta(minutes=5)
RETRY: Final = timedelta(minutes=15)
"""How long after a refused or invalid test the next attempt is due."""

_ENDED: Final = {CampaignPhase.FINISHED, CampaignPhase.CANCELLED}


class CampaignError(Exception):
    """A campaign cannot be planned or started; the message names the cure."""


class LessonHours(Protocol):
    """The part of the calendar that a plan uses (`monitor.calendar.school_days.SchoolCalendar`)."""

    timezone: ZoneInfo

    def local_day(self, instant: datetime) -> date:
        """Return the local date at an aware instant."""

    def lessons_on(self, school_type: str, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """Return a local day's lesson hours as pairs of UTC instants, the ends excluded."""

    def bounds_of_day(self, day: date) -> tuple[datetime, datetime]:
        """Return the UTC instants at which a local day begins and the next one does."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One planned test: its number from 1, when it is due, and when its day is over."""

    number: int
    day: date
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """A campaign so far: when it started, how it ended (None while it runs), what delayed it."""

    campaign: Campaign
    started: datetime
    ended: CampaignStep | None = None
    held_up: tuple[CampaignStep, ...] = ()

    def counted(self, zone: ZoneInfo) -> tuple[Measurement, ...]:
        """Return the measurements that count so far, by instant; days are those of `zone`."""
        return counted(self.campaign.measurements, zone)


def campaign_id(site: str, started: datetime) -> str:
    """Return the id of a site's campaign that starts at an instant, to the second."""
    return f"{site}@{started:%Y%m%dT%H%M%SZ}"


def plan(school: School, lessons: LessonHours, now: datetime, seed: str) -> tuple[Slot, ...]:
    """Return the 30 tests of a campaign that starts now, by instant.

    The same arguments give the same plan; different seeds spread over days and hours.

    Raises:
        CampaignError: if fewer than three suitable days lie within the next two weeks.
    """
    today = lessons.local_day(now)
    days = [today + timedelta(days=ahead) for ahead in range(1, WINDOW_DAYS)]
    free = {day: _free(school.type, lessons, day) for day in days}
    roomy = [day for day in days if _room(free[day]) >= PAUSE + 2 * MEASUREMENTS_A_DAY * _APART]
    choices = [
        chosen
        for chosen in combinations(roomy, DAYS)
        if all((later - first).days > 1 for first, later in pairwise(chosen))
    ]
    if not choices:
        raise CampaignError(
            f"the next {WINDOW_DAYS} days have no {DAYS} days, not adjacent, with enough hours "
            f"outside lessons; check the lessons of {school.type!r}"
        )
    chosen = choices[int(_draw(seed, "days") * len(choices))]
    instants = [
        (day, at) for day in chosen for at in _instants(free[day], f"{seed}/{day.isoformat()}")
    ]
    return tuple(
        Slot(number, day, at, lessons.bounds_of_day(day)[1] - GUARD)
        for number, (day, at) in enumerate(instants, 1)
    )


def progress(entries: Iterable[Entry]) -> tuple[Progress, ...]:
    """Return the campaigns of ledger entries with their progress, in the order they began.

    Raises:
        MalformedEntryError: if an entry is not what this program writes.
    """
    entries = list(entries)
    steps: dict[str, list[CampaignStep]] = {}
    for entry in entries:
        if entry.kind == CAMPAIGN:
            step = read_campaign(entry)
            steps.setdefault(step.campaign, []).append(step)
    found = []
    for campaign in campaigns_from(entries):
        own = sorted(steps[campaign.id], key=lambda step: step.at)
        found.append(
            Progress(
                campaign,
                started=next(step.at for step in own if step.phase is CampaignPhase.STARTED),
                ended=next((step for step in own if step.phase in _ENDED), None),
                held_up=tuple(
                    step
                    for step in own
                    if step.phase in {CampaignPhase.SKIPPED, CampaignPhase.STOPPED}
                ),
            )
        )
    return tuple(found)


def next_due(
    slots: Sequence[Slot], so_far: Progress, now: datetime, zone: ZoneInfo
) -> tuple[Slot, datetime] | None:
    """Return the next test and when it may start, None if no test is left.

    The instant is in the past if the test is overdue. It always keeps the required distance from
    earlier tests: three hours after the fifth valid one of a day.
    """
    measured = so_far.counted(zone)
    done: dict[date, list[datetime]] = {}
    for one in measured:
        done.setdefault(one.at.astimezone(zone).date(), []).append(one.at)
    earliest = _earliest(so_far, {one.at for one in measured})
    taken: Counter[date] = Counter()
    for slot in slots:
        taken[slot.day] += 1
        of_day = done.get(slot.day, [])
        if taken[slot.day] <= len(of_day):
            continue
        due = max(slot.at, earliest)
        if len(of_day) == HALF_A_DAY:
            due = max(due, of_day[-1] + PAUSE)
        if due < slot.until and now < slot.until:
            return slot, due
    return None


def _earliest(so_far: Progress, good: Container[datetime]) -> datetime:
    """Return the earliest instant at which another test may start, given all attempts so far."""
    waits = [
        one.at + (SPACING if one.at in good else RETRY) for one in so_far.campaign.measurements
    ]
    waits += [step.at + RETRY for step in so_far.held_up]
    return max(waits, default=so_far.started)


_Spell = tuple["datetime", "datetime"]


def _free(school_type: str, lessons: LessonHours, day: date) -> list[_Spell]:
    """Return the periods of a day in which a test may start."""
    begin, end = lessons.bounds_of_day(day)
    spells = []
    for starts, ends in (*sorted(lessons.lessons_on(school_type, day)), (end, end)):
        if starts - GUARD > begin:
            spells.append((begin, starts - GUARD))
        begin = max(begin, ends)
    return spells


def _room(spells: Sequence[_Spell]) -> timedelta:
    return sum((ends - starts for starts, ends in spells), timedelta())


def _instants(spells: Sequence[_Spell], seed: str) -> list[datetime]:
    """Return a day's test times: one in each tenth of its free time, a pause after the fifth."""
    share = (_room(spells) - PAUSE) / MEASUREMENTS_A_DAY
    found = []
    for number in range(MEASUREMENTS_A_DAY):
        offset = number * share + _draw(seed, str(number)) * (share - _APART)
        found.append(_at(spells, offset + (PAUSE if number >= HALF_A_DAY else timedelta())))
    return found


def _at(spells: Sequence[_Spell], offset: timedelta) -> datetime:
    for starts, ends in spells:
        if offset < ends - starts:
            return (starts + offset).replace(microsecond=0)
        offset -= ends - starts
    return spells[-1][1]


def _draw(seed: str, what: str) -> float:
    """Return a number in [0, 1) that depends on the arguments only."""
    drawn = blake2b(f"{seed}/{what}".encode(), digest_size=6).digest()
    return int.from_bytes(drawn, "big") / 2**48
