"""The web configuration file of a running daemon: read again when it changes.

A file that is invalid, or that would remove protection, is rejected as it would be at the start;
this is logged once per change, and the previous rules stay in force. The first rejection, and the
answer to each request to reload, are audit lines: no limit of the log suppresses them. The file is
read in a thread, on a timer and when a reload is requested; requests only see the rules in force.

The timer reads it once it and the files that it names have not changed for a second: a certificate
and its key are replaced one after the other, and what saves in place empties a file first.

Must not know: requests.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from monitor.threads import FullError
from monitor.web.certificate import certificate_of
from monitor.web.changes import certificate_in, changes_between, removed_users
from monitor.web.tls import EMPTY, StrangersError, WebAccess, WebFileError, server_context
from monitor.web.web_file import read_web_file

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from monitor.clock import Clock
    from monitor.threads import Threads
    from monitor.web.tls import Audience

log = logging.getLogger(__name__)
audit = logging.getLogger("monitor.audit")

LOOK_SECONDS = 1.0
RETRY_SECONDS = 10.0
"""When a rejected file is read again: a file that it names may have changed."""

Stamps = tuple[tuple[int, int, int] | None, ...]


class WebFile:
    """The current content of a web configuration file, including the certificates it names.

    `count` is called after each attempt to load it, with whether it succeeded.

    Raises:
        WebFileError: at the start, if it cannot be used.
        StrangersError: at the start, if it would allow access without a login.
    """

    def __init__(
        self, path: Path, clock: Clock, audience: Audience, count: Callable[[bool], None]
    ) -> None:
        self._path = path
        self._clock = clock
        self._count = count
        self._looking = asyncio.Lock()
        self._read = clock.monotonic()
        self._rejected = ""
        self._rejected_since: datetime | None = None
        self._certificate_end: datetime | None = None
        self._audience = audience
        access, self._stamps = self._read_with_stamps(())
        self._seen = self._stamps
        try:
            audience.refuse_strangers(access)
        except StrangersError as error:
            empty = f", it is {EMPTY}" if access == WebAccess() else ""
            raise StrangersError(f"{path} requires no login{empty}: {error}") from None
        self._access, self._context = access, _context(access)
        self._say_applied(certificate_in(access))

    def current(self) -> WebAccess:
        """Return the rules in force."""
        return self._access

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the TLS context of the rules in force; a new object when they change it."""
        return self._context

    def certificate_end(self) -> datetime | None:
        """Return when the certificate in force ends; None without TLS."""
        return self._certificate_end

    def rejected_since(self) -> datetime | None:
        """Return since when the file has been rejected; None if its content is in force."""
        return self._rejected_since

    async def watch(self, threads: Threads) -> None:
        """Reload the file whenever it changes, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            await self.look(threads)

    async def look(self, threads: Threads, *, anyway: bool = False) -> None:
        """Reload the file if it has changed and settled, or `anyway`; apply it, or log why not."""
        async with self._looking:
            now = self._clock.monotonic()
            try:
                stamps = await threads.run(self._stamps_of, self._access.files)
                is_settled, self._seen = stamps == self._seen, stamps
                is_news = stamps != self._stamps
                is_due = self._rejected and now - self._read >= RETRY_SECONDS
                if not anyway and not (is_settled and (is_news or is_due)):
                    return
                found = await threads.run(self._load, self._access, self._context)
            except FullError as error:
                (audit if anyway else log).warning("%s not read: %s", self._path, error)
                return
            # Only now: the caller may be cancelled while the file is read.
            self._stamps, self._read = stamps, now
            if isinstance(found, str):
                self._reject(found, is_news=anyway or is_news, was_asked=anyway)
            else:
                before = self._access
                self._access, self._context, self._stamps = found
                self._seen = self._stamps
                self._rejected, self._rejected_since = "", None
                removed = removed_users(before, self._access)
                self._say_applied(
                    changes_between(before, self._access),
                    logging.WARNING if removed else logging.INFO,
                )

    def _load(
        self, before: WebAccess, context: ssl.SSLContext | None
    ) -> tuple[WebAccess, ssl.SSLContext | None, Stamps] | str:
        """Return the new rules, or why the file is rejected."""
        try:
            access, stamps = self._read_with_stamps(before.files)
            # Protection that the audience requires at the start must not be removed later.
            before.refuse_successor(access)
            return access, context if access.tls == before.tls else _context(access), stamps
        except StrangersError as error:
            return f"{self._path}: {error}"
        except (WebFileError, OSError) as error:
            return str(error)

    def _say_applied(self, details: str, level: int = logging.INFO) -> None:
        self._count(True)  # noqa: FBT003  # a callback's only argument
        tls = self._access.tls
        certificate = certificate_of(tls.certificate) if tls else None
        self._certificate_end = certificate.ends if certificate else None
        said = "; ".join(part for part in (self._access.summary, details) if part)
        audit.log(level, "web configuration applied: %s: %s", self._path, said)
        for warning in self._audience.warnings(self._access, self._clock.now()):
            audit.warning("%s: %s", self._path, warning)

    def _reject(self, why: str, *, is_news: bool, was_asked: bool) -> None:
        self._count(False)  # noqa: FBT003  # a callback's only argument
        if is_news or why != self._rejected:
            # The beginning of the rejection and every answer must get through the log's limit.
            to = audit if was_asked or not self._rejected else log
            to.error("web configuration rejected; logins and TLS stay as they were: %s", why)
        self._rejected_since = self._rejected_since or self._clock.now()
        self._rejected = why

    def _read_with_stamps(self, watched: tuple[Path, ...]) -> tuple[WebAccess, Stamps]:
        """Return the file's content, and stamps that are not younger than it."""
        stamps, access = self._stamps_of(watched), read_web_file(self._path)
        if access.files != watched:
            stamps, access = self._stamps_of(access.files), read_web_file(self._path)
        return access, stamps

    def _stamps_of(self, files: tuple[Path, ...]) -> Stamps:
        return tuple(_stamp(path) for path in (self._path, *files))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _context(access: WebAccess) -> ssl.SSLContext | None:
    return None if access.tls is None else server_context(access.tls)
