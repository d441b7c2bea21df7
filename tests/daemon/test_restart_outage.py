"""A restart during an outage: the same outage, with its true start, in every output."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.availability.minutes import minute_of
from monitor.availability.records import MINUTES, SCOPE, read_minutes
from monitor.availability.sla import month_entries, sla_report
from monitor.calendar.school_days import SchoolCalendar
from monitor.ledger.reader import open_reader
from monitor.observation import State
from monitor.status.build import city_status, school_status
from tests.daemon.test_outages import transitions
from tests.exposition.support import exact_names
from tests.integration.running import Town, value
from tests.modelled import Network, inventory_of, running
from tests.virtual_time import START, run_virtually

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import pytest

    from monitor.status.model import Finding, SchoolStatus
    from tests.modelled import Running

TOWN = Town(161, {"voede": 1, "goethe": 2, "kant": 3}, switches=1)
DEAD, SWITCH = "127.82.2.1", "127.82.2.11"
SECONDS = timedelta(seconds=1)


def school(one: Running, folder: Path, name: str = "goethe") -> SchoolStatus:
    """Return what the page and the API show about a school."""
    found = one.daemon.inventory.school(name)
    assert found is not None
    changes = transitions(folder, f"{name}/main")
    return school_status(one.daemon.sources, found, changes, one.clock.now())


async def since(one: Running, name: str = "goethe") -> float:
    samples = exact_names(await one.text())
    return value(samples, "school_uplink_state_since_timestamp_seconds", school=name)


async def lose(one: Running, host: str) -> None:
    """Let a device die in the second minute, and wait until it is down."""
    await asyncio.sleep(100)
    one.network.dead.add(host)
    await asyncio.sleep(300)


def root_causes(one: Running) -> list[Finding]:
    return list(city_status(one.daemon.sources, one.clock.now()).root_causes)


def test_a_line_down_before_and_after_a_restart_has_one_outage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "monitor.daemon.pipeline")
    inventory, ended = inventory_of(tmp_path, TOWN), START

    async def main() -> None:
        nonlocal ended
        dead = {DEAD}
        async with running(tmp_path, inventory) as one:
            await asyncio.sleep(600)
            one.network.dead.add(DEAD)
            await asyncio.sleep(1200)
            begun = school(one, tmp_path).sites[0].uplink.since
            assert abs(begun - START - 600 * SECONDS) < 11 * SECONDS
        for stopped in (30, 900):
            await asyncio.sleep(stopped)
            caplog.clear()
            async with running(tmp_path, inventory, Network(dead=dead)) as one:
                assert school(one, tmp_path).sites[0].uplink.state is State.UNKNOWN
                await asyncio.sleep(900)
                status = school(one, tmp_path)
                assert (status.state, status.since) == (State.DOWN, begun)
                assert [(cause.school, cause.since) for cause in root_causes(one)] == [
                    ("goethe", begun)
                ]
                assert await since(one) == begun.timestamp()
                [outage] = status.outages
                assert (outage.begins, outage.ends) == (begun, None)
                assert outage.reason.startswith("no reply from")
                # A line that was up counts as up since it was first seen again.
                assert school(one, tmp_path, "kant").since < START + 20 * SECONDS
                said = f"goethe/main/router: down (no_answer) since {begun:%Y-%m-%dT%H:%M:%S}"
                assert [line for line in caplog.messages if said in line]
                if stopped == 900:
                    dead.clear()
                    await asyncio.sleep(900)
                    [outage] = school(one, tmp_path).outages
                    assert outage.begins == begun
                    assert outage.ends is not None
                    ended = one.clock.now()

    run_virtually(main())
    accounts_for_it(tmp_path, ended)


def accounts_for_it(folder: Path, ended: datetime) -> None:
    """The monthly report has one start, and no minutes from when the monitor did not run."""
    inventory = inventory_of(folder, TOWN)
    calendar = SchoolCalendar(inventory.calendar)
    with open_reader(folder / "ledger.sqlite") as reader:
        report = sla_report(
            month_entries(reader, "2022-09", inventory.calendar.timezone),
            inventory,
            "2022-09",
            now=ended,
            in_lessons=calendar.in_lessons,
        )
        kept = [one.entry for kind in (SCOPE, MINUTES) for one in reader.entries(kind)]
    [site] = [one for one in report.sites if one.school.id == "goethe"]
    begun = transitions(folder, "goethe/main")[1]
    assert begun.state is State.DOWN
    assert site.outages[0].begins == begun.since
    assert {outage.detail for outage in site.outages} == {begun.detail}
    first = minute_of(START)
    codes = read_minutes(kept, range(first, first + 80))
    # Down from the 10th minute; the 15 unmonitored minutes are not counted.
    assert codes["goethe/main"][:30].startswith(b"uuuuuuuuuudddddddddd")
    assert codes["goethe/main"][46:60] == b"-" * 14


def test_a_line_restored_while_the_monitor_was_off_is_up_since_first_seen(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        inventory = inventory_of(tmp_path, TOWN)
        async with running(tmp_path, inventory) as one:
            await lose(one, DEAD)
        await asyncio.sleep(600)
        async with running(tmp_path, inventory, Network()) as one:
            again = one.clock.now()
            await asyncio.sleep(60)
            status = school(one, tmp_path)
            assert status.state is State.UP
            assert timedelta() <= status.since - again < 20 * SECONDS
            [outage] = status.outages
            assert outage.ends == status.since
            assert abs(outage.begins - START - 100 * SECONDS) < 11 * SECONDS
            # The next one is another.
            one.network.dead.add(DEAD)
            await asyncio.sleep(300)
            assert school(one, tmp_path).since > again + 59 * SECONDS
            assert len(school(one, tmp_path).outages) == 2

    run_virtually(main())


def test_isolation_does_not_split_an_outage(tmp_path: Path) -> None:
    """Like a restart: a time without knowledge neither starts nor ends an outage."""

    async def main() -> None:
        inventory = inventory_of(tmp_path, TOWN)
        async with running(tmp_path, inventory) as one:
            await lose(one, DEAD)
            begun = school(one, tmp_path).since
            one.network.is_cut = True
            await asyncio.sleep(600)
            assert school(one, tmp_path).state is State.UNKNOWN
            one.network.is_cut = False
            await asyncio.sleep(600)
            status = school(one, tmp_path)
            assert (status.state, status.since) == (State.DOWN, begun)
            assert [(one.begins, one.ends) for one in status.outages] == [(begun, None)]
            # A line that was up is up since it was seen again: the time between is unknown.
            assert school(one, tmp_path, "kant").since > begun + 600 * SECONDS

    run_virtually(main())
    first = minute_of(START)
    with open_reader(tmp_path / "ledger.sqlite") as reader:
        kept = [one.entry for kind in (SCOPE, MINUTES) for one in reader.entries(kind)]
    assert read_minutes(kept, range(first + 8, first + 16))["goethe/main"] == b"?" * 8


def test_a_reload_with_a_new_interval_keeps_the_start_of_an_outage(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
            await lose(one, DEAD)
            begun = school(one, tmp_path).since
            slower = {"goethe": ["icmp: {interval: 2s, switch_interval: 2s}"]}
            one.offer(inventory_of(tmp_path, Town(161, TOWN.schools, switches=1, extra=slower)))
            assert await one.daemon.reload()
            assert school(one, tmp_path).state is State.UNKNOWN
            await asyncio.sleep(300)
            status = school(one, tmp_path)
            assert (status.state, status.since) == (State.DOWN, begun)
            assert len(status.outages) == 1

    run_virtually(main())


def test_a_switch_keeps_its_down_since_across_an_uplink_outage_and_a_reload(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        inventory = inventory_of(tmp_path, TOWN)
        async with running(tmp_path, inventory) as one:
            await lose(one, SWITCH)
            [known] = school(one, tmp_path).sites[0].switches
            assert known.state is State.DOWN
            one.network.dead.add(DEAD)
            await asyncio.sleep(300)
            [behind] = school(one, tmp_path).sites[0].switches
            assert behind.state is State.UNKNOWN
            one.network.dead.remove(DEAD)
            await asyncio.sleep(300)
            slower = {"goethe": ["icmp: {interval: 2s, switch_interval: 2s}"]}
            for extra in ({}, slower):
                one.offer(inventory_of(tmp_path, Town(161, TOWN.schools, switches=1, extra=extra)))
                assert await one.daemon.reload()
                await asyncio.sleep(300)
                [again] = school(one, tmp_path).sites[0].switches
                assert (again.state, again.since) == (State.DOWN, known.since)

    run_virtually(main())
