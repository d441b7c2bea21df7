"""One datagram socket shared by all agents of an address family, and its outstanding requests.

A reply is accepted only from the queried address and port, with an outstanding request-id and the
right community; everything else is dropped and counted. ICMP errors arrive through the socket's
error queue and name the destination concerned.

Must not know: retries, tables, or what a reply means.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import socket
import struct
from collections import deque
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Protocol

from monitor.flood_filter import STRAYS_A_SECOND, FloodFilter
from monitor.snmp.ber import CodecError
from monitor.snmp.decode import decode_head
from monitor.snmp.message import MAX_DATAGRAM_BYTES, PduType
from monitor.snmp.model import Failure, FailureKind
from monitor.snmp.secure_message import VERSION, decode_secure, is_secure

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from monitor.snmp.message import Head
    from monitor.snmp.secure_message import SecureMessage

SocketAddress = tuple[str, int] | tuple[str, int, int, int]

# The default of 212,992 octets overflows at about 100 replies in flight.
_WANTED_BUFFER = 4 * 1024 * 1024
_SO_RCVBUFFORCE = 33  # <asm-generic/socket.h>
_RECEIVE_ERRORS = {
    socket.AF_INET: (socket.IPPROTO_IP, 11),  # IP_RECVERR, <linux/in.h>
    socket.AF_INET6: (socket.IPPROTO_IPV6, 25),  # IPV6_RECVERR, <linux/in6.h>
}
_MSG_ERRQUEUE = 0x2000  # <linux/socket.h>
# errno, origin, type, code, pad, info, data of struct sock_extended_err, <linux/errqueue.h>.
_EXTENDED_ERROR = struct.Struct("=IBBBBII")
_OTHER_VERSION = Failure(FailureKind.MALFORMED, "not a response of the requested version")
_OTHER_COMMUNITY = Failure(FailureKind.MALFORMED, "a reply with a different community")
_FLOOD = Failure(
    FailureKind.MALFORMED,
    f"more than {STRAYS_A_SECOND} unsolicited datagrams in a second; all are dropped for a minute",
)
# A flood on the socket must not starve the event loop.
_DATAGRAMS_A_TURN = 8
_STRAYS_A_TURN = 64
# With so many requests in flight, a pause lets replies gather: each wake-up costs more
# than decoding (40 us against 25). It adds less to a poll than one retransmission does.
_MANY_IN_FLIGHT = 3
_PAUSE_SECONDS = 0.005
# One system call per number would cost 2 % of a poll.
_NUMBERS = struct.Struct("=256I")


class Waiting(Protocol):
    """One request in flight: its agent, and the handlers of its outcome.

    `complaint` is what arrived instead of a reply, None if nothing did. `take` and `fail` end
    the request.
    """

    address: SocketAddress
    version: int
    community: bytes
    complaint: Failure | None

    def take(self, head: Head, data: bytes) -> None:
        """Process the reply: its decoded head and its octets."""

    def take_secure(self, message: SecureMessage) -> str:
        """Process a message of version 3; return why it is dropped, empty if it is accepted."""

    def fail(self, failure: Failure) -> None:
        """End the request without a reply, for this reason."""


class Endpoint:
    """One socket of one address family; `waiting` is keyed on the random request-id.

    Ids in flight on a socket are unique, so the id alone leads to the address and port that may
    answer it. In version 3 that is the message's id: the request-id is encrypted.
    """

    def __init__(self, family: socket.AddressFamily, drops: MutableMapping[str, int]) -> None:
        self.waiting: dict[int, Waiting] = {}
        self._drops = drops
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.Handle | None = None
        self._numbers: list[int] = []
        with ExitStack() as stack:
            self._socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            stack.callback(self._socket.close)
            self._set_up(family)
            stack.pop_all()

    def _set_up(self, family: socket.AddressFamily) -> None:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WANTED_BUFFER)
        with suppress(PermissionError):
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _WANTED_BUFFER)
        self._socket.setsockopt(*_RECEIVE_ERRORS[family], 1)
        if family == socket.AF_INET6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self._socket.bind(("", 0))
        self._floods = FloodFilter(self._socket)
        self._loop.add_reader(self._socket, self._readable)

    @property
    def receive_buffer_bytes(self) -> int:
        """Return the buffer's size as the kernel counts it (twice the usable octets)."""
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)

    def close(self) -> None:
        """Close the socket and fail the pending requests."""
        self._loop.remove_reader(self._socket)
        if self._pause is not None:
            self._pause.cancel()
        self._floods.close()
        self._socket.close()
        for waiting in list(self.waiting.values()):
            waiting.fail(Failure(FailureKind.NOT_RUN, "the client was closed"))

    def random_number(self) -> int:
        """Return an unpredictable number of 31 bits."""
        if not self._numbers:
            octets = secrets.token_bytes(_NUMBERS.size)
            self._numbers = [number >> 1 for number in _NUMBERS.unpack(octets)]
        return self._numbers.pop()

    def free_number(self) -> int:
        """Return a random number that is not the id of a request in flight."""
        number = self.random_number()
        while number in self.waiting:
            number = self.random_number()
        return number

    def send(self, payload: bytes, address: SocketAddress) -> None:
        """Send one datagram; a full send buffer counts as a datagram lost on the way.

        Raises:
            OSError: if the kernel refuses to send to the address.
        """
        try:
            self._socket.sendto(payload, address)
        except BlockingIOError:
            self._drops["send_buffer"] += 1
        except OSError:
            # A pending ICMP error about another datagram is reported by the next call.
            if not self._read_errors():
                raise
            self._socket.sendto(payload, address)

    def complaint_about(self, address: SocketAddress) -> Failure | None:
        """Return why an agent's replies would be dropped now, None if they are accepted."""
        return _FLOOD if self._floods.is_dropped(address[0]) else None

    def _readable(self) -> None:
        """Read the socket; while many replies are awaited, pause before the next look."""
        if self._receive() and len(self.waiting) >= _MANY_IN_FLIGHT:
            self._loop.remove_reader(self._socket)
            self._pause = self._loop.call_later(_PAUSE_SECONDS, self._look)

    def _look(self) -> None:
        """Read what has arrived; pause again if there was enough, else wait for the event loop."""
        self._pause = None
        received = self._receive()
        if received >= _DATAGRAMS_A_TURN:
            self._pause = self._loop.call_soon(self._look)
        elif received and len(self.waiting) >= _MANY_IN_FLIGHT:
            self._pause = self._loop.call_later(_PAUSE_SECONDS, self._look)
        else:
            self._loop.add_reader(self._socket, self._readable)

    def _receive(self) -> int:
        """Read the socket empty, except for the rest of a flood; return how many datagrams."""
        # No more than are awaited: a read in vain costs more than another turn.
        wanted = min(max(1, len(self.waiting)), _DATAGRAMS_A_TURN)
        received = strays = 0
        # The more of a flood one turn reads, the sooner the replies behind it are reached.
        while received - strays < wanted and strays < _STRAYS_A_TURN:
            try:
                data, source = self._socket.recvfrom(MAX_DATAGRAM_BYTES + 1)
            except BlockingIOError:
                if not received:
                    self._read_errors()
                break
            except OSError:
                self._read_errors()
                break
            received += 1
            if self._floods.is_dropped(source[0]):
                self._drops["flood"] += 1  # it was in the queue already
                strays += 1
                continue
            reason = self._deliver(data, source)
            if reason:
                self._drops[reason] += 1
                strays += 1
                if self._floods.stray(source[0]):
                    self._complain_of_flood(source)
        return received

    def _deliver(self, data: bytes, source: SocketAddress) -> str:
        """Hand a datagram to its request; return why it was dropped, empty if it was not."""
        if len(data) > MAX_DATAGRAM_BYTES:
            self._complain(source, f"a reply of more than {MAX_DATAGRAM_BYTES} octets")
            return "too_large"
        if is_secure(data):
            return self._deliver_secure(data, source)
        try:
            head = decode_head(data)
        except CodecError as error:
            self._complain(source, f"a malformed reply: {error}")
            return "malformed"
        waiting = self.waiting.get(head[3])
        reason = _refusal(waiting, head, source)
        if waiting is not None and not reason:
            waiting.take(head, data)
        return reason

    def _deliver_secure(self, data: bytes, source: SocketAddress) -> str:
        try:
            message = decode_secure(data)
        except CodecError as error:
            self._complain(source, f"a malformed reply: {error}")
            return "malformed"
        waiting = self.waiting.get(message.message_id)
        if waiting is None:
            return "unknown_request"
        if waiting.address != source:
            waiting.complaint = from_elsewhere(source)
            return "wrong_source"
        if waiting.version != VERSION:
            waiting.complaint = _OTHER_VERSION
            return "malformed"
        return waiting.take_secure(message)

    def _complain(self, source: SocketAddress, complaint: str) -> None:
        for waiting in self.waiting.values():
            if waiting.address == source:
                waiting.complaint = Failure(FailureKind.MALFORMED, complaint)

    def _complain_of_flood(self, source: SocketAddress) -> None:
        for waiting in self.waiting.values():
            if waiting.address[0] == source[0]:
                waiting.complaint = _FLOOD

    def _read_errors(self) -> bool:
        """Empty the error queue; return whether there was anything in it."""
        found = False
        for _ in range(_DATAGRAMS_A_TURN):
            try:
                _, ancillary, _, address = self._socket.recvmsg(512, 512, _MSG_ERRQUEUE)
            except OSError:
                return found
            found = True
            for _, _, content in ancillary:
                if len(content) >= _EXTENDED_ERROR.size:
                    self._fail(address, _EXTENDED_ERROR.unpack_from(content)[0])
        return found

    def _fail(self, address: SocketAddress, number: int) -> None:
        self._drops["icmp_error"] += 1
        message = f"ICMP error: {os.strerror(number)}"
        if number == errno.ECONNREFUSED:
            message += f"; nothing listens on UDP {address[1]}: is SNMP on, is the port right?"
        failure = Failure(FailureKind.UNREACHABLE, message)
        for request_id, waiting in self.waiting.items():
            if waiting.address == address:
                # Not from here: this may run inside another request's attempt to send.
                self._loop.call_soon(self._fail_one, request_id, failure)

    def _fail_one(self, request_id: int, failure: Failure) -> None:
        waiting = self.waiting.get(request_id)
        if waiting is not None:
            waiting.fail(failure)


def _refusal(waiting: Waiting | None, head: Head, source: SocketAddress) -> str:
    """Return why a message is not the awaited reply, empty if it is."""
    if waiting is None:
        return "unknown_request"
    if waiting.address != source:
        waiting.complaint = from_elsewhere(source)
        return "wrong_source"
    if waiting.version == VERSION:
        # An unauthenticated message must not even change the reason of a failure.
        return "malformed"
    if waiting.community != head[1]:
        waiting.complaint = _OTHER_COMMUNITY
        return "wrong_community"
    if head[2] != PduType.RESPONSE or head[0] != waiting.version:
        waiting.complaint = _OTHER_VERSION
        return "malformed"
    return ""


def from_elsewhere(source: SocketAddress) -> Failure:
    """Return the failure for a reply to our request that came from another address.

    It has the request's random id, so it is not a blind guess; but it may still be forged.
    """
    where = f"{source[0]} port {source[1]}"
    advice = "if the device answers from that address, configure it as the device's host"
    return Failure(
        FailureKind.TIMEOUT, f"a reply from {where}, an address that was not queried; {advice}"
    )


class Slots:
    """Bounds the requests in flight; waiters get slots in the order of their requests."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._queue: deque[asyncio.Future[bool]] = deque()

    async def acquire(self, deadline: float) -> bool:
        """Return whether a slot became free before the loop's time reached `deadline`."""
        if self._free and not self._queue:
            self._free -= 1
            return True
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[bool] = loop.create_future()
        self._queue.append(turn)
        timer = loop.call_at(deadline, _settle, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():
                self.release()
            raise
        finally:
            timer.cancel()

    def release(self) -> None:
        """Release a slot, to the next waiter if there is one."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(True)
                return
        self._free += 1


def _settle(turn: asyncio.Future[bool]) -> None:
    if not turn.done():
        turn.set_result(False)
