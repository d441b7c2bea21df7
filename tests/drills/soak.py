"""A daemon that lives through days in minutes, and the resources it holds at the end of each hour.

Run as a process of its own, whose memory is the daemon's alone. Time jumps to the next event and
stands still while a packet or thread is in progress, so that a whole day of work is done: the
devices answer real SNMP from another process, one of them through pysnmp, real echo requests go to
loopback, the page, the API and the metrics are read over HTTP, schools break, and a school is taken
out of the configuration each day and put back.

Must not know: how much it may hold.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import logging
import sys
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config import load
from monitor.exposition.gate import ScrapeGate
from monitor.probes.echo.socket import EchoSocket
from monitor.simulator.echo import ModelledEcho
from monitor.simulator.loopback import loopback_inventory
from monitor.simulator.process import CityProcess
from monitor.snmp.client import SnmpClient
from monitor.snmp.on_demand import PysnmpOnDemand
from monitor.snmp.read import NativeReader
from monitor.status.view import DaemonView
from monitor.web.app import Listen, serve
from tests.drills.town import School, configuration
from tests.modelled import COMMUNITY, Network, running
from tests.probes.support import THREADS
from tests.virtual_time import VirtualClock, VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from monitor.inventory.checks import IcmpOptions
    from monitor.inventory.city import Inventory
    from monitor.inventory.city import School as InventorySchool
    from monitor.observation import EchoRound
    from monitor.snmp.read import Agent, Reader, Request, Result
    from tests.modelled import Running

BY_PYSNMP, TAKEN_OUT = "alter-schlag", "dazwischen"
SCHOOLS = (
    School("immer-da", "line-a", switches=1),
    School("oft-weg", "line-a"),
    School("mal-neu", "line-b"),
    School(TAKEN_OUT, "line-b"),
    School(
        BY_PYSNMP,
        "line-b",
        lines=("snmp: {engine: pysnmp}", "interfaces: {interval: 1h}", "hardware: {interval: 1d}"),
    ),
)
# What breaks at which hour of each day; it ends half an hour later.
FAULTS = {
    3: ("isolated",),
    5: ("uplink-down@oft-weg",),
    9: ("rebooted@immer-da", "lossy@oft-weg"),
    13: ("flapping@immer-da", "uplink-down@alter-schlag"),
    17: ("renumbered@immer-da", "slow@mal-neu"),
}
QUARTER_SECONDS = 900.0
PATHS = (
    "/metrics",
    "/metrics?school=immer-da",
    "/metrics/monitor",
    "/",
    "/schools/oft-weg",
    "/api/v1/schools",
    "/api/v1/sla",
    "/sd/prometheus",
)
# The timeout for a reply on loopback; a slower one counts as lost, as on a real line.
REPLY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds after this many hours, and what it has done so far.

    `blocks` are Python's small blocks in use, `malloc_bytes` all other memory in use: growth there
    is a leak, while resident memory may grow by fragmentation.
    """

    hours: int
    resident_bytes: int
    blocks: int
    malloc_bytes: int
    descriptors: int
    polls: int
    outages: int


class Loopback(Network):
    """Real SNMP and real echo requests on loopback; the model decides whether a line is alive."""

    def __init__(
        self,
        native: Reader,
        pysnmp: Reader,
        by_pysnmp: set[str],
        echo: EchoSocket,
        model: ModelledEcho,
    ) -> None:
        super().__init__()
        self._native = native
        self._pysnmp = pysnmp
        self._by_pysnmp = by_pysnmp
        self._echo = echo
        self.model = model

    async def ping(self, address: str, options: IcmpOptions) -> EchoRound:
        with _loop().waiting(REPLY_SECONDS):
            await self._echo.ping("127.0.0.1", replace(options, packets=1))
        return await self.model.ping(address, options)

    async def read(self, agent: Agent, request: Request, deadline: float) -> Result:
        reader = self._pysnmp if agent.address in self._by_pysnmp else self._native
        with _loop().waiting(REPLY_SECONDS):
            return await reader.read(agent, request, deadline)


class UnhurriedClock(VirtualClock):
    """Lets no task wake up more often than every two seconds: each wake-up costs time."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(2.0, seconds))


@dataclass(frozen=True, slots=True)
class Town:
    """The parts of a simulated day; `port` is the daemon's."""

    city: CityProcess
    network: Loopback
    daemon: Running
    inventory: Inventory
    port: int

    async def hours(self, hours: int) -> AsyncIterator[Held]:
        """Yield the resources held at the end of each hour."""
        outages = 0
        for hour in range(hours):
            faults = FAULTS.get(hour % 24, ())
            outages += sum("down" in fault for fault in faults)
            await self._hour(faults)
            if hour % 24 == 0:
                left = (one for one in self.inventory.schools if one.id != TAKEN_OUT)
                await self._reload(tuple(left))
            elif hour % 24 == 1:
                await self._reload(self.inventory.schools)
            yield self._held(hour + 1, outages)

    async def _hour(self, faults: tuple[str, ...]) -> None:
        for broken in (faults, ()):
            with _loop().waiting():
                await self.city.set_faults(broken)
            self.network.model.replace_faults(broken)
            for _ in range(2):
                await asyncio.sleep(QUARTER_SECONDS)
                for path in PATHS:
                    await self._read(path)

    async def _reload(self, schools: tuple[InventorySchool, ...]) -> None:
        self.daemon.offer(replace(self.inventory, schools=schools))
        if not await self.daemon.daemon.reload("the soak"):
            raise RuntimeError("a reload was refused")

    async def _read(self, path: str) -> None:
        with _loop().waiting():
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n".encode())
            writer.write(b"Accept-Encoding: gzip\r\nConnection: close\r\n\r\n")
            answer = await reader.read(-1)
            writer.close()
            await writer.wait_closed()
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"{path}: {answer[:80]!r}")

    def _held(self, hours: int, outages: int) -> Held:
        gc.collect()
        status = Path("/proc/self/status").read_text(encoding="ascii")
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return Held(
            hours,
            int(resident.split()[1]) * 1024,
            sys.getallocatedblocks(),
            _malloc_bytes(),
            len(list(Path("/proc/self/fd").iterdir())),
            self.daemon.daemon.status().polls,
            outages,
        )


class _Mallinfo(ctypes.Structure):
    """`struct mallinfo2` (mallinfo(3))."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


def _malloc_bytes() -> int:
    """Return how many bytes are allocated by malloc and not freed."""
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = _Mallinfo
    found = mallinfo2()
    return int(found.uordblks + found.hblkhd)


@asynccontextmanager
async def _town(folder: Path) -> AsyncIterator[Town]:
    path = folder / "schools.yaml"
    path.write_text(configuration(SCHOOLS), encoding="utf-8")
    clock = UnhurriedClock()
    async with AsyncExitStack() as stack:
        with _loop().waiting():
            city = await stack.enter_async_context(CityProcess(path, community=COMMUNITY))
        client = await stack.enter_async_context(SnmpClient())
        pysnmp = await stack.enter_async_context(PysnmpOnDemand(THREADS.chores))
        echo = await stack.enter_async_context(EchoSocket.open())
        inventory = loopback_inventory(load(path), city.port)
        by_pysnmp = {
            site.uplink.host
            for school in inventory.schools
            if school.id == BY_PYSNMP
            for site in school.sites
        }
        model = ModelledEcho(inventory, clock)
        network = Loopback(NativeReader(client), pysnmp, by_pysnmp, echo, model)
        daemon = await stack.enter_async_context(running(folder, inventory, network, clock=clock))
        gate = stack.enter_context(ScrapeGate(daemon.exposition, clock))
        view = DaemonView(daemon.daemon, gate)
        port = await stack.enter_async_context(serve(view, Listen("127.0.0.1", 0)))
        yield Town(city, network, daemon, inventory, port)


async def _soak(hours: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with _town(Path(folder)) as town:
            async for held in town.hours(hours):
                sys.stdout.write(json.dumps(asdict(held)) + "\n")
                sys.stdout.flush()


def _loop() -> VirtualTimeLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    return loop


def main() -> None:
    """Print a line of JSON at each hour's end."""
    logging.basicConfig(level=logging.ERROR)
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(_soak(int(sys.argv[1])))


if __name__ == "__main__":
    main()
