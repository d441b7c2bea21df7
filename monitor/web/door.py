"""How many connections there may be, and how long one may take to ask.

aiohttp alone waits minutes for a request's head (measured); here it is closed after ten seconds.
An address that has asked for something and may have it, or is this machine, may have more
connections at once: Prometheus opens one per target that it scrapes at the same time.

Must not know: requests beyond where their head ends, passwords.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Final

from monitor.web.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD_SECONDS: Final = 10.0
MAX_STRANGERS: Final = 64
MAX_OF_STRANGER: Final = 8
MAX_CONNECTIONS: Final = 256
_MAX_KNOWN: Final = 1000
_OURS: Final = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})
_HEAD_END: Final = b"\r\n\r\n"


class Door:
    """Lets connections in as long as there is room; `refused` counts those that it closes."""

    def __init__(self, refused: Counter[str]) -> None:
        self._inside: Counter[str] = Counter()
        self._known: dict[str, None] = {}
        self._refused = refused

    def enter(self, address: str) -> bool:
        """Return whether one more connection from an address may stay."""
        inside = self._inside.total()
        if self.knows(address):
            may = inside < MAX_CONNECTIONS
        else:
            may = self._inside[address] < MAX_OF_STRANGER and self._strangers() < MAX_STRANGERS
        if may and inside < MAX_CONNECTIONS:
            self._inside[address] += 1
            return True
        self._refused[Refusal.NO_ROOM] += 1
        return False

    def give_up(self) -> None:
        """Take note that a connection is closed because it took too long to ask."""
        self._refused[Refusal.SLOW] += 1

    def leave(self, address: str) -> None:
        """Take note that a connection that was let in is gone."""
        self._inside[address] -= 1
        if not self._inside[address]:
            del self._inside[address]

    def welcome(self, address: str) -> None:
        """Take note that somebody at that address asked for something and may have it."""
        self._known.pop(address, None)
        self._known[address] = None
        if len(self._known) > _MAX_KNOWN:
            del self._known[next(iter(self._known))]

    def knows(self, address: str) -> bool:
        """Return whether an address is this machine's, or was let in before."""
        return address in self._known or address in _OURS

    def _strangers(self) -> int:
        return sum(count for address, count in self._inside.items() if not self.knows(address))


class GuardedProtocol(asyncio.Protocol):
    """Stands between a connection and the protocol that serves it."""

    def __init__(self, door: Door, inner: asyncio.Protocol) -> None:
        self._door = door
        self._inner = inner
        self._address = ""
        self._transport: asyncio.BaseTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the connection in, or close it."""
        peer = transport.get_extra_info("peername")
        address = peer[0] if peer else ""
        if not self._door.enter(address):
            transport.abort()  # type: ignore[attr-defined]  # of a stream, as all here are
            return
        self._address, self._transport = address, transport
        self._inner.connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Hand on what came; a head that has ended is not waited for any more."""
        if self._transport is None:
            return
        seen = self._tail + data
        if _HEAD_END in seen:
            self._stop_waiting()
            self._tail = b""
        else:
            self._tail = seen[-3:]
            if self._timer is None:
                self._wait()
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Hand on the end."""
        return self._inner.eof_received() if self._transport else None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        if self._transport is not None:
            self._transport = None
            self._door.leave(self._address)
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Hand on."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Hand on."""
        self._inner.resume_writing()

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._door.give_up()
        if self._transport is not None:
            self._transport.abort()  # type: ignore[attr-defined]  # of a stream


def guarded(door: Door, serve: Callable[[], asyncio.Protocol]) -> Callable[[], GuardedProtocol]:
    """Return a factory of protocols for `loop.create_server`."""
    return lambda: GuardedProtocol(door, serve())
