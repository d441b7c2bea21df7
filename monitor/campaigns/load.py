"""What the uplink's own counters say of a test: load before, others' traffic meanwhile.

The router's octets are all that went over the line; less what the test moved is what others
did. A test's payload weighs more in the counters than at its receiver (headers), and its
acknowledgements go the other way; both are taken off (`layers.py`).

The counters are read from before a test until some seconds after it, and say nothing of when
others used the line. So all of it is taken to have fallen into the test: no test is then more
disturbed than its share says.

Must not know: how counters are read, what follows from a share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.campaigns.evidence import Direction, PassivePeak
from monitor.campaigns.layers import ACKNOWLEDGEMENT_PER_PAYLOAD, COUNTED_PER_PAYLOAD
from monitor.uplink.interface import find_interface, sample_of
from monitor.uplink.model import Gap

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.inventory.city import Contract
    from monitor.observation import DeviceReading

_MOST_CLOCK_DRIFT: Final = 0.5
# Polls a minute apart are seldom a minute apart to the second.
_SHORTEST_PEAK: Final = 55.0


@dataclass(frozen=True, slots=True)
class OctetReading:
    """The uplink's octet counters at a monotonic time: down is in, up is out, 64 bits wide.

    `uptime_ticks` is sysUpTime in hundredths of a second, None if the router does not tell.
    """

    at: float
    down_octets: int
    up_octets: int
    uptime_ticks: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Octets that went over an uplink between two readings, and the seconds between them."""

    down_octets: int
    up_octets: int
    seconds: float


@dataclass(frozen=True, slots=True)
class OwnTraffic:
    """What a test of one direction itself moved, and how long it was told to take."""

    direction: Direction
    payload_bytes: int
    warm_up: float
    seconds: float


@dataclass(frozen=True, slots=True)
class CrossTraffic:
    """Others' traffic during a test, as if all of it had fallen into the test.

    `share` is of the contracted rate, in the worse direction, over warm-up and measuring time.
    `bps` is in the direction of the test, over the measuring time, in octets as counted.
    """

    share: float
    bps: float


def octets_of(reading: DeviceReading, interface: str | None, at: float) -> OctetReading | None:
    """Return the 64-bit counters of the uplink's interface in a reading.

    The interface is the one whose load is measured (`uplink.interface.find_interface`). None if
    there is none or it has no such counters: 32 bits wrap within 35 s at 1 Gbit/s.
    Source: IF-MIB::ifHCInOctets, ifHCOutOctets.
    """
    if_index = find_interface(reading, interface)
    if isinstance(if_index, Gap):
        return None
    sample = sample_of(reading, if_index)
    down, up = sample.received.octets, sample.sent.octets
    if not sample.is_wide or down is None or up is None:
        return None
    return OctetReading(at, down, up, reading.uptime_ticks)


def moved_between(before: OctetReading | None, after: OctetReading | None) -> Moved | None:
    """Return what went over the uplink between two readings, None if they cannot tell."""
    if before is None or after is None or after.at <= before.at:
        return None
    down = after.down_octets - before.down_octets
    up = after.up_octets - before.up_octets
    # 64 bits do not wrap in a test: a counter that fell was reset.
    if down < 0 or up < 0:
        return None
    ticks = (before.uptime_ticks, after.uptime_ticks)
    if ticks[0] is not None and ticks[1] is not None and ticks[1] < ticks[0]:
        return None
    return Moved(down, up, after.at - before.at)


def others(moved: Moved, direction: Direction, payload_bytes: int) -> Moved:
    """Return what is left of the traffic without a test's own of one direction; never negative."""
    forth = int(payload_bytes * COUNTED_PER_PAYLOAD)
    back = int(payload_bytes * ACKNOWLEDGEMENT_PER_PAYLOAD)
    own_down, own_up = (forth, back) if direction is Direction.DOWN else (back, forth)
    return Moved(
        max(0, moved.down_octets - own_down), max(0, moved.up_octets - own_up), moved.seconds
    )


def share_of_contract(moved: Moved, contract: Contract, seconds: float | None = None) -> float:
    """Return the traffic as a share of the contracted rate, in the worse direction.

    Over the time between the readings, or over as many `seconds` as given.
    """
    time = moved.seconds if seconds is None else seconds
    return max(
        8 * moved.down_octets / time / contract.down_bps,
        8 * moved.up_octets / time / contract.up_bps,
    )


def cross_traffic(
    before: OctetReading | None, after: OctetReading | None, test: OwnTraffic, contract: Contract
) -> CrossTraffic | None:
    """Return the others' traffic during a test, None if nothing tells."""
    moved = moved_between(before, after)
    if moved is None:
        return None
    rest = others(moved, test.direction, test.payload_bytes)
    octets = rest.down_octets if test.direction is Direction.DOWN else rest.up_octets
    return CrossTraffic(
        share_of_contract(rest, contract, test.warm_up + test.seconds), 8 * octets / test.seconds
    )


def clock_stepped(monotonic_seconds: float, begin: datetime, end: datetime) -> bool:
    """Return whether the wall clock moved otherwise than the monotonic one between two looks."""
    drift = (end - begin).total_seconds() - monotonic_seconds
    return abs(drift) > _MOST_CLOCK_DRIFT


def passive_peak(
    site: str, direction: Direction, bps: float, seconds: float, at: datetime
) -> PassivePeak | None:
    """Return a peak of ordinary use as evidence of capacity, None unless it held for a minute.

    `seconds` is the time that the rate was averaged over; a shorter burst may have come out of
    a buffer, and shows nothing of the line.
    """
    if seconds < _SHORTEST_PEAK or bps <= 0:
        return None
    return PassivePeak(site, at, direction, bps)
