"""Exposition at full size: 20 families x 50 interfaces x 500 devices, six labels.

`python -m bench.exposition` prints CPU of a scrape and of a poll, ours against
prometheus-client's gauges in the same run, and how long a scrape blocks the loop.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from bench.part import Part, at_most, times_cheaper
from bench.table import Table
from monitor.clock import SystemClock
from monitor.exposition.gate import KEPT_SECONDS, ScrapeGate
from monitor.exposition.interfaces import IF_TYPE_INFO
from monitor.exposition.metric import DEVICE
from monitor.exposition.store import Exposition
from monitor.inventory.checks import Check, CheckKind, InterfacesOptions, Role, SnmpAccess, Target
from monitor.observation import DeviceReading, Observation, Outcome
from tools.processes import running_async

DEVICES = 500
INTERFACES = 100
LABELS = (*DEVICE, "ifName", "ifDescr")
COLUMNS = [
    *("ifHCInOctets", "ifHCOutOctets", "ifHCInUcastPkts", "ifHCOutUcastPkts"),
    *("ifInErrors", "ifOutErrors", "ifHighSpeed", "ifAdminStatus", "ifOperStatus"),
]
# The info lines come with the names.
FAMILIES = [IF_TYPE_INFO.name, *COLUMNS]
SAMPLES = DEVICES * INTERFACES * len(FAMILIES)
STARTED = datetime(2022, 3, 7, tzinfo=UTC)
SCRAPES = 5


@dataclass(frozen=True, slots=True)
class Turns:
    """How long the turns of the event loop were, in milliseconds.

    `held` is the CPU time of the thread in the turn that took most of it: what a turn costs,
    without what others on the machine took in between.
    """

    longest: float
    p99: float
    held: float

    def __str__(self) -> str:
        return f"{self.held:.2f} ms CPU ({self.longest:.2f} ms wall, p99 {self.p99:.2f})"


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
    for at, family in enumerate(COLUMNS):
        columns[family] = {row: 10**11 + at * 10**8 + row * 10**5 + poll for row in rows}
    # Samples older than the look-back are not exposed.
    read_at = datetime.now(UTC)
    return DeviceReading("sw", "Switch", "1.3.6.1.4.1.9.1.1", poll, columns, read_at=read_at)


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
    gauges = [Gauge(family, "Bench", LABELS, registry=registry) for family in FAMILIES]
    for gauge in gauges:
        for device in range(DEVICES):
            place = (f"school-{device % 82:02d}", "main", f"switch-{device}")
            for row in range(1, INTERFACES + 1):
                names = (f"ge-0/0/{row}", f"Gigabit Ethernet port {row}")
                gauge.labels(*place, *names).set(10**11 + row)
    return registry


async def _join(gate: ScrapeGate, *, gzip: bool) -> int:
    return sum([len(chunk) async for chunk in gate.body(None, gzip=gzip)])


async def _measure_turns(turns: list[float], held: list[float]) -> None:
    while True:
        started = time.monotonic()
        before = time.thread_time()
        await asyncio.sleep(0)
        held.append(time.thread_time() - before)
        turns.append(time.monotonic() - started)


async def _turns_during(gate: ScrapeGate | None, *, gzip: bool) -> Turns:
    """Measure while expositions go over real connections, or an idle loop."""
    turns: list[float] = []
    held: list[float] = []

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Only while serving: starting the client blocks the loop, too, and no daemon does that.
        sampler = asyncio.create_task(_measure_turns(turns, held))
        if gate is None:
            await asyncio.sleep(0.3)
        else:
            async for chunk in gate.body(None, gzip=gzip):
                writer.write(chunk)
                await writer.drain()
        sampler.cancel()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        for _ in range(SCRAPES):
            await _read_all(server.sockets[0].getsockname()[1])
            await asyncio.sleep(KEPT_SECONDS)
    p99 = statistics.quantiles(turns, n=100)[98]
    return Turns(max(turns) * 1000, p99 * 1000, max(held) * 1000)


async def _read_all(port: int) -> None:
    """Read from a connection to its end, in a process of its own."""
    program = f"import socket; s=socket.create_connection(('127.0.0.1',{port}))\n"
    program += "while s.recv(1 << 20): pass"
    async with running_async(sys.executable, "-c", program) as client:
        await client.wait()


def run() -> Part:
    """Measure everything and return goals and figures."""
    return asyncio.run(_measure())


async def _measure() -> Part:
    clock = SystemClock()
    exposition = Exposition(clock)
    first = _poll_all(exposition, 1)
    again = _poll_all(exposition, 2)
    registry = _gauges()
    # Neither side is charged for the garbage collector walking the objects of the other; the daemon
    # freezes its own too.
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
        await asyncio.sleep(KEPT_SECONDS)
        idle = await _turns_during(None, gzip=False)
        plain_lag = await _turns_during(gate, gzip=False)
        await asyncio.sleep(KEPT_SECONDS)
        gzip_lag = await _turns_during(gate, gzip=True)
    started = time.process_time()
    generate_latest(registry)
    theirs = time.process_time() - started
    join = statistics.median(joins)
    per_sample = {"first": first / SAMPLES * 1e6, "again": again / SAMPLES * 1e6}
    both = join + again
    goals = (
        times_cheaper(f"scrape of {SAMPLES:,} samples, against gauges", theirs / join, 50),
        times_cheaper("the same and rendering one poll of all of them", theirs / both, 10),
        at_most("scrape: longest turn of the loop, CPU", plain_lag.held, 2, "ms"),
        at_most("gzip scrape: longest turn of the loop, CPU", gzip_lag.held, 2, "ms"),
    )
    rows = (
        ("scrape, `generate_latest` over gauges", f"{theirs:.2f} CPU-s", "1"),
        ("scrape, blocks streamed", f"{join:.3f} CPU-s", f"{theirs / join:.0f}"),
        ("the same and rendering one poll", f"{both:.3f} CPU-s", f"{theirs / both:.0f}"),
        ("scrape, blocks streamed, gzip in a worker", f"{zipping:.2f} CPU-s", ""),
        ("size", f"{size / 1e6:.0f} MB, gzip {zipped / 1e6:.1f} MB", ""),
        ("render, first poll of a device", f"{per_sample['first']:.2f} us CPU a sample", ""),
        ("render, each further poll", f"{per_sample['again']:.2f} us CPU a sample", ""),
        ("longest turn of the loop, idle", str(idle), ""),
        ("longest turn of the loop, scrape", str(plain_lag), ""),
        ("longest turn of the loop, gzip scrape", str(gzip_lag), ""),
    )
    table = Table(
        f"Exposition: {SAMPLES:,} samples, {len(FAMILIES)} families x {INTERFACES} interfaces "
        f"x {DEVICES} devices",
        ("", "figure", "x cheaper"),
        rows,
        (
            f"Streaming: the median of {SCRAPES} scrapes; `generate_latest`: one.",
            "A probe may wait for one turn of the loop; wall time includes other processes.",
        ),
    )
    return Part(goals, (table,))


if __name__ == "__main__":
    print(run().markdown())
