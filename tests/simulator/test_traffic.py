from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.simulator.traffic import STREAMS, Traffic
from tests.simulator.requests import TUESDAY

WEEK = 7 * 86400.0


@given(
    hours=st.integers(0, 168),
    phase=st.floats(0, 1),
    before=st.floats(0, 2 * WEEK),
    step=st.floats(0, 86400),
)
def test_traffic_amounts_never_decrease(
    hours: int, phase: float, before: float, step: float
) -> None:
    traffic = Traffic(TUESDAY + timedelta(hours=hours))
    earlier = traffic.amounts(before, phase)
    later = traffic.amounts(before + step, phase)
    # One part in a million million is the rounding of floats, far below one octet.
    assert all(b >= a - 1e-9 * max(1.0, a) for a, b in zip(earlier, later, strict=True))


def test_nothing_has_passed_at_the_start() -> None:
    assert Traffic(TUESDAY).amounts(0.0, 0.3) == (0.0,) * STREAMS


def test_a_lesson_is_busier_than_the_night() -> None:
    lesson = Traffic(datetime(2024, 3, 5, 10, 0, tzinfo=UTC)).amounts(3600.0, 0.0)
    night = Traffic(datetime(2024, 3, 5, 2, 0, tzinfo=UTC)).amounts(3600.0, 0.0)
    assert min(lesson) > 5 * max(night)


def test_a_school_day_is_busier_than_sunday() -> None:
    school_day = Traffic(datetime(2024, 3, 5, tzinfo=UTC)).amounts(86400.0, 0.0)
    sunday = Traffic(datetime(2024, 3, 10, tzinfo=UTC)).amounts(86400.0, 0.0)
    assert min(school_day) > 3 * max(sunday)


def test_a_week_averages_to_the_mean_level() -> None:
    traffic = Traffic(TUESDAY)
    for amount in traffic.amounts(10 * WEEK, 0.5):
        assert abs(amount / (10 * WEEK) / traffic.mean_level - 1) < 0.01


def test_the_load_never_exceeds_its_declared_maximum() -> None:
    traffic = Traffic(datetime(2024, 3, 5, tzinfo=UTC))
    amounts = [traffic.amounts(60.0 * minute, 0.7) for minute in range(1440)]
    busiest = max(
        (after - before) / 60.0
        for earlier, later in itertools.pairwise(amounts)
        for before, after in zip(earlier, later, strict=True)
    )
    assert busiest <= 1.0
