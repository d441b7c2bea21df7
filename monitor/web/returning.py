"""The addresses of earlier successful logins, kept over a restart of the monitor.

After a restart every password must be checked again, one at a time. Known addresses come first
among those without failures, so that many unknown clients cannot keep out a Prometheus. No address
is stored in clear text: the file has digests with its own key.

Must not know: users, passwords, or turns.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.state.json_file import DamagedFileError, JsonFile
from monitor.state.wire import Wire, Wires

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

FILE_NAME: Final = "web-logins.json"
MOST: Final = 16
_MOST_BYTES: Final = 4096
_KEY_BYTES: Final = 32
_DIGEST_BYTES: Final = 16


_HEX: Final[Wires] = {bytes: Wire(str, bytes.fromhex, bytes.hex)}


@dataclass(frozen=True, slots=True)
class _Kept:
    key: bytes
    digests: tuple[bytes, ...]


class Returning:
    """The addresses of the latest successful logins; without a path, of this run only.

    A file that cannot be read or has another format counts as empty.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._file: JsonFile[_Kept] | None = None
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._digests: list[bytes] = []
        if path is not None:
            self._file = JsonFile(path, _Kept, _HEX, most_bytes=_MOST_BYTES)
            self._load(self._file)

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
        if self._file is None:
            return
        try:
            self._file.write(_Kept(self._key, tuple(self._digests)))
        except OSError as error:
            log.warning("%s cannot be written: %s", self._file.path, error.strerror or error)

    def _load(self, file: JsonFile[_Kept]) -> None:
        try:
            found = file.read()
        except (OSError, DamagedFileError) as error:
            log.warning("%s is not read: %s", file.path, error)
            return
        if found is not None and len(found.key) == _KEY_BYTES:
            self._key, self._digests = found.key, list(found.digests[-MOST:])

    def _digest(self, address: str) -> bytes:
        return hashlib.blake2b(address.encode(), key=self._key, digest_size=_DIGEST_BYTES).digest()
