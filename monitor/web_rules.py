"""The web configuration file of a running daemon: read again when it changes.

A file that cannot be used, or that would let in who is kept out now, is refused as it would be
at the start; that is logged once, and the rules of before hold.

Must not know: requests.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from monitor.config.web_file import read_web_file
from monitor.web_access import StrangersError, WebFileError, server_context

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from monitor.clock import Clock
    from monitor.web_access import Audience, WebAccess

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
RETRY_SECONDS = 10.0
"""After which a rejected file is read again: a file that it names may have changed."""

Stamp = tuple[int, int, int] | None


class WebFile:
    """What a file says now; certificates that it names are read with it.

    Raises:
        WebFileError: at the start, if it cannot be used.
        StrangersError: at the start, if it would let in others than those who may.
    """

    def __init__(self, path: Path, clock: Clock, audience: Audience) -> None:
        self._path = path
        self._clock = clock
        self._audience = audience
        self._stamp = self._look()
        self._access = self._load()
        self._context = _context(self._access)
        self._looked = self._read = clock.monotonic()
        self._rejected = ""

    def current(self) -> WebAccess:
        """Return what holds; looks at the file once a second at most."""
        now = self._clock.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            stamp = self._look()
            is_due = self._rejected and now - self._read >= RETRY_SECONDS
            if stamp != self._stamp or is_due:
                self._stamp, self._read = stamp, now
                self._reload()
        return self._access

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the TLS context of the rules that hold; it is another one when they change it."""
        self.current()
        return self._context

    def _load(self) -> WebAccess:
        access = read_web_file(self._path)
        self._audience.refuse_strangers(access)
        return access

    def _reload(self) -> None:
        before = self._access
        try:
            access = self._load()
            before.refuse_successor(access)
            context = self._context if access.tls == before.tls else _context(access)
        except (WebFileError, StrangersError, OSError) as error:
            self._reject(str(error))
            return
        self._rejected = ""
        self._access, self._context = access, context
        log.info("web configuration applied: %s", self._path)

    def _reject(self, why: str) -> None:
        if why != self._rejected:
            log.error("%s rejected; keeping the previous one: %s", self._path, why)
        self._rejected = why

    def _look(self) -> Stamp:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def _context(access: WebAccess) -> ssl.SSLContext | None:
    return None if access.tls is None else server_context(access.tls)
