"""Ping in the simulated city: a model, because the kernel answers every ping on loopback.

Each school's line has its own round-trip time and jitter; the city's faults apply as they do for
SNMP. No packet is sent; a round takes as long as a real one on the injected clock.

Must not know: sockets, SNMP, or where the faults come from.
"""

from __future__ import annotations

import math
import struct
from hashlib import blake2b, shake_128
from typing import TYPE_CHECKING, Final

from monitor.inventory.checks import Role
from monitor.observation import EchoRound, rtts_and_gaps
from monitor.simulator.faults import FaultPlan, Place, places_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.clock import Clock
    from monitor.inventory.checks import IcmpOptions
    from monitor.inventory.city import Inventory
    from monitor.simulator.faults import Fault

SLOW_FACTOR: Final = 3.0
"""Factor by which a slow line prolongs each round trip."""

_LEAST_RTT: Final = 0.0015
_RTT_SPREAD: Final = 0.0065
_SWITCH_RTT: Final = 0.0004
_JITTER: Final = 0.0004
_HOP_LIMIT: Final = 64
_HOPS: Final = {Role.UPLINK: 3, Role.SWITCH: 4, Role.REFERENCE: 9}


class ModelledEcho:
    """An `EchoTransport` over the model; deterministic for its seed and the requested rounds.

    The inventory is the daemon's, with its hosts on loopback. `first_round` is the number of the
    first round to each address.
    """

    __slots__ = (
        "_clock",
        "_first_round",
        "_lines",
        "_places",
        "_plan",
        "_rounds",
        "_seed",
        "_started",
    )

    def __init__(
        self,
        inventory: Inventory,
        clock: Clock,
        faults: Iterable[Fault] = (),
        seed: int = 0,
        *,
        first_round: int = 0,
    ) -> None:
        self._clock = clock
        self._first_round = first_round
        self._seed = seed
        self._plan = FaultPlan(inventory, faults)
        self._places: dict[str, Place] = {}
        for reference in inventory.references:
            self._places[reference.host] = Place("", "", reference.name, Role.REFERENCE)
        self._places |= {host: place for place, host in places_of(inventory).items()}
        self._rounds: dict[str, int] = {}
        self._lines: dict[str, float] = {}
        self._started = clock.monotonic()

    def replace_faults(self, faults: Iterable[str | Mapping[str, object]]) -> None:
        """Replace the set of faults from now on, as `FaultPlan.replace` does.

        Raises:
            FaultError: if a fault is not possible in this city; then nothing changes.
        """
        self._plan.replace(faults, self._seconds())

    @property
    def drops(self) -> Mapping[str, int]:
        """Return nothing: the model has no forged replies."""
        return {}

    async def ping(self, address: str, options: IcmpOptions) -> EchoRound:
        """Return one round to an address; if no device has it, every packet is lost."""
        number = self._rounds.get(address, self._first_round)
        self._rounds[address] = number + 1
        found, seconds = self.modelled(address, options, number)
        await self._clock.sleep(seconds)
        return found

    def modelled(self, address: str, options: IcmpOptions, number: int) -> tuple[EchoRound, float]:
        """Return the round of a number to an address, and how many seconds it takes."""
        place = self._places.get(address)
        start = self._seconds()
        times: list[float | None] = []
        ends = 0.0
        drawn = _draw(self._seed, address, number, 2 * options.packets)
        for packet in range(options.packets):
            sent_after = packet * options.spacing
            rtt = None
            if place is not None:
                chance, spread = drawn[2 * packet : 2 * packet + 2]
                rtt = self._round_trip(place, start + sent_after, chance, spread)
            if rtt is None or rtt > options.wait:
                times.append(None)
                ends = max(ends, sent_after + options.wait)
            else:
                times.append(rtt)
                ends = max(ends, sent_after + rtt)
        rtts, gaps = rtts_and_gaps(times)
        hop_limit = _HOP_LIMIT - _HOPS[place.role] if place is not None and rtts else None
        found = EchoRound(address, options.packets, rtts, hop_limit=hop_limit, gaps=gaps)
        return found, ends

    def _round_trip(
        self, place: Place, seconds: float, chance: float, spread: float
    ) -> float | None:
        """Return the round-trip time of a packet in seconds, None if it is lost.

        `chance` decides about the loss, `spread` about the jitter; both are below 1.
        """
        condition = self._plan.condition(place, seconds)
        if condition.silent or chance < condition.loss:
            return None
        rtt = self._line(place.school or place.device) - math.log(1 - spread) * _JITTER
        if place.role is Role.SWITCH:
            rtt += _SWITCH_RTT
        return rtt * SLOW_FACTOR if condition.slow else rtt

    def _line(self, name: str) -> float:
        """Return the minimum round-trip time of a school's line in seconds."""
        least = self._lines.get(name)
        if least is None:
            share = _digest(self._seed, name, 0) / (1 << 64)
            least = self._lines[name] = _LEAST_RTT + _RTT_SPREAD * share
        return least

    def _seconds(self) -> float:
        return self._clock.monotonic() - self._started


def _digest(seed: int, text: str, number: int) -> int:
    digest = blake2b(f"{seed}/{text}/{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _draw(seed: int, address: str, number: int, count: int) -> list[float]:
    """Return evenly distributed numbers in [0, 1), always the same for the same round.

    A digest of any length: seeding a generator for each round would cost several times as much.
    """
    octets = shake_128(f"{seed}/{address}/{number}".encode()).digest(4 * count)
    return [value / (1 << 32) for value in struct.unpack(f">{count}I", octets)]
