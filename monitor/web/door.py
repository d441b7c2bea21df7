"""Limits the number of connections, in total and per address.

Connections are counted when they are accepted, before any handshake. An address with a successful
request, or this machine, may have more connections at once: Prometheus opens one per concurrently
scraped target. The last places are reserved for known addresses with few connections, so that one
cannot lock out another.

Must not know: sockets, requests, passwords.
"""

from __future__ import annotations

import resource
import sys
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final, Protocol

from monitor.web.refusals import Refusal

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

MAX_CONNECTIONS: Final = 256
MAX_OF_STRANGER: Final = 8
MAX_OF_LAST_PLACES: Final = 4
"""Connections that an address may already have and still get one of the last places."""
SHARE_OF_DESCRIPTORS: Final = 4
"""One in this many file descriptors may be a connection; the others are for checks and files."""
_SHARE_OF_STRANGERS: Final = 4
_SHARE_OF_LAST_PLACES: Final = 16
_MAX_KNOWN: Final = 1000
_OURS: Final = frozenset({"127.0.0.1", "::1"})
_PREFIX_OF_ONE: Final = 64


class Guest(Protocol):
    """A connection, as the door sees it."""

    def abort(self) -> None:
        """Close at once, whatever is under way."""


def open_files() -> int:
    """Return the limit of open files of the process, which can change at any time."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if files == resource.RLIM_INFINITY else files


class Door:
    """Admits connections while there is room; `refused` counts those that it closes."""

    def __init__(
        self, refused: Counter[str], max_descriptors: Callable[[], int] = open_files
    ) -> None:
        self.refused = refused
        self._max_descriptors = max_descriptors
        self._inside: dict[str, dict[Guest, None]] = {}
        self._total = 0
        self._strangers = 0
        self._known: dict[str, None] = {}

    def enter(self, address: str, guest: Guest) -> bool:
        """Return whether one more connection from an address may stay.

        If the places of unknown addresses are full, one of the address with most is freed.
        """
        of = _one(address)
        there = len(self._inside.get(of, ()))
        most = self._most()
        kept = 0 if self.knows(of) and there < MAX_OF_LAST_PLACES else most // _SHARE_OF_LAST_PLACES
        may = self._total < most - kept
        if not self.knows(of):
            has_place = self._strangers < most // _SHARE_OF_STRANGERS
            may = there < MAX_OF_STRANGER and ((has_place and may) or self._displace(there))
        if not may:
            self.refused[Refusal.NO_ROOM] += 1
            return False
        self._inside.setdefault(of, {})[guest] = None
        self._count(of, 1)
        return True

    def leave(self, address: str, guest: Guest) -> None:
        """Remove a connection; nothing happens if it was not admitted."""
        of = _one(address)
        guests = self._inside.get(of, {})
        if guest in guests:
            del guests[guest]
            self._count(of, -1)
            if not guests:
                del self._inside[of]

    def welcome(self, address: str) -> None:
        """Note that a client at that address was allowed to read something."""
        of = _one(address)
        if not self.knows(of):
            self._strangers -= len(self._inside.get(of, ()))
        self._known.pop(of, None)
        self._known[of] = None
        if len(self._known) > _MAX_KNOWN:
            forgotten = next(iter(self._known))
            del self._known[forgotten]
            if not self.knows(forgotten):
                self._strangers += len(self._inside.get(forgotten, ()))

    def knows(self, address: str) -> bool:
        """Return whether an address is this machine's, or was allowed before."""
        of = _one(address)
        return of in self._known or of in _OURS

    def guests(self) -> list[Guest]:
        """Return all connections."""
        return [guest for guests in self._inside.values() for guest in guests]

    def _most(self) -> int:
        return min(MAX_CONNECTIONS, self._max_descriptors() // SHARE_OF_DESCRIPTORS)

    def _count(self, of: str, change: int) -> None:
        self._total += change
        if not self.knows(of):
            self._strangers += change

    def _displace(self, there: int) -> bool:
        """Close the oldest connection of the unknown address with most, if that is fairer."""
        strangers = (of for of in self._inside if not self.knows(of))
        largest = max(strangers, key=lambda of: len(self._inside[of]), default=None)
        if largest is None or len(self._inside[largest]) < there + 2:
            return False
        oldest = next(iter(self._inside[largest]))
        self.leave(largest, oldest)
        self.refused[Refusal.NO_ROOM] += 1
        oldest.abort()
        return True


def _one(address: str) -> str:
    """Return the unit that counts as one address: for IPv6, the network of one subscriber."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        if not found.is_loopback:
            return str(IPv6Network((int(found), _PREFIX_OF_ONE), strict=False))
    return str(found)
