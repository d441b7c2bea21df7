"""The traps of a city: counted by device, and a reason to look at the device at once.

A trap is a hint, never evidence: anyone who can forge a device's address and knows a community
can send one. So it changes no verdict, and only triggers a poll of the device, at a limited rate.

Must not know: how a trap is received or authenticated.
"""

from __future__ import annotations

import importlib
import socket
from collections import Counter
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monitor.daemon.swap import Swap
from monitor.devices.links import place_of
from monitor.exposition.traps import SCHOOL_DEVICE_TRAPS_TOTAL, trap_blocks
from monitor.flood_filter import FloodFilter, lost_datagrams
from monitor.inventory.checks import SNMP_OPTIONS, CheckKind, Role
from monitor.probes.resolve import ResolveError, resolve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from monitor.clock import Clock
    from monitor.devices.links import Place
    from monitor.exposition.store import Exposition
    from monitor.inventory.checks import Check
    from monitor.inventory.city import Inventory
    from monitor.probes.snmp_transport import SnmpReaders
    from monitor.snmp.traps import Senders, TrapReceiver
    from monitor.threads import ProbeThreads

POLL_GAP_SECONDS = 10.0
RESOLVE_SECONDS = 10.0
_MODULE = "monitor.snmp.traps"


@dataclass(frozen=True, slots=True)
class TrapDevices:
    """The devices that may send traps, by address, and a check of each.

    `module` is `monitor.snmp.traps`, which is imported in a thread.
    """

    module: Any
    places: Mapping[str, Place]
    checks: tuple[Check, ...]


class TrapListener:
    """Receives the traps of the inventory's devices; created by `open_traps`."""

    def __init__(
        self,
        receiving: socket.socket,
        exposition: Exposition,
        clock: Clock,
        hurry: Callable[[str], None],
        threads: ProbeThreads,
    ) -> None:
        self._threads = threads
        self._receiving = receiving
        self._floods = FloodFilter(receiving)
        self._exposition = exposition
        self._clock = clock
        self._hurry = hurry
        self._receiver: TrapReceiver | None = None
        self._places: dict[str, Place] = {}
        self._totals: dict[Place, Counter[str]] = {}
        self._polled: dict[Place, float] = {}
        self._drops: dict[str, int] = {}

    @property
    def drops(self) -> Mapping[str, int]:
        """Return how many datagrams were discarded, by reason."""
        return {**self._drops, "unread": lost_datagrams(self._receiving)} if self._drops else {}

    async def listen(self, inventory: Inventory, snmp: SnmpReaders) -> None:
        """Accept traps of these devices from now on, and of no others."""
        devices, swap = await self.look_up(inventory), Swap()
        swap.twin(self._exposition).unshare()
        swap.twin(self).reconfigure(devices, snmp, swap)
        outdated = self.receiver
        swap.commit()
        if outdated is not None:
            outdated.close()

    async def look_up(self, inventory: Inventory) -> TrapDevices:
        """Return the devices that may send traps, by address."""
        # In a thread: the import would block the probes of a whole city.
        module = await self._threads.chores.run(importlib.import_module, _MODULE)
        devices = {
            check.target: check
            for check in inventory.checks()
            if check.target.role is not Role.REFERENCE and isinstance(check.options, SNMP_OPTIONS)
        }
        addresses = await self._addresses(devices.values())
        return TrapDevices(module, addresses, tuple(devices.values()))

    def reconfigure(self, devices: TrapDevices, snmp: SnmpReaders, swap: Swap) -> None:
        """Accept traps of these devices; the exposition takes part in the swap.

        This makes a new `receiver`: the caller closes it if the swap is not committed, and the
        previous one if it is.
        """
        module, places = devices.module, devices.places
        totals, shared = self._totals, self._exposition
        self._exposition = swap.twin(shared)
        self._drops = {reason: self._drops.get(reason, 0) for reason in module.REASONS}
        self._places = dict(places)
        self._totals = {place: totals.get(place, Counter()) for place in places.values()}
        self._polled = {place: at for place, at in self._polled.items() if place in self._totals}
        for gone in totals.keys() - self._totals.keys():
            self._exposition.drop_block(SCHOOL_DEVICE_TRAPS_TOTAL.name, gone[0], _owner(gone))
        for listened in self._totals:
            self._expose(listened)
        self._exposition = shared
        senders = _senders(module.Senders, places, devices.checks, snmp)
        # A duplicate: datagrams that arrive in between wait in the socket that stays open.
        receiving = self._receiving.dup()
        with ExitStack() as undo:
            undo.callback(receiving.close)
            self._receiver = module.TrapReceiver(
                receiving,
                senders,
                self._taken,
                self._clock.monotonic,
                self._drops,
                self._floods.stray,
            )
            undo.pop_all()

    @property
    def receiver(self) -> TrapReceiver | None:
        """Return the current receiver."""
        return self._receiver

    def close(self) -> None:
        """Stop receiving traps."""
        self._floods.close()
        if self._receiver is not None:
            self._receiver.close()
            self._receiver = None

    def _taken(self, address: str, kind: str) -> None:
        place = self._places.get(address)
        if place is None:
            return
        self._totals[place][kind] += 1
        self._expose(place)
        now = self._clock.monotonic()
        if now - self._polled.get(place, -POLL_GAP_SECONDS) >= POLL_GAP_SECONDS:
            self._polled[place] = now
            self._hurry(f"{'/'.join(place)}/{CheckKind.INTERFACES}")

    def _expose(self, place: Place) -> None:
        blocks = trap_blocks(place, self._totals[place])
        self._exposition.set_blocks(place[0], _owner(place), blocks)

    async def _addresses(self, checks: Iterable[Check]) -> dict[str, Place]:
        """Return the devices by address; names that do not resolve are left out."""
        found: dict[str, Place] = {}
        clock, names = self._clock, self._threads.names
        deadline = clock.monotonic() + RESOLVE_SECONDS
        for check in checks:
            try:
                resolved = await resolve(check.target.host, clock, deadline, names)
            except ResolveError:
                continue
            found.setdefault(resolved.address, place_of(check.target))
        return found


@asynccontextmanager
async def open_traps(
    place: tuple[str, int],
    exposition: Exposition,
    clock: Clock,
    hurry: Callable[[str], None],
    threads: ProbeThreads,
) -> AsyncIterator[TrapListener]:
    """Bind the socket; `hurry(check_id)` runs a check at once.

    Raises:
        OSError: if the address is not available.
        UnicodeError: if it cannot be the name of a host.
    """
    host, port = place
    host.encode("idna")  # `bind` would raise a TypeError
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as receiving:
        receiving.settimeout(0)
        receiving.bind((host, port))
        listener = TrapListener(receiving, exposition, clock, hurry, threads)
        try:
            yield listener
        finally:
            listener.close()


def _senders(
    make: type[Senders],
    addresses: Mapping[str, Place],
    checks: Iterable[Check],
    snmp: SnmpReaders,
) -> Senders:
    accesses = {check.options.access for check in checks if isinstance(check.options, SNMP_OPTIONS)}
    agents = [snmp.agent("", access) for access in accesses]
    return make(
        frozenset(addresses),
        frozenset(agent.community for agent in agents if agent.security is None),
        tuple({agent.security for agent in agents if agent.security is not None}),
    )


def _owner(place: Place) -> str:
    return f"{'/'.join(place)}/traps"
