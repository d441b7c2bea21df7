"""The city's calendar: time zone, holidays, lessons; refused if the daemon could not build it.

Must not know: which days are school days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calendar.school_days import CalendarError, SchoolCalendar
from monitor.config.shape.units import time_zone
from monitor.config.tree.places import mark_of
from monitor.config.tree.problems import listed, suggestion
from monitor.inventory.city import Calendar, Holidays

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.config.shape.rules import CityRules
    from monitor.config.tree.problems import Findings
    from monitor.config.tree.text import Node
    from monitor.inventory.city import LessonPeriod

# Summer holidays last three months in some countries; a year is a mistyped date.
_LONGEST_DAYS = 200
_STATES_NEEDED = frozenset({"DE"})


def calendar_of(
    city: CityRules | None,
    lessons: Mapping[str, tuple[LessonPeriod, ...]],
    root: Node,
    findings: Findings,
) -> Calendar:
    """Return the calendar; add a problem for whatever keeps it from being used."""
    if city is None:
        return Calendar("UTC", "", lessons)
    spells = tuple(Holidays(one.name, one.first, one.last) for one in city.holidays)
    calendar = Calendar(
        city.timezone, city.state, lessons, city.country, spells, frozenset(city.days_off)
    )
    has_every_end = True
    for index, spell in enumerate(spells):
        days = (spell.last - spell.first).days + 1
        if not 1 <= days <= _LONGEST_DAYS:
            has_every_end = False
            findings.add(
                mark_of(root, ("city", "holidays", index, "to")),
                f"{spell.last} is not within {_LONGEST_DAYS} days from {spell.first} on",
                f"allowed: the last day, at most {_LONGEST_DAYS} days in all",
            )
    if city.country in _STATES_NEEDED and not city.state:
        findings.add(
            mark_of(root, ("city",)),
            f"each state of {city.country} has its own holidays, and the city names none",
            "give state, such as NW",
        )
    elif has_every_end and time_zone(city.timezone) is not None:
        try:
            SchoolCalendar(calendar)
        except CalendarError as error:
            given = city.country if error.key == "country" else city.state
            cure = listed(error.known) if error.known else "leave it out"
            hint = suggestion(given, error.known)
            findings.add(mark_of(root, ("city", error.key)), str(error), cure, hint)
    return calendar
