"""How often the forecast's range is right: simulated roll-outs of five kinds with a known end.

    python -m tests.rollout.calibration        # 300 of each kind; the table of docs/forecast.md

The roll-outs are generated day by day or gap by gap, independently of the weeks, blocks and paces
of the forecast. Each is forecast once, on a day drawn evenly from its 12th week to its last day.
Days on which the forecast gives no range are counted separately.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from monitor.report.forecast import Course, Outlook, Step, forecast

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS: Final = 300
FIRST_WEEK: Final = 12
BEGIN: Final = date(2020, 1, 6)
PAGE: Final = Path(__file__).parents[2] / "docs" / "forecast.md"
MARKS: Final = ("<!-- calibration -->\n", "<!-- end of calibration -->\n")
_YEAR: Final = 365.0


@dataclass(frozen=True)
class Rollout:
    """A city's goal, how many were connected when monitoring started, and the days of building."""

    goal: int
    before: int
    days: tuple[float, ...]

    def course(self) -> Course:
        """Return the input of the forecast, which itself cuts off what is not known yet."""
        built = tuple(Step(BEGIN + timedelta(days=int(day)), 1) for day in self.days)
        return Course((), (Step(BEGIN, self.goal),), built, BEGIN, self.before, self.goal)


def steady(random: Random) -> Rollout:
    """Lines come at one pace for one to four years, each when it comes."""
    goal, before = _size(random, 0.0, 0.4)
    days = (goal - before) / (random.uniform(1, 4) * _YEAR)
    return Rollout(goal, before, _by_gaps(goal - before, lambda _: random.expovariate(days)))


def backlog_then_slow(random: Random) -> Rollout:
    """Most are connected before monitoring and measured within 12 weeks; then one now and then."""
    goal, before = _size(random, 0.55, 0.8)
    pace = random.uniform(2, 6) * 7

    def gap(number: int) -> float:
        return 84 + pace * random.random() if number == 0 else pace * random.uniform(0.4, 1.6)

    return Rollout(goal, before, _by_gaps(goal - before, gap))


def accelerating(random: Random) -> Rollout:
    """The pace grows from the first line to the last, to two or three times the initial one."""
    goal, before = _size(random, 0.0, 0.4)
    count, growth = goal - before, random.uniform(2, 3)
    slowest = random.uniform(1, 4) * _YEAR / count * 1.5

    def gap(number: int) -> float:
        return random.expovariate((1 + (growth - 1) * number / count) / slowest)

    return Rollout(goal, before, _by_gaps(count, gap))


def in_lots(random: Random) -> Rollout:
    """A contractor hands over two to eight lines in one week, then nothing for weeks."""
    goal, before = _size(random, 0.0, 0.4)
    pause = random.uniform(1, 4) * _YEAR / (goal - before) * 5
    days: list[float] = []
    day = 0.0
    while len(days) < goal - before:
        day += pause * random.uniform(0.5, 1.5)
        days += sorted(day + random.uniform(0, 7) for _ in range(random.randint(2, 8)))
    return Rollout(goal, before, tuple(sorted(days)[: goal - before]))


def standing_still(random: Random) -> Rollout:
    """Steady, except for one standstill of three to nine months at some point."""
    goal, before = _size(random, 0.0, 0.4)
    count = goal - before
    pace = count / (random.uniform(1, 4) * _YEAR)
    stop = random.randrange(1, count)

    def gap(number: int) -> float:
        return random.expovariate(pace) + (random.uniform(90, 270) if number == stop else 0.0)

    return Rollout(goal, before, _by_gaps(count, gap))


KINDS: Final[dict[str, Callable[[Random], Rollout]]] = {
    "steady": steady,
    "backlog, then slow": backlog_then_slow,
    "accelerating": accelerating,
    "in lots": in_lots,
    "standing still": standing_still,
}


@dataclass
class Tally:
    """The results of the forecasts of one kind: `early` finished before the range."""

    held: int = 0
    early: int = 0
    late: int = 0
    silent: Counter[Outlook] = field(default_factory=Counter)

    @property
    def ranges(self) -> int:
        """Return on how many days there was a range."""
        return self.held + self.early + self.late

    @property
    def share(self) -> float:
        """Return how many of the ranges were right."""
        return self.held / self.ranges


def calibrate(kind: str, runs: int = RUNS, resamples: int = 500, seed: str = "") -> Tally:
    """Forecast roll-outs of a kind until there are this many ranges."""
    tally, number = Tally(), 0
    while tally.ranges < runs:
        random = Random(f"{seed}{kind} {number}")
        number += 1
        rollout = KINDS[kind](random)
        last = int(rollout.days[-1])
        if last <= FIRST_WEEK * 7:
            continue
        today = BEGIN + timedelta(days=random.randrange(FIRST_WEEK * 7, last))
        found = forecast(rollout.course(), today, resamples=resamples)
        finish = BEGIN + timedelta(days=last)
        if found.early is None:
            tally.silent[found.outlook] += 1
        elif finish < found.early:
            tally.early += 1
        elif found.late is not None and finish > found.late:
            tally.late += 1
        else:
            tally.held += 1
    return tally


def table(runs: int = RUNS) -> str:
    """Return the table of docs/forecast.md."""
    lines = [
        "| roll-outs | range held | finished before | finished after | days without a range |\n",
        "|---|---|---|---|---|\n",
    ]
    for kind in KINDS:
        one = calibrate(kind, runs)
        asked = one.ranges + one.silent.total()
        silent = ", ".join(f"{name} {_percent(n / asked)}" for name, n in one.silent.most_common())
        shares = (one.share, one.early / one.ranges, one.late / one.ranges)
        lines.append(f"| {kind} | {' | '.join(map(_percent, shares))} | {silent} |\n")
    return "".join(lines)


def write(page: Path = PAGE) -> None:
    """Insert the table at its place in the page."""
    before, rest = page.read_text(encoding="utf-8").split(MARKS[0])
    _, after = rest.split(MARKS[1])
    page.write_text(before + MARKS[0] + table() + MARKS[1] + after, encoding="utf-8")


def _size(random: Random, least: float, most: float) -> tuple[int, int]:
    goal = random.randint(60, 100)
    return goal, int(goal * random.uniform(least, most))


def _by_gaps(count: int, gap: Callable[[int], float]) -> tuple[float, ...]:
    days: list[float] = []
    for number in range(count):
        days.append((days[-1] if days else 0.0) + gap(number))
    return tuple(days)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


if __name__ == "__main__":
    write()
    sys.stdout.write(table())
