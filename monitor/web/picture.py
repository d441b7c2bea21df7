"""The data of the status pages' pictures: a map without tiles, a day's round-trip times.

Must not know: HTML, or languages.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import TYPE_CHECKING, Final

from monitor.status.model import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from monitor.status.model import RoundTrip, SchoolSummary

MAP_WIDTH: Final = 640.0
MAP_MARGIN: Final = 34.0
_MAP_MOST_HEIGHT: Final = 640.0
# Up to this many schools have their names beside them, on a map with room for the names.
_MOST_NAMED: Final = 8
_NAMED_HEIGHT: Final = 280.0
_NAMED_MARGIN: Final = 44.0
_LABEL_HEIGHT: Final = 30.0
_LABEL_LETTER: Final = 13.0
_LABEL_GAP: Final = 24.0
_EDGE: Final = 8.0
# Half a mark, including its outline.
_MARK: Final = 19.0
# Characters; fewer of a name would not identify a school.
_LEAST_ROOM: Final = 8
# About 2 km: schools of one street are not drawn a city apart.
_LEAST_EXTENT_DEGREES: Final = 0.018
CHART_WIDTH: Final = 600.0
CHART_HEIGHT: Final = 120.0
_DAY_SECONDS: Final = 86_400.0
_LONGEST_GAP_SECONDS: Final = 900.0
# Each chart has its own scale, but a tenth of a millisecond must not fill it.
_LEAST_SCALE_SECONDS: Final = 0.010


@dataclass(frozen=True, slots=True)
class Label:
    """A school's name on the map, as far as it fits: `side` is its end at `x`, `start` or `end`.

    `y` is the middle of its line. It is drawn as wide as from `left` to `right`: how wide a letter
    is depends on the reader's fonts.
    """

    text: str
    side: str
    x: float
    y: float
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Spot:
    """A school on the map: pixels from the upper left; with its name where there are few."""

    x: float
    y: float
    id: str
    name: str
    standing: Standing
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A map of schools, and its height at `MAP_WIDTH`; `schools` counts those without a place."""

    height: float
    spots: tuple[Spot, ...]
    schools: int

    @property
    def is_named(self) -> bool:
        """Return whether there are so few schools that the map shows their names."""
        return len(self.spots) <= _MOST_NAMED


@dataclass(frozen=True, slots=True)
class Chart:
    """A day: lines of points `x,y`, marks for lost packets, and the figures as text.

    Milliseconds; `low`, `high` and `mean` are None if nothing was answered. `loss` is the
    share of all packets, in per cent. `top` is the value at the upper edge, `since` when the first
    ping was sent.
    """

    since: datetime
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
        return Plan(0.0, (), len(schools))
    is_named = len(placed) <= _MOST_NAMED
    margin = _NAMED_MARGIN if is_named else MAP_MARGIN
    west, east = min(x for _, x, _ in placed), max(x for _, x, _ in placed)
    south, north = min(y for _, _, y in placed), max(y for _, _, y in placed)
    narrowing = math.cos(math.radians((south + north) / 2))
    wide = max((east - west) * narrowing, _LEAST_EXTENT_DEGREES)
    high = max(north - south, _LEAST_EXTENT_DEGREES)
    highest = (_NAMED_HEIGHT if is_named else _MAP_MOST_HEIGHT) - 2 * margin
    scale = min((MAP_WIDTH - 2 * margin) / wide, highest / high)
    height = _NAMED_HEIGHT if is_named else round(high * scale + 2 * margin, 1)
    found = [
        Spot(
            round(MAP_WIDTH / 2 + (longitude - (west + east) / 2) * narrowing * scale, 1),
            round(height / 2 - (latitude - (south + north) / 2) * scale, 1),
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
    return Plan(height, tuple(_labelled(found) if is_named else found), len(schools))


def _labelled(found: Sequence[Spot]) -> list[Spot]:
    """Return the spots with their names beside them; a name that would cover another is left out.

    The last ones have the first choice, for they are in trouble. Places that leave every mark
    visible come first.
    """
    labelled: list[Spot] = []
    taken: list[Label] = []
    for spot in reversed(found):
        places = sorted(_labels(spot), key=lambda one: _marks_below(one, found))
        label = next((one for one in places if _is_free(one, taken)), None)
        if label is not None:
            taken.append(label)
        labelled.append(replace(spot, label=label))
    return labelled[::-1]


def _labels(spot: Spot) -> Iterator[Label]:
    """Yield a spot's name on the side that has more room, then on the other one.

    Then come the same a line lower and a line higher, for a spot close to another.
    """
    sides = (("start", spot.x + _LABEL_GAP, 1), ("end", spot.x - _LABEL_GAP, -1))
    sides = sides if spot.x <= MAP_WIDTH / 2 else sides[::-1]
    lines = [
        y
        for y in (spot.y, spot.y + _LABEL_HEIGHT, spot.y - _LABEL_HEIGHT)
        if _LABEL_HEIGHT / 2 <= y <= _NAMED_HEIGHT - _LABEL_HEIGHT / 2
    ]
    for y, (side, x, direction) in product(lines, sides):
        room = int(((MAP_WIDTH - x if direction > 0 else x) - _EDGE) / _LABEL_LETTER)
        text = spot.name if len(spot.name) <= room else f"{spot.name[: max(0, room - 1)]}…"
        end = x + direction * _LABEL_LETTER * len(text)
        if room >= _LEAST_ROOM:
            yield Label(text, side, round(x, 1), round(y, 1), min(x, end), max(x, end))


def _marks_below(label: Label, spots: Iterable[Spot]) -> int:
    """Return how many marks a name would cover."""
    return sum(
        label.left - _MARK < spot.x < label.right + _MARK and abs(spot.y - label.y) <= _MARK
        for spot in spots
    )


def _is_free(label: Label, taken: Iterable[Label]) -> bool:
    return not any(
        abs(one.y - label.y) < _LABEL_HEIGHT and label.left < one.right and one.left < label.right
        for one in taken
    )


def chart(day: Sequence[RoundTrip]) -> Chart | None:
    """Return the chart of a day's intervals, None without any."""
    if not day:
        return None
    end = day[-1].starts
    answered = [one.rtt_seconds for one in day if one.rtt_seconds is not None]
    top = _end_of_axis(max([*answered, _LEAST_SCALE_SECONDS]))

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
        since=day[0].first,
        # A single point is drawn as a line that ends where it begins.
        lines=tuple(" ".join(line if line[1:] else line * 2) for line in lines),
        losses=tuple((x(one.starts), one.loss_ratio) for one in day if one.loss_ratio > 0),
        low=min(answered) * 1000 if answered else None,
        high=max(answered) * 1000 if answered else None,
        mean=_mean(day) * 1000 if answered else None,
        loss=100 * sum(one.packets_lost for one in day) / sum(one.packets for one in day),
        top=top * 1000,
    )


def _end_of_axis(most: float) -> float:
    """Return the least of 1, 2, 5, 10, 20 ... ms, in seconds, that is not below a value in seconds.

    A round number is read as the end of an axis, another one as the greatest value.
    """
    milliseconds = most * 1000
    decade = 10.0 ** math.floor(math.log10(milliseconds))
    return next(one * decade for one in (1, 2, 5, 10) if one * decade >= milliseconds) / 1000


def _mean(day: Sequence[RoundTrip]) -> float:
    """Return the mean round-trip time of all answered packets; at least one was."""
    known = [(one.rtt_seconds, one.packets - one.packets_lost) for one in day]
    seconds = sum(mean * packets for mean, packets in known if mean is not None)
    return seconds / sum(packets for mean, packets in known if mean is not None)
