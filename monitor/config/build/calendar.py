"""The city's calendar: time zone, holidays, lessons; rejected if the daemon could not build it.

Must not know: which days are school days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calendar.machine_zone import machine_zone
from monitor.calendar.school_days import CalendarError, SchoolCalendar
from monitor.config.shape.units import time_zone
from monitor.config.tree.places import mark_of
from monitor.config.tree.problems import listed, suggestion
from monitor.inventory.city import Calendar, Holidays, LessonPeriod

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.config.shape.rules import CityRules, LessonRules
    from monitor.config.tree.problems import Findings
    from monitor.config.tree.text import Node

# Summer holidays last three months in some countries; a year is a mistyped date.
_LONGEST_DAYS = 200
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def calendar_of(
    city: CityRules | None,
    rules: Mapping[str, list[LessonRules]],
    root: Node,
    findings: Findings,
) -> Calendar:
    """Return the calendar; add a problem for whatever makes it unusable."""
    lessons = {name: tuple(map(_period, periods)) for name, periods in rules.items()}
    if city is None:
        return Calendar("UTC", "", lessons)
    zone = city.timezone or machine_zone()
    if time_zone(zone) is None:  # already reported; the rest is checked anyway
        zone = "UTC"
    spells = []
    for index, one in enumerate(city.holidays):
        days = (one.last - one.first).days + 1
        if 1 <= days <= _LONGEST_DAYS:
            spells.append(Holidays(one.name, one.first, one.last))
            continue
        findings.add(
            mark_of(root, ("city", "holidays", index, "to")),
            f"{one.last} is not within {_LONGEST_DAYS} days from {one.first} on",
            f"allowed: the last day, at most {_LONGEST_DAYS} days in all",
        )
    calendar = Calendar(
        zone,
        city.state,
        lessons,
        city.country,
        tuple(spells),
        frozenset(city.days_off),
        is_machine_zone=not city.timezone,
    )
    try:
        SchoolCalendar(calendar)
    except CalendarError as error:
        given = city.country if error.key == "country" else city.state
        cure = listed(error.known) if error.known else "leave it out"
        hint = suggestion(given, error.known)
        findings.add(mark_of(root, ("city", error.key)), str(error), cure, hint)
    return calendar


def _period(rules: LessonRules) -> LessonPeriod:
    days = sorted({_WEEKDAYS.index(day) for day in rules.weekdays})
    starts, ends = rules.hours
    return LessonPeriod(tuple(days), starts, ends)
