from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from holidays import country_holidays
from hypothesis import given
from hypothesis import strategies as st

from monitor.calendar.school_days import (
    NOTHING_KNOWN,
    CalendarError,
    DayKind,
    SchoolCalendar,
    SchoolHolidays,
    shipped_holidays,
)
from monitor.inventory.city import Calendar, Holidays, LessonPeriod

BERLIN = ZoneInfo("Europe/Berlin")
STATES = (
    *("BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV"),
    *("NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH"),
)
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
def test_each_day_has_its_kind(day: str, kind: DayKind) -> None:
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
        ("Grundschule", "2031-03-05T10:00", True),  # beyond the data: treated as a school day
        ("Grundschule", "2031-05-01T10:00", False),  # public holidays are known for longer
        ("unheard of", "2026-11-25T10:00", False),
    ],
)
def test_lessons_are_held_in_local_hours(school_type: str, when: str, *, lessons: bool) -> None:
    assert CALENDAR.in_lessons(school_type, local(when)) is lessons


def test_days_join_without_a_gap_across_both_clock_changes() -> None:
    day = date(2026, 10, 1)
    while day < date(2027, 4, 30):
        following = day + timedelta(days=1)
        assert CALENDAR.bounds_of_day(day)[1] == CALENDAR.bounds_of_day(following)[0]
        day = following


@pytest.mark.parametrize(
    ("day", "minutes"), [("2026-03-29", 180), ("2025-10-26", 300), ("2026-11-29", 240)]
)
def test_lessons_across_a_clock_change_have_their_real_length(day: str, minutes: int) -> None:
    [(begin, end)] = CALENDAR.lessons_on("Nachtschule", date.fromisoformat(day))
    assert end - begin == timedelta(minutes=minutes)


@given(st.integers(0, 13 * 366 * 86_400))
def test_lesson_hours_agree_with_a_check_at_any_second(seconds: int) -> None:
    instant = datetime(2018, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    day = CALENDAR.local_day(instant)
    for school_type in ("Grundschule", "Berufskolleg"):
        spans = CALENDAR.lessons_on(school_type, day)
        expected = any(begin <= instant < end for begin, end in spans)
        assert CALENDAR.in_lessons(school_type, instant) is expected


def test_the_calendar_warns_ninety_days_before_its_data_runs_out() -> None:
    assert CALENDAR.data_ends == date(2030, 8, 6)
    assert CALENDAR.days_left(local("2026-11-25T12:00")) == 1350
    assert not CALENDAR.is_running_out(local("2030-05-07T23:59"))
    assert CALENDAR.is_running_out(local("2030-05-08T00:00"))
    assert CALENDAR.days_left(local("2030-08-08T12:00")) == -2


def working_days(spell: Holidays) -> int:
    """Return how many of a spell's days count: neither Sundays nor public holidays."""
    sunday, public = 6, country_holidays("DE", subdiv="NW")
    days = (spell.first + timedelta(n) for n in range((spell.last - spell.first).days + 1))
    return sum(day.weekday() != sunday and day not in public for day in days)


def test_shipped_holidays_add_up_to_seventy_five_days_a_year() -> None:
    """The Hamburg Agreement grants 75 working days; the decrees name each year's movable ones."""
    three_movable = {"2021/22", "2022/23", "2025/26", "2026/27", "2027/28"}
    shipped = shipped_for("NW")
    years: Counter[str] = Counter()
    for spell in shipped.spells:
        years[spell.name.split()[1]] += working_days(spell)
    assert len(years) == 13
    for year, days in years.items():
        assert days + (3 if year in three_movable else 4) == 75, year


@pytest.mark.parametrize("state", STATES)
def test_shipped_holidays_are_in_order(state: str) -> None:
    spells = shipped_for(state).spells
    for before, after in pairwise(spells):
        assert before.first <= before.last < after.first, after.name


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_school_holidays_for_all_published_years(state: str) -> None:
    shipped = shipped_for(state)
    assert shipped.first_day <= date(2023, 1, 1)
    assert shipped.last_day >= date(2030, 8, 1)
    calendar = SchoolCalendar(Calendar("Europe/Berlin", state, {}))
    for year in range(2023, 2030):
        kinds = Counter(calendar.day_kind(date(year, 1, 1) + timedelta(n)) for n in range(365))
        # The Hamburg Agreement: 75 working days, Saturdays among them; some are movable.
        assert 45 <= kinds[DayKind.SCHOOL_HOLIDAY] <= 75, year
        assert not kinds[DayKind.UNKNOWN]
        without_lessons = [
            day
            for day in (date(year, 6, 15) + timedelta(n) for n in range(100))
            if calendar.day_kind(day) is not DayKind.SCHOOL_DAY
        ]
        assert len(without_lessons) >= 6 * 7, f"no six weeks of summer holidays in {year}"
        assert calendar.day_kind(date(year, 12, 29)) is not DayKind.SCHOOL_DAY


def shipped_for(state: str) -> SchoolHolidays:
    shipped = shipped_holidays("DE", state)
    assert shipped is not None
    assert shipped.state == state
    return shipped


@pytest.mark.parametrize(
    ("state", "day", "kind"),
    [
        ("BY", "2026-08-10", DayKind.SCHOOL_HOLIDAY),
        ("BY", "2026-07-31", DayKind.SCHOOL_DAY),
        ("BY", "2026-11-18", DayKind.SCHOOL_HOLIDAY),  # Buß- und Bettag: no lessons in Bavaria
        ("SN", "2026-11-18", DayKind.PUBLIC_HOLIDAY),
        ("BE", "2027-03-08", DayKind.PUBLIC_HOLIDAY),
        ("TH", "2027-09-20", DayKind.PUBLIC_HOLIDAY),
        ("HH", "2026-03-09", DayKind.SCHOOL_HOLIDAY),
        ("SH", "2031-05-23", DayKind.SCHOOL_HOLIDAY),
        ("SH", "2031-05-26", DayKind.UNKNOWN),
    ],
)
def test_states_differ(state: str, day: str, kind: DayKind) -> None:
    calendar = SchoolCalendar(Calendar("Europe/Berlin", state, {}))
    assert calendar.day_kind(date.fromisoformat(day)) is kind


LINZ = Calendar(
    "Europe/Vienna",
    "4",
    {"Volksschule": (LessonPeriod(WORKDAYS, time(8), time(13)),)},
    "AT",
    (Holidays("Weihnachtsferien", date(2026, 12, 24), date(2027, 1, 6)),),
    frozenset({date(2026, 12, 18)}),
)


def test_another_country_has_its_own_list_and_days_off() -> None:
    calendar = SchoolCalendar(LINZ)
    kinds = {
        "2026-10-26": DayKind.PUBLIC_HOLIDAY,  # Austria's national day
        "2026-12-18": DayKind.SCHOOL_HOLIDAY,
        "2026-12-28": DayKind.SCHOOL_HOLIDAY,
        "2026-12-17": DayKind.UNKNOWN,
        "2027-01-07": DayKind.UNKNOWN,
    }
    assert {day: calendar.day_kind(date.fromisoformat(day)) for day in kinds} == kinds
    assert calendar.data_ends == date(2027, 1, 6)
    vienna = ZoneInfo("Europe/Vienna")
    assert calendar.in_lessons("Volksschule", datetime(2026, 12, 17, 9, tzinfo=vienna))
    assert not calendar.in_lessons("Volksschule", datetime(2026, 12, 18, 9, tzinfo=vienna))


def test_a_school_can_have_its_own_days_off() -> None:
    at = local("2026-11-25T10:00")
    assert CALENDAR.in_lessons("Grundschule", at, {date(2026, 11, 24)})
    assert not CALENDAR.in_lessons("Grundschule", at, {date(2026, 11, 25)})
    # The day is a local one: it is still the 28th in UTC.
    night = local("2026-11-29T01:30")
    assert CALENDAR.in_lessons("Nachtschule", night)
    assert not CALENDAR.in_lessons("Nachtschule", night, {date(2026, 11, 29)})


def test_without_a_list_no_holidays_are_known() -> None:
    calendar = SchoolCalendar(Calendar("Europe/Warsaw", "", {}, "PL"))
    assert calendar.data_ends == NOTHING_KNOWN
    assert calendar.is_running_out(local("2026-11-25T12:00"))
    assert calendar.day_kind(date(2026, 11, 11)) is DayKind.PUBLIC_HOLIDAY
    assert calendar.day_kind(date(2026, 11, 25)) is DayKind.UNKNOWN


def test_a_custom_list_extends_the_shipped_one() -> None:
    autumn = Holidays("autumn", date(2030, 10, 14), date(2030, 10, 26))
    calendar = SchoolCalendar(Calendar("Europe/Berlin", "NW", {}, holidays=(autumn,)))
    assert calendar.data_ends == autumn.last
    assert calendar.day_kind(date(2030, 10, 15)) is DayKind.SCHOOL_HOLIDAY
    assert calendar.day_kind(date(2030, 9, 16)) is DayKind.SCHOOL_DAY


@pytest.mark.parametrize(
    ("country", "state", "key", "cure"),
    [("DE", "XX", "state", "Augsburg"), ("XX", "", "country", "AT"), ("AT", "BY", "state", "9")],
)
def test_an_unknown_state_is_refused_with_the_known_ones(
    country: str, state: str, key: str, cure: str
) -> None:
    with pytest.raises(CalendarError) as caught:
        SchoolCalendar(Calendar("Europe/Berlin", state, {}, country))
    assert caught.value.key == key
    assert cure in caught.value.known
