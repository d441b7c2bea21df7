"""From observations to the ledger: what is recorded of outages, above all our own."""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.availability.minutes import minute_of
from monitor.availability.records import MINUTES, SCOPE, TRANSITION, read_minutes, read_transition
from monitor.calendar.maintenance import MaintenanceBook
from monitor.ledger.reader import open_reader
from monitor.observation import State
from monitor.verdict import Cause
from tests.exposition.support import exact_names
from tests.integration.running import Town, series, value
from tests.modelled import Network, inventory_of, running
from tests.virtual_time import START, run_virtually

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from monitor.availability.records import Transition

TOWN = Town(161, {"voede": 1, "goethe": 2, "kant": 3, "natorp": 4, "kortum": 5}, switches=1, pace=5)
DEAD = "127.82.2.1"


def transitions(folder: Path) -> list[Transition]:
    with open_reader(folder / "ledger.sqlite") as reader:
        assert reader.verify().ok
        since = START - timedelta(days=1)
        return [read_transition(one.entry) for one in reader.entries(TRANSITION, since=since)]


def states(folder: Path, site: str) -> list[State]:
    return [one.state for one in transitions(folder) if one.site == site]


def test_an_outage_is_recorded_with_its_start(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
            await asyncio.sleep(100)
            one.network.dead.add(DEAD)
            await asyncio.sleep(100)
            one.network.dead.clear()
            await asyncio.sleep(20)

    run_virtually(main())
    assert states(tmp_path, "goethe/main") == [State.UP, State.DOWN, State.UP]
    down = next(one for one in transitions(tmp_path) if one.state is State.DOWN)
    assert abs((down.since - START).total_seconds() - 100) < 5
    assert 60 <= (down.at - down.since).total_seconds() < 75
    assert states(tmp_path, "voede/main") == [State.UP]


def test_a_stop_after_eight_minutes_records_the_settled_ones(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)):
            await asyncio.sleep(8 * 60)

    run_virtually(main())
    first = minute_of(START)
    with open_reader(tmp_path / "ledger.sqlite") as reader:
        since = START - timedelta(days=1)
        kept = [one.entry for kind in (SCOPE, MINUTES) for one in reader.entries(kind, since=since)]
    codes = read_minutes(kept, range(first, first + 8))
    # The first minute begins unknown; the last five could still be changed by a verdict.
    assert codes["goethe/main"] == b"uuu-----"


def test_a_log_line_says_each_thing_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
            await asyncio.sleep(100)
            one.network.dead.add(DEAD)
            await asyncio.sleep(100)

    logger = "monitor.daemon.consumers.verdict_output"
    with caplog.at_level(logging.INFO, logger):
        run_virtually(main())
    said = [record.getMessage() for record in caplog.records if record.name == logger]
    assert any(": up (answers) since " in line for line in said)
    assert any(": down (no_answer) since " in line and "no reply from" in line for line in said)
    for line in said:
        for cause in Cause:
            assert len(re.findall(rf"\b{cause}\b", line)) <= 1, line


def test_no_school_is_down_while_the_monitor_is_isolated(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
            await asyncio.sleep(100)
            one.network.is_cut = True
            await asyncio.sleep(900)
            samples = exact_names(await one.text())
            assert value(samples, "monitor_isolated") == 1
            assert not series(samples, "school_uplink_up")
            causes = series(samples, "school_uplink_cause_info", cause="isolated")
            assert len(causes) == len(TOWN.schools)
            assert value(samples, "monitor_line_state", state="down") == 1
            assert one.daemon.status().root_causes == ("the monitor",)
            one.network.is_cut = False
            await asyncio.sleep(120)
            samples = exact_names(await one.text())
            assert value(samples, "monitor_isolated") == 0
            assert set(series(samples, "school_uplink_up").values()) == {1.0}

    run_virtually(main())
    for school in TOWN.schools:
        assert states(tmp_path, f"{school}/main") == [State.UP, State.UNKNOWN, State.UP], school


def test_a_school_dead_at_the_start_is_not_down_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        network = Network(dead={DEAD})
        async with running(tmp_path, inventory_of(tmp_path, TOWN), network):
            await asyncio.sleep(55)
        assert State.DOWN not in states(tmp_path, "goethe/main")

    run_virtually(main())


def test_a_removed_school_leaves_the_minute_records_and_an_added_one_joins(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
            await asyncio.sleep(700)
            before = series(exact_names(await one.text()), "school_minutes_total", school="voede")
            rest = {name: number for name, number in TOWN.schools.items() if name != "goethe"}
            one.offer(inventory_of(tmp_path, Town(161, {**rest, "new": 6}, switches=1, pace=5)))
            assert await one.daemon.reload()
            await asyncio.sleep(700)
            samples = exact_names(await one.text())
            assert not [key for key in samples if ("school", "goethe") in key[1]]
            assert series(samples, "school_minutes_total", school="new")
            after = series(samples, "school_minutes_total", school="voede")
            assert sum(before.values()) > 0
            assert all(after[key] >= minutes for key, minutes in before.items())

    run_virtually(main())
    assert states(tmp_path, "new/main") == [State.UP]
    # Removing a school from the file is no outage.
    assert states(tmp_path, "goethe/main") == [State.UP]


def test_minutes_of_planned_work_are_recorded_separately(tmp_path: Path) -> None:
    async def main() -> None:
        inventory = inventory_of(tmp_path, TOWN)
        async with running(tmp_path, inventory) as one:
            await asyncio.sleep(60)
            book = MaintenanceBook(tmp_path, inventory)
            now = one.clock.now()
            book.add("goethe", now, now + timedelta(hours=1), "Umbau", now=now)
            one.network.dead.add(DEAD)
            await asyncio.sleep(900)
            samples = exact_names(await one.text())
            assert value(samples, "school_maintenance", school="goethe") == 1
            # Still down, and still shown so: maintenance hides no fact.
            assert value(samples, "school_uplink_up", school="goethe") == 0
            minutes = series(samples, "school_minutes_total", school="goethe")
            named = {dict(key)["class"]: amount for key, amount in minutes.items()}
            assert named["maintenance"] > 5, named
            assert named["down"] == 0, named

    run_virtually(main())
