"""Many people read a long ledger at once, and no probe waits for them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import aiohttp
import pytest

from monitor.availability.records import MinuteRun, minutes_entry, scope_entry, scope_id
from monitor.ledger.store import open_store
from tests.integration.running import Daemon, Town, run, series, until, value

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.root]

READERS = 150
# Pings of all devices and references: some fifteen of each.
ROUNDS = 75
SITES = [f"school-{number}/main" for number in range(97)] + [
    f"{name}/main" for name in ("voede", "goethe", "schiller")
]
BY_NAME, BY_ADDRESS = "by-name", "by-address"
SWITCHES = [
    "switches:",
    f"  - {{name: {BY_NAME}, host: localhost}}",
    f"  - {{name: {BY_ADDRESS}, host: 127.82.41.9}}",
]


def write_months(path: Path) -> None:
    """Write a ledger of the minutes of 60 days with many changes."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    first = int((now - timedelta(days=60)).timestamp()) // 60
    scope = scope_id(SITES)
    entries = [scope_entry(SITES, now - timedelta(days=60))]
    for minute in range(first, first + 59 * 1440, 5):
        codes = "".join("ud"[(minute // 5 + site) % 7 == 0] for site in range(len(SITES)))
        entries.append(minutes_entry(MinuteRun(minute, 5, scope, codes)))
    store = open_store(path, now)
    try:
        store.append(store.link(entries))
    finally:
        store.close()


async def read_on(daemon: Daemon, stop: asyncio.Event, answers: list[tuple[int, str]]) -> None:
    """Request last month's report until stopped, each reader as soon as it has its answer."""
    connector = aiohttp.TCPConnector(limit=READERS)
    base = f"http://{daemon.host}:{daemon.port}"
    # On the first day of a month, the report of this month has hardly anything to read.
    month = {"month": f"{datetime.now(UTC).replace(day=1) - timedelta(days=1):%Y-%m}"}
    timeout = aiohttp.ClientTimeout(total=300)
    async with aiohttp.ClientSession(base, connector=connector, timeout=timeout) as session:

        async def read() -> None:
            while not stop.is_set():
                async with session.get("/api/v1/sla", params=month) as answer:
                    await answer.read()
                    wait = answer.headers.get("Retry-After", "")
                    answers.append((answer.status, wait))
                if wait:
                    await asyncio.sleep(0.5)

        readers = [asyncio.create_task(read()) for _ in range(READERS)]
        await stop.wait()
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)


def pings(daemon: Daemon) -> float:
    return sum(series(daemon.samples(), "monitor_runs_total", kind="icmp").values())


def answered(daemon: Daemon) -> dict[str, bool]:
    """Return whether the last ping was answered, by the device with a name and the other."""
    samples = daemon.samples("?school=voede")
    return {
        device: any(
            dict(key)["outcome"] == "ok" and number == 1
            for key, number in series(samples, "probe_outcome", device=device, check="icmp").items()
        )
        for device in (BY_NAME, BY_ADDRESS)
    }


def is_up(daemon: Daemon) -> bool:
    found = series(daemon.samples("?school=voede"), "school_switch_up", device=BY_NAME)
    return list(found.values()) == [1.0]


def watched(daemon: Daemon) -> list[dict[str, bool]]:
    """Return which devices answered, again and again, for as many pings as `ROUNDS`."""
    ends, seen = pings(daemon) + ROUNDS, []

    def is_over() -> bool:
        seen.append(answered(daemon))
        return pings(daemon) >= ends

    until(is_over, daemon, 600)
    return seen


async def test_a_device_configured_by_name_stays_up_with_150_readers(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    write_months(folder / "ledger.sqlite")
    config = Town(9, {"voede": 41}, extra={"voede": SWITCHES}).write(tmp_path / "schools.yaml")
    with run(config, folder) as daemon:
        answers: list[tuple[int, str]] = []
        stop = asyncio.Event()
        await asyncio.to_thread(until, lambda: is_up(daemon), daemon, 120)
        async with asyncio.TaskGroup() as group:
            group.create_task(read_on(daemon, stop, answers))
            try:
                seen = await asyncio.to_thread(watched, daemon)
            finally:
                stop.set()
        # On a busy machine a round of either may be late, and one of few is a large share; a device
        # that waits for readers is late in all.
        named, addressed = (sum(one[device] for one in seen) for device in (BY_NAME, BY_ADDRESS))
        assert addressed, seen
        assert named >= max(1, 0.7 * addressed - 1), seen
        await asyncio.to_thread(until, lambda: is_up(daemon), daemon, 120)
        assert {status for status, _ in answers} <= {200, 503}
        assert (503, "5") in answers, "the queue of readers was never full: the test proves nothing"
        refused = value(daemon.samples(), "monitor_web_refusals_total", reason="too_many_readers")
        assert refused >= sum(status == 503 for status, _ in answers) > 0
        assert daemon.stop() == 0
