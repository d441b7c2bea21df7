"""What the uplink's own counters say of a test: load before, others' traffic meanwhile.

The router's octets are all that went over the line; less what the test moved is what others
did. A test's payload weighs more on the line than at its receiver (headers), and its
acknowledgements go the other way; both are taken off.

Must not know: how counters are read, what follows from a share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.rollout.evidence import Direction, PassivePeak

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.inventory import Contract
    from monitor.observation import DeviceReading

# Ethernet, IPv4 and TCP with time stamps: 1448 of 1514 octets are payload (RFC 894, 791, 7323).
WIRE_SHARE: Final = 1514 / 1448
# One acknowledgement of 66 octets for each segment at most (RFC 9293 §3.8.6.3).
ACKNOWLEDGEMENT_SHARE: Final = 66 / 1448
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


def octets_of(reading: DeviceReading, interface: str | None, at: float) -> OctetReading | None:
    """Return the 64-bit counters of the interface with that ifName in a reading.

    None if there is no such interface or it has none: 32 bits wrap within 35 s at 1 Gbit/s.
    Source: IF-MIB::ifHCInOctets, ifHCOutOctets.
    """
    columns = reading.columns
    wanted = None if interface is None else interface.encode()
    for if_index, name in columns.get("ifName", {}).items():
        if name != wanted:
            continue
        down = columns.get("ifHCInOctets", {}).get(if_index)
        up = columns.get("ifHCOutOctets", {}).get(if_index)
        if isinstance(down, int) and isinstance(up, int):
            return OctetReading(at, down, up, reading.uptime_ticks)
    return None


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
    forth = int(payload_bytes * WIRE_SHARE)
    back = int(payload_bytes * ACKNOWLEDGEMENT_SHARE)
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
    before: OctetReading | None,
    after: OctetReading | None,
    direction: Direction,
    payload_bytes: int,
    contract: Contract,
) -> float | None:
    """Return the others' share of the contracted rate during a test, None if nothing tells."""
    moved = moved_between(before, after)
    if moved is None:
        return None
    return share_of_contract(others(moved, direction, payload_bytes), contract)


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
