"""A school with one line, its calendar, and what the tests of campaigns share."""

from __future__ import annotations

from datetime import time

from monitor.calendar.school_days import SchoolCalendar
from monitor.inventory.city import (
    Calendar,
    Inventory,
    LessonPeriod,
    School,
    Throughput,
)
from tests import build

SITE = "goethe/main"
MEGABIT = 1_000_000
LESSONS = (LessonPeriod((0, 1, 2, 3, 4), time(7, 45), time(15, 30)),)
SETTINGS = Throughput("iperf3", "192.0.2.1", bytes_per_day=400_000_000)
CONTRACT = build.contract(10 * MEGABIT, normal=0.9, minimum=0.5, provider="provider-a")


def contracted_school(name: str = "goethe", settings: Throughput | None = SETTINGS) -> School:
    uplink = build.uplink(contract=CONTRACT, throughput=settings)
    return build.school(name, build.site(uplink=uplink))


def city_with_lessons(*schools: School) -> Inventory:
    calendar = Calendar("Europe/Berlin", "NW", {"Gymnasium": LESSONS})
    return build.city(*(schools or (contracted_school(),)), calendar=calendar)


def lessons() -> SchoolCalendar:
    return SchoolCalendar(city_with_lessons().calendar)
