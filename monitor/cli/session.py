"""One school probed from the shell: its checks, run in rounds, and the resulting verdicts.

Must not know: how the findings are shown.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.calendar.maintenance import MaintenanceBook
from monitor.cli.demo import running_demo
from monitor.clock import SystemClock
from monitor.config.secrets import read_credentials
from monitor.daemon.pipeline import build_judges
from monitor.exposition.store import Exposition
from monitor.inventory.checks import SNMP_OPTIONS, CheckKind, Engine, Role, password_names
from monitor.observation import Outcome
from monitor.probes.context import ProbeContext
from monitor.probes.echo.socket import EchoSocket
from monitor.probes.registry import PROBES
from monitor.probes.snmp_transport import SnmpReaders
from monitor.snmp.client import SnmpClient
from monitor.snmp.on_demand import PysnmpOnDemand
from monitor.snmp.read import NativeReader, Reader
from monitor.threads import open_probe_threads
from monitor.verdict import Moment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping
    from pathlib import Path

    from monitor.daemon.consumer import Consumer
    from monitor.inventory.checks import Check, IcmpOptions
    from monitor.inventory.city import Inventory, MaintenanceWindow, School
    from monitor.observation import EchoRound, Observation
    from monitor.probes.context import EchoTransport
    from monitor.threads import ProbeThreads

# Interval between two polls of the uplink's counters; if shorter, devices return cached values.
LOAD_SECONDS = 5.0
# After this time the next check starts although one before it has not finished: some never answer.
_NEXT_SECONDS = 0.2


class NoEcho:
    """Used if no check pings, so that no permission is needed."""

    @property
    def drops(self) -> Mapping[str, int]:
        """Return nothing, because no datagrams arrive."""
        return {}

    async def ping(self, address: str, options: IcmpOptions) -> EchoRound:
        """Refuse."""
        raise OSError(f"{address} is not to be pinged with {options}")


class SchoolSession:
    """The checks of one school and of the references, run on demand.

    `latest` has the last observation of each of the school's checks, in the inventory's order;
    `board` and `meters` are derived from all of them.
    """

    def __init__(self, transports: Transports, school: School, state_directory: Path) -> None:
        inventory = transports.inventory
        self.school = school
        self.clock = SystemClock()
        self._transports = transports
        # With only this school in the inventory, its silence is not mistaken for isolation.
        self._inventory = replace(inventory, schools=(school,))
        self.checks = [one for one in self._inventory.checks() if one.target.school]
        self.references = [
            one for one in self._inventory.checks() if one.target.role is Role.REFERENCE
        ]
        self._maintenance = MaintenanceBook(state_directory, self._inventory)
        # Their metrics are not scraped.
        exposition = Exposition(self.clock)
        verdicts, uplinks = build_judges(self._inventory, self.clock, self._maintenance, exposition)
        self._consumers: tuple[Consumer, ...] = (verdicts, uplinks)
        self.calendar, self.board = verdicts.calendar, verdicts.board
        self.meters = uplinks.meters
        self._seen: dict[str, Observation] = {}

    @property
    def latest(self) -> list[Observation]:
        """Return the last observation of each check that has run, in the inventory's order."""
        return [self._seen[check.id] for check in self.checks if check.id in self._seen]

    @property
    def maintenance(self) -> MaintenanceWindow | None:
        """Return the school's current maintenance window."""
        return self._maintenance.active(self.school.id, self.clock.now())

    def moment(self) -> Moment:
        """Return the current time on both clocks."""
        return Moment(self.clock.monotonic(), self.clock.now())

    async def round(self, checks: Iterable[Check], ran: Callable[[], None] | None = None) -> None:
        """Run checks once, and process their results; call `ran` after each.

        First all pings together, then the others one after another: the downloads of a page fill a
        slow line, and so many starts at once take the event loop for ten milliseconds, which all
        times would contain. The interfaces come last, so that their load is not ours.
        """
        ordered = sorted(checks, key=lambda one: one.kind is CheckKind.INTERFACES)
        async with asyncio.TaskGroup() as group:
            for check in ordered:
                if check.kind is CheckKind.ICMP:
                    group.create_task(self._run(check, ran))
        async with asyncio.TaskGroup() as group:
            for check in ordered:
                if check.kind is CheckKind.ICMP:
                    continue
                task = group.create_task(self._run(check, ran))
                await asyncio.wait({task}, timeout=_NEXT_SECONDS)
        for consumer in self._consumers:
            consumer.tick(self.moment())

    async def measure_load(self) -> None:
        """Read the uplinks' counters again to compute their load."""
        again = [
            seen.check
            for seen in self.latest
            if seen.check.kind is CheckKind.INTERFACES
            and seen.check.target.role is Role.UPLINK
            and seen.outcome is Outcome.OK
        ]
        if again:
            await self.clock.sleep(LOAD_SECONDS)
            await self.round(again)

    async def _run(self, check: Check, ran: Callable[[], None] | None) -> None:
        deadline, there = self.clock.monotonic() + check.timeout, self._transports
        context = ProbeContext(self.clock, deadline, there.echo, there.snmp, there.threads)
        observation = await PROBES[check.kind](check, context)
        self._seen[check.id] = observation
        for consumer in self._consumers:
            consumer.observe(observation, self.moment())
        if ran is not None:
            ran()


@dataclass(frozen=True, slots=True)
class Transports:
    """How devices are queried; `inventory` has their addresses, which differ in a demo."""

    inventory: Inventory
    echo: EchoTransport
    snmp: SnmpReaders
    client: SnmpClient
    threads: ProbeThreads


@asynccontextmanager
async def open_transports(
    inventory: Inventory,
    state_directory: Path,
    *,
    of_demo: bool,
    pings: bool,
    asks: Callable[[Check], bool],
) -> AsyncIterator[Transports]:
    """Open the transports to devices, or to those of a running demo.

    `pings` says whether any will be sent; without pings, no permission is needed. `asks` says which
    checks of the inventory will run: only their secrets are needed.

    Raises:
        SecretError: if a credential cannot be read.
        EchoPermissionError: if no ping can be sent; the message names the remedy.
    """
    async with AsyncExitStack() as stack:
        echo: EchoTransport
        if of_demo:
            parts = running_demo(inventory, SystemClock(), state_directory)
            inventory, echo, credentials = parts.inventory, parts.echo, parts.credentials
        else:
            wanted = _credentials_of(one for one in inventory.checks() if asks(one))
            sources = inventory.credentials.items()
            credentials = read_credentials({name: at for name, at in sources if name in wanted})
            echo = await stack.enter_async_context(EchoSocket.open()) if pings else NoEcho()
        threads = stack.enter_context(open_probe_threads())
        client = await stack.enter_async_context(SnmpClient())
        pysnmp = await stack.enter_async_context(PysnmpOnDemand(threads.chores))
        readers: dict[Engine, Reader] = {Engine.NATIVE: NativeReader(client), Engine.PYSNMP: pysnmp}
        yield Transports(inventory, echo, SnmpReaders(readers, credentials), client, threads)


def _credentials_of(checks: Iterable[Check]) -> set[str]:
    """Return the names of the secrets that these checks need."""
    names: set[str] = set()
    for check in checks:
        if isinstance(check.options, SNMP_OPTIONS):
            access = check.options.access
            names |= {access.credential, *password_names(access.credential)}
    return names


@asynccontextmanager
async def open_session(  # noqa: PLR0913  # what is asked, by keyword
    inventory: Inventory,
    school: School,
    state_directory: Path,
    *,
    of_demo: bool,
    pings: bool,
    only: CheckKind | None = None,
) -> AsyncIterator[SchoolSession]:
    """Open the transports to a school's sites, for its checks of one kind or for all.

    See `open_transports`, also for the exceptions.
    """
    sites = {site.id for site in school.sites}

    def asks(check: Check) -> bool:
        target = check.target
        return target.school == school.id and target.site in sites and only in {None, check.kind}

    opened = open_transports(inventory, state_directory, of_demo=of_demo, pings=pings, asks=asks)
    async with opened as transports:
        there = next(one for one in transports.inventory.schools if one.id == school.id)
        there = replace(there, sites=tuple(one for one in there.sites if one.id in sites))
        session = SchoolSession(transports, there, state_directory)
        session.checks = [one for one in session.checks if asks(one)]
        yield session
