"""Matches echo replies to their requests, and collects the results of a round.

Pure bookkeeping in integers: times are nanoseconds of the wall clock (the only clock of the
kernel's packet stamps), each with the offset of the wall clock to the monotonic one, so that a
step between the two stamps of a packet is detected. Memory is bounded by the 16-bit sequence
numbers: none is reused while a reply to it may still arrive.

Must not know: sockets, the layout of packets, or event loops.
"""

from __future__ import annotations

import errno
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.observation import EchoRound, rtts_and_gaps

if TYPE_CHECKING:
    from collections.abc import Callable


SEQUENCES = 1 << 16

# How long after its time-out a reply still counts as late instead of unknown. Buffer bloat
# delays packets for seconds, hardly ever for longer than this.
LATE_WINDOW_NS = 20_000_000_000

# NTP slews both clocks alike, so their offset changes by steps only; what remains is the
# time between reading one and the other, which `ClockReading.uncertainty_ns` bounds. Daemons
# step by 100 ms and more, so a tenth of a millisecond is well clear of both.
STEP_NS = 100_000

# Addresses with late or duplicate replies and no later round; the oldest are dropped.
_STRAY_ADDRESSES = 10_000


# Some hosts truncate long payloads (8.8.8.8: 1,400 octets to 68). The rest must still be too
# long to be guessed.
_FEWEST_COOKIE_OCTETS = 8


class Drop(StrEnum):
    """Why a datagram on an echo socket does not count as a reply."""

    UNKNOWN_SEQUENCE = "unknown_sequence"
    WRONG_ADDRESS = "wrong_address"
    WRONG_COOKIE = "wrong_cookie"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Both clocks at one moment, in nanoseconds; the offset is accurate to `uncertainty_ns`."""

    monotonic_ns: int
    offset_ns: int
    uncertainty_ns: int

    def stepped_since(self, before: ClockReading) -> bool:
        """Return whether the wall clock was set between an earlier reading and this one."""
        doubt = self.uncertainty_ns + before.uncertainty_ns
        return abs(self.offset_ns - before.offset_ns) > STEP_NS + doubt


def read_clocks(wall_ns: Callable[[], int], monotonic_ns: Callable[[], int]) -> ClockReading:
    """Read the wall clock between two readings of the monotonic one.

    Returns:
        The tightest of up to three tries: the process may be preempted in between.
    """
    best: ClockReading | None = None
    for _ in range(3):
        before = monotonic_ns()
        wall = wall_ns()
        after = monotonic_ns()
        doubt = (after - before + 1) // 2
        if best is None or doubt < best.uncertainty_ns:
            best = ClockReading(after, wall - before - doubt, doubt)
        if doubt < STEP_NS // 4:
            break
    assert best is not None  # noqa: S101  # the loop runs at least once
    return best


class Round:
    """The requests of one round to one address, and the replies so far."""

    __slots__ = (
        "address",
        "altered",
        "answered",
        "cut_to",
        "discarded",
        "errors",
        "hop_limit",
        "is_open",
        "packets",
        "payload",
        "rtts",
        "sent",
        "unsent",
        "wait_ns",
    )

    def __init__(self, address: str, packets: int, payload: bytes, wait_ns: int) -> None:
        self.address = address
        self.packets = packets
        self.payload = payload
        self.wait_ns = wait_ns
        self.sent = 0
        self.unsent = 0
        self.answered = 0
        self.discarded = 0
        self.altered = 0
        self.cut_to: int | None = None
        self.rtts: list[float | None] = []
        self.errors: dict[str, None] = {}
        self.hop_limit: int | None = None
        self.is_open = True

    @property
    def is_complete(self) -> bool:
        """Return whether every packet was tried and everything sent was answered."""
        return self.sent + self.unsent >= self.packets and self.answered >= self.sent


@dataclass(slots=True)
class _Request:
    round: Round
    index: int
    sent_ns: int
    clocks: ClockReading
    answered: bool = False


@dataclass(slots=True)
class _Strays:
    late: int = 0
    duplicates: int = 0


@dataclass(slots=True)
class Matcher:
    """The requests of one socket that may still be answered.

    `drops` counts the other datagrams, by reason; `unasked` is called with the source of each,
    and of each duplicate.
    """

    next_sequence: int = 0
    unasked: Callable[[str], object] = lambda _: None
    drops: dict[Drop, int] = field(default_factory=lambda: dict.fromkeys(Drop, 0))
    _requests: dict[int, _Request] = field(default_factory=dict)
    _expiry: deque[tuple[int, int]] = field(default_factory=deque)
    _strays: dict[str, _Strays] = field(default_factory=dict)

    def reserve(self, now_ns: int) -> int:
        """Return a sequence number that no awaited or late reply can carry.

        Args:
            now_ns: monotonic nanoseconds; requests whose late window is over are forgotten.

        Raises:
            OSError: ENOBUFS if all 65,536 are taken.
        """
        expiry = self._expiry
        while expiry and expiry[0][0] <= now_ns:
            del self._requests[expiry.popleft()[1]]
        if len(self._requests) >= SEQUENCES:
            raise OSError(errno.ENOBUFS, "all 65536 echo sequence numbers are in flight")
        sequence = self.next_sequence
        while sequence in self._requests:
            sequence = (sequence + 1) % SEQUENCES
        self.next_sequence = (sequence + 1) % SEQUENCES
        return sequence

    def sent(self, sequence: int, round_: Round, sent_ns: int, clocks: ClockReading) -> None:
        """Remember a request that was sent."""
        self._requests[sequence] = _Request(round_, round_.sent, sent_ns, clocks)
        self._expiry.append((clocks.monotonic_ns + round_.wait_ns + LATE_WINDOW_NS, sequence))
        round_.sent += 1
        round_.rtts.append(None)

    def reply(  # noqa: PLR0913, PLR0917  # one call per packet: positional and flat, for speed
        self,
        sequence: int,
        source: str,
        payload: memoryview,
        received_ns: int,
        hop_limit: int | None,
        clocks: ClockReading,
    ) -> Round | None:
        """Count one echo reply.

        Returns:
            The round that it completed, if it did.
        """
        request = self._requests.get(sequence)
        if request is None:
            self.drops[Drop.UNKNOWN_SEQUENCE] += 1
            self.unasked(source)
            return None
        round_ = request.round
        if source != round_.address:
            self.drops[Drop.WRONG_ADDRESS] += 1
            self.unasked(source)
            return None
        if payload != round_.payload:
            size = len(payload)
            if not _FEWEST_COOKIE_OCTETS <= size < len(round_.payload) or (
                payload != round_.payload[:size]
            ):
                self.drops[Drop.WRONG_COOKIE] += 1
                self.unasked(source)
                round_.altered += 1
                return None
            round_.cut_to = size
        if request.answered:
            self._stray(source).duplicates += 1
            self.unasked(source)
            return None
        request.answered = True
        rtt_ns = received_ns - request.sent_ns
        stepped = clocks.stepped_since(request.clocks)
        if not round_.is_open or (rtt_ns > round_.wait_ns and not stepped):
            self._stray(source).late += 1
            return None
        round_.answered += 1
        round_.hop_limit = hop_limit
        if stepped or rtt_ns < 0:
            round_.discarded += 1
        else:
            round_.rtts[request.index] = rtt_ns / 1e9
        return round_ if round_.is_complete else None

    def error(self, sequence: int, destination: str, sentence: str) -> None:
        """Note an ICMP error about a request of an open round."""
        request = self._requests.get(sequence)
        if request is not None and request.round.address == destination and request.round.is_open:
            request.round.errors[sentence] = None

    def close(self, round_: Round) -> EchoRound:
        """End a round; further replies to it are late.

        Returns:
            Its result, with the late and duplicate replies since the previous round to the address.
        """
        round_.is_open = False
        strays = self._strays.pop(round_.address, _Strays())
        rtts, gaps = rtts_and_gaps(round_.rtts)
        return EchoRound(
            address=round_.address,
            sent=round_.sent,
            rtts=rtts,
            late=strays.late,
            duplicates=strays.duplicates,
            discarded=round_.discarded,
            hop_limit=round_.hop_limit,
            errors=tuple(round_.errors),
            gaps=gaps,
            cut_to=round_.cut_to,
            altered=round_.altered,
        )

    def _stray(self, address: str) -> _Strays:
        strays = self._strays.get(address)
        if strays is None:
            if len(self._strays) >= _STRAY_ADDRESSES:
                del self._strays[next(iter(self._strays))]
            strays = self._strays[address] = _Strays()
        return strays
