from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import time as clock_time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.calendar.maintenance import MaintenanceBook
from monitor.calendar.school_days import SchoolCalendar
from monitor.exposition.inventory_info import render_school
from monitor.exposition.verdicts import SCHOOL_METRICS, VerdictRenderer, city_blocks
from monitor.inventory.city import Calendar, Inventory, LessonPeriod
from monitor.verdict import VerdictBoard
from tests.verdict.world import BEGIN, World, moment, numbered_city, numbered_school

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

LESSONS = Calendar(
    "Europe/Berlin",
    "NW",
    {"Gymnasium": (LessonPeriod((0, 1, 2, 3, 4), clock_time(7), clock_time(15)),)},
)


def samples(blocks: Mapping[str, Mapping[str, bytes]]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for name, texts in blocks.items():
        for family, text in texts.items():
            for metric in text_string_to_metric_families(text.decode()):
                for sample in metric.samples:
                    assert sample.name == family
                    assert sample.labels.get("school", "") == name
                    found[family, "/".join(sample.labels.values())] = sample.value
    return found


def run_world(inventory: Inventory, until: float, **outages: list[tuple[float, float]]) -> World:
    phases = {check.id: index * 0.07 % 0.95 for index, check in enumerate(inventory.checks())}
    dead = {tuple(name.split("_")): spells for name, spells in outages.items()}
    world = World(inventory, lambda check: phases[check.id], {(a, b): dead[a, b] for a, b in dead})
    world.run(until)
    return world


def test_verdicts_are_written_and_unknown_has_no_up(tmp_path: Path) -> None:
    inventory = replace(numbered_city(schools=3, switches=2), calendar=LESSONS)
    world = run_world(inventory, 400, s0_router=[(100, 9e9)], s1_sw1=[(100, 9e9)])
    now = BEGIN + timedelta(seconds=400)
    book = MaintenanceBook(tmp_path, inventory)
    book.add("s1", now, now + timedelta(hours=1), "fibre", now=now)
    calendar = SchoolCalendar(LESSONS)
    blocks = VerdictRenderer().blocks(world.board, inventory, calendar, book, now)
    found = samples({**blocks, "": city_blocks(world.board, calendar, book, now)})

    assert found["school_uplink_up", "s0/main"] == 0
    assert found["school_uplink_up", "s1/main"] == 1
    assert ("school_switch_up", "s0/main/sw0") not in found
    assert found["school_switch_state", "s0/main/sw0/unknown"] == 1
    assert found["school_switch_state", "s0/main/sw0/up"] == 0
    assert found["school_switch_cause_info", "s0/main/sw0/behind_uplink"] == 1
    assert found["school_switch_up", "s1/main/sw1"] == 0
    since = found["school_uplink_state_since_timestamp_seconds", "s0/main"]
    assert 100 <= since - BEGIN.timestamp() <= 160
    assert found["school_in_lessons", "s0"] == 1
    assert found["school_maintenance", "s0"] == 0
    assert found["school_maintenance", "s1"] == 1
    ends = found["school_maintenance_ends_timestamp_seconds", "s1"]
    assert ends == (now + timedelta(hours=1)).timestamp()
    assert found["monitor_isolated", ""] == 0
    assert found["monitor_references_answering", ""] == 3
    assert found["monitor_line_state", "up"] == 1
    assert found["school_calendar_day", "school_day"] == 1
    assert found["school_calendar_day", "weekend"] == 0
    assert found["school_calendar_running_out", ""] == 0


def test_every_family_has_an_entry_per_school_so_old_lines_disappear(tmp_path: Path) -> None:
    inventory = replace(numbered_city(schools=2, switches=1), calendar=LESSONS)
    board = VerdictBoard(inventory, moment(0))
    book = MaintenanceBook(tmp_path, inventory)
    blocks = VerdictRenderer().blocks(board, inventory, SchoolCalendar(LESSONS), book, BEGIN)
    for name in ("s0", "s1"):
        assert blocks[name].keys() == {metric.name for metric in SCHOOL_METRICS}
        assert blocks[name]["school_uplink_up"] == b""
        assert blocks[name]["school_maintenance_ends_timestamp_seconds"] == b""


def test_a_provider_outage_joins_its_sites_whatever_its_name_length(tmp_path: Path) -> None:
    inventory = replace(numbered_city(schools=1, switches=1), calendar=LESSONS)
    one = inventory.schools[0]
    uplink = one.sites[0].uplink
    assert uplink.contract is not None
    named = replace(uplink, contract=replace(uplink.contract, provider='"Netz" ' * 40))
    one = replace(one, sites=(replace(one.sites[0], uplink=named),))
    inventory = replace(inventory, schools=(one,))
    board = VerdictBoard(inventory, moment(0))
    book = MaintenanceBook(tmp_path, inventory)
    outage = city_blocks(board, SchoolCalendar(LESSONS), book, BEGIN)["school_provider_outage"]
    [written] = re.findall(rb'provider="(?:[^"\\]|\\.)*"', outage)
    assert written in render_school(one)["school_site_info"]


@pytest.mark.integration
def test_promtool_accepts_the_verdict_metrics(tmp_path: Path) -> None:
    assert shutil.which("promtool"), "apt-get install prometheus"
    inventory = replace(numbered_city(schools=3, switches=2), calendar=LESSONS)
    world = run_world(inventory, 300)
    book = MaintenanceBook(tmp_path, inventory)
    blocks = VerdictRenderer().blocks(world.board, inventory, SchoolCalendar(LESSONS), book, BEGIN)
    text = "".join(
        f"# HELP {family} Test.\n# TYPE {family} gauge\n{lines}"
        for family in sorted({family for texts in blocks.values() for family in texts})
        if (lines := b"".join(texts.get(family, b"") for texts in blocks.values()).decode())
    )
    found = subprocess.run(
        ["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_the_whole_city_is_written_down_to_its_last_switch(tmp_path: Path) -> None:
    """90 uplinks and 990 switches."""
    schools = tuple(numbered_school(number, 11) for number in range(90))
    inventory = replace(numbered_city(0, 0), schools=schools, calendar=LESSONS)
    calendar = SchoolCalendar(LESSONS)
    book = MaintenanceBook(tmp_path, inventory)
    world = run_world(inventory, 130)
    blocks = VerdictRenderer().blocks(world.board, inventory, calendar, book, BEGIN)
    switches = [blocks[one.id]["school_switch_up"] for one in schools]
    assert {len(text.splitlines()) for text in switches} == {11}


def test_an_incremental_renderer_writes_the_same_as_a_new_one(tmp_path: Path) -> None:
    inventory = replace(numbered_city(schools=3, switches=2), calendar=LESSONS)
    calendar = SchoolCalendar(LESSONS)
    book = MaintenanceBook(tmp_path, inventory)
    renderer = VerdictRenderer()
    seen = []
    shown: dict[str, Mapping[str, bytes]] = {}
    for until in (0, 90, 400, 700):
        # The line of s0 goes down and comes back; one switch of s1 stays down.
        world = run_world(inventory, until, s0_router=[(100, 450)], s1_sw1=[(100, 9e9)])
        now = BEGIN + timedelta(seconds=until)
        shown |= renderer.blocks(world.board, inventory, calendar, book, now)
        assert shown == VerdictRenderer().blocks(world.board, inventory, calendar, book, now)
        seen.append(samples(shown).get(("school_uplink_up", "s0/main")))
    assert seen == [None, 1, 0, 1]


def test_only_changed_schools_are_rendered_again(tmp_path: Path) -> None:
    inventory = replace(numbered_city(schools=3, switches=2), calendar=LESSONS)
    calendar, book = SchoolCalendar(LESSONS), MaintenanceBook(tmp_path, inventory)
    renderer = VerdictRenderer()
    now = BEGIN + timedelta(seconds=400)
    world = run_world(inventory, 400)

    def written(at: datetime = now) -> set[str]:
        return set(renderer.blocks(world.board, inventory, calendar, book, at))

    assert written() == {"s0", "s1", "s2"}
    assert written() == set()
    book.add("s1", now, now + timedelta(hours=1), "fibre", now=now)
    assert written() == {"s1"}
    assert written(now + timedelta(hours=1)) == {"s1"}
    after_school = now.replace(hour=22)
    assert written(after_school) == {"s0", "s1", "s2"}
    world = run_world(inventory, 400, s2_sw1=[(100, 9e9)])
    assert written(after_school) == {"s2"}


def test_a_renderer_forgets_removed_schools(tmp_path: Path) -> None:
    inventory = replace(numbered_city(schools=2, switches=1), calendar=LESSONS)
    smaller = replace(inventory, schools=inventory.schools[:1])
    calendar, book = SchoolCalendar(LESSONS), MaintenanceBook(tmp_path, inventory)
    renderer, board = VerdictRenderer(), VerdictBoard(inventory, moment(0))
    renderer.blocks(board, inventory, calendar, book, BEGIN)
    board.reconfigure(smaller, moment(1))
    blocks = renderer.blocks(board, smaller, calendar, book, BEGIN)
    assert set(blocks) == set()
    assert set(renderer.blocks(board, inventory, calendar, book, BEGIN)) == {"s1"}
