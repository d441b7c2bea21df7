"""The small read-only face through which the web sees the daemon.

Must not know: HTTP, or how the daemon is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from monitor.status.model import CityStatus, Finding, SchoolStatus, SchoolSummary, Sla, Window


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

    def timezone(self) -> str:
        """Return the city's time zone by its IANA name."""

    def city(self) -> CityStatus:
        """Return the city at a glance."""

    def schools(self) -> tuple[SchoolSummary, ...]:
        """Return every school in a line, in the configuration's order."""

    async def school(self, school_id: str) -> SchoolStatus | None:
        """Return one school, whole; None if none with that id is configured.

        Raises:
            UnavailableError: if the ledger cannot be read.
            BusyError: if too many read it.
        """

    def verdicts(self) -> tuple[Finding, ...]:
        """Return every verdict, in the configuration's order."""

    def windows(self) -> tuple[Window, ...]:
        """Return every maintenance window that is known."""

    async def sla(self, month: str | None) -> Sla:
        """Return a month's availability (`YYYY-MM`), this month's for None.

        Raises:
            UnknownMonthError: if there is no such month, or it has not begun.
            UnavailableError: if the ledger cannot be read.
            BusyError: if too many read it.
        """


class UnknownTargetError(LookupError):
    """The configuration does not hold what was asked for; the message says what it holds."""


class UnknownMonthError(ValueError):
    """There is no such month; the message says what is allowed."""


class UnavailableError(RuntimeError):
    """What was asked for cannot be had now; the message says why."""


class BusyError(UnavailableError):
    """Too many ask for what takes long; it can be had in a moment."""
