"""The web configuration file of a running daemon: read again when it changes.

A file that cannot be used any more is told once, and the last good one holds.

Must not know: requests.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from monitor.config.web_file import read_web_file
from monitor.web_access import WebFileError, load_certificate

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from monitor.clock import Clock
    from monitor.web_access import WebAccess

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0

Stamp = tuple[int, int, int] | None


class WebFile:
    """What a file says now; certificates that it names are looked at with it.

    Raises:
        WebFileError: at the start, if it cannot be used.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._stamp = self._look()
        self._access = read_web_file(path)
        self._context: ssl.SSLContext | None = None
        self._looked = clock.monotonic()

    def present(self, context: ssl.SSLContext) -> None:
        """Have a context present the certificate that the file names, also when that changes."""
        self._context = context

    def current(self) -> WebAccess:
        """Return what holds; looks at the file once a second at most."""
        now = self._clock.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            stamp = self._look()
            if stamp != self._stamp:
                self._stamp = stamp
                self._read()
        return self._access

    def _read(self) -> None:
        try:
            access = read_web_file(self._path)
        except WebFileError as error:
            log.error("web configuration not taken, the one before holds: %s", error)  # noqa: TRY400  # it says all
            return
        if (access.tls is None) != (self._access.tls is None):
            log.error("web configuration not taken: TLS is switched on or off by a restart alone")
            return
        if access.tls is not None and self._context is not None:
            load_certificate(self._context, access.tls)
        self._access = access
        log.info("web configuration taken: %s", self._path)

    def _look(self) -> Stamp:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
