"""The small read-only face through which the web sees the daemon.

Must not know: HTTP, or how the daemon is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class View(Protocol):
    """What the web may ask."""

    def knows_school(self, school_id: str) -> bool:
        """Return whether a school with that id is configured."""

    def school_ids(self) -> tuple[str, ...]:
        """Return the ids of all configured schools."""

    def metrics(self, school_id: str | None, *, gzip: bool) -> AsyncIterator[bytes]:
        """Yield the exposition in pieces, compressed if so asked: all for None, or one school's.

        An empty id stands for the monitor itself: what belongs to no school.
        """

    def not_ready(self) -> str:
        """Return why the daemon is not ready to be relied on, empty when it is."""

    async def probe(self, target: str, module: str) -> str:
        """Run a configured check of a site now; return its result as exposition text.

        Raises:
            UnknownTargetError: if the configuration has no such site or module.
        """


class UnknownTargetError(LookupError):
    """The configuration does not hold what was asked for; the message says what it holds."""
