"""Filters what pysnmp decodes: replies of queried agents, a few per request, none too large.

By itself pysnmp decodes every datagram, of any size, at more than a millisecond each: a flooding
agent would block the event loop. It also accepts a reply from any address if its id
is that of an outstanding request, and its ids are sequential: one agent could answer for another.

Must not know: requests, retries, or what a reply means.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from monitor.flood_filter import FloodFilter
from monitor.snmp.ber import CodecError
from monitor.snmp.decode import decode_head
from monitor.snmp.endpoint import from_elsewhere
from monitor.snmp.message import MAX_DATAGRAM_BYTES
from monitor.snmp.secure_message import decode_secure, is_secure

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

MOST_REPLIES = 8
"""Datagrams of an agent that are decoded per request: its reply and a few duplicates."""

Place = tuple[str, int]


@dataclass(slots=True)
class Expected:
    """The open requests to one agent, their ids, and how many more datagrams to decode.

    `complaint` says what came in place of a reply, empty if nothing did.
    """

    requests: int = 0
    replies: int = 0
    ids: set[int] = field(default_factory=set)
    complaint: str = ""


class ReplyGate:
    """Knows which replies are awaited, by literal address, port and the request's id.

    In version 3 that is the message's id: the request-id is encrypted.
    """

    def __init__(self) -> None:
        self._expected: dict[Place, Expected] = {}

    @contextmanager
    def expecting(self, place: Place) -> Iterator[Expected]:
        """Admit a few replies of an agent within the block."""
        expected = self._expected.setdefault(place, Expected())
        expected.requests += 1
        expected.replies += MOST_REPLIES
        try:
            yield expected
        finally:
            expected.requests -= 1
            if not expected.requests:
                del self._expected[place]

    def sent(self, place: Place, datagram: bytes) -> None:
        """Note a request that was sent to an agent."""
        expected, number = self._expected.get(place), _id_of(datagram)
        if expected is not None and number is not None:
            expected.ids.add(number)

    def admits(self, place: Place, datagram: bytes) -> bool:
        """Return whether to decode a datagram; if so, it counts towards the limit."""
        expected = self._expected.get(place)
        if len(datagram) > MAX_DATAGRAM_BYTES:
            return False
        if expected is None:
            self._note(place, datagram)
            return False
        if not expected.replies:
            return False
        if _id_of(datagram) not in expected.ids:
            return False
        expected.replies -= 1
        return True

    def _note(self, source: Place, datagram: bytes) -> None:
        """Record which agent a reply from another address is for: it may be the same device."""
        number = _id_of(datagram) if self._expected else None
        for expected in self._expected.values():
            if number in expected.ids:
                expected.complaint = from_elsewhere(source).message

    def target(self, base: type) -> Any:  # noqa: ANN401  # pysnmp has no types
        """Return a pysnmp transport target whose socket has this gate."""
        gate = self

        class Gated(base.PROTO_TRANSPORT):  # type: ignore[misc, name-defined]  # no types
            floods: FloodFilter | None = None

            def connection_made(self, transport: Any) -> None:  # noqa: ANN401  # as pysnmp calls it
                super().connection_made(transport)
                self.floods = FloodFilter(transport.get_extra_info("socket"))

            def connection_lost(self, error: Exception | None) -> None:
                super().connection_lost(error)
                if self.floods is not None:
                    self.floods.close()

            def send_message(self, datagram: bytes, address: tuple[Any, ...]) -> None:
                gate.sent((address[0], address[1]), bytes(datagram))
                super().send_message(datagram, address)

            def datagram_received(self, datagram: bytes, address: tuple[Any, ...]) -> None:
                if gate.admits((address[0], address[1]), datagram):
                    self.decode(datagram, address)
                elif self.floods is not None:
                    self.floods.stray(address[0])

            def decode(self, datagram: bytes, address: tuple[Any, ...]) -> None:
                try:
                    self._callback_function(self, address, datagram)
                except Exception as error:  # noqa: BLE001  # whatever its parser stumbles over
                    log.debug("a datagram from %s cannot be decoded: %s", address[0], error)

        class Target(base):  # type: ignore[misc]  # no types
            PROTO_TRANSPORT = Gated
            _resolve_address = _unresolved

        return Target


async def _unresolved(_: object, address: tuple[Any, ...]) -> tuple[Any, ...]:
    # It is literal; pysnmp looks up even these, in the event loop's default executor.
    return address


def _id_of(datagram: bytes) -> int | None:
    """Return the id that identifies a reply, None if the datagram is not an SNMP message."""
    try:
        if is_secure(datagram):
            return decode_secure(datagram).message_id
        return decode_head(datagram)[3]
    except CodecError:
        return None
