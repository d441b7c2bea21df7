"""Which days are school days, and when lessons are held, in the city's local time.

Public holidays come from the `holidays` package; school holidays are data shipped with the
product and the city's own, which run out one day: `days_left` tells when. Days beyond the data
are of unknown kind and count as school days, because one page too many is better than a missed
outage.

Must not know: devices, verdicts, maintenance.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from holidays import country_holidays, list_supported_countries

from monitor.inventory.city import Holidays

if TYPE_CHECKING:
    from collections.abc import Collection

    from holidays import HolidayBase

    from monitor.inventory.city import Calendar

WARNING_DAYS = 90
"""How many days before the shipped data end the calendar asks for new ones."""

NOTHING_KNOWN = date(1970, 1, 1)
"""The last day with known school holidays, if none are known."""

_SATURDAY = 5
_SHIPPED_COUNTRY = "DE"


class CalendarError(Exception):
    """The calendar cannot be built; the message is a sentence for a person.

    `key` is the invalid key of the city, `known` its valid values.
    """

    def __init__(self, message: str, key: str, known: Collection[str]) -> None:
        super().__init__(message)
        self.key = key
        self.known = tuple(known)


class DayKind(StrEnum):
    """The kind of a local day for the schools."""

    SCHOOL_DAY = "school_day"
    WEEKEND = "weekend"
    PUBLIC_HOLIDAY = "public_holiday"
    SCHOOL_HOLIDAY = "school_holiday"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SchoolHolidays:
    """A state's official school holidays, complete from `first_day` to `last_day`."""

    state: str
    first_day: date
    last_day: date
    spells: tuple[Holidays, ...]
    sources: tuple[str, ...]


def shipped_holidays(country: str, state: str) -> SchoolHolidays | None:
    """Return the shipped school holidays of a state (ISO 3166-2 without country), None if none."""
    name = f"school_holidays_{state.lower()}.json"
    shipped = resources.files("monitor.data").joinpath(name)
    if country != _SHIPPED_COUNTRY or not state.isalpha() or not shipped.is_file():
        return None
    document = json.loads(shipped.read_text("utf-8"))
    return SchoolHolidays(
        state=document["state"],
        first_day=date.fromisoformat(document["first_day"]),
        last_day=date.fromisoformat(document["last_day"]),
        spells=tuple(
            Holidays(
                f"{spell['name']} {spell['year']}",
                date.fromisoformat(spell["first"]),
                date.fromisoformat(spell["last"]),
            )
            for spell in document["holidays"]
        ),
        sources=tuple(document["sources"]),
    )


def _public_holidays(country: str, state: str) -> HolidayBase:
    try:
        found = country_holidays(country, subdiv=state or None)
    except NotImplementedError:  # the library does not know the place
        known = list_supported_countries()
        if country not in known:
            message = f"no public holidays are known of the country “{country}”"
            raise CalendarError(message, "country", sorted(filter(_is_short, known))) from None
        message = f"“{state}” is not a state of {country} whose public holidays are known"
        raise CalendarError(message, "state", known[country]) from None
    return found


def _is_short(country: str) -> bool:
    return len(country) == 2  # noqa: PLR2004  # the package knows those of three letters, too


class SchoolCalendar:
    """The city's school days and lesson hours.

    School holidays are shipped for German states; the city's own list is added to them, and is
    the only source elsewhere.

    Raises:
        CalendarError: if the public holidays of the calendar's country and state are not known.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.timezone = ZoneInfo(calendar.timezone)
        self._lessons = calendar.lessons
        state = calendar.state.removeprefix(f"{calendar.country}-")
        self._public = _public_holidays(calendar.country, state)
        shipped = shipped_holidays(calendar.country, state)
        spells = (*(shipped.spells if shipped else ()), *calendar.holidays)
        known = [(one.first, one.last) for one in calendar.holidays]
        if shipped is not None:
            known.append((shipped.first_day, shipped.last_day))
        self._first_day = min((first for first, _ in known), default=date.max)
        # The last day with known school holidays.
        self.data_ends = max((last for _, last in known), default=NOTHING_KNOWN)
        self._holidays = set(calendar.days_off)
        for spell in spells:
            days = range((spell.last - spell.first).days + 1)
            self._holidays.update(spell.first + timedelta(days=offset) for offset in days)

    def days_left(self, instant: datetime) -> int:
        """Return how many days the data last after the local day of an instant; may be negative."""
        return (self.data_ends - self.local_day(instant)).days

    def is_running_out(self, instant: datetime) -> bool:
        """Return whether the data end within `WARNING_DAYS`."""
        return self.days_left(instant) <= WARNING_DAYS

    def utc_offset_seconds(self, instant: datetime) -> float:
        """Return the offset of local time from UTC at an aware instant, in seconds."""
        offset = instant.astimezone(self.timezone).utcoffset()
        return 0.0 if offset is None else offset.total_seconds()

    def local_day(self, instant: datetime) -> date:
        """Return the local date at an aware instant."""
        return instant.astimezone(self.timezone).date()

    def day_kind(self, day: date) -> DayKind:
        """Return the kind of a local day; a weekend is a weekend in the holidays, too."""
        if day.weekday() >= _SATURDAY:
            return DayKind.WEEKEND
        if day in self._public:
            return DayKind.PUBLIC_HOLIDAY
        if day in self._holidays:
            return DayKind.SCHOOL_HOLIDAY
        return DayKind.SCHOOL_DAY if self._first_day <= day <= self.data_ends else DayKind.UNKNOWN

    def in_lessons(
        self, school_type: str, instant: datetime, days_off: Collection[date] = ()
    ) -> bool:
        """Return whether schools of a type have lessons at an aware instant.

        `days_off` are a school's own local days without lessons.
        """
        local = instant.astimezone(self.timezone)
        if local.date() in days_off or not self._has_lessons(local.date()):
            return False
        clock = local.time()
        return any(
            local.weekday() in period.weekdays and period.starts <= clock < period.ends
            for period in self._lessons.get(school_type, ())
        )

    def knows_lessons(self, school_type: str) -> bool:
        """Return whether the hours of lessons of a type of school are configured."""
        return school_type in self._lessons

    def lessons_on(self, school_type: str, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """Return a local day's lesson hours as pairs of UTC instants, the ends excluded."""
        if not self._has_lessons(day):
            return ()
        return tuple(
            (
                datetime.combine(day, period.starts, self.timezone).astimezone(UTC),
                datetime.combine(day, period.ends, self.timezone).astimezone(UTC),
            )
            for period in self._lessons.get(school_type, ())
            if day.weekday() in period.weekdays
        )

    def bounds_of_day(self, day: date) -> tuple[datetime, datetime]:
        """Return the UTC instants at which a local day and the next one begin."""
        midnight = datetime.min.time()
        begin = datetime.combine(day, midnight, self.timezone).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), midnight, self.timezone).astimezone(UTC)
        return begin, end

    def _has_lessons(self, day: date) -> bool:
        # The configuration decides about lessons on Saturdays; the kind of day is for people.
        return day not in self._public and day not in self._holidays
