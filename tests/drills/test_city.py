"""The real daemon on a simulated city with faults, every notification counted to the end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.drills import faults
from tests.drills.course import EXPECTED, LINES, Course, all_is_notified, holds
from tests.drills.pace import Pace
from tests.drills.services import Services
from tests.drills.stack import running_stack
from tests.drills.town import School, Town

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.heavy]

MORNING = "2026-09-09T09:00:00+02:00"
HOLIDAY = "2026-07-29T09:00:00+02:00"
MORNING_DRILLS = (
    faults.one_uplink_dies,
    faults.one_switch_dies,
    faults.switches_fall_silent_before_their_uplink,
    faults.a_provider_fails,
    faults.a_line_flaps,
    faults.packets_are_lost,
    faults.round_trips_take_three_times_as_long,
    faults.a_certificate_ends_soon,
    faults.names_do_not_resolve,
    faults.a_website_answers_503_and_then_refuses,
    faults.a_switch_answers_pings_alone,
    faults.a_switch_restarts,
    faults.a_port_receives_damaged_packets,
    faults.a_switch_runs_out_of_power,
    faults.interfaces_are_renumbered,
    faults.a_planned_site_is_silent,
    faults.work_is_announced,
    faults.a_line_dies_outside_lessons,
    faults.a_line_comes_up_below_its_contract,
)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Run both servers, both working."""
    running = Services(tmp_path)
    try:
        running.serve_certificate(days=90)
        running.answer_with(running.site_port, 200)
        running.answer_names()
        yield running
    finally:
        running.close()


def morning_schools(services: Services) -> Sequence[School]:
    """Return the schools of the morning; each drill has its own schools and provider."""
    url = f'"https://127.0.0.1:{services.web_port}/"'
    website = (
        "checks:",
        f"  website: {{kind: http, url: {url}, verify: false, redirects: 0, timeout: 40s}}",
    )
    site = f'"http://127.0.0.1:{services.site_port}/"'
    shop = ("checks:", f"  laden: {{kind: http, url: {site}, redirects: 0, timeout: 40s}}")
    server = f"server: 127.0.0.1, port: {services.dns_port}"
    names = ("checks:", f"  names: {{kind: dns, {server}, name: schule.example, timeout: 40s}}")
    works = (
        "maintenance:",
        "  - {starts: 2026-09-09 08:00, ends: 2026-09-09 20:00, reason: new router}",
    )
    seldom = ("interfaces: {interval: 5m}",)
    return (
        School("goethe", "line-a", switches=12),
        School("natorp", "line-b", switches=4),
        School("hustadt", "line-c", switches=4),
        School("flattern", "line-d"),
        School("verlust", "line-e"),
        School("grumme", "line-f"),
        School("zeugnis", "line-g", lines=website),
        School("namen", "line-h", lines=names),
        School("laden", "line-r", lines=shop),
        School("stumm", "line-s", switches=1),
        School("neustart", "line-i", switches=2),
        School("kabel", "line-j", switches=1),
        School("strom", "line-q", switches=1),
        School("umzug", "line-k", switches=2),
        School("geplant", "line-l"),
        School("baustelle", "line-m", lines=works),
        School("abend", "line-n", type="Abendschule"),
        School("langsam", "line-o"),
        # Thirty lines of one provider must not be half the city: that would look like our own
        # isolation.
        School("uebrige", "line-p", lines=seldom, sites=40),
        *(School(line, "gross", lines=seldom) for line in LINES),
    )


@pytest.mark.thorough
async def test_each_fault_of_a_morning_is_notified_exactly_as_specified(
    tmp_path: Path, services: Services
) -> None:
    town = Town(
        tmp_path,
        morning_schools(services),
        MORNING,
        planned=frozenset({"geplant"}),
        faults={"uplink-down@geplant"},
    )
    history = week_of_round_trips("grumme", 0.007, town.pace)
    async with town.devices(), running_stack(town, tmp_path, history) as stack:
        courses = {drill.__name__: Course(town, stack, services) for drill in MORNING_DRILLS}
        await asyncio.gather(*(drill(courses[drill.__name__]) for drill in MORNING_DRILLS))
        await all_is_notified(courses, stack, 7_000)
        await holds(courses, stack)


@pytest.mark.thorough
async def test_a_holiday_and_our_own_isolation_page_for_no_school(tmp_path: Path) -> None:
    schools = [School(f"schule-{number}", f"line-{number % 2}") for number in range(8)]
    town = Town(tmp_path, [School("ferien", "line-c"), *schools], HOLIDAY)
    async with town.devices(), running_stack(town, tmp_path) as stack:
        courses = {
            drill.__name__: Course(town, stack)
            for drill in (faults.a_line_dies_in_the_holidays, faults.the_monitors_own_line_dies)
        }
        for drill in (faults.a_line_dies_in_the_holidays, faults.the_monitors_own_line_dies):
            await drill(courses[drill.__name__])
            await town.pace.pause(480)
        await all_is_notified(courses, stack, 1_200)
        await holds(courses, stack)
        assert stack.counted.table(["line-0", "line-1", *(one.id for one in schools)]) == Counter()


@pytest.mark.thorough
async def test_a_killed_daemon_neither_resolves_nor_repeats_an_outage(tmp_path: Path) -> None:
    town = Town(tmp_path, [School("tot", "line-a"), School("gesund", "line-b")], MORNING)
    async with town.devices(), running_stack(town, tmp_path) as stack:
        courses = {"the_daemon_is_killed": Course(town, stack)}
        await town.breaks("uplink-down@tot")
        await town.pace.pause(300)
        await faults.the_daemon_is_killed(courses["the_daemon_is_killed"])
        await town.pace.pause(420)
        assert stack.counted.table(["tot"]) == Counter({("page", "UplinkDown", "begins"): 1})
        await town.mends("uplink-down@tot")
        await all_is_notified(courses, stack, 600)
        await holds(courses, stack)
        told = {("page", "UplinkDown", "begins"): 1, ("page", "UplinkDown", "ends"): 1}
        assert stack.counted.table(["tot"]) == Counter(told)
        assert stack.counted.table(["gesund"]) == Counter()


@pytest.mark.thorough
async def test_a_prometheus_restart_neither_resolves_nor_repeats_an_outage(tmp_path: Path) -> None:
    """Prometheus scrapes 5 s after its start at any pace, so this cannot be much faster."""
    town = Town(tmp_path, [School("neubeginn", "line-a")], MORNING, pace=Pace(6))
    async with town.devices(), running_stack(town, tmp_path) as stack:
        courses = {"prometheus_is_restarted": Course(town, stack)}
        await faults.prometheus_is_restarted(courses["prometheus_is_restarted"])
        await all_is_notified(courses, stack, 600)
        await holds(courses, stack)


def test_every_drill_has_its_expected_notifications() -> None:
    drills = {name for name, found in vars(faults).items() if name in EXPECTED and callable(found)}
    assert drills == set(EXPECTED)


def week_of_round_trips(school: str, seconds: float, pace: Pace) -> str:
    """Return a week of a line's round-trip times in OpenMetrics text, at the accelerated pace."""
    name, now, week = "site:uplink_rtt_seconds:mean5m", time.time(), 7 * 86_400 / pace.factor
    samples = (
        f'{name}{{school="{school}",site="main"}} {seconds} {now - week * (1 - step / 2_000):.3f}'
        for step in range(2_000)
    )
    return "\n".join([*samples, "# EOF", ""])
