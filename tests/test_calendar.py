from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from holidays import country_holidays
from hypothesis import given
from hypothesis import strategies as st

from monitor.calendar import CalendarError, DayKind, SchoolCalendar, SchoolHoliday, shipped_holidays
from monitor.inventory import Calendar, LessonPeriod

BERLIN = ZoneInfo("Europe/Berlin")
WORKDAYS = (0, 1, 2, 3, 4)
CALENDAR = SchoolCalendar(
    Calendar(
        "Europe/Berlin",
        "NW",
        {
            "Grundschule": (LessonPeriod(WORKDAYS, time(8), time(13, 15)),),
            "Berufskolleg": (
                LessonPeriod(WORKDAYS, time(7, 30), time(15)),
                LessonPeriod((1, 3), time(17), time(21)),
            ),
            "Nachtschule": (LessonPeriod((6,), time(1), time(5)),),
        },
    )
)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2026-11-25", DayKind.SCHOOL_DAY),
        ("2026-11-28", DayKind.WEEKEND),
        ("2026-10-19", DayKind.SCHOOL_HOLIDAY),
        ("2026-10-16", DayKind.SCHOOL_DAY),
        ("2026-12-22", DayKind.SCHOOL_DAY),
        ("2026-12-23", DayKind.SCHOOL_HOLIDAY),
        ("2026-12-25", DayKind.PUBLIC_HOLIDAY),
        ("2027-01-06", DayKind.SCHOOL_HOLIDAY),
        ("2027-01-07", DayKind.SCHOOL_DAY),
        ("2027-05-18", DayKind.SCHOOL_HOLIDAY),
        ("2027-05-27", DayKind.PUBLIC_HOLIDAY),  # Corpus Christi, not everywhere in Germany
        ("2027-11-01", DayKind.PUBLIC_HOLIDAY),
        ("2027-10-31", DayKind.WEEKEND),
        ("2018-10-31", DayKind.SCHOOL_DAY),  # Reformation Day: elsewhere, not in NW
        ("2017-10-31", DayKind.PUBLIC_HOLIDAY),  # its 500th year: everywhere
        ("2030-08-06", DayKind.SCHOOL_HOLIDAY),
        ("2030-08-07", DayKind.UNKNOWN),
        ("2017-08-29", DayKind.UNKNOWN),
        ("2017-08-30", DayKind.SCHOOL_DAY),
    ],
)
def test_a_day_is_of_its_kind(day: str, kind: DayKind) -> None:
    assert CALENDAR.day_kind(date.fromisoformat(day)) is kind


@pytest.mark.parametrize(
    ("school_type", "when", "lessons"),
    [
        ("Grundschule", "2026-11-25T07:59", False),
        ("Grundschule", "2026-11-25T08:00", True),
        ("Grundschule", "2026-11-25T13:14:59", True),
        ("Grundschule", "2026-11-25T13:15", False),
        ("Grundschule", "2026-11-28T10:00", False),
        ("Grundschule", "2026-12-23T10:00", False),
        ("Grundschule", "2026-05-14T10:00", False),  # Ascension Day
        ("Grundschule", "2026-07-01T08:00", True),  # summer time
        ("Grundschule", "2026-07-01T07:30", False),
        ("Berufskolleg", "2026-11-26T18:00", True),
        ("Berufskolleg", "2026-11-25T18:00", False),
        ("Grundschule", "2031-03-05T10:00", True),  # beyond the data: taken for a school day
        ("Grundschule", "2031-05-01T10:00", False),  # public holidays are known for longer
        ("unheard of", "2026-11-25T10:00", False),
    ],
)
def test_lessons_are_held_in_local_hours(school_type: str, when: str, *, lessons: bool) -> None:
    assert CALENDAR.in_lessons(school_type, local(when)) is lessons


@pytest.mark.parametrize(
    ("day", "minutes"),
    [("2026-10-25", 1500), ("2027-03-28", 1380), ("2026-11-25", 1440), ("2026-12-31", 1440)],
)
def test_a_day_has_its_minutes_also_when_the_clocks_change(day: str, minutes: int) -> None:
    assert CALENDAR.minutes_of_day(date.fromisoformat(day)) == minutes


def test_days_join_without_a_gap_over_both_clock_changes() -> None:
    day = date(2026, 10, 1)
    while day < date(2027, 4, 30):
        following = day + timedelta(days=1)
        assert CALENDAR.bounds_of_day(day)[1] == CALENDAR.bounds_of_day(following)[0]
        day = following


@pytest.mark.parametrize(
    ("day", "minutes"), [("2026-03-29", 180), ("2025-10-26", 300), ("2026-11-29", 240)]
)
def test_lessons_across_a_clock_change_last_as_long_as_they_do(day: str, minutes: int) -> None:
    [(begin, end)] = CALENDAR.lessons_on("Nachtschule", date.fromisoformat(day))
    assert end - begin == timedelta(minutes=minutes)


@given(st.integers(0, 13 * 366 * 86_400))
def test_lesson_hours_of_a_day_agree_with_asking_at_any_second(seconds: int) -> None:
    instant = datetime(2018, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    day = CALENDAR.local_day(instant)
    for school_type in ("Grundschule", "Berufskolleg"):
        spans = CALENDAR.lessons_on(school_type, day)
        expected = any(begin <= instant < end for begin, end in spans)
        assert CALENDAR.in_lessons(school_type, instant) is expected


def test_the_calendar_warns_ninety_days_before_its_data_end() -> None:
    assert CALENDAR.data_ends == date(2030, 8, 6)
    assert CALENDAR.days_left(local("2026-11-25T12:00")) == 1350
    assert not CALENDAR.is_running_out(local("2030-05-07T23:59"))
    assert CALENDAR.is_running_out(local("2030-05-08T00:00"))
    assert CALENDAR.days_left(local("2030-08-08T12:00")) == -2


def test_a_holiday_has_a_name() -> None:
    assert CALENDAR.day_name(date(2026, 10, 19)) == "autumn 2026/27"
    assert CALENDAR.day_name(date(2026, 11, 25)) == ""
    assert CALENDAR.day_name(date(2027, 5, 27)) != ""


def working_days(spell: SchoolHoliday) -> int:
    """Return how many of a spell's days count: neither Sundays nor public holidays."""
    sunday, public = 6, country_holidays("DE", subdiv="NW")
    days = (spell.first + timedelta(n) for n in range((spell.last - spell.first).days + 1))
    return sum(day.weekday() != sunday and day not in public for day in days)


def test_shipped_holidays_add_up_to_seventy_five_days_a_year() -> None:
    """The Hamburg Agreement grants 75 working days; the decrees name each year's movable ones."""
    three_movable = {"2021/22", "2022/23", "2025/26", "2026/27", "2027/28"}
    shipped = shipped_holidays("DE-NW")
    years: Counter[str] = Counter()
    for spell in shipped.spells:
        years[spell.name.split()[1]] += working_days(spell)
    assert len(years) == 13
    for year, days in years.items():
        assert days + (3 if year in three_movable else 4) == 75, year


def test_shipped_holidays_are_in_order() -> None:
    spells = shipped_holidays("NW").spells
    for before, after in pairwise(spells):
        assert before.first <= before.last < after.first, after.name


def test_a_state_without_data_is_refused_by_name() -> None:
    with pytest.raises(CalendarError, match="'BY'"):
        SchoolCalendar(Calendar("Europe/Berlin", "BY", {}))
