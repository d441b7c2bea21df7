"""What the uplink's counters tell about a test: the load before it, and cross traffic during it.

The router counts all octets on the line; minus the test's own, they are the cross traffic. A test's
payload counts more in the router than at its receiver (headers), and its acknowledgements go the
other way; both are subtracted (`layers.py`).

The counters are read before a test and some seconds after it, and do not show when others used the
line. So all cross traffic is attributed to the test: its share is an upper bound on how
far the test was disturbed.

Must not know: how counters are read, or what follows from a share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.campaigns.evidence import Direction
from monitor.campaigns.layers import ACKNOWLEDGEMENT_PER_PAYLOAD, COUNTED_PER_PAYLOAD
from monitor.uplink.interface import find_interface, sample_of
from monitor.uplink.model import Gap

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.inventory.city import Contract
    from monitor.observation import DeviceReading

_MOST_CLOCK_DRIFT: Final = 0.5


@dataclass(frozen=True, slots=True)
class OctetReading:
    """The uplink's octet counters at a monotonic time: down is in, up is out, 64 bits wide.

    `uptime_ticks` is sysUpTime in hundredths of a second, None if the router does not report it.
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
    """The octets that a test of one direction transferred itself, and its configured duration."""

    direction: Direction
    payload_bytes: int
    warm_up: float
    seconds: float


@dataclass(frozen=True, slots=True)
class CrossTraffic:
    """Cross traffic during a test; all of it is attributed to the test.

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
    """Return the octets carried by the uplink between two readings, None if that is unknown."""
    if before is None or after is None or after.at <= before.at:
        return None
    down = after.down_octets - before.down_octets
    up = after.up_octets - before.up_octets
    # A 64-bit counter does not wrap during a test: one that went backwards was reset.
    if down < 0 or up < 0:
        return None
    ticks = (before.uptime_ticks, after.uptime_ticks)
    if ticks[0] is not None and ticks[1] is not None and ticks[1] < ticks[0]:
        return None
    return Moved(down, up, after.at - before.at)


def others(moved: Moved, direction: Direction, payload_bytes: int) -> Moved:
    """Return the traffic minus a test's own in one direction; never negative."""
    forth = int(payload_bytes * COUNTED_PER_PAYLOAD)
    back = int(payload_bytes * ACKNOWLEDGEMENT_PER_PAYLOAD)
    own_down, own_up = (forth, back) if direction is Direction.DOWN else (back, forth)
    return Moved(
        max(0, moved.down_octets - own_down), max(0, moved.up_octets - own_up), moved.seconds
    )


def share_of_contract(moved: Moved, contract: Contract, seconds: float | None = None) -> float:
    """Return the traffic as a share of the contracted rate, in the worse direction.

    Averaged over the time between the readings, or over `seconds` if given.
    """
    time = moved.seconds if seconds is None else seconds
    return max(
        8 * moved.down_octets / time / contract.down_bps,
        8 * moved.up_octets / time / contract.up_bps,
    )


def cross_traffic(
    before: OctetReading | None, after: OctetReading | None, test: OwnTraffic, contract: Contract
) -> CrossTraffic | None:
    """Return the cross traffic during a test, None if it cannot be computed."""
    moved = moved_between(before, after)
    if moved is None:
        return None
    rest = others(moved, test.direction, test.payload_bytes)
    octets = rest.down_octets if test.direction is Direction.DOWN else rest.up_octets
    return CrossTraffic(
        share_of_contract(rest, contract, test.warm_up + test.seconds), 8 * octets / test.seconds
    )


def clock_stepped(monotonic_seconds: float, begin: datetime, end: datetime) -> bool:
    """Return whether the wall clock was stepped between two readings of both clocks."""
    drift = (end - begin).total_seconds() - monotonic_seconds
    return abs(drift) > _MOST_CLOCK_DRIFT
