"""Receives traps and informs of SNMP v1, v2c and v3 through pysnmp.

A datagram is decoded only if it comes from a known device, and within the rate limits per device
and in total: decoding costs a millisecond, and anyone can send. Whatever pysnmp rejects
(community, user, digest) is dropped and counted.

Source: RFC 3416 §4.2.6 and §4.2.7, RFC 3418 §2 (snmpTraps).

Must not know: schools, or what a trap leads to.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413 import ntfrcv
from pysnmp.proto.rfc1902 import OctetString

from monitor.snmp.reference_security import AUTH, PRIV
from monitor.snmp.trap_engines import TrapEngines

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from monitor.snmp.model import Security

log = logging.getLogger(__name__)

REASONS = ("source", "rate", "refused", "unread")
"""Why a datagram is dropped; `unread` are those that the kernel dropped, counted elsewhere."""

KINDS: Final = {
    "1.3.6.1.6.3.1.1.5.1": "coldStart",
    "1.3.6.1.6.3.1.1.5.2": "warmStart",
    "1.3.6.1.6.3.1.1.5.3": "linkDown",
    "1.3.6.1.6.3.1.1.5.4": "linkUp",
    "1.3.6.1.6.3.1.1.5.5": "authenticationFailure",
}
"""The standard notifications (RFC 3418, RFC 2863); all others are `OTHER`."""

OTHER: Final = "other"
MAX_BYTES: Final = 8192
SOURCE_RATE, SOURCE_BURST = 2.0, 20.0
TOTAL_RATE, TOTAL_BURST = 50.0, 200.0

# Refusing one costs microseconds; decoding one costs milliseconds, and ends the turn.
_DATAGRAMS_A_TURN: Final = 64
_TRAP_OID: Final = "1.3.6.1.6.3.1.1.4.1.0"


@dataclass(frozen=True, slots=True)
class Senders:
    """Accepted senders: literal source addresses, communities of v1 and v2c, users of v3."""

    addresses: frozenset[str]
    communities: frozenset[bytes] = frozenset()
    users: tuple[Security, ...] = ()


class _Bucket:
    """A token bucket: a burst at once, and a rate per second in the long run."""

    __slots__ = ("_burst", "_left", "_rate", "_then")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._left, self._then = burst, now

    def take(self, now: float) -> bool:
        """Take a token; return whether there was one."""
        self._left = min(self._burst, self._left + (now - self._then) * self._rate)
        self._then = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class TrapGate:
    """Decides which datagrams are worth decoding; `drops` counts the others by reason."""

    def __init__(self, senders: Senders, now: float, drops: dict[str, int]) -> None:
        self._total = _Bucket(TOTAL_RATE, TOTAL_BURST, now)
        # One bucket per known sender: unknown senders create none.
        self._sources = {
            address: _Bucket(SOURCE_RATE, SOURCE_BURST, now) for address in senders.addresses
        }
        self._drops = drops

    def lets_pass(self, address: str, octets: int, now: float) -> bool:
        """Return whether a datagram from a literal address is to be decoded."""
        bucket = self._sources.get(address)
        if bucket is None or octets > MAX_BYTES:
            self._drops["source" if bucket is None else "refused"] += 1
            return False
        if not (bucket.take(now) and self._total.take(now)):
            self._drops["rate"] += 1
            return False
        return True


class TrapReceiver:
    """A socket that receives notifications until it is closed.

    `taken(address, kind)` is called on the event loop for each accepted notification,
    `stray(address)` with the sender of each datagram that was not decoded; both drops and their
    reasons are added to `drops`. `receiving` is the bound socket, closed with the receiver.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # the socket, its senders, and what to call
        self,
        receiving: socket.socket,
        senders: Senders,
        taken: Callable[[str, str], None],
        now: Callable[[], float],
        drops: dict[str, int],
        stray: Callable[[str], object],
    ) -> None:
        self._receiving = receiving
        self._taken = taken
        self._stray = stray
        self._now = now
        self._drops = drops
        self._accepted = 0
        self._gate = TrapGate(senders, now(), drops)
        self._engines = TrapEngines(senders.users)
        self._engine = _engine(senders)
        is_ipv6 = receiving.family.name == "AF_INET6"
        module = udp6 if is_ipv6 else udp
        transport = _gated(module.Udp6Transport if is_ipv6 else module.UdpTransport, self)
        config.add_transport(
            self._engine, module.DOMAIN_NAME, transport.open_server_mode(sock=receiving)
        )
        ntfrcv.NotificationReceiver(self._engine, self._notified)

    def close(self) -> None:
        """Stop receiving, and close the socket."""
        self._engine.close_dispatcher()
        # The transport closes it, unless it is closed before the loop has opened it.
        self._receiving.close()

    def received(
        self,
        datagram: bytes,
        source: tuple[str, int],
        decode: Callable[[bytes, tuple[str, int]], None],
    ) -> None:
        """Process a datagram and those behind it, until one was decoded or the turn is over."""
        for _ in range(_DATAGRAMS_A_TURN):
            if self._decode(datagram, source, decode):
                return
            try:
                datagram, source = self._receiving.recvfrom(MAX_BYTES + 1)
            except OSError:  # nothing to read, or the transport will see the same error
                return

    def _decode(
        self,
        datagram: bytes,
        source: tuple[str, int],
        decode: Callable[[bytes, tuple[str, int]], None],
    ) -> bool:
        """Decode a datagram if it is admitted, and see whether pysnmp accepted it."""
        address = literal(source[0])
        if not self._gate.lets_pass(address, len(datagram), self._now()):
            self._stray(address)
            return False
        before = self._accepted
        met = self._engines.meet(address, datagram)
        if met is not None:
            user, engine_id = met
            _add_user(self._engine, user, OctetString(engine_id))
        try:
            decode(datagram, source)
        except Exception as error:  # noqa: BLE001  # pysnmp raises whatever its parser stumbles over
            log.debug("a datagram from %s cannot be decoded: %s", address, error)
        if self._accepted == before:
            self._drops["refused"] += 1
        return True

    def _notified(  # as pysnmp calls it
        self,
        engine: SnmpEngine,
        state: int,
        _engine_id: object,
        _context: object,
        varbinds: list[tuple[object, object]],
        _extra: object,
    ) -> None:
        _, address = engine.message_dispatcher.get_transport_info(state)
        said = next((str(value) for oid, value in varbinds if str(oid) == _TRAP_OID), "")
        self._accepted += 1
        self._taken(literal(address[0]), KINDS.get(said, OTHER))


def literal(address: str) -> str:
    """Return a source address in its configured form: IPv4 also where it arrived over IPv6."""
    return address.removeprefix("::ffff:")


def _engine(senders: Senders) -> SnmpEngine:
    engine = SnmpEngine()
    for number, community in enumerate(sorted(senders.communities)):
        config.add_v1_system(engine, f"community-{number}", community.decode("latin-1"))
    for user in senders.users:
        # Informs are authenticated with the key of our own engine.
        _add_user(engine, user, None)
    return engine


def _add_user(engine: SnmpEngine, user: Security, engine_id: OctetString | None) -> None:
    config.add_v3_user(
        engine,
        user.user.decode(),
        AUTH[user.auth],
        user.auth_password or None,
        PRIV[user.priv],
        user.priv_password or None,
        securityEngineId=engine_id,
    )


def _gated(base: type, receiver: TrapReceiver) -> Any:  # noqa: ANN401  # pysnmp has no types
    """Return a pysnmp transport that passes every datagram to the receiver first."""

    class Gated(base):  # type: ignore[misc]  # pysnmp has no types
        def datagram_received(self, datagram: bytes, address: tuple[str, int]) -> None:
            receiver.received(
                datagram, address, lambda data, source: self._callback_function(self, source, data)
            )

    return Gated()
