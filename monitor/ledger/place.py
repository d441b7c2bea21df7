"""Where a ledger is kept: in a SQLite file, or in a PostgreSQL database.

Both have the same interface, so code that writes or reads entries does not depend on which it is.

Must not know: what the entries mean, or command lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from monitor.ledger.reader import open_reader, os_errors
from monitor.ledger.restore import restore
from monitor.ledger.store import open_store, set_aside

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from monitor.ledger.anchor import Anchor
    from monitor.ledger.chain import Entry, Row
    from monitor.ledger.reading import Reading
    from monitor.ledger.restore import Restored

LEDGER_FILE = "ledger.sqlite"
"""Name of the file in a state directory."""


class LedgerStore(Protocol):
    """A ledger that is open for writing.

    `replaced` says why this store was begun in place of an earlier one, else empty. `was_killed`
    says whether its last writer ended without closing it, as far as the place remembers.
    """

    replaced: str
    was_killed: bool

    @property
    def quarantined(self) -> str:
        """Return what was set aside and has not been moved away yet, else empty."""

    @property
    def head(self) -> Anchor:
        """Return the last row."""

    @property
    def reader(self) -> Reading:
        """Return a reader of this store."""

    def link(self, entries: Sequence[Entry]) -> list[Row]:
        """Return the rows that would append these entries now."""

    def append(self, rows: Sequence[Row]) -> None:
        """Write rows from `link` in one transaction; on return they survive a power loss.

        Raises:
            LedgerError: if nothing, or an unknown part of the commit, was written: `reload`
                resolves that.
        """

    def reload(self) -> None:
        """After a failed append: roll back, and read the end of the chain.

        Raises:
            LedgerError: if the store is unusable; close this and open another.
        """

    def lead(self) -> bool:
        """Become or stay the leader of all writers in the place, which exports the city's figures.

        The leadership ends with the store, in whatever way. Returns False while another leads.

        Raises:
            LedgerError: if the connection was lost, and the lock with it: close this, open another.
        """

    def close(self) -> None:
        """Close the ledger, so that another process may write it."""


class SharedLedger(Protocol):
    """The ledgers of all writers that share a place, for reading together."""

    def latest(self, kind: str) -> list[Entry]:
        """Return the newest entry of a kind for each subject, by any writer.

        Raises:
            LedgerError: if they cannot be read.
        """

    def open_reader(self) -> AbstractContextManager[Reading]:
        """Open all of them for reading; see `LedgerPlace`."""


class LedgerPlace(Protocol):
    """The location of one ledger; `str` of it is for display and contains no password."""

    def __str__(self) -> str: ...

    @property
    def shared(self) -> SharedLedger | None:
        """Return all ledgers that share the place; None if there can be only one."""

    def exists(self) -> bool:
        """Return whether a ledger was begun there.

        Raises:
            LedgerError: if that cannot be determined.
        """

    def set_aside(self) -> str:
        """Return the name of an earlier ledger that was set aside and is still there, or empty.

        Raises:
            LedgerError: if that cannot be determined.
        """

    def open_store(self, now: datetime) -> LedgerStore:
        """Open the ledger for writing; begin one if there is none.

        Raises:
            LedgerLockedError: if another process writes it.
            LedgerVersionError: if a newer program wrote it.
            LedgerError: if it cannot be opened.
        """

    def open_reader(self) -> AbstractContextManager[Reading]:
        """Open the ledger for reading, whether or not a daemon is writing it.

        Raises:
            LedgerError: if there is none, or it cannot be opened.
        """

    def restore(self, backup: Path, now: datetime) -> Restored:
        """Verify a backup and make it the ledger; the previous one is kept.

        Raises:
            LedgerLockedError: if a daemon writes the ledger.
            LedgerCorruptError: if verification of the backup fails; nothing was changed.
            LedgerError: if something cannot be read or written.
        """


@dataclass(frozen=True, slots=True)
class SqlitePlace:
    """A ledger in a file of its own."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def shared(self) -> None:
        """Return None: a file has one writer only."""

    def exists(self) -> bool:
        """Return whether the file exists; see `LedgerPlace`."""
        with os_errors(self.path):
            return self.path.exists()

    def set_aside(self) -> str:
        """Return the name of an earlier file that was set aside and is still beside it."""
        return set_aside(self.path)

    def open_store(self, now: datetime) -> LedgerStore:
        """Open the file for writing; see `LedgerPlace`."""
        return open_store(self.path, now)

    def open_reader(self) -> AbstractContextManager[Reading]:
        """Open the file for reading; see `LedgerPlace`."""
        return open_reader(self.path)

    def restore(self, backup: Path, now: datetime) -> Restored:
        """Replace the file by a backup; see `LedgerPlace`."""
        return restore(backup, self.path, now)
