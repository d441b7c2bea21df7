"""Basic authentication against bcrypt hashes, one at a time and never on the event loop.

A correct password is remembered by a keyed digest, so that a flood of wrong ones does not delay
known clients. After too many failures of a user from an address, its passwords are not hashed for a
while. A wrong login takes as long as the most expensive hash of the file, whether or not the user
exists, and whatever the cost of the user's own hash.

Source: RFC 7617; CVE-2022-46146 (a cache key must not be made of parts that can be shifted).

Must not know: HTTP beyond one header, or where the users come from.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final

import bcrypt

from monitor.web.turns import Turns, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from monitor.web.returning import Returning

MAX_PASSWORD_BYTES: Final = 72
"""bcrypt ignores the rest; a longer one must not match by its beginning."""

FAILURES: Final = 10
FORGIVEN_A_SECOND: Final = 0.2
_MAX_KNOWN: Final = 100
_MAX_FAILED: Final = 10_000
DEFAULT_COST: Final = 10
"""The bcrypt cost for new hashes: a login takes about a tenth of a second."""


class Login(Enum):
    """The result of a login."""

    GOOD = "good"
    BAD = "bad"
    TOO_MANY = "too many"


@dataclass(frozen=True, slots=True)
class _Hashing:
    """A password to be checked in the thread, and the future of its result."""

    check: Callable[[], bool]
    result: asyncio.Future[bool | None]


class Logins:
    """Checks logins; `close` ends its thread. `returning` has the addresses of earlier logins."""

    def __init__(self, now: Callable[[], float], returning: Returning) -> None:
        self._now = now
        self._returning = returning
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._failed: OrderedDict[tuple[str, str | None], tuple[float, float]] = OrderedDict()
        self._turns: Turns[_Hashing] = Turns(self._failures_of, returning.knows)
        self._is_busy = False
        self._is_closed = False
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bcrypt")

    def close(self) -> None:
        """End the thread; pending checks are cancelled."""
        self._is_closed = True
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def check(self, header: str, address: str, users: Mapping[str, str]) -> Login:
        """Return whether an Authorization header belongs to a user."""
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
        result = None
        if not self._has_failed_too_often(address, user):
            cost = dearest_cost(users.values())
            check = partial(fits, password, hashed.encode(), cost)
            result = await self._in_turn(check, address, is_user=bool(hashed))
        if result is None:
            return Login.TOO_MANY
        if result:
            self._remember(digest)
            self._remember_address(address)
            return Login.GOOD
        self._count_failure(address, user)
        return Login.BAD

    def _remember(self, digest: bytes) -> None:
        self._known[digest] = None
        if len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)

    def _remember_address(self, address: str) -> None:
        if self._returning.remember(address) and not self._is_closed:
            asyncio.get_running_loop().run_in_executor(self._worker, self._returning.save)

    def _digest(self, user: str, password: bytes, hashed: str) -> bytes:
        # Each part is preceded by its length: no two triples make the same message.
        parts = (user.encode(), password, hashed.encode())
        message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.new(self._key, message, hashlib.sha256).digest()

    async def _in_turn(
        self, check: Callable[[], bool], address: str, *, is_user: bool
    ) -> bool | None:
        """Return the result of a check; None if the queue was full."""
        hashing = _Hashing(check, asyncio.get_running_loop().create_future())
        one = Waiting(address, is_user, hashing)
        may, other = self._turns.join(one)
        if other is not None and not other.work.result.done():
            other.work.result.set_result(None)
        if not may:
            return None
        self._begin_next()
        try:
            return await hashing.result
        finally:
            self._turns.leave(one)

    def _begin_next(self) -> None:
        if self._is_busy or self._is_closed or (one := self._turns.next()) is None:
            return
        self._is_busy = True
        loop = asyncio.get_running_loop()
        ended = loop.run_in_executor(self._worker, one.work.check)
        ended.add_done_callback(partial(self._ended, one.work.result))

    def _ended(self, result: asyncio.Future[bool | None], ended: asyncio.Future[bool]) -> None:
        self._is_busy = False
        if not result.done():
            if ended.cancelled():
                result.cancel()
            elif error := ended.exception():
                result.set_exception(error)
            else:
                result.set_result(ended.result())
        self._begin_next()

    def _has_failed_too_often(self, address: str, user: str) -> bool:
        return self._failures(address, user) >= FAILURES

    def _failures_of(self, address: str) -> float:
        return self._failures(address, None)

    def _failures(self, address: str, user: str | None) -> float:
        """Return the failures that still count, of a user from an address or of all."""
        now = self._now()
        count, then = self._failed.get((address, user), (0.0, now))
        return max(0.0, count - (now - then) * FORGIVEN_A_SECOND)

    def _count_failure(self, address: str, user: str) -> None:
        for key in ((address, user), (address, None)):
            self._failed[key] = (self._failures(*key) + 1, self._now())
            self._failed.move_to_end(key)
        while len(self._failed) > _MAX_FAILED:
            self._failed.popitem(last=False)


def user_of(header: str) -> str:
    """Return the user that an Authorization header names, checked or not; empty without one."""
    found = _credentials(header)
    return found[0] if found else ""


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


def dearest_cost(hashes: Iterable[str]) -> int:
    """Return the highest bcrypt cost among hashes, the logarithm of the number of rounds."""
    return max((_cost(hashed) for hashed in hashes), default=DEFAULT_COST)


def fits(password: bytes, hashed: bytes, dearest: int) -> bool:
    """Return whether a password matches a hash, which is empty for an unknown user.

    A wrong one takes 2^dearest rounds in total, so that the time does not reveal user names: after
    a cheaper hash of cost c, 2^c + 2^(c+1) + … + 2^(dearest-1) rounds are added.
    """
    if not hashed:
        _hash(password, _dummy(dearest))
        return False
    if _hash(password, hashed):
        return True
    for cost in range(_cost(hashed.decode()), dearest):
        _hash(password, _dummy(cost))
    return False


def _cost(hashed: str) -> int:
    return int(hashed.split("$")[2])


def _dummy(cost: int) -> bytes:
    return b"$2b$%02d$" % cost + b"." * 53


def _hash(password: bytes, hashed: bytes) -> bool:
    try:
        return bcrypt.checkpw(password, hashed)
    except ValueError:
        return False
