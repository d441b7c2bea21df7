"""One connection and its deadlines: for a request's head, and for reading an answer.

By itself, aiohttp waits minutes for a request's head, and forever for a response to be read
(measured). Here the time for a head starts when waiting for it begins, whatever arrives meanwhile:
at the accept, including the handshake, and at the end of the previous response.

Must not know: what is requested, or who has access.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from monitor.web.refusals import Refusal

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from monitor.web.door import Door

HEAD_SECONDS: Final = 10.0
WRITE_SECONDS: Final = 10.0
WRITE_BUFFER_BYTES: Final = 64 * 1024
"""A response counts as unread if less than three quarters of this are read in `WRITE_SECONDS`."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The shared data of all connections.

    `protocol` creates the protocol of a connection; `tls_context` returns the TLS in force, None
    for none; `connections` are the open ones, by their protocols.
    """

    door: Door
    protocol: Callable[[], asyncio.Protocol]
    tls_context: Callable[[], ssl.SSLContext | None]
    connections: dict[asyncio.BaseProtocol, Connection] = field(default_factory=dict)


class Connection(asyncio.Protocol):
    """Sits between a connection and the protocol that serves it."""

    def __init__(
        self, serving: Serving, sock: socket.socket, address: str, context: ssl.SSLContext | None
    ) -> None:
        self.address = address
        self.was_made = False
        self._serving = serving
        self._sock = sock
        self._context = context
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._may_be_idle = False
        self._was_aborted = False
        self._head: asyncio.TimerHandle | None = None
        self._write: asyncio.TimerHandle | None = None

    def wait_for_head(self) -> None:
        """Start the deadline for a request's head."""
        self._stop_waiting()
        self._head = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._head_is_late)

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        self._was_aborted = True
        if self._transport is not None:
            self._transport.abort()
        else:
            # The handshake, which owns the socket, ends by itself.
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)

    def handshake_failed(self) -> None:
        """Remove a connection whose handshake failed."""
        self._stop_waiting()
        self._serving.door.leave(self.address, self)
        if not self._was_aborted:
            self._serving.door.refused[Refusal.HANDSHAKE] += 1

    def asked(self) -> bool:
        """Note that a request's head is complete; return whether it may be answered."""
        self._stop_waiting()
        if self._context is not self._serving.tls_context():
            # It was made under earlier rules: perhaps without a certificate.
            self.abort()
        return not self._was_aborted

    def answered(self) -> None:
        """Note that a response was written, and wait for the next request."""
        if self._inner is not None:
            self._may_be_idle = True
            self.wait_for_head()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start serving."""
        self.was_made = True
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(WRITE_BUFFER_BYTES)
        self._inner = self._serving.protocol()
        self._serving.connections[self._inner] = self
        self._inner.connection_made(transport)
        if self._was_aborted:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Pass on received data."""
        self._may_be_idle = False
        if self._inner is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass on the end of the stream."""
        return self._inner.eof_received() if self._inner else None

    def connection_lost(self, exc: Exception | None) -> None:
        """Remove the connection."""
        self._stop_waiting()
        self.resume_writing()
        self._serving.door.leave(self.address, self)
        if self._inner is not None:
            inner, self._inner = self._inner, None
            del self._serving.connections[inner]
            inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass on, and start the deadline for reading the response."""
        loop = asyncio.get_running_loop()
        self._write = loop.call_later(WRITE_SECONDS, self._give_up, Refusal.UNREAD)
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass on."""
        if self._write is not None:
            self._write.cancel()
            self._write = None
            if self._inner is not None:
                self._inner.resume_writing()

    def _head_is_late(self) -> None:
        transport = self._transport
        if transport is not None and (
            transport.is_closing() or transport.get_write_buffer_size() > 0
        ):
            self._give_up(Refusal.UNREAD)
        elif self._may_be_idle:
            # The request was answered, and no new one has begun.
            self.abort()
        else:
            self._give_up(Refusal.SLOW)

    def _give_up(self, why: Refusal) -> None:
        self._serving.door.refused[why] += 1
        self.abort()

    def _stop_waiting(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None
