"""Possible futures of building: a seasonal block bootstrap with uncertain pace and trend.

A possible future consists of blocks of weeks from the past, at a pace of its own.
docs/forecast.md explains the method and how often the range was right.

Must not know: dates, goals, sites, or how a forecast is shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

BLOCK_WEEKS: Final = 4
_YEAR_WEEKS: Final = 52
# A future that is not done by then is open: the data do not support a later date.
HORIZON_WEEKS: Final = 30 * _YEAR_WEEKS
# From a year and a quarter of data on, holidays can be distinguished from chance.
_SEASONAL_WEEKS: Final = 65
_SEASONAL_SHARE: Final = 0.7
_SEASON_JITTER_WEEKS: Final = 2
# The prior of the pace of the second half relative to the first: log ratio 0 +- 0.6. A
# roll-out may gain speed, slow down, or pause.
_TREND_MEAN: Final = 0.0
_TREND_DEVIATION: Final = 0.6
_NEAR_SHARE: Final = 0.5
# A pause is unusual if it is longer than nine in ten of the earlier ones.
_USUAL_SHARE: Final = 0.9
# Few deliveries say little about their irregularity: the prior, 1, weighs as much as 0.4
# deliveries.
_PRIOR_DELIVERIES: Final = 0.4


@dataclass(frozen=True, slots=True)
class Delivery:
    """Lines that were built close together: a lot, or a single one.

    `pause_days` is the time since the previous line, `days` the time until its own last line.
    """

    pause_days: int
    days: int
    built: int


@dataclass(frozen=True, slots=True)
class Past:
    """Cumulative sums up to each week's end, the week before the first included: built, added.

    `deliveries` are the same lines grouped; there are at least two.
    """

    done: tuple[int, ...]
    added: tuple[int, ...]
    deliveries: tuple[Delivery, ...]

    @property
    def weeks(self) -> int:
        """Return the number of weeks."""
        return len(self.done) - 1


def futures(past: Past, remaining: int, random: Random, resamples: int) -> Iterator[float]:
    """Yield the weeks until the end of each simulated future; the horizon if it has none."""
    irregularity = dispersion(past.deliveries)
    trend_mean, trend_deviation = _trend(past.deliveries, irregularity)
    level_deviation = math.sqrt(irregularity / past.done[-1])
    without = _without_standstill(past.deliveries)
    for _ in range(resamples):
        trend = random.gauss(trend_mean, trend_deviation)
        level = random.gauss(0.0, level_deviation) + without * random.random()
        yield _future(past, remaining, random, level, trend)


def _future(past: Past, remaining: float, random: Random, level: float, trend: float) -> float:
    week = 0
    while week < HORIZON_WEEKS:
        start = _block_start(past.weeks, week, random)
        # The halves' middles are half the past apart. The trend continues that long, no longer.
        halves_ahead = min(1 + (week + BLOCK_WEEKS / 2) / (past.weeks / 2), 2.0)
        pace = math.exp(level + trend * halves_ahead)
        net = _net(past, start, start + BLOCK_WEEKS, pace)
        if net >= remaining:
            return week + _weeks_needed(past, start, pace, remaining)
        remaining -= net
        week += BLOCK_WEEKS
    return HORIZON_WEEKS


def _net(past: Past, start: int, end: int, pace: float) -> float:
    """Return by how much a period of the past reduces the remaining sites, at another pace."""
    done = past.done[end] - past.done[start]
    return done * pace - (past.added[end] - past.added[start])


def _weeks_needed(past: Past, start: int, pace: float, remaining: float) -> float:
    """Return the weeks into a block until nothing remains; its net must suffice."""
    for place in range(BLOCK_WEEKS):
        net = _net(past, start + place, start + place + 1, pace)
        if net >= remaining:
            return place + max(0.0, remaining / net if net > 0 else 0.0)
        remaining -= net
    return BLOCK_WEEKS


def _block_start(weeks: int, ahead: int, random: Random) -> int:
    """Return where in the past a block for `ahead` weeks from now starts, in weeks.

    If the past is long enough, mostly the same season of a year before, because sites are built
    in the holidays; otherwise anywhere.
    """
    last = weeks - BLOCK_WEEKS
    if weeks >= _SEASONAL_WEEKS and random.random() < _SEASONAL_SHARE:
        years_back = 1 + int(random.random() * (weeks // _YEAR_WEEKS))
        jitter = int(random.random() * (2 * _SEASON_JITTER_WEEKS + 1)) - _SEASON_JITTER_WEEKS
        start = weeks - _YEAR_WEEKS * years_back + ahead % _YEAR_WEEKS + jitter
        if start > last:
            start -= _YEAR_WEEKS
        if start >= 0:
            return start
    return int(random.random() * (last + 1))


def deliveries(days: Sequence[tuple[int, int]]) -> list[Delivery]:
    """Return the deliveries after the first one from days of building, ascending.

    `days` are days and the number of lines built on them. A gap of less than half the mean one
    does not start a new delivery.
    """
    gaps = [(day - before, size) for (before, _), (day, size) in pairwise(days)]
    near = _NEAR_SHARE * sum(gap for gap, _ in gaps) / max(1, len(gaps))
    found: list[Delivery] = []
    for gap, size in gaps:
        if found and gap < near:
            last = found[-1]
            found[-1] = Delivery(last.pause_days, last.days + gap, last.built + size)
        else:
            found.append(Delivery(gap, gap, size))
    return found


def dispersion(found: Sequence[Delivery]) -> float:
    """Return how much more counts vary in the long run than independent single lines would.

    Each delivery is compared with the time it took at the mean pace: 1 for independent single
    lines, less for regular ones, more for irregular lots.
    """
    total, days = _built(found), sum(one.days for one in found)
    squares = sum((one.built - total * one.days / days) ** 2 for one in found)
    count = len(found)
    seen = squares / total * count / max(1, count - 1)
    return (count * seen + _PRIOR_DELIVERIES) / (count + _PRIOR_DELIVERIES)


def usual_pause(found: Sequence[Delivery]) -> int:
    """Return the 90th percentile of the pauses before deliveries, in days."""
    pauses = sorted(one.pause_days for one in found)
    return pauses[math.ceil(_USUAL_SHARE * len(pauses)) - 1]


def _without_standstill(found: Sequence[Delivery]) -> float:
    """Return the log ratio of the pace without the longest pause's excess to the pace with it.

    A standstill that happened once may or may not happen again.
    """
    days = sum(one.days for one in found)
    excess = max(one.pause_days for one in found) - usual_pause(found)
    return -math.log(1 - excess / days)


def _trend(found: Sequence[Delivery], irregularity: float) -> tuple[float, float]:
    """Return mean and deviation of the log ratio of the second half's pace to the first's.

    A normal prior is combined with the ratio of the deliveries' halves, by their variances.
    """
    half = len(found) // 2
    first, second = found[:half], found[-half:]
    ratio = _pace(second) / _pace(first)
    variance = irregularity * (1 / _built(first) + 1 / _built(second))
    weight = _TREND_DEVIATION**2 / (_TREND_DEVIATION**2 + variance)
    mean = weight * math.log(ratio) + (1 - weight) * _TREND_MEAN
    return mean, math.sqrt(weight * variance)


def _pace(found: Sequence[Delivery]) -> float:
    return _built(found) / sum(one.days for one in found)


def _built(found: Sequence[Delivery]) -> int:
    return sum(one.built for one in found)
