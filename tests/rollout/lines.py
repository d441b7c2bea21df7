"""A school with one line, its calendar, and what the tests of campaigns share."""

from __future__ import annotations

from datetime import time

from monitor.calendar.school_days import SchoolCalendar
from monitor.inventory.city import (
    Calendar,
    Contract,
    Inventory,
    LessonPeriod,
    Location,
    School,
    Site,
    Throughput,
    Uplink,
)

SITE = "goethe/main"
MEGABIT = 1_000_000
LESSONS = (LessonPeriod((0, 1, 2, 3, 4), time(7, 45), time(15, 30)),)
SETTINGS = Throughput("iperf3", "192.0.2.1", bytes_per_day=400_000_000)
CONTRACT = Contract(
    "provider-a",
    *(10 * MEGABIT, 10 * MEGABIT),
    *(9 * MEGABIT, 9 * MEGABIT),
    *(5 * MEGABIT, 5 * MEGABIT),
    0.99,
)


def school(name: str = "goethe", settings: Throughput | None = SETTINGS) -> School:
    uplink = Uplink("192.0.2.1", CONTRACT, (), throughput=settings)
    site = Site("main", Location(51.48, 7.22), uplink, ())
    return School(name, "1", name.title(), "Gymnasium", "Mitte", (site,))


def city(*schools: School) -> Inventory:
    calendar = Calendar("Europe/Berlin", "NW", {"Gymnasium": LESSONS})
    return Inventory("Bochum", calendar, {}, (), schools or (school(),))


def lessons() -> SchoolCalendar:
    return SchoolCalendar(city().calendar)
