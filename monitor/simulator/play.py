"""Replays a simulated roll-out at high speed: people's statements and measurements, in order.

Stages are not replayed: the daemon's own board derives them from milestones, 24 hours of a line
and measuring campaigns, as for real sites.

Must not know: the ledger's place, the daemon, or how stages follow from evidence.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from monitor.campaigns.evidence import LineDay
from monitor.campaigns.records import CAMPAIGN, MEASUREMENT
from monitor.inventory.city import Milestone
from monitor.inventory.site_key import SiteKey
from monitor.rollout.goal_records import GOAL, read_goal
from monitor.rollout.line_records import line_day_entry
from monitor.rollout.stage import Stage
from monitor.rollout.stage_records import STAGE, StageChange, read_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from monitor.clock import Clock
    from monitor.inventory.city import Inventory, MilestoneStage, School
    from monitor.ledger.chain import Entry
    from monitor.rollout.goal_records import GoalScope

_BY_WORD: Final = frozenset({Stage.PLANNED, Stage.ORDERED, Stage.BUILT, Stage.REPORTED})
_EVIDENCE: Final = frozenset({CAMPAIGN, MEASUREMENT})
_DAY_MINUTES: Final = 1440
_STEP_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Story:
    """A roll-out without its conclusions.

    `milestones` are those of each `school/site`, `evidence` is sorted by time, `scopes` are the
    goal's members with the time from which they apply.
    """

    milestones: Mapping[str, tuple[Milestone, ...]]
    evidence: tuple[Entry, ...]
    scopes: tuple[GoalScope, ...]


class YearsClock:
    """A clock whose wall time runs quickly through some years, then at normal speed.

    `year_seconds` is how long a year takes; with 0, the years have passed at the start.
    """

    def __init__(self, clock: Clock, years: tuple[int, int], year_seconds: float) -> None:
        self._clock = clock
        self._begun: datetime | None = None
        self.begins = datetime(years[0], 1, 1, tzinfo=UTC)
        self.ends = datetime(years[1] + 1, 1, 1, tzinfo=UTC)
        self._seconds = year_seconds * (years[1] + 1 - years[0])

    def monotonic(self) -> float:
        """Return the seconds of the underlying clock."""
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep by the underlying clock."""
        await self._clock.sleep(seconds)

    def now(self) -> datetime:
        """Return the simulated time; it starts with the first call."""
        real = self._clock.now()
        self._begun = self._begun or real
        elapsed = (real - self._begun).total_seconds()
        if self._seconds and elapsed < self._seconds:
            return self.begins + (self.ends - self.begins) * (elapsed / self._seconds)
        return self.ends + timedelta(seconds=elapsed - self._seconds)


def story_of(history: Iterable[Entry]) -> Story:
    """Return the evidence of a history, without its conclusions."""
    milestones: dict[str, list[Milestone]] = {}
    evidence: list[Entry] = []
    scopes: list[GoalScope] = []
    for entry in history:
        if entry.kind in _EVIDENCE:
            evidence.append(entry)
        elif entry.kind == GOAL:
            scopes.append(read_goal(entry))
        elif entry.kind == STAGE:
            change = read_stage(entry)
            if change.stage in _BY_WORD:
                milestones.setdefault(change.site, []).append(_milestone(change))
            elif change.stage is Stage.LIVE:
                evidence.append(line_day_entry(_line_day(change)))
    evidence.sort(key=lambda entry: entry.at)
    told = {site: tuple(stones) for site, stones in milestones.items()}
    return Story(told, tuple(evidence), tuple(scopes))


def inventory_at(inventory: Inventory, story: Story, now: datetime) -> Inventory:
    """Return the configuration at that time: schools join with the goal that includes them."""
    begun = [scope for scope in story.scopes if scope.at <= now] or story.scopes[:1]
    if not begun:
        return inventory
    there = {SiteKey.parse(site).school for site in begun[-1].sites}
    known = {SiteKey.parse(site).school for scope in story.scopes for site in scope.sites}
    schools = tuple(
        _told(school, story)
        for school in inventory.schools
        if school.id in there or school.id not in known
    )
    goal = inventory.goal
    if goal is not None:
        goal = replace(goal, denominator=begun[-1].denominator)
    return replace(inventory, schools=schools, goal=goal)


async def play(
    story: Story,
    clock: Clock,
    take: Callable[[Sequence[Entry]], None],
    scope_changed: Callable[[], None],
) -> None:
    """Submit the evidence when its time comes; return when all of it has been submitted."""
    left = list(reversed(story.evidence))
    # The first one is present from the beginning.
    scopes = max(1, sum(scope.at <= clock.now() for scope in story.scopes))
    while left:
        now = clock.now()
        due: list[Entry] = []
        while left and left[-1].at <= now:
            due.append(left.pop())
        take(due)
        begun = sum(scope.at <= now for scope in story.scopes)
        if begun > scopes:
            scopes = begun
            scope_changed()
        await asyncio.sleep(_STEP_SECONDS)


def _told(school: School, story: Story) -> School:
    sites = tuple(
        replace(site, milestones=story.milestones.get(str(school.key(site)), site.milestones))
        for site in school.sites
    )
    return replace(school, sites=sites)


def _milestone(change: StageChange) -> Milestone:
    # The four manual stages are those of a milestone, and their evidence names the document.
    _, _, reference = change.evidence[0].split("/", 2)
    return Milestone(cast("MilestoneStage", change.stage.value), change.at.date(), reference)


def _line_day(change: StageChange) -> LineDay:
    return LineDay(
        change.site,
        change.at - timedelta(days=1),
        change.at,
        _DAY_MINUTES - 4,
        _DAY_MINUTES,
        right_line=True,
        line="the simulated line is the expected one",
    )
