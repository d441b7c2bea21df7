"""The read-only interface of the daemon for pages and API.

Only targets in the configuration are ever probed.

Must not know: HTTP, or how the daemon is built.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, TypeVarTuple, Unpack

from monitor.availability.records import TRANSITION, read_transition
from monitor.availability.sla import month_entries, sla_report
from monitor.availability.spells import MEMORY
from monitor.exposition.blackbox import blackbox_text
from monitor.inventory.checks import Role
from monitor.inventory.city import checks_of_school
from monitor.ledger.chain import LedgerError
from monitor.status.build import (
    city_status,
    finding_of,
    school_status,
    school_summaries,
    sla_of,
    windows_of,
)
from monitor.status.uptime import UptimeBook, weakness
from monitor.threads import FullError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime

    from monitor.availability.records import Transition
    from monitor.exposition.gate import ScrapeGate
    from monitor.inventory.checks import Check
    from monitor.inventory.city import Inventory
    from monitor.ledger.place import LedgerPlace
    from monitor.observation import Observation
    from monitor.status.build import Sources
    from monitor.status.model import CityStatus, Finding, SchoolStatus, SchoolSummary, Window
    from monitor.status.outage_model import Sla
    from monitor.status.uptime import Uptime
    from monitor.threads import Threads

log = logging.getLogger(__name__)

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_UPTIME_LASTS: Final = timedelta(minutes=1)


class UnknownTargetError(LookupError):
    """The configuration lacks the requested target; the message lists what it contains."""


class UnknownMonthError(ValueError):
    """There is no such month; the message says which are allowed."""


class UnavailableError(RuntimeError):
    """The requested data are not available now; the message says why."""


class BusyError(UnavailableError):
    """Too many concurrent slow requests; a retry in a moment will succeed."""


class View(Protocol):
    """The queries that the web interface may use."""

    def knows_school(self, school_id: str) -> bool:
        """Return whether a school with that id is configured."""

    def other_shard(self, school_id: str) -> str:
        """Return the shard of another daemon that monitors this school, such as 2/5, or ""."""

    def school_ids(self) -> tuple[str, ...]:
        """Return the ids of all configured schools."""

    def metrics(self, school_id: str | None, *, gzip: bool) -> AsyncIterator[bytes]:
        """Yield the exposition in pieces, compressed if `gzip`: all for None, or one school's.

        An empty id selects the monitor's own series, which belong to no school.
        """

    def not_ready(self) -> str:
        """Return why the daemon is not ready, empty if it is."""

    def config_rejected_since(self) -> datetime | None:
        """Return since when the configuration has been rejected on reload; None if it is not."""

    def web_config_rejected_since(self) -> datetime | None:
        """Return since when the web configuration file has been rejected; None if it is not."""

    def ledger_is_written(self) -> bool:
        """Return whether the last write to the ledger succeeded."""

    async def probe(self, target: str, module: str) -> str:
        """Run a configured check of a site now; return its result as exposition text.

        Raises:
            UnknownTargetError: if the configuration has no such site or module.
        """

    def timezone(self) -> str:
        """Return the city's time zone by its IANA name."""

    def city(self) -> CityStatus:
        """Return the overview of the city."""

    def schools(self) -> tuple[SchoolSummary, ...]:
        """Return the summary of every school, in the configuration's order."""

    async def school(self, school_id: str) -> SchoolStatus | None:
        """Return one school in full; None if no school with that id is configured.

        Raises:
            UnavailableError: if the ledger cannot be read.
            BusyError: if there are too many concurrent readers.
        """

    async def uptime(self) -> Mapping[str, Uptime]:
        """Return the uptime of every school with recorded minutes, by its id.

        The worst of its lines counts. While the ledger cannot be read, it is the last result.
        """

    def verdicts(self) -> tuple[Finding, ...]:
        """Return every verdict, in the configuration's order."""

    def windows(self) -> tuple[Window, ...]:
        """Return every known maintenance window."""

    async def sla(self, month: str | None) -> Sla:
        """Return a month's availability (`YYYY-MM`), this month's for None.

        Raises:
            UnknownMonthError: if there is no such month, or it has not begun.
            UnavailableError: if the ledger cannot be read.
            BusyError: if there are too many concurrent readers.
        """


class Watched(Protocol):
    """What a view needs from the object that monitors the city."""

    @property
    def inventory(self) -> Inventory:
        """Return the current inventory."""

    @property
    def sources(self) -> Sources:
        """Return the sources of the city's data."""

    @property
    def readers(self) -> Threads:
        """Return the threads in which the ledger is read."""

    @property
    def ledger_place(self) -> LedgerPlace:
        """Return the place of the ledger, for reading."""

    def now(self) -> datetime:
        """Return the current time."""

    def not_ready(self) -> str:
        """Return why it is not ready yet, empty if it is."""

    def config_rejected_since(self) -> datetime | None:
        """Return since when the configuration has been rejected on reload; None if it is not."""

    def web_config_rejected_since(self) -> datetime | None:
        """Return since when the web configuration file has been rejected; None if it is not."""

    async def probe_now(self, check: Check) -> Observation:
        """Run one check now; nothing is recorded."""


class DaemonView:
    """The queries of a running daemon."""

    def __init__(self, daemon: Watched, gate: ScrapeGate) -> None:
        self._daemon = daemon
        self._gate = gate
        self._book = UptimeBook()
        self._book_lock = threading.Lock()
        self._uptime: dict[str, Uptime] = {}
        self._uptime_read: datetime | None = None
        self._one_reads = asyncio.Lock()

    def knows_school(self, school_id: str) -> bool:
        """Return whether a school with that id is configured."""
        return self._daemon.inventory.school(school_id) is not None

    def other_shard(self, school_id: str) -> str:
        """Return the shard of another daemon that monitors this school, such as 2/5, or ""."""
        return self._daemon.inventory.elsewhere.get(school_id, "")

    def school_ids(self) -> tuple[str, ...]:
        """Return the ids of all configured schools."""
        return tuple(school.id for school in self._daemon.inventory.schools)

    def metrics(self, school_id: str | None, *, gzip: bool) -> AsyncIterator[bytes]:
        """Yield the exposition, compressed if `gzip`."""
        return self._gate.body(school_id, gzip=gzip)

    def not_ready(self) -> str:
        """Return why the daemon is not ready, empty if it is."""
        return self._daemon.not_ready()

    def config_rejected_since(self) -> datetime | None:
        """Return since when the configuration has been rejected on reload; None if it is not."""
        return self._daemon.config_rejected_since()

    def web_config_rejected_since(self) -> datetime | None:
        """Return since when the web configuration file has been rejected; None if it is not."""
        return self._daemon.web_config_rejected_since()

    def ledger_is_written(self) -> bool:
        """Return whether the last write to the ledger succeeded."""
        return self._sources.ledger.healthy

    def timezone(self) -> str:
        """Return the city's time zone by its IANA name."""
        return self._daemon.inventory.calendar.timezone

    def city(self) -> CityStatus:
        """Return the overview of the city."""
        return city_status(self._sources, self._now)

    def schools(self) -> tuple[SchoolSummary, ...]:
        """Return the summary of every school."""
        return school_summaries(self._sources, self._now)

    async def school(self, school_id: str) -> SchoolStatus | None:
        """Return one school in full; None if no school with that id is configured."""
        school = self._daemon.inventory.school(school_id)
        if school is None:
            return None
        now = self._now
        names = [str(school.key(site)) for site in school.sites]
        transitions = await self._read(self._transitions, names, now)
        # A reload may have changed or removed the school while the ledger was read.
        school = self._daemon.inventory.school(school_id)
        if school is None:
            return None
        return school_status(self._sources, school, transitions, now)

    async def uptime(self) -> Mapping[str, Uptime]:
        """Return the uptime of every school, read from the ledger at most once a minute."""
        async with self._one_reads:
            now, before = self._now, self._uptime_read
            if before is None or abs(now - before) >= _UPTIME_LASTS:
                # Also after a failure: an unavailable ledger is not queried at every request.
                self._uptime_read = now
                try:
                    self._uptime = await self._read(self._read_uptime, now)
                except UnavailableError:
                    pass
                except asyncio.CancelledError:
                    # The client has left; the next one must not see what was not read.
                    self._uptime_read = before
                    raise
            return self._uptime

    def _read_uptime(self, now: datetime) -> dict[str, Uptime]:
        # The thread of a request that was cancelled may still be reading.
        with self._book_lock, self._daemon.ledger_place.open_reader() as reader:
            lines = self._book.read(reader, now)
        found: dict[str, list[Uptime]] = {}
        for school, site in self._daemon.inventory.sites():
            if (uptime := lines.get(str(school.key(site)))) is not None:
                found.setdefault(school.id, []).append(uptime)
        return {school: min(of, key=weakness) for school, of in found.items()}

    def verdicts(self) -> tuple[Finding, ...]:
        """Return every verdict."""
        sources = self._sources
        return tuple(
            finding_of(sources, subject, verdict, sources.conditions.of(subject))
            for subject, verdict in sources.board.findings()
        )

    def windows(self) -> tuple[Window, ...]:
        """Return every known maintenance window."""
        return windows_of(self._sources.maintenance.windows())

    async def sla(self, month: str | None) -> Sla:
        """Return a month's availability per site."""
        sources, now = self._sources, self._now
        wanted = (
            month if month is not None else f"{now.astimezone(sources.calendar.timezone):%Y-%m}"
        )
        try:
            return await self._read(self._sla, wanted, sources, now)
        except ValueError as error:
            raise UnknownMonthError(str(error)) from error

    async def _read(self, work: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Run a query of the ledger in a thread that the probes do not need."""
        try:
            return await self._daemon.readers.run(work, *args)
        except FullError:
            raise BusyError("too many read the ledger now") from None
        except LedgerError as error:
            # Its text names the file, or the database's host and user: not for every reader.
            log.warning("a page or an answer is refused: %s", error)
            raise UnavailableError(
                "the ledger cannot be read now; the daemon's log says why"
            ) from error

    def _transitions(self, sites: list[str], now: datetime) -> list[Transition]:
        with self._daemon.ledger_place.open_reader() as reader:
            return [
                read_transition(one.entry)
                for site in sites
                for one in reader.entries(TRANSITION, now - MEMORY, now, site)
            ]

    def _sla(self, month: str, sources: Sources, now: datetime) -> Sla:
        with self._daemon.ledger_place.open_reader() as reader:
            report = sla_report(
                month_entries(reader, month, sources.inventory.calendar.timezone),
                sources.inventory,
                month,
                now=now,
                in_lessons=sources.calendar.in_lessons,
            )
        return sla_of(report)

    @property
    def _sources(self) -> Sources:
        return self._daemon.sources

    @property
    def _now(self) -> datetime:
        return self._daemon.now()

    async def probe(self, target: str, module: str) -> str:
        """Run a configured check of a site now; return its result as exposition text."""
        check = find_check(self._daemon.inventory, target, module)
        observation = await self._daemon.probe_now(check)
        return blackbox_text(observation)


def elsewhere(school_id: str, shard: str) -> str:
    """Return the sentence about a school that another daemon monitors."""
    return f"another daemon monitors school {school_id}: shard {shard}"


def find_check(inventory: Inventory, target: str, module: str) -> Check:
    """Return a site's check by name: `school` or `school/site`, at its uplink.

    Raises:
        UnknownTargetError: if there is no such site or check; only configured targets are probed.
    """
    school_id, _, site_id = target.partition("/")
    school = inventory.school(school_id)
    if school is None:
        other = inventory.elsewhere.get(school_id)
        raise UnknownTargetError(
            elsewhere(school_id, other) if other else f"no school {school_id!r} is configured"
        )
    checks = [
        check
        for check in checks_of_school(school)
        if check.target.role is Role.UPLINK and site_id in ("", check.target.site)
    ]
    if not checks:
        sites = ", ".join(site.id for site in school.sites)
        raise UnknownTargetError(f"school {school_id} has no site {site_id!r}, only {sites}")
    for check in checks:
        if check.name == module:
            return check
    names = ", ".join(dict.fromkeys(check.name for check in checks))
    raise UnknownTargetError(f"{target} has no check {module!r}, only {names}")
