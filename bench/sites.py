"""Ten thousand sites against eighty: CPU time and memory of the daemon for each site.

Run as `python -m bench.sites`. The daemon is of real parts, from the schedule to the samples and
the ledger; the network is modelled and time jumps, so that what is measured is the daemon alone and
no machine is too slow for a city of ten thousand. Each size is a process of its own.

Must not know: how the daemon works.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.part import Part, at_most
from bench.table import Table
from monitor.cli.common import read_inventory
from monitor.daemon.daemon import HOUSEKEEPING_SECONDS
from monitor.inventory.shard import Shard
from tests.modelled import Network, running
from tests.virtual_time import VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.inventory.city import Inventory, School

CONFIG = Path("config/schools.yaml")
FEW, MANY = 80, 10_000
ROUNDS = 3
SHARDS = 2
# The fewer sites, the longer: CPU time must be long enough to measure. Some work runs once in five
# minutes, so both are whole multiples of that.
_SECONDS = {FEW: 1_800.0, MANY: 300.0}
_CYCLE = 60.0
_CONCURRENCY = 40_000
_MOST_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What one size costs: sites, CPU milliseconds per site and minute, bytes per site, samples."""

    sites: int
    cpu_ms: float
    memory: float
    samples: int


def run(few: int = FEW, many: int = MANY) -> Part:
    """Measure both sizes and a shard of the larger, and return goals and figures."""
    rounds = [(_in_a_process(few, "1/1"), _in_a_process(many, "1/1")) for _ in range(ROUNDS)]
    small, large = (_median(costs) for costs in zip(*rounds, strict=True))
    parts = [_in_a_process(many, f"{one}/{SHARDS}") for one in range(1, SHARDS + 1)]
    if sum(part.sites for part in parts) != many:
        raise RuntimeError(f"the shards have {parts} instead of {many} sites")
    goals = (
        at_most(
            f"{many:,} sites: CPU for each, against {few} sites",
            large.cpu_ms / small.cpu_ms,
            1,
            "x",
            ratio=True,
        ),
        at_most(
            f"{many:,} sites: memory for each, against {few} sites",
            large.memory / small.memory,
            1,
            "x",
            ratio=True,
        ),
    )
    rows = (
        _row("few", small),
        _row("many", large),
        *(_row(f"many, shard {one} of {SHARDS}", part) for one, part in enumerate(parts, 1)),
    )
    table = Table(
        "Sites: one router each, pinged and polled",
        ("", "sites", "CPU ms a site and minute", "KiB a site", "samples"),
        rows,
        (
            "CPU is that of the process, the modelled network included, after the first cycle.",
            f"Of few and many, the median of {ROUNDS} rounds taken in turns.",
            "Memory is the growth of the process since before the daemon started.",
        ),
    )
    return Part(goals, (table,))


def _median(costs: Sequence[Cost]) -> Cost:
    """Return the cost whose CPU time is the median of an odd number of rounds."""
    return sorted(costs, key=lambda cost: cost.cpu_ms)[len(costs) // 2]


def _row(name: str, cost: Cost) -> tuple[str, ...]:
    memory = f"{cost.memory / 1024:.0f}"
    return name, f"{cost.sites:,}", f"{cost.cpu_ms:.2f}", memory, f"{cost.samples:,}"


def _in_a_process(sites: int, shard: str) -> Cost:
    done = subprocess.run(
        [sys.executable, "-m", "bench.sites", str(sites), shard],
        check=True,
        stdout=subprocess.PIPE,
        timeout=_MOST_SECONDS,
    )
    return Cost(**json.loads(done.stdout))


def city_of(sites: int) -> Inventory:
    """Return an inventory of so many schools of one router each, made from the city's own."""
    inventory = read_inventory(CONFIG)
    found = tuple(
        _school(inventory.schools[number % len(inventory.schools)], number)
        for number in range(sites)
    )
    return replace(inventory, schools=found)


def _school(one: School, number: int) -> School:
    site = one.sites[0]
    host = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    site = replace(site, uplink=replace(site.uplink, host=host), switches=())
    return replace(one, id=f"{one.id}-{number}", sites=(site,))


async def _measure(inventory: Inventory, seconds: float) -> Cost:
    before = _resident()
    with tempfile.TemporaryDirectory() as folder:
        # The modelled network must not record every request.
        network = Network(asked=deque(maxlen=0))
        async with running(Path(folder), inventory, network, concurrency=_CONCURRENCY) as city:
            # Each check has run after a cycle, and the daemon settles at its next housekeeping.
            await asyncio.sleep(2 * _CYCLE + HOUSEKEEPING_SECONDS)
            if city.daemon.not_ready():
                raise RuntimeError(city.daemon.not_ready())
            began = time.process_time()
            await asyncio.sleep(seconds)
            spent = time.process_time() - began
            text = [piece async for piece in city.exposition.stream()]
            sites = len(inventory.schools)
            return Cost(
                sites,
                spent / sites / (seconds / 60.0) * 1000,
                (_resident() - before) / sites,
                sum(piece.count(b"\n") - piece.count(b"\n#") for piece in text),
            )


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(sites: int, shard: str) -> None:
    """Measure one size and print it as JSON."""
    number, count = map(int, shard.split("/"))
    inventory = Shard(number, count).of(city_of(sites))
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        cost = runner.run(_measure(inventory, _SECONDS.get(sites, _CYCLE)))
    print(json.dumps({name: getattr(cost, name) for name in cost.__slots__}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
