"""One TCP connection, optionally with TLS: sends and receives bytes, and names failures.

The socket is owned here from its creation to `close`, which is immediate, so an attempt
that is cancelled at its deadline leaves nothing behind. TLS runs over memory buffers
(`ssl.MemoryBIO`): TCP and TLS are timed separately, and the session provides the chain that the
server presented.

Must not know: HTTP, DNS, or what a connection is for.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import socket
import ssl
import struct
import sys
import termios
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Self

from monitor.observation import Outcome, Reason
from monitor.probes.attempt import ProbeError
from monitor.probes.resolve import ResolveError, resolve

if TYPE_CHECKING:
    from types import TracebackType

    from monitor.probes.attempt import Attempt
    from monitor.probes.context import ProbeContext
    from monitor.probes.resolve import Resolved
    from monitor.probes.turns import Turns

_CHUNK = 16384
# One chunk may contain thousands of minimal records, each a call of its own.
_LARGEST_TLS_CHUNK = 65536
# OpenSSL bounds the certificates (100 KiB), but not the number of session tickets.
_SILENT_TLS_LIMIT = 256 * 1024
_REFUSED = {errno.ECONNREFUSED}
_RESET = {errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE}
_UNREACHABLE = {
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.ENETDOWN,
    errno.EHOSTDOWN,
    errno.ENONET,
    errno.ENOPROTOOPT,
}


def place(address: str, port: int) -> str:
    """Return an address and port as a sentence names them."""
    return f"{address} port {port}"


def failure(error: OSError, address: str, port: int) -> ProbeError:
    """Return the failure for a socket's error: the network's, or ours (unknown).

    Source: connect(2), RFC 9293 §3.10.7 (a reset answers a SYN to a closed port).
    """
    where = place(address, port)
    number = error.errno
    if number in _REFUSED:
        return ProbeError(Reason.REFUSED, f"{where} refuses connections")
    if number in _RESET:
        return ProbeError(Reason.RESET, f"{where} reset the connection")
    if number in _UNREACHABLE:
        cause = "network" if number == errno.ENETUNREACH else "host"
        return ProbeError(Reason.UNREACHABLE, f"{where} cannot be reached: {cause} unreachable")
    if number == errno.ETIMEDOUT:
        return ProbeError(Reason.TIMEOUT, f"no answer from {where}: the kernel gave up")
    said = error.strerror or type(error).__name__
    return ProbeError(Reason.NO_SOCKET, f"no connection to {where}: {said}", Outcome.UNKNOWN)


async def locate(host: str, context: ProbeContext, attempt: Attempt) -> Resolved:
    """Return a host's address; the time counts as the attempt's phase `resolve`.

    Raises:
        ProbeError: if the name has no address, or none came in time.
    """
    attempt.place = host
    attempt.begin("resolve")
    try:
        return await resolve(host, context.clock, context.deadline, context.threads.names)
    except ResolveError as error:
        raise ProbeError(error.reason, str(error), error.outcome) from error


async def connect(address: str, ip_version: int, port: int, turns: Turns) -> Connection:
    """Open a TCP connection to a literal address; the caller closes it.

    `turns` are taken between reads, so that the peer's data cannot block the event loop.

    Raises:
        ProbeError: if it is refused, reset or unreachable, or no socket is available.
    """
    family = socket.AF_INET6 if ip_version == 6 else socket.AF_INET  # noqa: PLR2004  # IPv6
    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            stream.settimeout(0)
            await loop.sock_connect(stream, (address, port))
        except OSError as error:
            raise failure(error, address, port) from error
        stack.pop_all()
        return Connection(stream, address, port, turns)


class Connection:
    """A TCP connection, in clear text until `start_tls`.

    However fast the peer sends, other tasks run between two reads of the socket, and at the
    deadline of the turns a read raises `TimeoutError`.
    """

    __slots__ = (
        "_has_received",
        "_incoming",
        "_outgoing",
        "_silent_tls",
        "_socket",
        "_tls",
        "_turns",
        "address",
        "port",
    )

    def __init__(self, stream: socket.socket, address: str, port: int, turns: Turns) -> None:
        self._socket = stream
        self._turns = turns
        self._has_received = False
        self._silent_tls = 0
        self._tls: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.address = address
        self.port = port

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket at once; a peer that is still sending gets a reset."""
        self._socket.close()

    def abort(self) -> None:
        """Close the socket and discard unsent data; the peer gets a reset.

        Source: socket(7), SO_LINGER; RFC 9293 §3.10.5.
        """
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    async def start_tls(self, context: ssl.SSLContext, server_name: str) -> ssl.SSLObject:
        """Do the handshake as a TLS client and return the session.

        Raises:
            ssl.SSLError: if the handshake fails, also if the certificate is rejected.
            ProbeError: if the connection fails meanwhile, or the handshake exceeds 256 KiB.
            TimeoutError: if the deadline has passed.
        """
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLError:
                # The alert tells the server's operator why we closed the connection. A server that
                # has already hung up does not get it, which must not hide our reason.
                with suppress(ProbeError):
                    await self._flush()
                raise
            else:
                break
        await self._flush()
        self._silent_tls = 0
        self._tls = tls
        return tls

    async def send(self, data: bytes) -> None:
        """Send all of the data.

        Raises:
            ProbeError: if the connection fails.
            ssl.SSLError: if the TLS session fails.
        """
        if self._tls is None:
            await self._send_plain(data)
            return
        self._tls.write(data)
        await self._flush()

    def unacknowledged(self) -> int:
        """Return the bytes that the peer's TCP has not acknowledged. Source: tcp(7), SIOCOUTQ."""
        held = fcntl.ioctl(self._socket, termios.TIOCOUTQ, bytes(4))
        return int.from_bytes(held, sys.byteorder)

    def retransmits(self) -> int:
        """Return the number of retransmitted segments. Source: linux/tcp.h, tcpi_total_retrans."""
        info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        return int.from_bytes(info[100:104], sys.byteorder)

    async def receive(self, limit: int = _CHUNK) -> bytes:
        """Return the next bytes, at most `limit`; b"" at the end of the stream.

        Raises:
            ProbeError: if the connection fails, or 256 KiB of TLS records contain no data.
            ssl.SSLError: if the TLS session fails.
            TimeoutError: if the deadline has passed.
        """
        if self._tls is None:
            return await self._receive_plain(limit)
        while True:
            try:
                data = self._tls.read(limit)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill(limit)
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                # Many servers end without close_notify; the body's length shows if it is complete.
                return b""
            else:
                self._silent_tls = 0
                return data

    async def _fill(self, limit: int = _CHUNK) -> None:
        if self._silent_tls > _SILENT_TLS_LIMIT:
            where = place(self.address, self.port)
            said = f"{where} sent more than 256 KiB of TLS records without any data"
            raise ProbeError(Reason.TLS, said)
        data = await self._receive_plain(min(limit, _LARGEST_TLS_CHUNK))
        if data:
            self._silent_tls += len(data)
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._send_plain(self._outgoing.read())

    async def _receive_plain(self, limit: int) -> bytes:
        if self._has_received:
            await self._turns.next()
        try:
            data = await asyncio.get_running_loop().sock_recv(self._socket, limit)
        except OSError as error:
            raise failure(error, self.address, self.port) from error
        self._has_received = True
        return data

    async def _send_plain(self, data: bytes) -> None:
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, data)
        except OSError as error:
            raise failure(error, self.address, self.port) from error
