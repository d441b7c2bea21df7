"""Basic authentication against bcrypt hashes, one at a time and never on the event loop.

A password that fitted once is known by a keyed digest, so that a flood of wrong ones keeps
nobody waiting who was in before. Whoever has failed too often is not hashed for any more for a
while; that never holds for who did not try, and never for who is known.

Source: RFC 7617; CVE-2022-46146 (a cache key must not be made of parts that can be shifted).

Must not know: HTTP beyond one header, where the users come from.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections import Counter, OrderedDict
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import TYPE_CHECKING, Final

import bcrypt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_PASSWORD_BYTES: Final = 72
"""bcrypt looks at no more; a longer one must not fit by its beginning."""

MAX_WAITING: Final = 16
MAX_WAITING_OF_ONE: Final = 4
FAILURES: Final = 10
FORGIVEN_A_SECOND: Final = 0.2
_MAX_KNOWN: Final = 100
_MAX_FAILED: Final = 10_000
# What an unknown user's password is hashed against, so that it takes as long (cost 10).
_NOBODY: Final = b"$2b$10$" + b"." * 22 + b"." * 31


class Login(Enum):
    """What came of a login."""

    GOOD = "good"
    BAD = "bad"
    TOO_MANY = "too many"


class Logins:
    """Checks logins; `close` ends its thread."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._failed: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._waiting: Counter[str] = Counter()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bcrypt")

    def close(self) -> None:
        """End the thread; who waits gets nothing."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def check(self, header: str, address: str, users: Mapping[str, str]) -> Login:
        """Return whether an Authorization header is that of a user."""
        found = _credentials(header)
        if found is None:
            return Login.BAD
        user, password = found
        hashed = users.get(user, "")
        digest = self._digest(user, password, hashed)
        if hashed and digest in self._known:
            self._known.move_to_end(digest)
            return Login.GOOD
        if len(password) > MAX_PASSWORD_BYTES:
            return Login.BAD
        if self._has_failed_too_often(address, user) or not self._may_wait(address):
            return Login.TOO_MANY
        if not await self._fits(password, hashed.encode() or _NOBODY, address) or not hashed:
            self._count_failure(address, user)
            return Login.BAD
        self._known[digest] = None
        if len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)
        return Login.GOOD

    def _digest(self, user: str, password: bytes, hashed: str) -> bytes:
        # Each part has its length before it: no two triples make the same message.
        parts = (user.encode(), password, hashed.encode())
        message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.new(self._key, message, hashlib.sha256).digest()

    async def _fits(self, password: bytes, hashed: bytes, address: str) -> bool:
        self._waiting[address] += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._worker, _fits, password, hashed)
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]

    def _may_wait(self, address: str) -> bool:
        return self._waiting.total() < MAX_WAITING and self._waiting[address] < MAX_WAITING_OF_ONE

    def _has_failed_too_often(self, address: str, user: str) -> bool:
        count, _ = self._failures(address, user)
        return count >= FAILURES

    def _failures(self, address: str, user: str) -> tuple[float, float]:
        now = self._now()
        count, then = self._failed.get((address, user), (0.0, now))
        return max(0.0, count - (now - then) * FORGIVEN_A_SECOND), now

    def _count_failure(self, address: str, user: str) -> None:
        count, now = self._failures(address, user)
        self._failed[address, user] = (count + 1, now)
        self._failed.move_to_end((address, user))
        if len(self._failed) > _MAX_FAILED:
            self._failed.popitem(last=False)


def _credentials(header: str) -> tuple[str, bytes] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        plain = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    user, colon, password = plain.partition(b":")
    try:
        return (user.decode(), password) if colon else None
    except UnicodeDecodeError:
        return None


def _fits(password: bytes, hashed: bytes) -> bool:
    try:
        return bcrypt.checkpw(password, hashed)
    except ValueError:
        return False
