"""Where a ledger is kept: in a SQLite file, or in a PostgreSQL database.

Both have the same interface, so code that writes or reads entries does not depend on which it is.

Must not know: what the entries mean, or command lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from monitor.ledger.reader import open_reader, os_errors
from monitor.ledger.restore import restore
from monitor.ledger.store import open_store

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
    """A ledger that is open for its one writer.

    `quarantined` names what was moved aside and still waits for somebody to look at it, and
    `replaced` says why this store was begun in the place of an earlier one; else empty.
    """

    quarantined: str
    replaced: str

    @property
    def head(self) -> Anchor:
        """Return the last row."""

    @property
    def reader(self) -> Reading:
        """Return a reader of what this store writes."""

    def link(self, entries: Sequence[Entry]) -> list[Row]:
        """Return the rows that would append these entries now."""

    def append(self, rows: Sequence[Row]) -> None:
        """Write rows from `link` in one transaction; when this returns they survive a power loss.

        Raises:
            LedgerError: if nothing, or an unknown part of the commit, was written: `reload`
                tells which.
        """

    def reload(self) -> None:
        """After a failed append: undo what is undone, and read where the end is.

        Raises:
            LedgerError: if the store is of no more use; close this and open another.
        """

    def lead(self) -> bool:
        """Become, or stay, the one of those who share the place that speaks for the whole city.

        It ends with the store, however that ends. Returns False while another leads.

        Raises:
            LedgerError: if the store was lost, and the lead with it: close this, open another.
        """

    def close(self) -> None:
        """Let go of the ledger, so that another may write it."""


class SharedLedger(Protocol):
    """The ledgers of all writers that share a place, for reading together."""

    def latest(self, kind: str) -> list[Entry]:
        """Return the newest entry of a kind for each subject, whoever wrote it.

        Raises:
            LedgerError: if they cannot be read.
        """

    def open_reader(self) -> AbstractContextManager[Reading]:
        """Open all of them for reading; see `LedgerPlace`."""


class LedgerPlace(Protocol):
    """One ledger's place; `str` of it is fit for people, and holds no password."""

    def __str__(self) -> str: ...

    @property
    def shared(self) -> SharedLedger | None:
        """Return all ledgers that share the place; None where there can be but one."""

    def exists(self) -> bool:
        """Return whether a ledger was begun there.

        Raises:
            LedgerError: if that cannot be found out.
        """

    def open_store(self, now: datetime) -> LedgerStore:
        """Open the ledger for its one writer; begin one if there is none.

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
        """Verify a backup and make it the ledger; the one before is kept.

        Raises:
            LedgerLockedError: if a daemon writes the ledger.
            LedgerCorruptError: if the backup does not hold; nothing was changed.
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
        """Return None: a file is of one writer."""

    def exists(self) -> bool:
        """Return whether the file is there; see `LedgerPlace`."""
        with os_errors(self.path):
            return self.path.exists()

    def open_store(self, now: datetime) -> LedgerStore:
        """Open the file for its one writer; see `LedgerPlace`."""
        return open_store(self.path, now)

    def open_reader(self) -> AbstractContextManager[Reading]:
        """Open the file for reading; see `LedgerPlace`."""
        return open_reader(self.path)

    def restore(self, backup: Path, now: datetime) -> Restored:
        """Put a backup in the file's place; see `LedgerPlace`."""
        return restore(backup, self.path, now)
