"""Exposition at full size: 20 families x 50 interfaces x 500 devices, six labels.

`python -m bench.exposition` prints a Markdown table: CPU of a scrape and of a poll, ours
against prometheus-client's gauges in the same run, and how long a scrape blocks the loop.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from monitor.clock import SystemClock
from monitor.exposition.gate import ScrapeGate
from monitor.exposition.mib import INTERFACE, INTERFACE_METRICS
from monitor.exposition.store import Exposition
from monitor.inventory import Check, CheckKind, InterfacesOptions, Role, SnmpAccess, Target
from monitor.observation import DeviceReading, Observation, Outcome

DEVICES = 500
INTERFACES = 50
# Those that stand beside 64-bit twins would be left out of the text.
FAMILIES = [
    metric.name
    for metric in INTERFACE_METRICS
    if not metric.name.endswith(("castPkts", "Octets")) or "HC" in metric.name
][:20]
SAMPLES = DEVICES * INTERFACES * len(FAMILIES)
STARTED = datetime(2022, 3, 7, tzinfo=UTC)
SAMPLE_SECONDS = 0.0005


@dataclass(frozen=True, slots=True)
class Lag:
    """How late sleepers woke, in milliseconds."""

    largest: float
    median: float


def _check(device: int) -> Check:
    target = Target(f"school-{device % 82:02d}", "main", f"switch-{device}", Role.SWITCH, "::1")
    options = InterfacesOptions(SnmpAccess("2c", "none"))
    return Check(CheckKind.INTERFACES, "interfaces", target, 60.0, 40.0, options)


def _reading(poll: int) -> DeviceReading:
    rows = range(1, INTERFACES + 1)
    columns: dict[str, dict[int, int | bytes]] = {
        "ifName": {row: f"ge-0/0/{row}".encode() for row in rows},
        "ifDescr": {row: f"Gigabit Ethernet port {row}".encode() for row in rows},
    }
    for at, family in enumerate(FAMILIES):
        columns[family] = {row: 10**11 + at * 10**8 + row * 10**5 + poll for row in rows}
    return DeviceReading("sw", "Switch", "1.3.6.1.4.1.9.1.1", poll, columns)


def _poll_all(exposition: Exposition, poll: int) -> float:
    """Return the CPU seconds of rendering one poll of every device; making it is not counted."""
    observations = [
        Observation(_check(device), STARTED, 0.1, Outcome.OK, values=_reading(poll))
        for device in range(DEVICES)
    ]
    started = time.process_time()
    for observation in observations:
        exposition.observe(observation)
    return time.process_time() - started


def _gauges() -> CollectorRegistry:
    registry = CollectorRegistry()
    gauges = [Gauge(family, "Bench", INTERFACE, registry=registry) for family in FAMILIES]
    for gauge in gauges:
        for device in range(DEVICES):
            place = (f"school-{device % 82:02d}", "main", f"switch-{device}")
            for row in range(1, INTERFACES + 1):
                names = (str(row), f"ge-0/0/{row}", f"Gigabit Ethernet port {row}")
                gauge.labels(*place, *names).set(10**11 + row)
    return registry


async def _join(gate: ScrapeGate, *, gzip: bool) -> int:
    return sum([len(chunk) async for chunk in gate.body(None, gzip=gzip)])


async def _measure_lag(seconds: float, lags: list[float]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        due = time.monotonic() + SAMPLE_SECONDS
        await asyncio.sleep(SAMPLE_SECONDS)
        lags.append(time.monotonic() - due)


async def _lag_during(gate: ScrapeGate | None, *, gzip: bool) -> Lag:
    """Return the lag while one scrape goes over a real connection, or of an idle loop."""
    lags: list[float] = []
    async with asyncio.TaskGroup() as tasks:
        sampler = tasks.create_task(_measure_lag(60.0, lags))
        if gate is None:
            await asyncio.sleep(1.0)
        else:
            await _scrape_over_a_socket(gate, gzip=gzip)
        sampler.cancel()
    return Lag(max(lags) * 1000, statistics.median(lags) * 1000)


async def _scrape_over_a_socket(gate: ScrapeGate, *, gzip: bool) -> None:
    """Send one exposition through a loopback connection to a client in another process."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for chunk in gate.body(None, gzip=gzip):
            writer.write(chunk)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        read_all = f"import socket; s=socket.create_connection(('127.0.0.1',{port}))\n"
        read_all += "while s.recv(1 << 20): pass"
        client = await asyncio.create_subprocess_exec("python3", "-c", read_all)
        await client.wait()


async def measure() -> str:
    """Return the table of one run."""
    clock = SystemClock()
    exposition = Exposition(clock)
    first = _poll_all(exposition, 1)
    again = _poll_all(exposition, 2)
    registry = _gauges()
    # Neither way is charged for walking the other's objects; the daemon freezes its own too.
    gc.collect()
    gc.freeze()
    with ScrapeGate(exposition, clock) as gate:
        joins, size = [], 0
        for _ in range(5):
            started = time.process_time()
            size = await _join(gate, gzip=False)
            joins.append(time.process_time() - started)
        started = time.process_time()
        zipped = await _join(gate, gzip=True)
        zipping = time.process_time() - started
        await asyncio.sleep(1.1)
        idle = await _lag_during(None, gzip=False)
        plain_lag = await _lag_during(gate, gzip=False)
        await asyncio.sleep(1.1)
        gzip_lag = await _lag_during(gate, gzip=True)
    started = time.process_time()
    generate_latest(registry)
    theirs = time.process_time() - started
    join = statistics.median(joins)
    rows = [
        ("scrape, `generate_latest` over gauges", f"{theirs:.2f} CPU-s", "1"),
        ("scrape, blocks streamed", f"{join:.3f} CPU-s", f"{theirs / join:.0f}"),
        ("scrape, blocks streamed, gzip in a worker", f"{zipping:.2f} CPU-s", ""),
        ("size", f"{size / 1e6:.0f} MB, gzip {zipped / 1e6:.1f} MB", ""),
        ("render, first poll of a device", f"{first / SAMPLES * 1e6:.2f} us CPU/sample", ""),
        ("render, each further poll", f"{again / SAMPLES * 1e6:.2f} us CPU/sample", ""),
        ("largest loop lag, idle", f"{idle.largest:.2f} ms (median {idle.median:.2f})", ""),
        (
            "largest loop lag, scrape",
            f"{plain_lag.largest:.2f} ms (median {plain_lag.median:.2f})",
            "",
        ),
        (
            "largest loop lag, gzip scrape",
            f"{gzip_lag.largest:.2f} ms (median {gzip_lag.median:.2f})",
            "",
        ),
    ]
    table = [f"| {SAMPLES:,} samples | figure | x cheaper |", "|---|---|---|"]
    return "\n".join(
        [*table, *(f"| {name} | {figure} | {ratio} |" for name, figure, ratio in rows)]
    )


if __name__ == "__main__":
    print(asyncio.run(measure()))
