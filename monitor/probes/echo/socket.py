"""Rounds of ICMP echo requests over one socket per address family, shared by all checks.

Three things keep a round-trip time accurate while the event loop lags: the kernel stamps packets
on arrival; the wall clock is read right before each packet is sent; and a packet counts as lost
only by its stamps, never because it was read late. So replies are read in batches, which also
halves the CPU time. Sends are paced: a burst of thousands of targets overflows neither our own
buffer nor the first switch's.

Measured with `bench/icmp.py`: 0.004 ms of mean error against a packet capture. Transmit
stamps from the kernel (SO_TIMESTAMPING) could remove those 0.004 ms for one more system call per
packet; they are not used.

Must not know: checks, schools, or verdicts.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import socket
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Self

from monitor.probes.echo.match import SEQUENCES, Drop, Matcher, Round, read_clocks
from monitor.probes.echo.pace import Pacer
from monitor.probes.echo.packet import EchoTemplate
from monitor.probes.echo.port import EchoPort, Mode, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from monitor.inventory.checks import IcmpOptions
    from monitor.observation import EchoRound
    from monitor.probes.echo.match import ClockReading

RECEIVE_BUFFER_BYTES = 1 << 20

# How long replies may wait in the kernel once some have arrived. It costs no accuracy, and
# saves a wake-up for nearly every packet; at the pacer's rate it fills a tenth of the buffer.
_COALESCE_SECONDS = 0.01

# A send that fails because the buffer is full is retried for as long as a packet may be late.
_RETRY_SECONDS = 0.01
_RETRIES = 100

# A send has failed after this many errors without an ICMP error in the queue, which would explain
# them. While errors about other requests keep arriving, it is tried at most `_MOST_TRIES` times.
_UNEXPLAINED_ERRORS = 4
_MOST_TRIES = 64

# Enough to empty a full buffer.
_DRAINS_BEFORE_TIMEOUT = 16

_NO_ROOM = frozenset({errno.EAGAIN, errno.ENOBUFS})

Destination = tuple[str, int] | tuple[str, int, int, int]


class _Family:
    """One address family's socket and its outstanding requests."""

    __slots__ = ("expired", "floods", "matcher", "port")

    def __init__(self, port: EchoPort) -> None:
        self.port = port
        self.floods = port.flood_filter()
        self.matcher = Matcher(secrets.randbelow(SEQUENCES), self.floods.stray)
        # Rounds whose time is up, each with the number of reads that it still gets.
        self.expired: dict[Round, int] = {}


class _Sending:
    """A round under way, with the data needed to send its next packet."""

    __slots__ = (
        "destination",
        "done",
        "failure",
        "family",
        "options",
        "retries",
        "round",
        "template",
        "timer",
    )

    def __init__(
        self, family: _Family, destination: Destination, round_: Round, options: IcmpOptions
    ) -> None:
        self.family = family
        self.destination = destination
        self.round = round_
        self.options = options
        self.template = EchoTemplate(family.port.family, family.port.identifier, round_.payload)
        self.retries = 0
        self.failure: OSError | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


def _port(stack: ExitStack, family: socket.AddressFamily, buffer_bytes: int) -> EchoPort:
    """Return an open port; the stack closes it and removes it from the loop."""
    port = stack.enter_context(closing(EchoPort(family, buffer_bytes)))
    stack.callback(asyncio.get_running_loop().remove_reader, port.fileno())
    return port


class EchoSocket:
    """Sends rounds of echo requests and measures their replies; handles any number at once.

    Use it as an async context manager, or call `close`.
    """

    def __init__(
        self,
        families: Mapping[int, EchoPort],
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Use open sockets, given by IP version; callers normally use `open`.

        Args:
            families: sockets by IP version (4, 6); closed together with this object.
            wall_ns: CLOCK_REALTIME in ns, the clock of the kernel's packet stamps.
            monotonic_ns: CLOCK_MONOTONIC in ns, which reveals steps of the former.
        """
        self._loop = asyncio.get_running_loop()
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._families = {version: _Family(port) for version, port in families.items()}
        self._rounds: dict[Round, _Sending] = {}
        self._pacer: Pacer[_Sending] = Pacer(self._loop, self._send_batch)
        self._watches: dict[_Family, asyncio.TimerHandle] = {}
        for family in self._families.values():
            self._watch(family)

    @classmethod
    def open(cls, receive_buffer_bytes: int = RECEIVE_BUFFER_BYTES) -> Self:
        """Open the sockets; call it with the event loop running.

        A machine without IPv6 gets IPv4 only.

        Raises:
            EchoPermissionError: if the kernel allows neither kind of socket; with the remedy.
            OSError: if there is no IPv4 socket for another reason.
        """
        with ExitStack() as stack:
            ports = {4: _port(stack, socket.AF_INET, receive_buffer_bytes)}
            try:
                ports[6] = _port(stack, socket.AF_INET6, receive_buffer_bytes)
            except OSError as error:
                if error.errno not in {errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}:
                    raise
            echo = cls(ports)
            stack.pop_all()
        return echo

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the sockets; a ping under way is cancelled."""
        self._pacer.close()
        for watch in self._watches.values():
            watch.cancel()
        for family in self._families.values():
            self._loop.remove_reader(family.port.fileno())
            family.expired.clear()
            family.floods.close()
            family.port.close()
        for sending in self._rounds.values():
            sending.done.cancel()

    @property
    def modes(self) -> Mapping[int, Mode]:
        """Return the kind of socket that the kernel granted, by IP version (4, 6)."""
        return {version: family.port.mode for version, family in self._families.items()}

    @property
    def drops(self) -> Mapping[str, int]:
        """Return how many datagrams were not a reply to one of our requests, by reason (`Drop`).

        `no_buffer` are those that the kernel dropped before they could be read.
        """
        total: dict[str, int] = dict.fromkeys(Drop, 0)
        for family in self._families.values():
            total[Drop.MALFORMED] += family.port.malformed
            for reason, count in family.matcher.drops.items():
                total[reason] += count
        return {**total, "no_buffer": self.kernel_drops}

    @property
    def kernel_drops(self) -> int:
        """Return how many datagrams the kernel dropped since opening for a full buffer."""
        return sum(family.port.kernel_drops for family in self._families.values())

    @property
    def receive_buffer_bytes(self) -> int:
        """Return the size of the smallest receive buffer, as the kernel counts it."""
        return min(family.port.receive_buffer_bytes for family in self._families.values())

    async def ping(self, address: str, options: IcmpOptions) -> EchoRound:
        """Send one round to a literal IPv4 or IPv6 address; return the result.

        It ends when every packet is answered, or `options.wait` seconds after the last one.

        Raises:
            OSError: if no packet could be sent (no route, no permission, no buffer).
        """
        version = 6 if ":" in address else 4
        family = self._families.get(version)
        if family is None:
            raise OSError(errno.EAFNOSUPPORT, f"no IPv{version} on this machine")
        destination = _destination(address, version)
        round_ = Round(
            address=destination[0],
            packets=options.packets,
            payload=os.urandom(options.payload),
            wait_ns=round(options.wait * 1e9),
        )
        sending = _Sending(family, destination, round_, options)
        self._rounds[round_] = sending
        self._pacer.add(sending)
        try:
            await sending.done
        finally:
            if sending.timer is not None:
                sending.timer.cancel()
            del self._rounds[round_]
            found = family.matcher.close(round_)
        if sending.failure is not None and not found.sent:
            raise sending.failure
        return found

    def _send_batch(self, batch: list[_Sending]) -> list[tuple[float, _Sending]]:
        clocks = read_clocks(self._wall_ns, self._monotonic_ns)
        again = []
        for sending in batch:
            if sending.round not in self._rounds:
                continue  # cancelled meanwhile
            pause = self._send_one(sending, clocks)
            if pause is not None:
                again.append((pause, sending))
        return again

    def _send_one(self, sending: _Sending, clocks: ClockReading) -> float | None:
        """Send a round's next packet; return the seconds until the next, None after the last."""
        round_ = sending.round
        matcher = sending.family.matcher
        try:
            sequence = matcher.reserve(clocks.monotonic_ns)
            sent_ns = self._transmit(sending, sending.template.packet(sequence))
        except OSError as error:
            if error.errno in _NO_ROOM and sending.retries < _RETRIES:
                sending.retries += 1
                return _RETRY_SECONDS
            sending.failure = error
            round_.unsent += 1
        else:
            matcher.sent(sequence, round_, sent_ns, clocks)
        if round_.sent + round_.unsent < round_.packets:
            return sending.options.spacing
        if round_.is_complete:
            self._finish(round_)
        else:
            sending.timer = self._loop.call_later(sending.options.wait, self._expire, sending)
        return None

    def _transmit(self, sending: _Sending, packet: bytes) -> int:
        """Send a packet; return the wall clock in ns right before it was sent.

        The kernel reports an ICMP error about any earlier request by failing the next call on
        the socket, whatever its destination. So an error counts only if it persists although the
        error queue is empty: when half a city stops answering, each try may see an error that
        arrived since the last.
        """
        port = sending.family.port
        unexplained = 0
        for _ in range(_MOST_TRIES):
            sent_ns = self._wall_ns()
            try:
                port.send(packet, sending.destination)
            except OSError as error:
                unexplained += not self._read_errors(sending.family)
                if error.errno in _NO_ROOM or unexplained == _UNEXPLAINED_ERRORS:
                    raise
            else:
                return sent_ns
        sent_ns = self._wall_ns()
        port.send(packet, sending.destination)
        return sent_ns

    def _expire(self, sending: _Sending) -> None:
        """End a round whose time is up, after reading what arrived while we were busy."""
        family = sending.family
        if not family.expired:
            self._loop.call_soon(self._look_and_end, family)
        family.expired[sending.round] = _DRAINS_BEFORE_TIMEOUT

    def _look_and_end(self, family: _Family) -> None:
        """End the rounds whose time is up, or read again in the next turn.

        One batch a turn for all of them: a flood must not block the event loop.
        """
        if not family.expired:
            return  # closed meanwhile
        is_empty = self._drain(family) is Waiting.NOTHING
        left = {} if is_empty else {one: looks - 1 for one, looks in family.expired.items()}
        for round_ in family.expired:
            if not left.get(round_):
                self._finish(round_)
        family.expired = {round_: looks for round_, looks in left.items() if looks}
        if family.expired:
            self._loop.call_soon(self._look_and_end, family)

    def _finish(self, round_: Round) -> None:
        sending = self._rounds.get(round_)
        if sending is not None and not sending.done.done():
            sending.done.set_result(None)

    def _watch(self, family: _Family) -> None:
        self._loop.add_reader(family.port.fileno(), self._on_readable, family)

    def _on_readable(self, family: _Family) -> None:
        self._loop.remove_reader(family.port.fileno())
        self._drain_again(family)

    def _drain_again(self, family: _Family) -> None:
        """Read now and by timer while replies keep coming, else when the socket is readable."""
        before = family.port.received
        waiting = self._drain(family)
        if family.port.received == before and waiting is Waiting.NOTHING:
            self._watch(family)
            return
        pause = 0.0 if waiting is Waiting.MORE else _COALESCE_SECONDS
        self._watches[family] = self._loop.call_later(pause, self._drain_again, family)

    def _drain(self, family: _Family) -> Waiting:
        clocks = read_clocks(self._wall_ns, self._monotonic_ns)
        match = family.matcher.reply

        def on_reply(
            sequence: int, source: str, payload: memoryview, received_ns: int, hop_limit: int | None
        ) -> None:
            completed = match(sequence, source, payload, received_ns, hop_limit, clocks)
            if completed is not None:
                self._finish(completed)

        waiting = family.port.receive(on_reply)
        if waiting is not Waiting.MORE:
            self._read_errors(family)
        return waiting

    def _read_errors(self, family: _Family) -> bool:
        """Deliver the ICMP errors that have arrived; return whether there were any."""
        errors = family.port.read_errors()
        for error in errors:
            family.matcher.error(error.sequence, error.destination, error.sentence)
        return bool(errors)


def _destination(address: str, version: int) -> Destination:
    """Return the socket address of a literal address, in the kernel's own notation."""
    if version == 4:  # noqa: PLR2004  # IP version
        return socket.inet_ntop(socket.AF_INET, socket.inet_pton(socket.AF_INET, address)), 0
    found = socket.getaddrinfo(
        address, 0, socket.AF_INET6, socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
    )
    scope = int(found[0][4][-1])  # of a link-local address, 0 elsewhere
    literal = address.partition("%")[0]
    canonical = socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, literal))
    return canonical, 0, 0, scope
