"""The roll-out's history from the ledger: at each change, how many sites are at which stage.

Report, forecast and backfill all count here, so they cannot disagree. They count what was known: an
entry takes effect at its instant, with the goal recorded at that time.

Must not know: files, formats, or who uses it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.report.forecast import Step
from monitor.rollout.goal_records import GOAL, GoalScope, read_goal
from monitor.rollout.progress import progress
from monitor.rollout.stage import Stage
from monitor.rollout.stage_records import (
    REPORTED_GOAL,
    STAGE,
    ReportedFigure,
    StageChange,
    read_reported,
    read_stage,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, tzinfo

    from monitor.ledger.chain import EntrySource

KINDS: Final = (STAGE, GOAL, REPORTED_GOAL)
"""The kinds of entries in a history."""


@dataclass(frozen=True, slots=True)
class Change:
    """A site's change of stage with its ledger row, and the previous stage."""

    row: int
    before: Stage
    change: StageChange


@dataclass(frozen=True, slots=True)
class Scope:
    """The goal's scope from an instant on, with its ledger row.

    `left` are the sites that the previous recorded scope had and this one does not, with their
    stages then, `joined` those that it adds. `is_resized` says that the goal's number or its unit
    changed; the first scope of all has neither left nor joined sites.
    """

    row: int
    scope: GoalScope
    left: Mapping[str, Stage]
    joined: tuple[str, ...]
    is_resized: bool


@dataclass(frozen=True, slots=True)
class Reported:
    """A reported figure with its ledger row."""

    row: int
    figure: ReportedFigure


@dataclass(frozen=True, slots=True)
class Point:
    """From `at` on: how many sites of the goal are at each stage, and verified of denominator.

    `verified` and `denominator` count the goal's unit; a school is verified when all its sites
    in the goal are. `row` is the ledger row of the change.
    """

    at: datetime
    row: int
    stages: Mapping[Stage, int]
    verified: int
    denominator: int


@dataclass(frozen=True, slots=True)
class History:
    """The ledger's knowledge of the roll-out before an instant, by time."""

    changes: tuple[Change, ...]
    scopes: tuple[Scope, ...]
    reported: tuple[Reported, ...]
    points: tuple[Point, ...]

    def point(self, at: datetime) -> Point | None:
        """Return the state at an instant, None before the first entry."""
        place = bisect_right(self.points, at, key=_instant)
        return self.points[place - 1] if place else None

    def stages(self) -> dict[str, Change]:
        """Return each site's latest change."""
        return {change.change.site: change for change in self.changes}

    def steps(self, zone: tzinfo) -> tuple[list[Step], list[Step]]:
        """Return the changes of verified and of denominator by local day, for the forecast."""
        progress: list[Step] = []
        scope: list[Step] = []
        verified = denominator = 0
        for point in self.points:
            day = point.at.astimezone(zone).date()
            if point.verified != verified:
                progress.append(Step(day, point.verified - verified))
            if point.denominator != denominator:
                scope.append(Step(day, point.denominator - denominator))
            verified, denominator = point.verified, point.denominator
        return progress, scope


def read_history(
    source: EntrySource, until: datetime | None = None, initial: GoalScope | None = None
) -> History:
    """Return the history before an instant.

    `initial` is the goal until the ledger names one; without it nothing counts until
    then.

    Raises:
        LedgerError: if the ledger cannot be read, or an entry has an invalid payload.
    """
    recorded = [one for kind in KINDS for one in source.entries(kind, None, until)]
    # For equal times, the order of recording decides.
    recorded.sort(key=lambda one: (one.entry.at, one.sequence))
    stages: dict[str, Stage] = {}
    scopes: list[Scope] = []
    changes, reported, points = [], [], []
    goal = initial
    for one in recorded:
        entry = one.entry
        if entry.kind == REPORTED_GOAL:
            reported.append(Reported(one.sequence, read_reported(entry)))
            continue
        if entry.kind == GOAL:
            goal = read_goal(entry)
            scopes.append(_scope(one.sequence, goal, scopes[-1].scope if scopes else None, stages))
        else:
            change = read_stage(entry)
            before = stages.get(change.site, Stage.UNKNOWN)
            stages[change.site] = change.stage
            changes.append(Change(one.sequence, before, change))
        if goal is not None:
            points.append(_point(entry.at, one.sequence, stages, goal))
    return History(tuple(changes), tuple(scopes), tuple(reported), tuple(points))


def regressions(changes: Iterable[Change]) -> list[Change]:
    """Return the changes by which a site lost its stage: regressed, or no longer verified."""
    lost = {Stage.REGRESSED, Stage.LIVE_STALE}
    return [
        change
        for change in changes
        if change.change.stage in lost
        or (change.before is Stage.VERIFIED and change.change.stage is not Stage.VERIFIED)
    ]


def _scope(
    row: int, scope: GoalScope, before: GoalScope | None, stages: Mapping[str, Stage]
) -> Scope:
    if before is None:
        return Scope(row, scope, {}, (), is_resized=True)
    known, now = frozenset(before.sites), frozenset(scope.sites)
    return Scope(
        row,
        scope,
        {site: stages.get(site, Stage.UNKNOWN) for site in before.sites if site not in now},
        tuple(site for site in scope.sites if site not in known),
        is_resized=(before.denominator, before.unit) != (scope.denominator, scope.unit),
    )


def _point(at: datetime, row: int, stages: Mapping[str, Stage], goal: GoalScope) -> Point:
    counts = Counter(stages.get(site, Stage.UNKNOWN) for site in goal.sites)
    by_stage = {stage: counts[stage] for stage in Stage}
    return Point(at, row, by_stage, progress(goal, stages).verified, goal.denominator)


def _instant(point: Point) -> datetime:
    return point.at
