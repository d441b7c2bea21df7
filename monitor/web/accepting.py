"""Accepts connections, as many as the door admits, with the current TLS settings.

If there are no file descriptors left, a reserved one serves known addresses; others are rejected,
which is logged once a minute.

Must not know: requests, or who has access.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import socket
import ssl
from typing import TYPE_CHECKING, Final, Self

from monitor.web.connection import HEAD_SECONDS, Connection
from monitor.web.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.web.connection import Serving

log = logging.getLogger(__name__)

LOG_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 0.25
_BACKLOG: Final = 1024
_AT_ONCE: Final = 64
"""Connections that are accepted in a row before other tasks of the event loop run."""
# The beginnings of requests that OpenSSL recognizes as HTTP, too.
_METHODS: Final = (b"GET ", b"HEAD ", b"POST ", b"PUT ")
_LONGEST_METHOD: Final = max(map(len, _METHODS))
_REQUEST_BYTES: Final = 65_536
# The words of the servers written in Go, so of Prometheus.
_NOT_HTTPS: Final = (
    b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
    b"Client sent an HTTP request to an HTTPS server.\n"
)
_HTTP_REQUEST: Final = "HTTP_REQUEST"
# What a client did wrong, by OpenSSL's name of it.
_LACKS: Final = {
    _HTTP_REQUEST: "it speaks http, and this port speaks https; correct its address",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it has no certificate, which client_auth_type requires",
}


async def listening_sockets(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen on every address of a host; the caller closes them.

    Raises:
        OSError: if one of the addresses is not available.
        UnicodeError: if it cannot be the name of a host.
    """
    # At the start nothing else can be blocked yet; our own name needs no DNS server.
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    with contextlib.ExitStack() as stack:
        sockets = []
        for family, kind, protocol, _, place in dict.fromkeys(found):
            sock = stack.enter_context(socket.socket(family, kind, protocol))
            sock.settimeout(0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(place)
            sock.listen(_BACKLOG)
            sockets.append(sock)
        stack.pop_all()
        return sockets


class Acceptor:
    """Accepts connections until the context ends, which closes the sockets and all connections."""

    def __init__(self, sockets: Sequence[socket.socket], serving: Serving) -> None:
        self._sockets = sockets
        self._serving = serving
        self._door = serving.door
        self._loop = asyncio.get_running_loop()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._pauses: dict[socket.socket, asyncio.TimerHandle] = {}
        self._spare: int | None = None
        self._logged = -math.inf
        self._lacked: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        """Start accepting."""
        self._keep_spare()
        for sock in self._sockets:
            self._loop.add_reader(sock, self._accept, sock)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop accepting, and close all connections."""
        self.stop()
        for guest in self._door.guests():
            guest.abort()
        # Each ends because its socket is closed.
        await asyncio.gather(*self._handshakes)

    def stop(self) -> None:
        """Stop accepting; existing connections stay open."""
        for sock in self._sockets:
            self._loop.remove_reader(sock)
            sock.close()
        self._sockets = ()
        for pause in self._pauses.values():
            pause.cancel()
        self._drop_spare()

    def _accept(self, listening: socket.socket) -> None:
        self._keep_spare()
        for _ in range(_AT_ONCE):
            try:
                sock, place = listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                # Closed by the peer before it was accepted.
                continue
            except OSError as error:
                # Usually EMFILE; waiting helps with the other errors, too (accept(2)).
                self._log(error)
                if self._spare is None:
                    self._pause(listening)
                    return
                if not self._accept_by_spare(listening):
                    return
            else:
                self._let_in(sock, place[0])

    def _accept_by_spare(self, listening: socket.socket) -> bool:
        """Return whether a connection was accepted with the reserved descriptor."""
        self._drop_spare()
        try:
            sock, place = listening.accept()
        except OSError:
            self._keep_spare()
            return False
        if self._door.knows(place[0]):
            self._let_in(sock, place[0])
        else:
            sock.close()
            self._door.refused[Refusal.NO_DESCRIPTOR] += 1
        self._keep_spare()
        return True

    def _let_in(self, sock: socket.socket, address: str) -> None:
        sock.settimeout(0)
        context = self._serving.tls_context()
        connection = Connection(self._serving, sock, address, context)
        if not self._door.enter(address, connection):
            sock.close()
            return
        connection.wait_for_head()
        task = self._loop.create_task(self._shake_hands(connection, sock, context))
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)

    async def _shake_hands(
        self, connection: Connection, sock: socket.socket, context: ssl.SSLContext | None
    ) -> None:
        if context is not None and await self._speaks_http(sock):
            connection.handshake_failed()
            self._log_handshake(_HTTP_REQUEST)
            _answer_http(sock)
            return
        try:
            await self._loop.connect_accepted_socket(
                lambda: connection,
                sock,
                ssl=context,
                # The connection's own deadline comes first.
                ssl_handshake_timeout=2 * HEAD_SECONDS if context else None,
            )
        except OSError as error:
            # The peer's fault, in TLS as in TCP.
            if not connection.was_made:
                connection.handshake_failed()
                if isinstance(error, ssl.SSLError):
                    self._log_handshake(error.reason or "")

    async def _speaks_http(self, sock: socket.socket) -> bool:
        """Return whether a client begins with an HTTP request; what it sent stays unread."""
        readable = asyncio.Event()
        self._loop.add_reader(sock, readable.set)
        try:
            # Its deadline ends the connection, too, and so this.
            await readable.wait()
        finally:
            self._loop.remove_reader(sock)
        with contextlib.suppress(OSError):  # the handshake fails for the same reason
            return sock.recv(_LONGEST_METHOD, socket.MSG_PEEK).startswith(_METHODS)
        return False

    def _pause(self, listening: socket.socket) -> None:
        self._loop.remove_reader(listening)
        self._pauses[listening] = self._loop.call_later(
            PAUSE_SECONDS, self._loop.add_reader, listening, self._accept, listening
        )

    def _log(self, error: OSError) -> None:
        now = self._loop.time()
        if now - self._logged >= LOG_SECONDS:
            self._logged = now
            log.error("connections cannot be accepted at the moment: %s", error.strerror)

    def _log_handshake(self, reason: str) -> None:
        """Say what a client lacks, once a minute: without TLS, most learn nothing themselves."""
        now = self._loop.time()
        lacks = _LACKS.get(reason)
        if lacks is not None and now - self._lacked.get(reason, -math.inf) >= LOG_SECONDS:
            self._lacked[reason] = now
            log.warning("a client was refused during the TLS handshake: %s", lacks)

    def _keep_spare(self) -> None:
        if self._spare is None:
            with contextlib.suppress(OSError):
                self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def _drop_spare(self) -> None:
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None


def _answer_http(sock: socket.socket) -> None:
    """Tell a client that this port speaks https, without waiting for it, and close."""
    with contextlib.closing(sock), contextlib.suppress(OSError):
        # If data were left unread, the kernel would send a reset, which overtakes the answer.
        sock.recv(_REQUEST_BYTES)
        sock.send(_NOT_HTTPS)
