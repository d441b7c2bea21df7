from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.calendar.local_time import (
    TimeError,
    is_repeated,
    parse_began,
    parse_ended,
    parse_until,
    to_utc,
)

BERLIN = ZoneInfo("Europe/Berlin")
PACKAGE = Path(__file__).parents[2] / "monitor"
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", "2026-11-25T11:00"),
        ("+90m", "2026-11-25T10:30"),
        ("1d12h", "2026-11-26T21:00"),
        (" 2W ", "2026-12-09T09:00"),
        ("2026-12-24 18:00", "2026-12-24T17:00"),
        ("2026-07-24T18:00", "2026-07-24T16:00"),
        ("2026-12-24", "2026-12-24T23:00"),  # until the day is over
        ("24.12.2026 18:00", "2026-12-24T17:00"),
        ("24.12.2026, 8:00 Uhr", "2026-12-24T07:00"),
        ("4.2.2027", "2027-02-04T23:00"),
        ("14:00", "2026-11-25T13:00"),  # today, after 10:00
        ("10:00", "2026-11-26T09:00"),  # the next one: it is 10:00 now
        ("8:30 Uhr", "2026-11-26T07:30"),
        ("2026-12-24T18:00+05:30", "2026-12-24T12:30"),
        ("2026-12-24T18:00Z", "2026-12-24T18:00"),
        ("2026-10-25 02:30+02:00", "2026-10-25T00:30"),
        ("2026-10-25 02:30+01:00", "2026-10-25T01:30"),
        ("2027-03-28 01:59", "2027-03-28T00:59"),
        ("2027-03-28 03:00", "2027-03-28T01:00"),
    ],
)
def test_a_text_names_one_instant(text: str, expected: str) -> None:
    assert parse_until(text, BERLIN, NOW) == utc(expected)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2027-03-28 02:30", "does not exist"),
        ("2027-10-31 02:30", r"2027-10-31T02:30\+02:00 or 2027-10-31T02:30\+01:00"),
        ("tomorrow", "is not a time"),
        ("", "is not a time"),
        ("2026-13-01 10:00", "is not a time"),
        ("1h2h", "names a unit twice"),
        ("999999w", "beyond the calendar"),
        ("9999-12-31", "beyond the calendar"),
        ("-2h", "is not a time"),
        ("24:30", "is not a time"),
        ("31.02.2027 10:00", "is not a time"),
        ("24.12.26 10:00", "is not a time"),
    ],
)
def test_a_nonexistent_or_ambiguous_time_is_refused_with_the_cure(text: str, says: str) -> None:
    with pytest.raises(TimeError, match=says):
        parse_until(text, BERLIN, NOW)


def test_a_span_counts_real_hours_across_a_clock_change() -> None:
    before = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)  # midnight of the 25-hour day
    assert parse_until("24h", BERLIN, before).astimezone(BERLIN).hour == 23


def test_a_time_without_a_date_is_the_next_one_after_the_start() -> None:
    begins = utc("2026-11-26T22:00")  # 23:00 tomorrow
    assert parse_until("14:00", BERLIN, NOW, after=begins) == utc("2026-11-27T13:00")
    assert parse_until("23:30", BERLIN, NOW, after=begins) == utc("2026-11-26T22:30")
    assert parse_until("14:00", BERLIN, NOW, after=utc("2026-11-01T00:00")) == utc(
        "2026-11-25T13:00"
    )


def test_a_past_time_is_the_latest_such_time_and_ends_after_its_start() -> None:
    assert parse_began("08:00", BERLIN, NOW) == utc("2026-11-25T07:00")
    began = parse_began("23:00", BERLIN, NOW)
    assert began == utc("2026-11-24T22:00")
    assert parse_ended("01:30", BERLIN, began) == utc("2026-11-25T00:30")
    began = parse_began("05.10.2026 08:00", BERLIN, NOW)
    assert began == utc("2026-10-05T06:00")
    assert parse_ended("09:30", BERLIN, began) == utc("2026-10-05T07:30")
    assert parse_ended("5.10.2026", BERLIN, began) == utc("2026-10-05T22:00")
    with pytest.raises(TimeError, match="span from now"):
        parse_ended("2h", BERLIN, began)


def test_a_bare_time_skipped_or_repeated_by_a_clock_change_is_refused() -> None:
    with pytest.raises(TimeError, match="does not exist"):
        parse_until("02:30", BERLIN, utc("2027-03-27T23:00"))
    with pytest.raises(TimeError, match="exists twice"):
        parse_until("02:30", BERLIN, utc("2026-10-24T22:30"))


def test_a_bare_time_is_tomorrows_once_todays_clock_change_has_skipped_or_repeated_it() -> None:
    assert parse_until("02:30", BERLIN, utc("2027-03-28T08:00")) == utc("2027-03-29T00:30")
    assert parse_until("02:30", BERLIN, utc("2026-10-25T09:00")) == utc("2026-10-26T01:30")


def test_a_bare_past_time_is_yesterdays_before_todays_clock_change_skips_or_repeats_it() -> None:
    assert parse_began("02:30", BERLIN, utc("2027-03-28T00:10")) == utc("2027-03-27T01:30")
    assert parse_began("02:30", BERLIN, utc("2026-10-24T23:10")) == utc("2026-10-24T00:30")


def test_an_end_after_the_last_day_of_the_calendar_is_refused() -> None:
    with pytest.raises(TimeError, match="beyond the calendar"):
        parse_ended("10:00", BERLIN, utc("9999-12-31T22:00"))


@given(st.text(max_size=40))
def test_any_text_is_parsed_or_raises_the_documented_error(text: str) -> None:
    with suppress(TimeError):
        assert parse_until(text, BERLIN, NOW).tzinfo is UTC


@given(st.integers(0, 20 * 366 * 1440))
def test_every_unambiguous_local_time_round_trips(minutes: int) -> None:
    instant = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    local = instant.astimezone(BERLIN)
    text = f"{local:%Y-%m-%d %H:%M}"
    other = local.replace(fold=1 - local.fold)
    assert is_repeated(instant, BERLIN) == (other.utcoffset() != local.utcoffset())
    if not is_repeated(instant, BERLIN):
        assert parse_until(text, BERLIN, NOW) == instant
    else:
        with pytest.raises(TimeError, match="exists twice"):
            parse_until(text, BERLIN, NOW)


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2039, 12, 31)))  # noqa: DTZ001  # the wall clock
def test_wall_clock_times_are_the_instants_that_show_them(wall: datetime) -> None:
    try:
        instant = to_utc(wall, BERLIN)
    except TimeError:
        first = wall.replace(tzinfo=BERLIN, fold=0)
        second = wall.replace(tzinfo=BERLIN, fold=1)
        assert first.utcoffset() != second.utcoffset()
        return
    assert instant.tzinfo is UTC
    assert instant.astimezone(BERLIN).replace(tzinfo=None) == wall


def test_an_offset_overrides_the_zone() -> None:
    assert to_utc(datetime.fromisoformat("2026-10-25T02:30+02:00"), BERLIN) == utc(
        "2026-10-25T00:30"
    )


def test_only_one_file_handles_clock_changes() -> None:
    deciding = [str(one) for one in PACKAGE.rglob("*.py") if "fold=" in one.read_text("utf-8")]
    assert deciding == [str(PACKAGE / "calendar" / "local_time.py")]
