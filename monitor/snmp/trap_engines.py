"""Which engines' v3 traps are accepted: those whose digest was made with a user's key.

A trap is authenticated with a key that is localised to its sender's engine (RFC 3414 §2.6), and
only the trap itself names that engine. So the engine ID is learned from a trap that proves that its
sender has the key. Other traps cost a few microseconds and leave no state behind.

Must not know: pysnmp, sockets, or what a trap leads to.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from monitor.snmp.ber import CodecError
from monitor.snmp.secure_message import AUTHENTICATED, decode_secure, is_secure
from monitor.snmp.usm_crypto import Digest
from monitor.snmp.usm_keys import KeyRing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.snmp.model import Security
    from monitor.snmp.secure_message import SecureMessage

MAX_ENGINES: Final = 4
"""Engine IDs that are accepted per address; a replaced device has a second one."""


class TrapEngines:
    """Learns the engine IDs of trap senders, each with the user that authenticated it."""

    def __init__(self, users: Iterable[Security]) -> None:
        self._users: dict[bytes, list[Security]] = {}
        for user in users:
            self._users.setdefault(user.user, []).append(user)
        # Forged engine IDs create keys, too; the ring is bounded.
        self._keys = KeyRing()
        self._met: dict[str, set[bytes]] = {}

    def meet(self, address: str, datagram: bytes) -> tuple[Security, bytes] | None:
        """Return user and engine ID if this trap is the first to prove that ID, else None."""
        if not self._users or not is_secure(datagram):
            return None
        try:
            message = decode_secure(datagram)
        except CodecError:
            return None
        engine = message.engine_id
        met = self._met.get(address, set())
        if not engine or engine in met or len(met) >= MAX_ENGINES:
            return None
        for user in self._users.get(message.user, []):
            if self._proves(message, user):
                self._met.setdefault(address, set()).add(engine)
                return user, engine
        return None

    def _proves(self, message: SecureMessage, user: Security) -> bool:
        if user.auth is None:
            return not message.flags & AUTHENTICATED
        keys = self._keys.keys(user, message.engine_id)
        digest, size = Digest(user.auth, keys.auth), len(message.digest)
        start = message.digest_at
        unsigned = message.data[:start] + bytes(size) + message.data[start + size :]
        return hmac.compare_digest(message.digest, digest.of(unsigned))
