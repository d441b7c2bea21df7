"""Which days are school days, and when lessons are held, in the city's local time.

Public holidays come from the `holidays` package; school holidays are data shipped with the
product, which run out one day: `days_left` tells when. Days beyond the data are of unknown
kind and count as school days, because a page too many is better than an outage unseen.

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

from holidays import country_holidays

if TYPE_CHECKING:
    from monitor.inventory import Calendar

WARNING_DAYS = 90
"""The calendar asks for new data so many days before the shipped ones run out."""

_SATURDAY = 5


class CalendarError(Exception):
    """The calendar cannot be built; the message is a sentence for a person."""


class DayKind(StrEnum):
    """What a local day is to the schools."""

    SCHOOL_DAY = "school_day"
    WEEKEND = "weekend"
    PUBLIC_HOLIDAY = "public_holiday"
    SCHOOL_HOLIDAY = "school_holiday"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SchoolHoliday:
    """One spell of school holidays, first and last day included."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class SchoolHolidays:
    """A state's decreed school holidays, complete from `first_day` to `last_day`."""

    state: str
    first_day: date
    last_day: date
    spells: tuple[SchoolHoliday, ...]
    sources: tuple[str, ...]


def shipped_holidays(state: str) -> SchoolHolidays:
    """Return the school holidays shipped for a state (ISO 3166-2:DE, with or without `DE-`).

    Raises:
        CalendarError: if no data are shipped for that state.
    """
    short = state.upper().removeprefix("DE-")
    shipped = resources.files("monitor.data")
    names = {entry.name for entry in shipped.iterdir()}
    name = f"school_holidays_{short.lower()}.json"
    if name not in names:
        raise CalendarError(f"no school holidays are shipped for the state {state!r}; NW is")
    document = json.loads(shipped.joinpath(name).read_text("utf-8"))
    return SchoolHolidays(
        state=document["state"],
        first_day=date.fromisoformat(document["first_day"]),
        last_day=date.fromisoformat(document["last_day"]),
        spells=tuple(
            SchoolHoliday(
                f"{spell['name']} {spell['year']}",
                date.fromisoformat(spell["first"]),
                date.fromisoformat(spell["last"]),
            )
            for spell in document["holidays"]
        ),
        sources=tuple(document["sources"]),
    )


class SchoolCalendar:
    """The city's school days and lesson hours.

    Raises:
        CalendarError: if no school holidays are shipped for the calendar's state.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.timezone = ZoneInfo(calendar.timezone)
        self._lessons = calendar.lessons
        self._school = shipped_holidays(calendar.state)
        self._public = country_holidays("DE", subdiv=self._school.state)
        self._holiday_of: dict[date, str] = {}
        for spell in self._school.spells:
            for offset in range((spell.last - spell.first).days + 1):
                self._holiday_of[spell.first + timedelta(days=offset)] = spell.name

    @property
    def data_ends(self) -> date:
        """Return the last day whose school holidays are known."""
        return self._school.last_day

    def days_left(self, instant: datetime) -> int:
        """Return how many days the data last after the local day of an instant; may be negative."""
        return (self.data_ends - self.local_day(instant)).days

    def is_running_out(self, instant: datetime) -> bool:
        """Return whether the data end within `WARNING_DAYS`."""
        return self.days_left(instant) <= WARNING_DAYS

    def local_day(self, instant: datetime) -> date:
        """Return the local date at an aware instant."""
        return instant.astimezone(self.timezone).date()

    def day_kind(self, day: date) -> DayKind:
        """Return what a local day is; a weekend is a weekend in the holidays, too."""
        if day.weekday() >= _SATURDAY:
            return DayKind.WEEKEND
        if day in self._public:
            return DayKind.PUBLIC_HOLIDAY
        if not self._school.first_day <= day <= self._school.last_day:
            return DayKind.UNKNOWN
        return DayKind.SCHOOL_HOLIDAY if day in self._holiday_of else DayKind.SCHOOL_DAY

    def day_name(self, day: date) -> str:
        """Return the name of a local day's holiday, public before school; empty without one."""
        return self._public.get(day) or self._holiday_of.get(day, "")

    def in_lessons(self, school_type: str, instant: datetime) -> bool:
        """Return whether schools of a type have lessons at an aware instant."""
        local = instant.astimezone(self.timezone)
        if not self._has_lessons(local.date()):
            return False
        clock = local.time()
        return any(
            local.weekday() in period.weekdays and period.starts <= clock < period.ends
            for period in self._lessons.get(school_type, ())
        )

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
        """Return the UTC instants at which a local day begins and the next one does."""
        midnight = datetime.min.time()
        begin = datetime.combine(day, midnight, self.timezone).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), midnight, self.timezone).astimezone(UTC)
        return begin, end

    def minutes_of_day(self, day: date) -> int:
        """Return how many minutes a local day has: 1440, or 1380 and 1500 on the DST days."""
        begin, end = self.bounds_of_day(day)
        return (end - begin) // timedelta(minutes=1)

    def _has_lessons(self, day: date) -> bool:
        # Lessons on a Saturday are the configuration's to say; the kind of day is for people.
        if day in self._public or day in self._holiday_of:
            return False
        return self.day_kind(day) in {DayKind.SCHOOL_DAY, DayKind.WEEKEND, DayKind.UNKNOWN}
