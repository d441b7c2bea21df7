"""One kernel socket for ICMP echo of one address family, with kernel receive time stamps.

Opens the unprivileged datagram ("ping") socket if `net.ipv4.ping_group_range` allows it,
otherwise a raw socket. Non-blocking; the owner waits for it to become readable.

After a machine's first time-stamping socket is opened, the kernel takes some milliseconds until it
stamps packets on arrival; until then it stamps them when they are read.

Must not know: rounds, schedules, or which request a reply belongs to.
"""

from __future__ import annotations

import errno
import secrets
import socket
import struct
from contextlib import ExitStack
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING, Protocol

from monitor.flood_filter import (
    DROP,
    JUMP_IF_EQUAL,
    LOAD_BYTE,
    LOAD_HALF,
    PASS,
    FloodFilter,
    Instruction,
    attach,
    lost_datagrams,
    receive_buffer_bytes,
)
from monitor.probes.echo.packet import ECHO_REPLY, parse_error, parse_reply

if TYPE_CHECKING:
    from monitor.probes.echo.packet import EchoError

# Constants of Linux's asm-generic headers that Python's socket module does not define.
# SO_TIMESTAMPNS_NEW has 64-bit seconds on every architecture.
_SO_SNDBUFFORCE = 32
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS_NEW = 64
_IP_RECVERR = 11
_IP_RECVTTL = 12
_IPV6_RECVERR = 25

_HOP_LIMIT = {
    socket.AF_INET: (socket.IPPROTO_IP, socket.IP_TTL),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT),
}
_TIMESPEC = struct.Struct("=qq")
_INT = struct.Struct("=i")
_CONTROL_BYTES = 512
_LARGEST_DATAGRAM = 65_535
_QUOTED_BYTES = 64  # of our request in an ICMP error; only its header is looked at

# A flood must not block the event loop: 256 packets take about 2 ms.
_BATCH_PACKETS = 256

CURE = (
    "no permission to send ICMP echo requests: run "
    "`sysctl -w net.ipv4.ping_group_range='0 2147483647'` or grant CAP_NET_RAW"
)


class EchoPermissionError(PermissionError):
    """The process may open neither a datagram nor a raw ICMP socket; the message has the remedy."""


class Mode(StrEnum):
    """The kind of socket that the kernel granted."""

    DATAGRAM = "datagram"
    RAW = "raw"


class Waiting(Enum):
    """What is pending in the kernel after a batch of replies."""

    NOTHING = auto()
    ERRORS = auto()
    MORE = auto()


class OnReply(Protocol):
    """Handles one echo reply; positional arguments, because it is called for every packet."""

    def __call__(
        self,
        sequence: int,
        source: str,
        payload: memoryview,
        received_ns: int,
        hop_limit: int | None,
        /,
    ) -> None:
        """Take sequence, source address, payload, wall clock stamp in ns, hop limit."""


class EchoPort:
    """An open ICMP socket; `received` counts datagrams, `malformed` those that were not a reply."""

    __slots__ = ("_socket", "_view", "family", "identifier", "malformed", "mode", "received")

    def __init__(self, family: socket.AddressFamily, buffer_bytes: int) -> None:
        """Open the socket.

        Args:
            family: AF_INET or AF_INET6.
            buffer_bytes: wanted size of the receive and the send buffer. Exceeding the system's
                limit needs CAP_NET_ADMIN, so it may be smaller (`receive_buffer_bytes`).

        Raises:
            EchoPermissionError: if the kernel allows neither kind of socket.
            OSError: if opening fails for another reason (no such family, no descriptor).
        """
        self.family = family
        self.malformed = 0
        self.received = 0
        self._view = memoryview(bytearray(_LARGEST_DATAGRAM))
        self.mode, self._socket = _open(family)
        with ExitStack() as stack:
            stack.callback(self._socket.close)
            self.identifier = self._configure(buffer_bytes)
            stack.pop_all()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def fileno(self) -> int:
        """Return the file descriptor to wait for."""
        return self._socket.fileno()

    @property
    def receive_buffer_bytes(self) -> int:
        """Return the size the kernel granted, as it counts it (twice the requested payload)."""
        return receive_buffer_bytes(self._socket)

    @property
    def kernel_drops(self) -> int:
        """Return how many datagrams the kernel dropped, by a filter or because of a full buffer."""
        return lost_datagrams(self._socket)

    def flood_filter(self) -> FloodFilter:
        """Return a filter against floods of this socket; the caller closes it."""
        is_raw = self.mode is Mode.RAW
        further = _own_replies(self.family, self.identifier) if is_raw else (PASS,)
        return FloodFilter(self._socket, further)

    def send(self, packet: bytes, destination: tuple[str, int] | tuple[str, int, int, int]) -> None:
        """Send one request.

        Raises:
            OSError: the kernel's error; EAGAIN and ENOBUFS if the buffer is full; or an ICMP error
                about an earlier request: read the errors, try again.
        """
        self._socket.sendto(packet, destination)

    def receive(self, on_reply: OnReply) -> Waiting:
        """Process the pending echo replies, a bounded batch of them.

        Returns:
            What is to be done next: call again, read the errors, or wait.
        """
        view, kind, hop_limit_kind = self._view, ECHO_REPLY[self.family], _HOP_LIMIT[self.family]
        is_raw = self.mode is Mode.RAW
        has_ip_header = is_raw and self.family == socket.AF_INET
        receive = self._socket.recvmsg_into
        for _ in range(_BATCH_PACKETS):
            try:
                size, control, _, source = receive((view,), _CONTROL_BYTES)
            except BlockingIOError:
                return Waiting.NOTHING
            except OSError:
                # The pending error of an earlier request; its details are in the error queue.
                return Waiting.ERRORS
            self.received += 1
            reply = parse_reply(view[:size], kind, has_ip_header=has_ip_header)
            received_ns, hop_limit = _stamp_and_hop_limit(control, hop_limit_kind)
            if reply is None or received_ns is None:
                self.malformed += 1
                continue
            identifier, sequence, payload = reply
            if is_raw and identifier != self.identifier:
                continue  # another program's, from before the filter was attached
            on_reply(sequence, source[0], payload, received_ns, hop_limit)
        return Waiting.MORE

    def read_errors(self) -> list[EchoError]:
        """Return the ICMP errors about our requests that have arrived; clears the socket's error.

        Source: ip(7) IP_RECVERR: the error queue is read with MSG_ERRQUEUE.
        """
        errors: list[EchoError] = []
        level = socket.IPPROTO_IPV6 if self.family == socket.AF_INET6 else socket.IPPROTO_IP
        wanted = _IPV6_RECVERR if self.family == socket.AF_INET6 else _IP_RECVERR
        for _ in range(_BATCH_PACKETS):
            try:
                quoted, control, _, destination = self._socket.recvmsg(
                    _QUOTED_BYTES, _CONTROL_BYTES, socket.MSG_ERRQUEUE
                )
            except BlockingIOError:
                break
            for at, kind, report in control:
                if (at, kind) != (level, wanted):
                    continue
                parsed = parse_error(self.family, report, quoted, destination[0])
                # A raw socket receives the errors of every program.
                if parsed is not None and parsed[0] == self.identifier:
                    errors.append(parsed[1])
        return errors

    def _configure(self, buffer_bytes: int) -> int:
        opened = self._socket
        opened.settimeout(0)
        for force, plain in (
            (_SO_RCVBUFFORCE, socket.SO_RCVBUF),
            (_SO_SNDBUFFORCE, socket.SO_SNDBUF),
        ):
            try:
                opened.setsockopt(socket.SOL_SOCKET, force, buffer_bytes)
            except PermissionError:
                opened.setsockopt(socket.SOL_SOCKET, plain, buffer_bytes)
        opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS_NEW, 1)
        if self.family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        else:
            opened.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
            opened.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
        if self.mode is Mode.DATAGRAM:
            opened.bind(("", 0))
            identifier: int = opened.getsockname()[1]
            return identifier
        identifier = secrets.randbelow(1 << 16)
        attach(opened, _own_replies(self.family, identifier))
        return identifier


def _open(family: socket.AddressFamily) -> tuple[Mode, socket.socket]:
    protocol = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
    try:
        return Mode.DATAGRAM, socket.socket(family, socket.SOCK_DGRAM, protocol)
    except PermissionError:
        pass
    except OSError as error:
        if error.errno != errno.EPROTONOSUPPORT:  # a kernel built without ping sockets
            raise
    try:
        return Mode.RAW, socket.socket(family, socket.SOCK_RAW, protocol)
    except PermissionError as error:
        raise EchoPermissionError(error.errno, CURE) from error


def _stamp_and_hop_limit(
    control: list[tuple[int, int, bytes]], hop_limit_kind: tuple[int, int]
) -> tuple[int | None, int | None]:
    received_ns = hop_limit = None
    for level, kind, data in control:
        if kind == _SO_TIMESTAMPNS_NEW and level == socket.SOL_SOCKET:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            received_ns = seconds * 1_000_000_000 + nanoseconds
        elif (level, kind) == hop_limit_kind:
            (hop_limit,) = _INT.unpack(data)
    return received_ns, hop_limit


def _own_replies(family: socket.AddressFamily, identifier: int) -> tuple[Instruction, ...]:
    """Return a filter that passes only echo replies with our identifier to a raw socket.

    Otherwise every ICMP packet of the machine would wake the daemon. Source: bpf(4), socket(7).
    """
    if family == socket.AF_INET6:
        return (
            (LOAD_BYTE, 0, 0, 0),
            (JUMP_IF_EQUAL, 0, 3, 129),
            (LOAD_HALF, 0, 0, 4),
            (JUMP_IF_EQUAL, 0, 1, identifier),
            PASS,
            DROP,
        )
    load_header_length, relative = 0xB1, 0x20
    return (
        (load_header_length, 0, 0, 0),
        (LOAD_BYTE + relative, 0, 0, 0),
        (JUMP_IF_EQUAL, 0, 3, 0),
        (LOAD_HALF + relative, 0, 0, 4),
        (JUMP_IF_EQUAL, 0, 1, identifier),
        PASS,
        DROP,
    )
