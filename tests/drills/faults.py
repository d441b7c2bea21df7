"""The faults of a drill, one function each: break something, wait, and repair it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.drills.course import LINES

if TYPE_CHECKING:
    from tests.drills.course import Course


async def one_uplink_dies(course: Course) -> None:
    await course.breaks_for(480, "uplink-down@goethe")


async def one_switch_dies(course: Course) -> None:
    await course.breaks_for(900, "switch-down@natorp/switch-03")


async def switches_fall_silent_before_their_uplink(course: Course) -> None:
    """As if the schedule reached the switches first: they are silent for half a minute."""
    switches = [f"switch-down@hustadt/switch-{number:02}" for number in (1, 2, 3, 4)]
    await course.town.breaks(*switches)
    await course.pause(30)
    await course.breaks("uplink-down@hustadt")
    await course.pause(480)
    await course.mends("uplink-down@hustadt", *switches)


async def a_provider_fails(course: Course) -> None:
    """Thirty lines go down within ten seconds and come back within ten."""
    lines = [f"uplink-down@{line}" for line in LINES]
    for part in (lines[:10], lines[10:20], lines[20:]):
        await course.breaks(*part)
        await course.pause(5)
    await course.pause(480)
    for part in (lines[:10], lines[10:20], lines[20:]):
        await course.mends(*part)
        await course.pause(5)


async def a_line_flaps(course: Course) -> None:
    for _ in range(4):
        await course.breaks_for(100, "uplink-down@flattern")
        await course.pause(60)


async def packets_are_lost(course: Course) -> None:
    await course.breaks_for(1500, "lossy@verlust")


async def round_trips_take_three_times_as_long(course: Course) -> None:
    await course.breaks_for(1800, "slow@grumme")


async def a_certificate_ends_soon(course: Course) -> None:
    assert course.services is not None
    course.begun = time.monotonic()
    course.services.serve_certificate(days=5)
    await course.pause(1000)
    course.services.serve_certificate(days=90)
    course.mended = time.monotonic()


async def names_do_not_resolve(course: Course) -> None:
    assert course.services is not None
    course.begun = time.monotonic()
    course.services.refuse_names()
    await course.pause(800)
    course.services.answer_names()
    course.mended = time.monotonic()


async def a_website_answers_503_and_then_refuses(course: Course) -> None:
    assert course.services is not None
    course.begun = time.monotonic()
    course.services.answer_with(course.services.site_port, 503)
    await course.pause(500)
    course.services.answer_with(course.services.site_port, None)
    await course.pause(500)
    course.services.answer_with(course.services.site_port, 200)
    course.mended = time.monotonic()


async def a_switch_answers_pings_alone(course: Course) -> None:
    await course.breaks_for(1100, "snmp-silent@stumm/switch-01")


async def a_switch_restarts(course: Course) -> None:
    await course.breaks("rebooted@neustart/switch-02")


async def a_port_receives_damaged_packets(course: Course) -> None:
    await course.breaks_for(1900, "port-errors@kabel/switch-01")


async def a_switch_runs_out_of_power(course: Course) -> None:
    await course.breaks_for(1400, "poe-budget@strom/switch-01")


async def interfaces_are_renumbered(course: Course) -> None:
    await course.breaks("renumbered@umzug/switch-02")


async def a_planned_site_is_silent(course: Course) -> None:
    assert "uplink-down@geplant" in course.town.faults
    await course.pause(600)


async def work_is_announced(course: Course) -> None:
    await course.breaks_for(480, "uplink-down@baustelle")


async def a_line_dies_outside_lessons(course: Course) -> None:
    await course.breaks_for(480, "uplink-down@abend")


async def a_line_comes_up_below_its_contract(course: Course) -> None:
    await course.breaks_for(1400, "slow-port@langsam")


async def a_line_dies_in_the_holidays(course: Course) -> None:
    await course.breaks_for(480, "uplink-down@ferien")


async def the_monitors_own_line_dies(course: Course) -> None:
    await course.breaks_for(600, "isolated")


async def the_daemon_is_killed(course: Course) -> None:
    """While a line is down that was already notified: that outage neither ends nor starts again."""
    course.begun = time.monotonic()
    await course.stack.kill_daemon()
    await course.pause(300)
    await course.stack.start_daemon()
    course.mended = time.monotonic()


async def prometheus_is_restarted(course: Course) -> None:
    """During an outage, which is notified once and resolved once."""
    await course.breaks("uplink-down@neubeginn")
    await course.pause(240)
    await course.stack.kill_prometheus()
    await course.pause(10)
    await course.stack.start_prometheus()
    await course.pause(600)
    await course.mends("uplink-down@neubeginn")
