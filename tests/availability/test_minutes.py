from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.availability.minutes import (
    Account,
    MinuteClass,
    account,
    account_days,
    minute_class,
    minute_of,
    minutes_of_day,
    settle_missing,
    start_of,
)
from monitor.observation import State

if TYPE_CHECKING:
    from collections.abc import Callable

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("day", "minutes"),
    [
        (date(2026, 3, 28), 1440),
        (date(2026, 3, 29), 1380),
        (date(2026, 10, 25), 1500),
        (date(2026, 10, 26), 1440),
    ],
)
def test_local_day_has_its_real_number_of_minutes(day: date, minutes: int) -> None:
    assert len(minutes_of_day(day, BERLIN)) == minutes


def test_local_days_follow_each_other_without_gap_or_overlap() -> None:
    march, april = (
        minutes_of_day(date(2026, 3, 29), BERLIN),
        minutes_of_day(date(2026, 3, 30), BERLIN),
    )
    assert march.stop == april.start
    assert start_of(march.start) == datetime(2026, 3, 28, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize("state", list(State))
def test_outside_hours_outranks_maintenance_which_outranks_observation(
    state: State,
) -> None:
    outside = minute_class(state, in_maintenance=True, in_service_hours=False)
    maintenance = minute_class(state, in_maintenance=True, in_service_hours=True)
    seen = minute_class(state, in_maintenance=False, in_service_hours=True)
    assert (outside, maintenance, seen.value) == (
        MinuteClass.OUTSIDE,
        MinuteClass.MAINTENANCE,
        state.value,
    )


@given(st.text("ud?mo.", max_size=1500))
def test_classes_add_up_to_all_minutes(codes: str) -> None:
    assert account(codes.encode()).minutes == len(codes)


def test_minute_without_a_class_raises_instead_of_being_counted() -> None:
    with pytest.raises(ValueError, match="2 minutes have no class"):
        account(b"uu--")


def test_missing_minutes_are_unknown_outside_or_in_the_future() -> None:
    span = range(minute_of(datetime(2026, 10, 5, 7, 58, tzinfo=UTC)), 0)
    span = range(span.start, span.start + 6)
    codes = settle_missing(b"-u---d", span, span.start + 4, lambda at: at.hour >= 8, 0)
    assert codes == b"ou??.d"
    assert settle_missing(b"------", span, span.stop, None, span.start) == b"??????"


@pytest.mark.parametrize("in_service_hours", [None, lambda at: at.hour < 8])
def test_missing_minutes_before_monitoring_started_are_unclassified(
    in_service_hours: Callable[[datetime], bool] | None,
) -> None:
    start = minute_of(datetime(2026, 10, 5, 7, 0, tzinfo=UTC))
    span = range(start, start + 6)

    def settled(codes: bytes, horizon: int, begun: int) -> bytes:
        return settle_missing(codes, span, start + horizon, in_service_hours, start + begun)

    assert settled(b"---u--", 5, 2) == b"<<?u?."
    assert settled(b"------", 6, 99) == b"<<<<<<"
    assert settled(b"------", 2, 99) == b"<<...."
    assert settled(b"------", 6, -5) == b"??????"
    assert account(b"<<?u?.").before == 2


def test_days_begin_at_local_midnight() -> None:
    days = [date(2026, 10, 24), date(2026, 10, 25), date(2026, 10, 26)]
    codes = b"u" * 1440 + b"d" * 1500 + b"?" * 1440
    accounts = account_days(codes, days, BERLIN)
    assert [day.account for day in accounts] == [
        Account(up=1440),
        Account(down=1500),
        Account(unknown=1440),
    ]


def test_figures_name_their_basis() -> None:
    total = Account(up=90, down=10, unknown=100, maintenance=5, outside=5)
    assert total.availability == pytest.approx(0.9)
    assert total.availability_at_worst == pytest.approx(0.45)
    assert total.availability_at_best == pytest.approx(0.95)
    assert Account(unknown=10, outside=3).availability is None
    assert Account(outside=3).availability_at_worst is None
