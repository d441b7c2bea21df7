"""When the goal will be reached, as a range, from how it went so far.

The past is cut into weeks; each holds what became verified (less what was lost) and what the
goal grew by. A possible future is made of blocks of such weeks; some thousand futures give the
range. docs/forecast.md explains the method and how often the range held.

Pure and deterministic: the same history, day and seed give the same forecast everywhere.

Must not know: the ledger, what makes a site verified, how a forecast is shown.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

RESAMPLES: Final = 2000
"""How many futures are drawn; the percentiles then move by about a week with the seed."""

_WEEK_DAYS: Final = 7
_YEAR_WEEKS: Final = 52
_BLOCK_WEEKS: Final = 4
_LEAST_WEEKS: Final = 8
_LEAST_COMPLETIONS: Final = 3
# A future that is not done by then is open; a later date would say more than anybody knows.
_HORIZON_WEEKS: Final = 30 * _YEAR_WEEKS
_PERCENTILES: Final = (0.1, 0.5, 0.9)
# With a year and a quarter behind us, holidays are told from chance.
_SEASONAL_WEEKS: Final = 65
_SEASONAL_SHARE: Final = 0.7
_SEASON_JITTER_WEEKS: Final = 2
# What is believed about the pace of the second half against the first before any is seen:
# log ratio -0.15 +- 0.3. Roll-outs slow down, for the hard sites come last.
_TREND_MEAN: Final = -0.15
_TREND_DEVIATION: Final = 0.3


class Outlook(StrEnum):
    """What can be said about the finish."""

    REACHED = "reached"
    EXPECTED = "expected"
    NO_GOAL = "no goal"
    NO_PROGRESS = "no progress"
    TOO_LITTLE_HISTORY = "too little history"
    STALLED = "stalled"


@dataclass(frozen=True, slots=True)
class Step:
    """On `day` a number changed by `change`: sites verified, or sites in the goal."""

    day: date
    change: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What can be said on `day` about a goal of `denominator`, of which `verified` are done.

    `early`, `middle` and `late` are the days by which one, five and nine of ten futures are
    done; None where there is no forecast, or where that many are not done in 30 years.
    `reached` is the day since when the goal is reached without a break, else None.
    `overdue_days` says by how many days the target is past, or was past when the goal was
    reached; 0 if it is not, None without a target.
    """

    day: date
    outlook: Outlook
    verified: int
    denominator: int
    target: date | None
    reached: date | None = None
    early: date | None = None
    middle: date | None = None
    late: date | None = None
    overdue_days: int | None = None

    @property
    def expected_delay_days(self) -> int | None:
        """Return by how many days the middle of the range misses the target; negative if early."""
        if self.target is None or self.middle is None:
            return None
        return (self.middle - self.target).days


def forecast(  # noqa: PLR0913  # the last three by keyword
    progress: Iterable[Step],
    scope: Iterable[Step],
    today: date,
    *,
    target: date | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Forecast:
    """Return when everything in scope will be done.

    `progress` are the changes of the number of verified sites, `scope` those of the goal's
    denominator, the first one being its size at the start; steps after `today` are not known
    yet and are ignored.
    """
    done = _known(progress, today)
    goal = _known(scope, today)
    verified, denominator = _sum(done), _sum(goal)
    late_by = None if target is None else max(0, (today - target).days)
    state = Forecast(today, Outlook.NO_GOAL, verified, denominator, target, overdue_days=late_by)
    if denominator <= 0:
        return state
    if verified >= denominator:
        since = _reached_since(done, goal)
        late_by = None if target is None else max(0, (since - target).days)
        return replace(state, outlook=Outlook.REACHED, reached=since, overdue_days=late_by)
    if verified <= 0:
        return replace(state, outlook=Outlook.NO_PROGRESS)
    past = _past(done, goal, today)
    completions = sum(step.change for step in done if step.change > 0)
    if past.weeks < _LEAST_WEEKS or completions < _LEAST_COMPLETIONS:
        return replace(state, outlook=Outlook.TOO_LITTLE_HISTORY)
    random = Random(seed)  # noqa: S311  # drawn futures are to be repeatable, not secret
    futures = sorted(_futures(past, denominator - verified, random, resamples))
    early, middle, late = (_date(futures, share, today) for share in _PERCENTILES)
    if middle is None:
        return replace(state, outlook=Outlook.STALLED)
    return replace(state, outlook=Outlook.EXPECTED, early=early, middle=middle, late=late)


@dataclass(frozen=True, slots=True)
class _Past:
    """Running sums up to each week's end, the week before the first included: net done, added."""

    done: tuple[int, ...]
    added: tuple[int, ...]

    @property
    def weeks(self) -> int:
        return len(self.done) - 1


def _past(done: Sequence[Step], goal: Sequence[Step], today: date) -> _Past:
    """Cut the history into weeks that end today; it begins four weeks before the first site.

    Years of planning before it say nothing about the pace since.
    """
    begin = done[0].day - timedelta(days=_BLOCK_WEEKS * _WEEK_DAYS)
    begin = max(begin, min(goal[0].day, done[0].day))
    weeks = (today - begin).days // _WEEK_DAYS + 1
    changes = [0] * weeks, [0] * weeks
    for sums, steps in zip(changes, (done, goal[1:]), strict=True):
        for step in steps:
            place = weeks - 1 - (today - step.day).days // _WEEK_DAYS
            if place >= 0:
                sums[place] += step.change
    return _Past((0, *accumulate(changes[0])), (0, *accumulate(changes[1])))


def _futures(past: _Past, remaining: int, random: Random, resamples: int) -> Iterator[float]:
    """Yield the weeks until the end of each drawn future; the horizon where it has none."""
    dispersion = _dispersion(past)
    trend_mean, trend_deviation = _trend(past, dispersion)
    level_deviation = math.sqrt(dispersion / max(1, past.done[-1]))
    for _ in range(resamples):
        trend = random.gauss(trend_mean, trend_deviation)
        level = random.gauss(0.0, level_deviation)
        yield _future(past, remaining, random, level, trend)


def _future(past: _Past, remaining: float, random: Random, level: float, trend: float) -> float:
    week = 0
    while week < _HORIZON_WEEKS:
        start = _block_start(past.weeks, week, random)
        # The halves' middles lie half the past apart. The trend goes on for that long, no longer.
        halves_ahead = min(1 + (week + _BLOCK_WEEKS / 2) / (past.weeks / 2), 2.0)
        pace = math.exp(level + trend * halves_ahead)
        net = _net(past, start, start + _BLOCK_WEEKS, pace)
        if net >= remaining:
            return week + _weeks_needed(past, start, pace, remaining)
        remaining -= net
        week += _BLOCK_WEEKS
    return _HORIZON_WEEKS


def _net(past: _Past, start: int, end: int, pace: float) -> float:
    """Return what a stretch of the past does to the sites that remain, at another pace."""
    done = past.done[end] - past.done[start]
    return done * pace - (past.added[end] - past.added[start])


def _weeks_needed(past: _Past, start: int, pace: float, remaining: float) -> float:
    """Return when within a block nothing remains; its net must suffice."""
    for place in range(_BLOCK_WEEKS):
        net = _net(past, start + place, start + place + 1, pace)
        if net >= remaining:
            return place + max(0.0, remaining / net if net > 0 else 0.0)
        remaining -= net
    return _BLOCK_WEEKS


def _block_start(weeks: int, ahead: int, random: Random) -> int:
    """Return where in the past a block for `ahead` weeks from now is taken from.

    With a long enough past mostly the same season of a year before, for sites are built in
    the holidays; else anywhere.
    """
    last = weeks - _BLOCK_WEEKS
    if weeks >= _SEASONAL_WEEKS and random.random() < _SEASONAL_SHARE:
        years_back = 1 + int(random.random() * (weeks // _YEAR_WEEKS))
        jitter = int(random.random() * (2 * _SEASON_JITTER_WEEKS + 1)) - _SEASON_JITTER_WEEKS
        start = weeks - _YEAR_WEEKS * years_back + ahead % _YEAR_WEEKS + jitter
        if start > last:
            start -= _YEAR_WEEKS
        if start >= 0:
            return start
    return int(random.random() * (last + 1))


def _dispersion(past: _Past) -> float:
    """Return how much more blocks vary than independent single completions would; at least 1."""
    ends = range(past.weeks, _BLOCK_WEEKS - 1, -_BLOCK_WEEKS)
    blocks = [past.done[end] - past.done[end - _BLOCK_WEEKS] for end in ends]
    mean = sum(blocks) / len(blocks)
    if mean <= 0 or len(blocks) == 1:
        return 1.0
    ratio = sum((block - mean) ** 2 for block in blocks) / (len(blocks) - 1) / mean
    if past.weeks >= _SEASONAL_WEEKS:
        # Seasons are no uncertainty of the pace: compare with the same weeks a year before.
        starts = range(_YEAR_WEEKS, past.weeks - _BLOCK_WEEKS + 1)
        squares = [
            (_block(past, start) - _block(past, start - _YEAR_WEEKS)) ** 2 for start in starts
        ]
        ratio = min(ratio, sum(squares) / len(squares) / 2 / mean)
    return max(1.0, ratio)


def _block(past: _Past, start: int) -> int:
    return past.done[start + _BLOCK_WEEKS] - past.done[start]


def _trend(past: _Past, dispersion: float) -> tuple[float, float]:
    """Return mean and deviation of the log ratio of the second half's pace to the first's.

    A normal prior is weighed against what the halves show, by their variances.
    """
    half = past.weeks // 2
    first = max(0, past.done[half]) + 0.5
    second = max(0, past.done[-1] - past.done[past.weeks - half]) + 0.5
    variance = dispersion * (1 / first + 1 / second)
    weight = _TREND_DEVIATION**2 / (_TREND_DEVIATION**2 + variance)
    mean = weight * math.log(second / first) + (1 - weight) * _TREND_MEAN
    return mean, math.sqrt(weight * variance)


def _date(futures: Sequence[float], share: float, today: date) -> date | None:
    weeks = futures[min(len(futures) - 1, int(share * len(futures)))]
    if weeks >= _HORIZON_WEEKS:
        return None
    return today + timedelta(days=max(1, math.ceil(weeks * _WEEK_DAYS)))


def _known(steps: Iterable[Step], today: date) -> list[Step]:
    return sorted((step for step in steps if step.day <= today), key=lambda step: step.day)


def _sum(steps: Iterable[Step]) -> int:
    return sum(step.change for step in steps)


def _reached_since(done: Sequence[Step], goal: Sequence[Step]) -> date:
    """Return the first day from which on everything in scope was and stayed verified."""
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
