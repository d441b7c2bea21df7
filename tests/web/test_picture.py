"""The pictures of the status page.

Every mark of the map is fully visible, however few or close the schools are; the axis of a chart
ends at a round number.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations, permutations
from typing import TYPE_CHECKING

import pytest

from monitor.status.model import RoundTrip
from monitor.web.picture import CHART_HEIGHT, MAP_WIDTH, chart, spots
from tests.web import answers
from tests.web.showing import page, words_of
from tests.web.test_app import Shown

if TYPE_CHECKING:
    from monitor.status.model import SchoolSummary

# Half a mark, including its outline.
MARK = 19
KILOMETRE = 1 / 111.2


def schools(*places: tuple[float, float]) -> list[SchoolSummary]:
    """Return schools this many kilometres north and east of a point."""
    return [
        answers.summary(
            id=f"s{number}",
            name=f"Gesamtschule am Volkspark {number}",
            latitude=51.48 + north * KILOMETRE,
            longitude=7.21 + east * KILOMETRE,
        )
        for number, (north, east) in enumerate(places)
    ]


@pytest.mark.parametrize(
    "places",
    [
        [(0, 0)],
        [(0, 0), (0.01, 0.02)],
        [(0, 0), (0, 9)],
        [(0, 0), (9, 0), (4, 1)],
        [(0, 0), (40, 0), (0, 3)],
        [(north, east) for north in range(6) for east in range(10)],
    ],
)
def test_no_mark_or_name_is_cut_at_an_edge(places: list[tuple[float, float]]) -> None:
    plan = spots(schools(*places))
    assert 100 <= plan.height <= MAP_WIDTH
    for spot in plan.spots:
        assert MARK < spot.x < MAP_WIDTH - MARK
        assert MARK < spot.y < plan.height - MARK
        if spot.label:
            assert 0 <= spot.label.left < spot.label.right <= MAP_WIDTH
    named = [spot for spot in plan.spots if spot.label]
    assert bool(named) is plan.is_named is (len(places) < 10)
    for one, other in combinations(named, 2):
        assert one.label
        assert other.label
        is_beside = one.label.right <= other.label.left or other.label.right <= one.label.left
        assert is_beside or abs(one.label.y - other.label.y) >= 30, "names do not cover each other"


def test_every_school_has_its_name_where_few_are_close_to_each_other() -> None:
    places = [(2.0, 3.0), (2.0, 3.2), (2.1, 3.1), (5.0, 0.0), (5.0, 7.0)]
    assert all(spot.label for spot in spots(schools(*places)).spots)


@pytest.mark.parametrize(
    "places",
    [
        [(0.9, 3.4), (0.1, 1.8), (1.8, 4.0), (0.9, 1.8)],
        [(4.0, 6.9), (0.5, 2.7), (2.9, 5.7), (3.7, 3.4)],
        [(1.5, 3.5), (2.0, 6.2), (2.1, 3.1), (2.0, 0.2)],
    ],
)
def test_a_name_leaves_the_marks_of_other_schools_visible(
    places: list[tuple[float, float]],
) -> None:
    found = spots(schools(*places)).spots
    for spot, other in permutations(found, 2):
        assert spot.label
        is_beside = not spot.label.left - MARK < other.x < spot.label.right + MARK
        assert is_beside or abs(other.y - spot.label.y) > MARK, (spot.name, other.name)


def test_schools_in_one_street_are_close_together_on_the_map() -> None:
    near = spots(schools((0, 0), (0, 0.1))).spots
    far = spots(schools((0, 0), (0, 10))).spots
    assert abs(near[0].x - near[1].x) < 0.1 * abs(far[0].x - far[1].x)


async def test_the_map_names_few_schools_and_counts_those_without_a_location() -> None:
    class Small(Shown):
        def schools(self) -> tuple[SchoolSummary, ...]:
            away = answers.summary(id="kant", name="Kant", latitude=None, longitude=None)
            return (*schools((0, 0), (3, 4)), away)

    for language, said in (
        ("en", "2 of 3 schools have a location."),
        ("de", "2 von 3 Schulen haben einen Ort."),
    ):
        text = await page("/", language, Small())
        assert said in words_of(text)
        assert text.count("<text ") == 2
        assert said.partition(" ")[2] not in words_of(await page("/", language))


@pytest.mark.parametrize(
    ("most", "end"),
    [
        *((0.00004, 10), (0.0099, 10), (0.010, 10), (0.0101, 20), (0.020, 20), (0.0201, 50)),
        *((0.050, 50), (0.051, 100), (0.1, 100), (0.7, 1000), (1.0, 1000), (2.5, 5000)),
    ],
)
def test_the_axis_of_round_trip_times_ends_at_a_round_number(most: float, end: int) -> None:
    at = datetime(2026, 11, 30, tzinfo=UTC)
    day = [
        RoundTrip(starts=at, rtt_seconds=rtt, loss_ratio=0.0, packets=25, packets_lost=0, first=at)
        for rtt in (most, most / 2)
    ]
    found = chart(day)
    assert found is not None
    assert found.top == pytest.approx(end)
    [line] = found.lines
    highest = min(float(point.split(",")[1]) for point in line.split())
    assert highest == pytest.approx(CHART_HEIGHT * (1 - 1000 * most / end), abs=0.1)
