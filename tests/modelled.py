"""A daemon of real parts on modelled transports and virtual time, for tests in the process.

Must not know: what any test expects.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from monitor.calendar.maintenance import MaintenanceBook
from monitor.config import load
from monitor.config.secrets import Secret
from monitor.daemon.daemon import Daemon
from monitor.daemon.parts import Parts
from monitor.daemon.pipeline import build_pipeline
from monitor.daemon.settings import Loaded, Settings
from monitor.exposition.own import OwnMetrics
from monitor.exposition.store import Exposition
from monitor.inventory.checks import Engine
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from monitor.observation import EchoRound
from monitor.probes.snmp_transport import SnmpReaders
from monitor.snmp.read import Failure, FailureKind, Result
from monitor.threads import open_daemon_threads
from tests.ports import free_port
from tests.virtual_time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, MutableSequence
    from pathlib import Path

    from monitor.daemon.consumer import Consumer
    from monitor.daemon.pipeline import Pipeline
    from monitor.inventory.checks import IcmpOptions
    from monitor.inventory.city import Inventory
    from monitor.ledger.place import LedgerPlace
    from monitor.snmp.read import Agent, Request
    from tests.integration.running import Town

COMMUNITY = "ganz-geheim"


@dataclass
class Network:
    """Both transports: hosts answer unless `dead`; `asked` records hosts and times."""

    dead: set[str] = field(default_factory=set)
    is_cut: bool = False
    bug: str = ""
    asked: MutableSequence[tuple[str, str, float]] = field(default_factory=list)

    @property
    def drops(self) -> Mapping[str, int]:
        return {}

    def is_alive(self, address: str) -> bool:
        return not self.is_cut and address not in self.dead

    def times(self, kind: str, address: str) -> list[float]:
        return [when for what, where, when in self.asked if (what, where) == (kind, address)]

    async def ping(self, address: str, options: IcmpOptions) -> EchoRound:
        self.asked.append(("ping", address, asyncio.get_running_loop().time()))
        if address == self.bug:
            raise ZeroDivisionError("a bug that the test made")
        alive = self.is_alive(address)
        await asyncio.sleep(0.004 if alive else options.wait)
        return EchoRound(address, options.packets, (0.004,) * options.packets if alive else ())

    async def read(self, agent: Agent, request: Request, deadline: float) -> Result:
        loop = asyncio.get_running_loop()
        self.asked.append(("read", agent.address, loop.time()))
        assert agent.community == COMMUNITY.encode()
        if not self.is_alive(agent.address):
            await asyncio.sleep(max(0.0, deadline - loop.time()))
            return Result({}, {}, Failure(FailureKind.TIMEOUT, "no reply"), 1, 0)
        await asyncio.sleep(0.01)
        columns = {"ifHCInOctets": {1: 1000}} if "ifHCInOctets" in request.columns else {}
        return Result({"sysUpTime": 100, "sysName": b"box"}, columns, None, 1, 3)


def inventory_of(folder: Path, town: Town) -> Inventory:
    """Return the inventory of a small configuration."""
    return load(town.write(folder / "town.yaml"))


@dataclass
class Running:
    """A daemon with the parts that tests inspect."""

    daemon: Daemon
    network: Network
    exposition: Exposition
    ledger: Ledger
    loaded: list[Loaded]
    clock: VirtualClock
    pipeline: Pipeline

    async def take_traps(self, stack: AsyncExitStack) -> tuple[str, int]:
        """Take traps until the stack is closed; return where."""
        there = ("127.0.0.1", free_port())
        await self.daemon.take_traps(there, stack)
        return there

    def offer(self, inventory: Inventory) -> None:
        """Make the next reload load this inventory."""
        self.loaded[0] = Loaded(inventory, self.loaded[0].credentials)

    async def text(self, school: str | None = None) -> str:
        return b"".join([part async for part in self.exposition.stream(school)]).decode()


@asynccontextmanager
async def running(
    folder: Path,
    inventory: Inventory,
    network: Network | None = None,
    concurrency: int = 2048,
    clock: VirtualClock | None = None,
    *,
    fewer_schools: bool = False,
    place: LedgerPlace | None = None,
    further: Iterable[Consumer] = (),
) -> AsyncIterator[Running]:
    """Run a daemon within the context; every check of it has ended afterwards.

    With `fewer_schools` a reload may lose as many as it likes; `further` consumers come last. The
    ledger is at `place`, or else in a file in the folder.
    """
    network = network or Network()
    clock = clock or VirtualClock()
    own = OwnMetrics("0")
    exposition = Exposition(clock, own)
    credentials = {name: Secret(COMMUNITY) for name in inventory.credentials}
    loaded = [Loaded(inventory, credentials)]
    async with AsyncExitStack() as stack:
        threads = stack.enter_context(open_daemon_threads())
        there = place or SqlitePlace(folder / "ledger.sqlite")
        ledger = await stack.enter_async_context(Ledger.open(there, clock))
        readers = SnmpReaders({Engine.NATIVE: network, Engine.PYSNMP: network}, credentials)
        parts = Parts(clock, network, readers, own, exposition, ledger, threads)
        book = MaintenanceBook(folder, inventory)
        pipeline = await build_pipeline(loaded[0], parts, book, ledger)
        pipeline = replace(pipeline, consumers=(*pipeline.consumers, *further))
        settings = Settings(folder, concurrency=concurrency, allow_fewer_schools=fewer_schools)
        daemon = Daemon(settings, loaded[0], lambda: loaded[0], parts, pipeline)
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(daemon.run(stop))
            try:
                yield Running(daemon, network, exposition, ledger, loaded, clock, pipeline)
            finally:
                stop.set()
