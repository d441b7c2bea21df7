"""The whole city for a minute: CPU time, event loop lag and memory of the daemon.

Run as `python -m bench.city`. The daemon is the real one, from config/schools.yaml to /metrics,
and this process is its process; the simulated devices answer real SNMP from another one. Ping
is modelled, as in the demo: the kernel would answer for every address on loopback.

Must not know: how the daemon or the devices work.
"""

from __future__ import annotations

import asyncio
import re
import resource
import statistics
import tempfile
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.part import Part, at_most
from bench.scraper import Scraped, Scraper, scraper
from bench.table import Table
from bench.turns import Lag, TurnSelector, lag, new_loop
from monitor.cli.common import read_inventory
from monitor.cli.demo import COMMUNITY, demo_parts
from monitor.clock import SystemClock
from monitor.daemon.daemon import HOUSEKEEPING_SECONDS
from monitor.daemon.open import open_daemon
from monitor.daemon.settings import Loaded, Settings
from monitor.exposition.gate import KEPT_SECONDS
from monitor.simulator.process import CityProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from monitor.daemon.daemon import Daemon
    from monitor.inventory.city import Inventory
    from monitor.probes.context import EchoTransport

CONFIG = Path("config/schools.yaml")
CYCLE_SECONDS = 60.0
LAG_SECONDS = 30.0
SCRAPE_EVERY_SECONDS = 15.0
SCRAPES = 5

MOST_CPU_SECONDS = 3.0
MOST_LAG_MS = 5.0
MOST_RSS_MB = 300.0

_BUCKET = re.compile(r'monitor_loop_lag_seconds_bucket\{le="([^"]+)"\}')
_RUNS = re.compile(r'monitor_runs_total\{kind="(\w+)",outcome="(\w+)"\}')


@dataclass(frozen=True, slots=True)
class Size:
    """Which share of the city to measure, and for how long; times in seconds."""

    schools: int | None = None
    cycle: float = CYCLE_SECONDS
    lag: float = LAG_SECONDS


@dataclass(frozen=True, slots=True)
class Scrape:
    """One kind of scrape: bytes on the wire, samples, CPU seconds of the daemon per scrape."""

    size: int
    samples: int
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident bytes: before the daemon starts, after its cycle, and the maximum until its end."""

    before: int
    after: int
    most: int


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU seconds of one cycle, and its runs by kind of check and outcome."""

    user: float
    system: float
    runs: dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Lags:
    """The lag of the loop by its turns, in wall and CPU time, and by the daemon's histogram."""

    wall: Lag
    cpu: Lag
    turns_per_second: float
    histogram_p99_ms: float


@dataclass(frozen=True, slots=True)
class Cycle:
    """Everything that was measured."""

    spent: Spent
    lags: Lags
    memory: Memory
    plain: Scrape
    zipped: Scrape


def run(size: Size | None = None) -> Part:
    """Measure a cycle of the city and return its goals and figures."""
    size = size or Size()
    inventory = read_inventory(CONFIG)
    if size.schools is not None:
        inventory = replace(inventory, schools=inventory.schools[: size.schools])
    selector = TurnSelector()
    with asyncio.Runner(loop_factory=lambda: new_loop(selector)) as runner:
        cycle = runner.run(_measure(inventory, size, selector))
    return _part(inventory, size, cycle)


async def _measure(inventory: Inventory, size: Size, selector: TurnSelector) -> Cycle:
    before = _resident("VmRSS")
    async with AsyncExitStack() as stack:
        daemon = await stack.enter_async_context(_daemon(inventory, size))
        client = await stack.enter_async_context(scraper(daemon.port))
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(daemon.run(stop))
            try:
                await _until_ready(daemon)
                spent = await _spend(client, size.cycle)
                after = _resident("VmRSS")
                lags = await _suffer(client, size.lag, selector)
            finally:
                stop.set()
        plain = await _scrapes(client, "identity")
        zipped = await _scrapes(client, "gzip")
    return Cycle(spent, lags, Memory(before, after, _resident("VmHWM")), plain, zipped)


@asynccontextmanager
async def _daemon(inventory: Inventory, size: Size) -> AsyncIterator[Daemon]:
    """Yield the real daemon, wired to a city that answers in another process."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as state:
        devices = CityProcess(CONFIG, schools=size.schools, community=COMMUNITY)
        async with devices as city:
            parts = demo_parts(inventory, clock, city.port, ())

            @asynccontextmanager
            async def echo() -> AsyncIterator[EchoTransport]:
                yield parts.echo

            loaded = Loaded(parts.inventory, parts.credentials)
            settings = Settings(Path(state), port=0)
            async with open_daemon(settings, lambda: loaded, clock, echo) as daemon:
                yield daemon


async def _until_ready(daemon: Daemon) -> None:
    """Wait until every check has run, so that one-time work is not measured.

    At the next housekeeping after that the daemon settles: a full collection of 0.15 s.

    Raises:
        RuntimeError: if that takes two cycles.
    """
    for _ in range(round(CYCLE_SECONDS * 2)):
        if not daemon.not_ready():
            await asyncio.sleep(HOUSEKEEPING_SECONDS + 1)
            return
        await asyncio.sleep(1)
    raise RuntimeError(f"the daemon is not ready: {daemon.not_ready()}")


async def _spend(client: Scraper, seconds: float) -> Spent:
    """Return what the daemon spends while no client sends it a request."""
    runs_before = _runs(await client.scrape())
    began = resource.getrusage(resource.RUSAGE_SELF)
    await asyncio.sleep(seconds)
    ended = resource.getrusage(resource.RUSAGE_SELF)
    runs = {kind: n - runs_before[kind] for kind, n in _runs(await client.scrape()).items()}
    return Spent(ended.ru_utime - began.ru_utime, ended.ru_stime - began.ru_stime, runs)


async def _suffer(client: Scraper, seconds: float, selector: TurnSelector) -> Lags:
    """Return the lag while a client scrapes, as Prometheus does."""
    before = _lag_buckets(await client.scrape())
    selector.restart()
    began = time.monotonic()
    while (left := began + seconds - time.monotonic()) > 0:
        await asyncio.sleep(min(left, SCRAPE_EVERY_SECONDS) / 2)
        scraped = await client.scrape()
        await asyncio.sleep(min(left, SCRAPE_EVERY_SECONDS) / 2)
    selector.noting = False
    spent = time.monotonic() - began
    buckets = {bound: n - before[bound] for bound, n in _lag_buckets(scraped).items()}
    return Lags(
        lag(selector.wall, spent),
        lag(selector.cpu, spent),
        len(selector.wall) / spent,
        _p99_bound(buckets) * 1e3,
    )


async def _scrapes(client: Scraper, encoding: str) -> Scrape:
    """Scrape an otherwise idle daemon; the median of a few, each after the cached body expired."""
    costs = []
    for _ in range(SCRAPES):
        await asyncio.sleep(KEPT_SECONDS + 0.1)
        before = time.process_time()
        scraped = await client.scrape(encoding)
        costs.append(time.process_time() - before)
    return Scrape(scraped.size, scraped.samples, statistics.median(costs))


def _runs(scraped: Scraped) -> dict[tuple[str, str], int]:
    found = ((_RUNS.fullmatch(series), value) for series, value in scraped.own.items())
    return {(match[1], match[2]): int(value) for match, value in found if match}


def _lag_buckets(scraped: Scraped) -> dict[float, int]:
    found = ((_BUCKET.fullmatch(series), value) for series, value in scraped.own.items())
    return {float(match[1]): int(value) for match, value in found if match}


def _p99_bound(buckets: dict[float, int]) -> float:
    """Return the smallest bound of a cumulative histogram that contains 99 % of its samples."""
    wanted = max(buckets.values()) * 0.99
    return next(bound for bound, samples in sorted(buckets.items()) if samples >= wanted)


def _resident(name: str) -> int:
    """Return this process' VmRSS or VmHWM in bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/self/status has no {name}")


def _part(inventory: Inventory, size: Size, cycle: Cycle) -> Part:
    spent, lags, memory = cycle.spent, cycle.lags, cycle.memory
    cpu_seconds = spent.user + spent.system
    goals = (
        at_most("city: one cycle, CPU", cpu_seconds, MOST_CPU_SECONDS, "CPU-s"),
        at_most("city: p99 loop lag", lags.wall.p99, MOST_LAG_MS, "ms"),
        at_most("city: resident memory, at most", memory.most / 1e6, MOST_RSS_MB, "MB"),
    )
    switches = sum(len(site.switches) for school in inventory.schools for site in school.sites)
    sites = sum(len(school.sites) for school in inventory.schools)
    polls = sum(n for (kind, _), n in spent.runs.items() if kind == "interfaces")
    rows = (
        ("CPU, user + system", f"{spent.user:.2f} + {spent.system:.2f} s"),
        ("the same per SNMP poll", f"{cpu_seconds / max(1, polls) * 1e3:.2f} ms"),
        *((f"runs: {kind}, {end}", str(n)) for (kind, end), n in spent.runs.items() if n),
        ("loop lag p50 / p99 / p99.9", _three(lags.wall)),
        ("longest turn", f"{lags.wall.longest:.1f} ms"),
        ("the same in CPU time of the thread: p50 / p99 / p99.9", _three(lags.cpu)),
        ("longest turn in CPU time", f"{lags.cpu.longest:.1f} ms"),
        ("loop busy, scrapes included", f"{lags.cpu.busy * 100:.1f} %"),
        ("turns of the loop", f"{lags.turns_per_second:.0f} a second"),
        ("p99 by the daemon's own histogram", f"≤ {lags.histogram_p99_ms:g} ms"),
        ("resident before the daemon", f"{memory.before / 1e6:.0f} MB"),
        ("resident after a cycle", f"{memory.after / 1e6:.0f} MB"),
        ("resident at most, scrapes included", f"{memory.most / 1e6:.0f} MB"),
        ("samples", f"{cycle.plain.samples:,}"),
        ("one scrape, plain", _scrape_text(cycle.plain)),
        ("one scrape, gzip", _scrape_text(cycle.zipped)),
    )
    table = Table(
        f"City: {switches} switches and {sites} routers, one cycle of {size.cycle:g} s",
        ("", "figure"),
        rows,
        (
            "CPU is that of the daemon's process without scrapes; it includes rendering.",
            (
                f"Lag is taken over {size.lag:g} s more, with a gzip scrape every "
                f"{SCRAPE_EVERY_SECONDS:g} s: for a timer due at any instant, the rest of the "
                "turn that the loop is in. Its wall time has in it what others on the machine took."
            ),
            "Ping is modelled, as in the demo; the ICMP part shows the cost of real pings.",
        ),
    )
    return Part(goals, (table,))


def _three(found: Lag) -> str:
    return f"{found.p50:.2f} / {found.p99:.2f} / {found.p999:.2f} ms"


def _scrape_text(one: Scrape) -> str:
    return f"{one.cpu_seconds * 1e3:.0f} ms CPU, {one.size / 1e6:.2f} MB"


if __name__ == "__main__":
    print(run().markdown())
