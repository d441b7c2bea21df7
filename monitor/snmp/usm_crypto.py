"""Digests and ciphers of SNMPv3 messages (RFC 3414 §6 to §8, RFC 7860 §4, RFC 3826 §3).

MD5, SHA-1, DES and the cipher feedback mode are not our choice: devices require them.

Must not know: messages, engines, or whose keys these are.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from monitor.snmp.model import AuthProtocol, PrivProtocol

if TYPE_CHECKING:
    from collections.abc import Callable

DIGEST_BYTES = {
    AuthProtocol.MD5: 12,
    AuthProtocol.SHA1: 12,
    AuthProtocol.SHA224: 16,
    AuthProtocol.SHA256: 24,
    AuthProtocol.SHA384: 32,
    AuthProtocol.SHA512: 48,
}
"""Octets of the HMAC that a message carries."""

SALT_BYTES = 8
_DES_BLOCK = 8


class CryptoError(ValueError):
    """Octets that the cipher cannot have produced."""


class Digest:
    """Computes the digests of one key."""

    __slots__ = ("_keyed", "size")

    def __init__(self, protocol: AuthProtocol, key: bytes) -> None:
        self.size = DIGEST_BYTES[protocol]
        self._keyed = hmac.new(key, digestmod=getattr(hashlib, protocol.value))

    def of(self, data: bytes) -> bytes:
        """Return the digest of a message whose own digest is zeros."""
        # Hashing the key again for each message would cost more than hashing the message.
        keyed = self._keyed.copy()
        keyed.update(data)
        return keyed.digest()[: self.size]


class Privacy:
    """Encrypts and decrypts with one key; each message carries its `salt`, which is used once."""

    __slots__ = ("_cipher", "_is_des", "_pre_iv")

    def __init__(self, protocol: PrivProtocol, key: bytes) -> None:
        self._is_des = protocol is PrivProtocol.DES
        self._pre_iv = int.from_bytes(key[_DES_BLOCK:16], "big") if self._is_des else 0
        self._cipher = _des(key) if self._is_des else _aes(key)

    def salt(self, boots: int, count: int) -> bytes:
        """Return the salt of our message number `count`."""
        if self._is_des:
            return boots.to_bytes(4, "big") + (count & 0xFFFFFFFF).to_bytes(4, "big")
        return (count & 0xFFFFFFFFFFFFFFFF).to_bytes(SALT_BYTES, "big")

    def encrypt(self, plain: bytes, boots: int, time: int, salt: bytes) -> bytes:
        """Return the encrypted octets; DES adds up to seven octets of padding."""
        if self._is_des:
            plain += bytes(-len(plain) % _DES_BLOCK)
        return self._cipher(self._iv(boots, time, salt)).encryptor().update(plain)

    def decrypt(self, encrypted: bytes, boots: int, time: int, salt: bytes) -> bytes:
        """Return the decrypted octets, with the padding that DES has added.

        Raises:
            CryptoError: if the sizes are invalid.
        """
        if len(salt) != SALT_BYTES:
            raise CryptoError(f"a salt has {SALT_BYTES} octets, not {len(salt)}")
        if self._is_des and len(encrypted) % _DES_BLOCK:
            raise CryptoError(f"{len(encrypted)} octets are not whole DES blocks")
        return self._cipher(self._iv(boots, time, salt)).decryptor().update(encrypted)

    def _iv(self, boots: int, time: int, salt: bytes) -> bytes:
        if self._is_des:
            return (self._pre_iv ^ int.from_bytes(salt, "big")).to_bytes(_DES_BLOCK, "big")
        return boots.to_bytes(4, "big") + time.to_bytes(4, "big") + salt


def _des(key: bytes) -> Callable[[bytes], Cipher[CBC]]:
    # TripleDES with three equal keys is DES.
    algorithm = TripleDES(key[:_DES_BLOCK] * 3)
    return lambda iv: Cipher(algorithm, CBC(iv))  # RFC 3414 §8.1.1.2


def _aes(key: bytes) -> Callable[[bytes], Cipher[CFB]]:
    algorithm = AES(key)
    return lambda iv: Cipher(algorithm, CFB(iv))
