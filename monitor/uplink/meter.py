"""One uplink's load, from successive readings of its router.

In on the interface towards the provider is down for the school, Out is up.

Must not know: schools, or what counts as a problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.uplink.compare import NoRateError, seconds_between, volumes_between
from monitor.uplink.interface import find_interface, sample_of
from monitor.uplink.model import OPER_UP, Gap

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.inventory.city import Contract
    from monitor.observation import DeviceReading
    from monitor.uplink.compare import Volume
    from monitor.uplink.model import Poll, Sample

# After these the previous reading remains the one to compare with.
_TOO_CLOSE = frozenset({Gap.TOO_SOON, Gap.UPTIME_STANDS_STILL})


@dataclass(frozen=True, slots=True)
class DirectionLoad:
    """One direction between two polls: rates per second, and the ratio to the contracted rate.

    Packets are unicast. Values that the device does not count are None; so is the ratio where
    there is no contract.
    """

    bps: float
    utilisation: float | None
    packets_per_second: float | None
    errors_per_second: float | None
    discards_per_second: float | None


@dataclass(frozen=True, slots=True)
class Peak:
    """The largest rate between any two successive polls since the start.

    It is ordinary traffic, averaged over `seconds`: a lower bound of the line's capacity. `at` is
    when the later poll began.
    """

    bps: float
    seconds: float
    at: datetime


@dataclass(frozen=True, slots=True)
class UplinkLoad:
    """The result of an uplink's last poll; unknown values are None.

    `gap` says why there are no rates, None when there are. `seconds` is the time between
    the two polls by the device's clock. `speed_bps` is the interface's own speed in bit/s,
    `admin_status` and `oper_status` are IF-MIB's numbers.
    """

    interface: str
    gap: Gap | None
    if_index: int | None = None
    seconds: float | None = None
    down: DirectionLoad | None = None
    up: DirectionLoad | None = None
    speed_bps: int | None = None
    is_slower_than_contract: bool | None = None
    admin_status: int | None = None
    oper_status: int | None = None
    has_64_bit_counters: bool | None = None
    down_peak: Peak | None = None
    up_peak: Peak | None = None

    @property
    def down_bps(self) -> float | None:
        """Return the rate towards the school in bit/s."""
        return None if self.down is None else self.down.bps

    @property
    def up_bps(self) -> float | None:
        """Return the rate from the school in bit/s."""
        return None if self.up is None else self.up.bps


class UplinkMeter:
    """Measures one uplink; keeps the previous sample and the peaks.

    `interface` is the ifName (else ifDescr, else ifAlias) towards the provider.
    """

    __slots__ = ("_before", "_contract", "_down_peak", "_interface", "_up_peak")

    def __init__(self, interface: str | None, contract: Contract | None) -> None:
        self._interface = interface
        self._contract = contract
        self._before: tuple[Sample, Poll] | None = None
        self._down_peak: Peak | None = None
        self._up_peak: Peak | None = None

    def measure(self, reading: DeviceReading, poll: Poll) -> UplinkLoad:
        """Return the load between the previous reading and this one, which must be complete."""
        if_index = find_interface(reading, self._interface)
        if isinstance(if_index, Gap):
            self._before = None
            return self._load(if_index)
        sample = sample_of(reading, if_index)
        try:
            return self._rates(sample, poll)
        except NoRateError as error:
            if error.gap not in _TOO_CLOSE:
                self._before = (sample, poll)
            return self._load(error.gap, sample)

    def _rates(self, sample: Sample, poll: Poll) -> UplinkLoad:
        """Return the load since the previous sample.

        Raises:
            NoRateError: if the two yield none.
        """
        if self._before is None:
            raise NoRateError(Gap.FIRST_POLL)
        before, poll_before = self._before
        seconds = seconds_between(before, sample, (poll_before, poll))
        received, sent = volumes_between(before, sample, seconds)
        owed = self._contract
        down = _direction(received, seconds, owed.down_bps if owed else None)
        up = _direction(sent, seconds, owed.up_bps if owed else None)
        self._before = (sample, poll)
        self._down_peak = _higher(self._down_peak, Peak(down.bps, seconds, poll.at))
        self._up_peak = _higher(self._up_peak, Peak(up.bps, seconds, poll.at))
        return self._load(None, sample, seconds, (down, up))

    def _load(
        self,
        gap: Gap | None,
        sample: Sample | None = None,
        seconds: float | None = None,
        rates: tuple[DirectionLoad, DirectionLoad] | None = None,
    ) -> UplinkLoad:
        name, peaks = self._interface or "", (self._down_peak, self._up_peak)
        if sample is None:
            return UplinkLoad(name, gap, down_peak=peaks[0], up_peak=peaks[1])
        return UplinkLoad(
            interface=name,
            gap=gap,
            if_index=sample.if_index,
            seconds=seconds,
            down=rates[0] if rates else None,
            up=rates[1] if rates else None,
            speed_bps=sample.speed_bps,
            is_slower_than_contract=_is_slower(sample, self._contract),
            admin_status=sample.admin_status,
            oper_status=sample.oper_status,
            has_64_bit_counters=sample.is_wide,
            down_peak=peaks[0],
            up_peak=peaks[1],
        )


def _direction(volume: Volume, seconds: float, contracted_bps: int | None) -> DirectionLoad:
    def rate(count: int | None) -> float | None:
        return None if count is None else count / seconds

    bps = volume.octets * 8 / seconds
    share = None if contracted_bps is None else bps / contracted_bps
    packets, errors, discards = map(rate, (volume.packets, volume.errors, volume.discards))
    return DirectionLoad(bps, share, packets, errors, discards)


def _higher(peak: Peak | None, other: Peak) -> Peak:
    return other if peak is None or other.bps > peak.bps else peak


def _is_slower(sample: Sample, contract: Contract | None) -> bool | None:
    """Return whether the interface cannot carry the contracted rate.

    None without a contract, when its speed is not known, or when it is down and so has none.
    """
    if contract is None:
        return None
    if sample.speed_bps is None or sample.oper_status not in {None, OPER_UP}:
        return None
    fastest = sample.speed_bps + sample.speed_rounding_bps
    return fastest < max(contract.down_bps, contract.up_bps)
