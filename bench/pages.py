"""The status pages and the API at city size: CPU time of the daemon per request.

Run as `python -m bench --only pages`. The daemon is of real parts, HTTP server included; the
network is modelled, and time jumps until the daemon has run for an hour. The client reads over a
socket in the same process, so its own cost is in the figures.

Must not know: how a page is made.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.part import Part, at_most
from bench.table import Table
from monitor.cli.common import read_inventory
from monitor.exposition.gate import ScrapeGate
from monitor.status.view import DaemonView
from monitor.web.app import Listen, serve
from tests.modelled import running
from tests.virtual_time import VirtualTimeLoop

if TYPE_CHECKING:
    from monitor.inventory.city import Inventory

CONFIG = Path("config/schools.yaml")
WATCHED_SECONDS = 3_600.0
MANY_SCHOOLS = 500
# Each check has run twice; the pages do not grow after an hour.
MANY_WATCHED_SECONDS = 150.0
REQUESTS = 15
MOST_MS = 50.0
_CONCURRENCY = 65_536
CITY, SCHOOL = "/", "/schools/{school}"
API = (
    "/api/v1/schools",
    "/api/v1/schools/{school}",
    "/api/v1/verdicts",
    "/api/v1/goal",
    "/api/v1/sla",
    "/sd/prometheus",
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one kind of request costs: CPU milliseconds of the first and the median, bytes."""

    first: float
    median: float
    size: int


def run(watched: float = WATCHED_SECONDS) -> Part:
    """Measure every page and return goals and figures."""
    inventory = read_inventory(CONFIG)
    many = city_of(MANY_SCHOOLS, inventory)
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        costs = runner.run(_measure(inventory, watched, (CITY, SCHOOL, *API)))
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        of_many = runner.run(_measure(many, MANY_WATCHED_SECONDS, (CITY,)))[CITY]
    goals = (
        *(
            at_most(f"page {path}: CPU at the city's size", costs[path].median, MOST_MS, "ms")
            for path in (CITY, SCHOOL)
        ),
        at_most(f"page {CITY}: CPU at {MANY_SCHOOLS} schools", of_many.median, MOST_MS, "ms"),
    )
    rows = tuple(
        (path, f"{cost.median:.1f}", f"{cost.first:.1f}", f"{cost.size / 1000:.1f}")
        for path, cost in (*costs.items(), (f"{CITY} of {MANY_SCHOOLS} schools", of_many))
    )
    table = Table(
        "Pages and API: every school, an hour after the start",
        ("", "CPU ms, median", "CPU ms, first", "kB"),
        rows,
        (
            "The client's own cost is included; the first request also compiles the templates.",
            f"The median of {REQUESTS} requests, one after the other.",
        ),
    )
    return Part(goals, (table,))


def city_of(schools: int, inventory: Inventory) -> Inventory:
    """Return a city of this many schools with their switches, each like one of the inventory's."""
    addresses = (f"10.{one >> 16}.{one >> 8 & 255}.{one & 255}" for one in itertools.count(1))
    found = []
    for number in range(schools):
        like = inventory.schools[number % len(inventory.schools)]
        sites = tuple(
            replace(
                site,
                uplink=replace(site.uplink, host=next(addresses)),
                switches=tuple(replace(one, host=next(addresses)) for one in site.switches),
            )
            for site in like.sites
        )
        name = f"{like.name} {number}"
        found.append(replace(like, id=f"{like.id}-{number}", name=name, sites=sites))
    return replace(inventory, schools=tuple(found))


async def _measure(inventory: Inventory, watched: float, paths: tuple[str, ...]) -> dict[str, Cost]:
    school = inventory.schools[0].id
    with tempfile.TemporaryDirectory() as folder:
        async with running(Path(folder), inventory, concurrency=_CONCURRENCY) as city:
            await asyncio.sleep(watched)
            with ScrapeGate(city.exposition, city.clock) as gate:
                view = DaemonView(city.daemon, gate)
                async with serve(view, Listen("127.0.0.1", 0)) as port:
                    return {path: await _cost(port, path.format(school=school)) for path in paths}


async def _cost(port: int, path: str) -> Cost:
    spent = []
    for _ in range(REQUESTS):
        began = time.process_time()
        answer = await _get(port, path)
        spent.append((time.process_time() - began) * 1e3)
    return Cost(spent[0], statistics.median(spent), len(answer))


async def _get(port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"{path}: {answer[:80]!r}")
    return answer
