"""The roll-out's history as OpenMetrics text, for a Prometheus that was not running then.

`promtool tsdb create-blocks-from openmetrics FILE DIR --max-block-duration=720h` makes blocks of
it. Families and series follow one another, with ascending timestamps.

Must not know: files, or Prometheus' configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from monitor.inventory.site_key import SiteKey
from monitor.rollout.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from monitor.report.history import History, Point

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
"""The allowed steps; a query then needs `last_over_time(x[2h])` or `[25h]`."""

_HELP: Final = {
    "rollout_sites": "Sites of the goal at each stage.",
    "rollout_goal_verified": "Verified schools or sites of the goal, in its unit.",
    "rollout_goal_denominator": "Size of the goal in its unit.",
    "rollout_stage": "1 for the stage that a site is at.",
}


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What was written: the number of samples, and their first and last time, None without any."""

    samples: int
    first: datetime | None
    last: datetime | None


def write_openmetrics(
    history: History,
    stream: TextIO,
    until: datetime,
    step: timedelta = HOUR,
    *,
    sites: bool = False,
) -> Backfilled:
    """Write the state at each step from the history's first entry to `until`.

    Times are multiples of the step since 1970, so that two runs agree. `sites` adds the
    stage of each site, one series per stage it ever had.
    """
    instants = _instants(history, until, step)
    samples = 0
    if instants:
        points = _at_each(history, instants)
        for name, series in _city_families():
            _open_family(stream, name)
            for labels, value in series.items():
                values = [value(point) for point in points]
                samples += _write(stream, name, labels, instants, values)
        if sites:
            samples += _write_sites(history, stream, instants)
    stream.write("# EOF\n")
    if not instants:
        return Backfilled(0, None, None)
    first, last = (datetime.fromtimestamp(place, UTC) for place in (instants[0], instants[-1]))
    return Backfilled(samples, first, last)


def _city_families() -> Iterator[tuple[str, dict[str, Callable[[Point], int]]]]:
    """Yield each family with its series: labels, and a function for the value at a point."""
    yield "rollout_goal_verified", {"": lambda point: point.verified}
    yield "rollout_goal_denominator", {"": lambda point: point.denominator}
    yield "rollout_sites", {f'{{stage="{stage}"}}': _counting(stage) for stage in Stage}


def _counting(stage: Stage) -> Callable[[Point], int]:
    return lambda point: point.stages[stage]


def _instants(history: History, until: datetime, step: timedelta) -> range:
    if not history.points:
        return range(0)
    seconds = int(step.total_seconds())
    first = -(-int(history.points[0].at.timestamp()) // seconds) * seconds
    return range(first, int(until.timestamp()) + 1, seconds)


def _at_each(history: History, instants: range) -> list[Point]:
    """Return the point in force at each instant, in one pass over both."""
    points, place = history.points, 0
    changes = [point.at.timestamp() for point in points]
    found = []
    for instant in instants:
        while place + 1 < len(points) and changes[place + 1] <= instant:
            place += 1
        found.append(points[place])
    return found


def _write_sites(history: History, stream: TextIO, instants: range) -> int:
    by_site: dict[str, list[tuple[float, Stage]]] = {}
    for one in history.changes:
        change = one.change
        by_site.setdefault(change.site, []).append((change.at.timestamp(), change.stage))
    _open_family(stream, "rollout_stage")
    samples = 0
    for key in sorted(by_site):
        stages = _stages_at_each(by_site[key], instants)
        school, site = SiteKey.parse(key)
        for stage in sorted({stage for _, stage in stages}):
            labels = f'{{school="{_escaped(school)}",site="{_escaped(site)}",stage="{stage}"}}'
            times = [instant for instant, _ in stages]
            values = [int(one is stage) for _, one in stages]
            samples += _write(stream, "rollout_stage", labels, times, values)
    return samples


def _stages_at_each(changes: list[tuple[float, Stage]], instants: range) -> list[tuple[int, Stage]]:
    """Return a site's stage at each instant, from its first entry on."""
    found: list[tuple[int, Stage]] = []
    place = -1
    for instant in instants:
        while place + 1 < len(changes) and changes[place + 1][0] <= instant:
            place += 1
        if place >= 0:
            found.append((instant, changes[place][1]))
    return found


def _open_family(stream: TextIO, name: str) -> None:
    stream.write(f"# TYPE {name} gauge\n# HELP {name} {_HELP[name]}\n")


def _write(
    stream: TextIO, name: str, labels: str, instants: range | list[int], values: list[int]
) -> int:
    stream.writelines(
        f"{name}{labels} {value} {instant}\n"
        for instant, value in zip(instants, values, strict=True)
    )
    return len(values)


def _escaped(value: str) -> str:
    """Return a label's value escaped for OpenMetrics."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
