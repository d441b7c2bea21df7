"""The traffic of an interface between two samples of its counters, or why it is unknown.

A wrong rate is worse than none: a difference that might be a reset, a restart or an unnoticed wrap
yields no value.

Source: RFC 2863 §3.1.6 (sizes of counters), RFC 3418 sysUpTime (hundredths, wraps after
497.1 days), RFC 2578 §7.1.6 (a counter has no initial value).

Must not know: contracts, or where samples come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.uplink.model import Gap

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.uplink.model import Counters, Poll, Sample

SHORTEST_SECONDS = 1.0
LONGEST_SECONDS = 3600.0
# Octet counters are read a moment after sysUpTime, and some agents refresh them in steps.
MOST_OF_SPEED = 1.1

_TICKS = 100
_WRAP_32 = 2**32
# A device's clock may drift against ours, and its reply may wait in a queue.
_CLOCK_DRIFT, _CLOCK_SLACK_SECONDS = 0.005, 1.0
# The smallest and the largest IPv4 packet: only a header, and 16 bits of length.
_SMALLEST_PACKET, _LARGEST_PACKET = 20, 65_535


class NoRateError(Exception):
    """Two samples yield no rate."""

    def __init__(self, gap: Gap) -> None:
        super().__init__(gap.value)
        self.gap = gap


@dataclass(frozen=True, slots=True)
class Volume:
    """The traffic in one direction: octets, unicast packets, errors, discards."""

    octets: int
    packets: int | None
    errors: int | None
    discards: int | None


def seconds_between(before: Sample, after: Sample, polls: tuple[Poll, Poll]) -> float:
    """Return the seconds between two samples by the device's own clock.

    Our own clock is used to verify it: a restart or a stopped clock shows as a difference.

    Raises:
        NoRateError: if the device's clock is not plausible, or too much or too little time passed.
    """
    if before.uptime_ticks is None or after.uptime_ticks is None:
        raise NoRateError(Gap.NO_UPTIME)
    first, second = polls
    at_least, at_most = max(0.0, second.begun - first.ended), second.ended - first.begun
    if at_least > LONGEST_SECONDS:
        raise NoRateError(Gap.TOO_LONG)
    slack = _CLOCK_SLACK_SECONDS + _CLOCK_DRIFT * at_most
    # Modulo: sysUpTime wraps after 497 days, which is not a restart.
    seconds = (after.uptime_ticks - before.uptime_ticks) % _WRAP_32 / _TICKS
    if seconds == 0:
        raise NoRateError(Gap.UPTIME_STANDS_STILL)
    if not at_least - slack <= seconds <= at_most + slack:
        went_back = after.uptime_ticks < before.uptime_ticks
        began_since = after.uptime_ticks / _TICKS < at_least - slack
        raise NoRateError(Gap.RESTARTED if went_back or began_since else Gap.CLOCKS_DISAGREE)
    if seconds < SHORTEST_SECONDS:
        raise NoRateError(Gap.TOO_SOON)
    return seconds


def volumes_between(before: Sample, after: Sample, seconds: float) -> tuple[Volume, Volume]:
    """Return what was received and what was sent between two samples.

    Raises:
        NoRateError: if the counters may have been reset, or may have wrapped unnoticed.
    """
    if before.sys_name != after.sys_name:
        raise NoRateError(Gap.OTHER_DEVICE)
    if before.if_index != after.if_index:
        raise NoRateError(Gap.RENUMBERED)
    if None in {after.received.octets, after.sent.octets}:
        raise NoRateError(Gap.NO_COUNTERS)
    if before.is_wide != after.is_wide or before.discontinuity != after.discontinuity:
        raise NoRateError(Gap.COUNTERS_RESET)
    speeds = [speed for speed in (before.speed_bps, after.speed_bps) if speed]
    most = MOST_OF_SPEED * max(speeds) * seconds / 8 if speeds else None
    if not after.is_wide and (most is None or most >= _WRAP_32):
        raise NoRateError(Gap.WRAP_UNCERTAIN)
    packets = before.has_wide_packets == after.has_wide_packets
    received = _volume(before.received, after.received, after, packets=packets)
    sent = _volume(before.sent, after.sent, after, packets=packets)
    if most is not None:
        _refuse_implausible(before.received, after.received, received, most)
        _refuse_implausible(before.sent, after.sent, sent, most)
    return received, sent


def _volume(before: Counters, after: Counters, sample: Sample, *, packets: bool) -> Volume:
    """Return one direction's volume by the sample's counter widths; packets only if `packets`."""
    if before.octets is None or after.octets is None:
        raise NoRateError(Gap.NO_COUNTERS)
    # 32-bit octets wrap at most once, which the caller has checked.
    wrapped = (after.octets - before.octets) % _WRAP_32
    grown = _grown_64 if sample.has_wide_packets else _grown_32
    return Volume(
        _grown_64(before.octets, after.octets) if sample.is_wide else wrapped,
        _known(grown, before.packets, after.packets) if packets else None,
        _known(_grown_32, before.errors, after.errors),
        _known(_grown_32, before.discards, after.discards),
    )


def _known(grown: Callable[[int, int], int], before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else grown(before, after)


def _grown_64(before: int, after: int) -> int:
    # 64 bits take 46 years at 100 Gbit/s: a decrease is not a wrap.
    if after < before:
        raise NoRateError(Gap.COUNTERS_RESET)
    return after - before


def _grown_32(before: int, after: int) -> int:
    growth = (after - before) % _WRAP_32
    # No line sends 2**31 packets between two polls: such an increase is a decrease.
    if growth >= _WRAP_32 // 2:
        raise NoRateError(Gap.COUNTERS_RESET)
    return growth


def _refuse_implausible(before: Counters, after: Counters, volume: Volume, most: float) -> None:
    """Reject more octets than the interface can carry, and wraps that are not confirmed.

    Raises:
        NoRateError: if the volume is not plausible.
    """
    went_back = (after.octets or 0) < (before.octets or 0)
    if volume.octets > most:
        raise NoRateError(Gap.COUNTERS_RESET if went_back else Gap.IMPLAUSIBLE)
    if not went_back:
        return
    # A reset may look like a wrap in one counter, but hardly ever in octets and packets at once.
    packets = volume.packets
    if packets is None or not packets * _SMALLEST_PACKET <= most:
        raise NoRateError(Gap.WRAP_UNCERTAIN)
    if volume.octets > packets * _LARGEST_PACKET:
        raise NoRateError(Gap.WRAP_UNCERTAIN)
