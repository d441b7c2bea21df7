"""One test of one line: check its load, measure both directions, stop when the school needs it.

The uplink's counters are read before, during and after each direction. While a test runs, its gates
are checked every second; as soon as cross traffic would invalidate the measurement, the test ends
and frees the line.

Must not know: plans, the ledger, or which tool measures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal, Protocol

from monitor.campaigns.evidence import Direction, Measurement
from monitor.campaigns.gates import Refusal, Refused, Situation, why_not_begin, why_stop
from monitor.campaigns.load import (
    OwnTraffic,
    clock_stepped,
    cross_traffic,
    moved_between,
    others,
    share_of_contract,
)
from monitor.observation import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.campaigns.load import CrossTraffic, OctetReading
    from monitor.clock import Clock
    from monitor.inventory.city import Contract, Throughput
    from monitor.observation import ThroughputReading

LOOK_SECONDS: Final = 5.0
"""Time between the two readings of the load before a test, and from a test to the last reading."""
_GATE_SECONDS: Final = 1.0
_LAST_ATTEMPTS: Final = 3

ReadOctets = Callable[[str], Awaitable["OctetReading | None"]]
"""Reads the counters of a `school/site`'s uplink; None if the router does not answer."""


class MeasureThroughput(Protocol):
    """Measures one direction of a line; `monitor.throughput.measure.measure` implements it."""

    async def __call__(
        self,
        settings: Throughput,
        direction: Literal["down", "up"],
        max_bytes: int,
        clock: Clock,
        progress: Callable[[int], None],
    ) -> ThroughputReading:
        """Return the result; transfers at most `max_bytes` and reports progress to `progress`."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is tested: the `school/site`, its contracted rates, and how to test."""

    site: str
    contract: Contract
    settings: Throughput


@dataclass(frozen=True, slots=True)
class TrialResult:
    """The result: a measurement or a refusal, and the payload transferred in either case.

    `has_begun` distinguishes a stopped test from one that never started.
    """

    started: datetime
    payload_bytes: int
    has_begun: bool
    measurement: Measurement | None = None
    refused: Refused | None = None


class _StoppedError(Exception):
    def __init__(self, refused: Refused) -> None:
        super().__init__(str(refused))
        self.refused = refused


@dataclass(slots=True)
class _Half:
    """The measurement of one direction."""

    reading: ThroughputReading
    others: CrossTraffic | None


@dataclass(slots=True)
class Trial:
    """One attempt at a measurement; `run` it once.

    `look` returns the current situation, without the load.
    """

    line: Line
    campaign: str
    clock: Clock
    measure: MeasureThroughput
    read_octets: ReadOctets
    look: Callable[[], Situation]
    _started: datetime | None = field(default=None, init=False)
    _moved_before: int = field(default=0, init=False)
    _moved: int = field(default=0, init=False)

    async def run(self) -> TrialResult:
        """Test the line unless a gate is closed; end early when one closes."""
        # The cheap gates first, so a refused test costs the router no packet.
        refused = why_not_begin(replace(self.look(), load=0.0))
        if refused is None:
            load = await self._load()
            refused = why_not_begin(replace(self.look(), load=load))
        started, begun = self.clock.now(), self.clock.monotonic()
        if refused is not None:
            return TrialResult(started, 0, has_begun=False, refused=refused)
        self._started = started
        try:
            halves = [await self._half(direction) for direction in Direction]
        except _StoppedError as stopped:
            moved = self._moved_before + self._moved
            return TrialResult(started, moved, has_begun=True, refused=stopped.refused)
        seconds = self.clock.monotonic() - begun
        stepped = clock_stepped(seconds, started, self.clock.now())
        measurement = self._measurement(started, halves, stepped=stepped)
        return TrialResult(started, self._moved_before, has_begun=True, measurement=measurement)

    def interrupted(self) -> TrialResult:
        """Return the result of a run that was cancelled because the monitor stops."""
        refused = Refused(Refusal.MONITOR_STOPS, "the monitor was stopped")
        started = self._started or self.clock.now()
        moved = self._moved_before + self._moved
        return TrialResult(started, moved, has_begun=self._started is not None, refused=refused)

    async def _load(self) -> float | None:
        before = await self.read_octets(self.line.site)
        await self.clock.sleep(LOOK_SECONDS)
        moved = moved_between(before, await self.read_octets(self.line.site))
        return None if moved is None else share_of_contract(moved, self.line.contract)

    async def _half(self, direction: Direction) -> _Half:
        """Measure one direction between two readings of the counters."""
        settings, contract = self.line.settings, self.line.contract
        before = await self.read_octets(self.line.site)
        allowed = self.look().bytes_left - self._moved_before
        self._moved = 0
        test = asyncio.ensure_future(
            self.measure(settings, direction.value, max(0, allowed), self.clock, self._progress)
        )
        guard = asyncio.ensure_future(self._guard(direction, before))
        try:
            await asyncio.wait({test, guard}, return_when=asyncio.FIRST_COMPLETED)
            if not test.done():
                guard.result()
            reading = test.result()
        finally:
            test.cancel()
            guard.cancel()
            await asyncio.gather(test, guard, return_exceptions=True)
        # While running it may have reported bytes that never left our buffers.
        self._moved = reading.total_bytes or self._moved
        own = self._moved
        self._moved_before, self._moved = self._moved_before + own, 0
        if reading.reason is Reason.LIMIT:
            raise _StoppedError(Refused(Refusal.BYTE_CAP, reading.detail))
        after = await self._settled()
        traffic = OwnTraffic(direction, own, settings.warm_up, settings.seconds)
        return _Half(reading, cross_traffic(before, after, traffic, contract))

    async def _guard(self, direction: Direction, before: OctetReading | None) -> None:
        """Check the gates every second until one closes."""
        settings, contract = self.line.settings, self.line.contract
        whole = settings.warm_up + settings.seconds
        while True:
            await self.clock.sleep(_GATE_SECONDS)
            refused = why_stop(self.look())
            if refused is not None:
                raise _StoppedError(refused)
            # A router that does not answer on a full line proves nothing; the last reading decides.
            moved = moved_between(before, await self.read_octets(self.line.site))
            if moved is None:
                continue
            # Averaged over the whole test: a counter that is refreshed every ten seconds arrives in
            # late bursts, which are hard to tell from the test's own traffic.
            share = share_of_contract(others(moved, direction, self._moved), contract, whole)
            refused = why_stop(replace(self.look(), load=share))
            if refused is not None:
                raise _StoppedError(refused)

    async def _settled(self) -> OctetReading | None:
        """Return the counters after a test, once the router has had time to update them."""
        for _ in range(_LAST_ATTEMPTS):
            await self.clock.sleep(LOOK_SECONDS)
            reading = await self.read_octets(self.line.site)
            if reading is not None:
                return reading
        return None

    def _progress(self, moved: int) -> None:
        self._moved = max(self._moved, moved)

    def _measurement(
        self, started: datetime, halves: Sequence[_Half], *, stepped: bool
    ) -> Measurement:
        down, up = (half.reading for half in halves)
        others_down, others_up = (half.others for half in halves)
        shares = [half.others.share for half in halves if half.others is not None]
        details = [one.detail for one in (down, up) if one.detail]
        return Measurement(
            site=self.line.site,
            at=started,
            method=self.line.settings.method,
            down_bps=down.bits_per_second,
            up_bps=up.bits_per_second,
            streams=min(down.streams, up.streams),
            seconds=min(down.seconds, up.seconds),
            cross_traffic_share=max(shares) if len(shares) == len(halves) else None,
            clock_stepped=stepped,
            held_slot=True,
            campaign=self.campaign,
            detail="; ".join(details),
            down_others_bps=None if others_down is None else others_down.bps,
            up_others_bps=None if others_up is None else others_up.bps,
        )


def why_spoiled(measurement: Measurement) -> str:
    """Return a sentence why a measurement does not count, empty if it does."""
    reasons = ", ".join(reason.value for reason in measurement.invalidities())
    return f"{reasons} ({measurement.detail})" if reasons and measurement.detail else reasons
