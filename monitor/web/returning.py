"""The addresses of earlier successful logins, kept over a restart of the monitor.

After a restart every password must be checked again, one at a time. Known addresses come first
among those without failures, so that many unknown clients cannot keep out a Prometheus. No address
is stored in clear text: the file has digests with its own key.

Must not know: users, passwords, or turns.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from typing import TYPE_CHECKING, Final

from monitor.state.whole_file import PRIVATE, whole_file

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

FILE_NAME: Final = "web-logins.json"
MOST: Final = 16
_MOST_BYTES: Final = 4096
_KEY_BYTES: Final = 32
_DIGEST_BYTES: Final = 16


class Returning:
    """The addresses of the latest successful logins; without a path, of this run only.

    A file that cannot be read or has another format counts as empty.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._digests: list[bytes] = []
        if path is not None:
            self._load(path)

    def knows(self, address: str) -> bool:
        """Return whether a login from there has succeeded before."""
        return self._digest(address) in self._digests

    def remember(self, address: str) -> bool:
        """Note a successful login; return whether there is something to save."""
        digest = self._digest(address)
        if digest in self._digests:
            return False
        # A new list: the one that a thread is saving does not change.
        self._digests = [*self._digests, digest][-MOST:]
        return True

    def save(self) -> None:
        """Write the file; may block as long as the disk does. Failures are logged."""
        if self._path is None:
            return
        digests = [digest.hex() for digest in self._digests]
        content = json.dumps({"key": self._key.hex(), "digests": digests}).encode()
        try:
            with whole_file(self._path, mode=PRIVATE, folders_owner=True) as file:
                file.write(content)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error.strerror or error)

    def _load(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                found = json.loads(file.read(_MOST_BYTES))
            key = bytes.fromhex(found["key"])
            digests = [bytes.fromhex(one) for one in found["digests"]]
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            log.warning("%s is not read: %s", path, error)
            return
        if len(key) == _KEY_BYTES:
            self._key, self._digests = key, digests[-MOST:]

    def _digest(self, address: str) -> bytes:
        return hashlib.blake2b(address.encode(), key=self._key, digest_size=_DIGEST_BYTES).digest()
