"""Derives engines' keys from SNMPv3 passwords (RFC 3414 §2.6, RFC 7860 §9.3, RFC 3826 §1.2).

Deriving a key from a password hashes one mebibyte, which takes milliseconds: it is done once per
password and hash, and localised once per engine. Both caches are bounded.

Must not know: messages, or who uses a key.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from monitor.snmp.model import AuthProtocol, PrivProtocol

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from monitor.snmp.model import Security

_HASHED_BYTES = 1 << 20
_CIPHER_KEY_BYTES = {
    # Eight octets of key and eight of pre-IV (RFC 3414 §8.1.1.1).
    PrivProtocol.DES: 16,
    PrivProtocol.AES128: 16,
    PrivProtocol.AES192: 24,
    PrivProtocol.AES192C: 24,
    PrivProtocol.AES256: 32,
    PrivProtocol.AES256C: 32,
}
_REEDER = frozenset({PrivProtocol.AES192C, PrivProtocol.AES256C})
_MAX_PASSWORD_KEYS = 256
_MAX_ENGINE_KEYS = 10_000

Key = TypeVar("Key")


def password_to_key(password: bytes, protocol: AuthProtocol) -> bytes:
    """Return the user's key: the hash of the password repeated to one mebibyte.

    Raises:
        ValueError: if the password is empty.

    Source: RFC 3414 §A.2.
    """
    if not password:
        raise ValueError("a password must not be empty")
    repeated = password * (_HASHED_BYTES // len(password) + 1)
    return hashlib.new(protocol.value, repeated[:_HASHED_BYTES], usedforsecurity=True).digest()


def localised(key: bytes, engine_id: bytes, protocol: AuthProtocol) -> bytes:
    """Return the user's key at one engine (RFC 3414 §2.6)."""
    return hashlib.new(protocol.value, key + engine_id + key).digest()


def extended(key: bytes, engine_id: bytes, protocol: AuthProtocol, privacy: PrivProtocol) -> bytes:
    """Return a localised key, extended to the length that the cipher needs.

    Source: draft-blumenthal-aes-usm-04 §3.1.2.1, draft-reeder-snmpv3-usm-3desede-00 §2.1.
    """
    wanted = _CIPHER_KEY_BYTES[privacy]
    last = key
    while len(key) < wanted:
        if privacy in _REEDER:
            last = localised(password_to_key(last, protocol), engine_id, protocol)
            key += last
        else:
            key += hashlib.new(protocol.value, key).digest()
    return key[:wanted]


@dataclass(frozen=True, slots=True)
class EngineKeys:
    """A user's keys at one engine, empty where the level needs none."""

    auth: bytes = field(default=b"", repr=False)
    priv: bytes = field(default=b"", repr=False)


class KeyRing:
    """Keeps the derived keys, the most recently used ones if there are too many."""

    def __init__(self) -> None:
        self._of_password: OrderedDict[Hashable, bytes] = OrderedDict()
        self._of_engine: OrderedDict[Hashable, EngineKeys] = OrderedDict()

    def keys(self, security: Security, engine_id: bytes) -> EngineKeys:
        """Return a user's keys at an engine."""
        return _kept(
            self._of_engine,
            (security, engine_id),
            lambda: self._make(security, engine_id),
            _MAX_ENGINE_KEYS,
        )

    def _make(self, security: Security, engine_id: bytes) -> EngineKeys:
        if security.auth is None:
            return EngineKeys()
        auth = self._localised(security.auth_password, engine_id, security.auth)
        if security.priv is None:
            return EngineKeys(auth)
        priv = self._localised(security.priv_password, engine_id, security.auth)
        return EngineKeys(auth, extended(priv, engine_id, security.auth, security.priv))

    def _localised(self, password: bytes, engine_id: bytes, protocol: AuthProtocol) -> bytes:
        key = _kept(
            self._of_password,
            (password, protocol),
            lambda: password_to_key(password, protocol),
            _MAX_PASSWORD_KEYS,
        )
        return localised(key, engine_id, protocol)


def _kept(
    cache: OrderedDict[Hashable, Key], name: Hashable, make: Callable[[], Key], most: int
) -> Key:
    found = cache.get(name)
    if found is None:
        found = cache[name] = make()
        if len(cache) > most:
            cache.popitem(last=False)
    else:
        cache.move_to_end(name)
    return found
