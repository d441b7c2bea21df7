"""The data of the status pages' pictures: a map without tiles, a day's round-trip times.

Must not know: HTML, or languages.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from monitor.status.model import Standing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.status.model import RoundTrip, SchoolSummary

MAP_WIDTH: Final = 640.0
MAP_MARGIN: Final = 22.0
CHART_WIDTH: Final = 600.0
CHART_HEIGHT: Final = 120.0
_DAY_SECONDS: Final = 86_400.0
_LONGEST_GAP_SECONDS: Final = 900.0
# Each chart has its own scale, but a tenth of a millisecond must not fill it.
_LEAST_SCALE_SECONDS: Final = 0.010


@dataclass(frozen=True, slots=True)
class Spot:
    """A school on the map: pixels from the upper left."""

    x: float
    y: float
    id: str
    name: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Plan:
    """A map of schools, and its height at `MAP_WIDTH`."""

    height: float
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A day: lines of points `x,y`, marks for lost packets, and the figures as text.

    Milliseconds; `low`, `high` and `mean` are None if nothing was answered. `loss` is in
    per cent. `top` is the value at the upper edge.
    """

    lines: tuple[str, ...]
    losses: tuple[tuple[float, float], ...]
    low: float | None
    high: float | None
    mean: float | None
    loss: float
    top: float


def spots(schools: Sequence[SchoolSummary]) -> Plan:
    """Return the map of schools: an equirectangular projection around their middle.

    A school without a location is not on it.
    """
    placed = [
        (school, school.longitude, school.latitude)
        for school in schools
        if school.longitude is not None and school.latitude is not None
    ]
    if not placed:
        return Plan(0.0, ())
    west, east = min(x for _, x, _ in placed), max(x for _, x, _ in placed)
    south, north = min(y for _, _, y in placed), max(y for _, _, y in placed)
    narrowing = math.cos(math.radians((south + north) / 2))
    inner = MAP_WIDTH - 2 * MAP_MARGIN
    # A single school has no extent.
    scale = inner / max((east - west) * narrowing, north - south, 0.01)
    found = [
        Spot(
            round(MAP_MARGIN + (longitude - west) * narrowing * scale, 1),
            round(MAP_MARGIN + (north - latitude) * scale, 1),
            school.id,
            school.name,
            school.standing,
        )
        for school, longitude, latitude in placed
    ]
    # Problems are drawn last, so that nothing hides them: schools that are down on top.
    found.sort(
        key=lambda spot: (spot.standing is Standing.DOWN, spot.standing is Standing.DEGRADED)
    )
    return Plan(round((north - south) * scale + 2 * MAP_MARGIN, 1), tuple(found))


def chart(day: Sequence[RoundTrip]) -> Chart | None:
    """Return the chart of a day's intervals, None without any."""
    if not day:
        return None
    end = day[-1].starts
    answered = [one.rtt_seconds for one in day if one.rtt_seconds is not None]
    top = max([*answered, _LEAST_SCALE_SECONDS]) * 1.1

    def x(instant: datetime) -> float:
        return round(CHART_WIDTH * (1 - (end - instant).total_seconds() / _DAY_SECONDS), 1)

    def y(seconds: float) -> float:
        return round(CHART_HEIGHT * (1 - seconds / top), 1)

    lines: list[list[str]] = []
    for before, after in pairwise([None, *day]):
        if after is None or after.rtt_seconds is None:
            continue
        is_apart = (
            before is None
            or before.rtt_seconds is None
            or (after.starts - before.starts).total_seconds() > _LONGEST_GAP_SECONDS
        )
        if is_apart:
            lines.append([])
        lines[-1].append(f"{x(after.starts)},{y(after.rtt_seconds)}")
    return Chart(
        # A single point is drawn as a line that ends where it begins.
        lines=tuple(" ".join(line if line[1:] else line * 2) for line in lines),
        losses=tuple((x(one.starts), one.loss_ratio) for one in day if one.loss_ratio > 0),
        low=min(answered) * 1000 if answered else None,
        high=max(answered) * 1000 if answered else None,
        mean=sum(answered) / len(answered) * 1000 if answered else None,
        loss=100 * sum(one.loss_ratio for one in day) / len(day),
        top=top * 1000,
    )
