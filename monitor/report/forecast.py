"""When everything in the goal will be built, as a range, based on the building so far.

The event is a line that was built, not one that was measured. Sites connected before monitoring
began are done, and say nothing about the pace. docs/forecast.md explains the method and how often
the range was right.

Pure and deterministic: the same course, day and seed give the same forecast everywhere.

Must not know: the ledger, what makes a site built or verified, or how a forecast is shown.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Final

from monitor.report.futures import (
    BLOCK_WEEKS,
    HORIZON_WEEKS,
    Past,
    deliveries,
    futures,
    usual_pause,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from monitor.report.futures import Delivery

RESAMPLES: Final = 2000
"""Number of simulated futures; the percentiles then vary by about a week with the seed."""

LEAST_WEEKS: Final = 8
LEAST_BUILT: Final = 5
LEAST_DELIVERIES: Final = 3
"""Evidence that a forecast needs: weeks of watching, lines built, deliveries after the first."""

_WEEK_DAYS: Final = 7
_PERCENTILES: Final = (0.1, 0.5, 0.9)


class Outlook(StrEnum):
    """What the forecast says about completion."""

    REACHED = "reached"
    BUILT = "built"
    EXPECTED = "expected"
    NO_GOAL = "no goal"
    UNREACHABLE = "unreachable"
    TOO_LITTLE_EVIDENCE = "too little evidence"
    STALLED = "stalled"
    NO_END_IN_SIGHT = "no end in sight"


@dataclass(frozen=True, slots=True)
class Step:
    """On `day` a number changed by `change`: sites built or verified, or sites in the goal."""

    day: date
    change: int


@dataclass(frozen=True, slots=True)
class Course:
    """The course of a roll-out, in the goal's unit; the order of steps does not matter.

    `verified` and `scope` are changes of the verified number and of the goal's denominator, the
    first being its size at the start. `built` are those built since `begin`, the day from which
    building was watched; `before` were connected by then. `listed` is how many are configured,
    None if unknown.
    """

    verified: tuple[Step, ...]
    scope: tuple[Step, ...]
    built: tuple[Step, ...]
    begin: date
    before: int = 0
    listed: int | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast on `day` for a goal of `denominator`.

    `verified` are done, `built` have their line, verified or not, `listed` are configured.
    `early`, `middle` and `late` are the days by which 10, 50 and 90 % of the futures
    have everything built; None without a forecast, or if that many are not done in 30
    years. `reached` is the day since which the goal has been reached continuously, else None.
    `pause_days` is how long none of the goal's units was completed, `usual_pause_days` the 90th
    percentile of the pauses before that; None if nothing was built, or too little to tell.
    `overdue_days` says by how many days the target is overdue, or was when the goal was
    reached; 0 if it is not, None without a target.
    """

    day: date
    outlook: Outlook
    verified: int
    built: int
    listed: int
    denominator: int
    target: date | None
    reached: date | None = None
    early: date | None = None
    middle: date | None = None
    late: date | None = None
    overdue_days: int | None = None
    pause_days: int | None = None
    usual_pause_days: int | None = None

    @property
    def expected_delay_days(self) -> int | None:
        """Return by how many days the middle of the range misses the target; negative if early."""
        if self.target is None or self.middle is None:
            return None
        return (self.middle - self.target).days


def forecast(
    course: Course,
    today: date,
    *,
    target: date | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Forecast:
    """Return when everything in scope will be built; later events than `today` are ignored."""
    verified, goal, built = (
        _known(steps, today) for steps in (course.verified, course.scope, course.built)
    )
    state = _state(course, today, target, (verified, goal, built))
    if state.outlook is Outlook.REACHED:
        since = _reached_since(verified, goal)
        late_by = None if target is None else max(0, (since - target).days)
        return replace(state, reached=since, overdue_days=late_by)
    if state.outlook is not Outlook.EXPECTED:
        return state
    past = _past(built, goal, course.begin, today)
    if past is None:
        return replace(state, outlook=Outlook.TOO_LITTLE_EVIDENCE)
    random = Random(seed)  # noqa: S311  # drawn futures are to be repeatable, not secret
    drawn = sorted(futures(past, state.denominator - state.built, random, resamples))
    early, middle, late = (_date(drawn, share, today) for share in _PERCENTILES)
    if middle is None:
        return replace(state, outlook=Outlook.NO_END_IN_SIGHT)
    return replace(state, early=early, middle=middle, late=late)


def _state(
    course: Course,
    today: date,
    target: date | None,
    known: tuple[Sequence[Step], Sequence[Step], Sequence[Step]],
) -> Forecast:
    """Return the current state; `expected` is the result of the futures."""
    verified, goal, built = known
    denominator, found = _sum(goal), _deliveries(built)
    state = Forecast(
        today,
        Outlook.EXPECTED,
        _sum(verified),
        course.before + _sum(built),
        denominator if course.listed is None else course.listed,
        denominator,
        target,
        overdue_days=None if target is None else max(0, (today - target).days),
        pause_days=(today - built[-1].day).days if built else None,
        usual_pause_days=usual_pause(found) if len(found) >= LEAST_DELIVERIES else None,
    )
    return replace(state, outlook=_standing(state))


def _standing(state: Forecast) -> Outlook:
    """Return the outlook from the figures alone; `expected` if they are inconclusive."""
    pause, usual = state.pause_days, state.usual_pause_days
    said = {
        Outlook.NO_GOAL: state.denominator <= 0,
        Outlook.REACHED: state.verified >= state.denominator,
        Outlook.UNREACHABLE: state.listed < state.denominator,
        Outlook.BUILT: state.built >= state.denominator,
        Outlook.STALLED: pause is not None and usual is not None and pause > usual,
    }
    return next((outlook for outlook, holds in said.items() if holds), Outlook.EXPECTED)


def _deliveries(built: Sequence[Step]) -> list[Delivery]:
    sizes: Counter[int] = Counter()
    for step in built:
        sizes[step.day.toordinal()] += step.change
    return deliveries(sorted(sizes.items()))


def _past(built: Sequence[Step], goal: Sequence[Step], begin: date, today: date) -> Past | None:
    """Divide the history into weeks that end today; None if it does not allow a forecast.

    It begins when building was first watched, or four weeks before the first line: years of
    planning say nothing about the pace since.
    """
    found = _deliveries(built)
    if _sum(built) < LEAST_BUILT or len(found) < LEAST_DELIVERIES:
        return None
    begin = max(begin, built[0].day - timedelta(days=BLOCK_WEEKS * _WEEK_DAYS))
    weeks = (today - begin).days // _WEEK_DAYS + 1
    if weeks < LEAST_WEEKS:
        return None
    changes = [0] * weeks, [0] * weeks
    for sums, steps in zip(changes, (built, goal[1:]), strict=True):
        for step in steps:
            place = weeks - 1 - (today - step.day).days // _WEEK_DAYS
            if place >= 0:
                sums[place] += step.change
    done, added = (tuple(accumulate(of_weeks, initial=0)) for of_weeks in changes)
    return Past(done, added, tuple(found))


def _date(drawn: Sequence[float], share: float, today: date) -> date | None:
    weeks = drawn[min(len(drawn) - 1, int(share * len(drawn)))]
    if weeks >= HORIZON_WEEKS:
        return None
    return today + timedelta(days=max(1, math.ceil(weeks * _WEEK_DAYS)))


def _known(steps: Iterable[Step], today: date) -> list[Step]:
    return sorted((step for step in steps if step.day <= today), key=lambda step: step.day)


def _sum(steps: Iterable[Step]) -> int:
    return sum(step.change for step in steps)


def _reached_since(done: Sequence[Step], goal: Sequence[Step]) -> date:
    """Return the day from which everything in scope has been verified without interruption."""
    changes: dict[date, int] = defaultdict(int)
    for step in done:
        changes[step.day] += step.change
    for step in goal:
        changes[step.day] -= step.change
    days = sorted(changes)
    since = days[-1]
    left = sum(changes.values())
    for day in reversed(days):
        if left < 0:
            break
        since = day
        left -= changes[day]
    return since
