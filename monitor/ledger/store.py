"""Owns the one writable ledger file: lock, create, check, migrate, append, quarantine.

Everything here blocks, and is called from one thread (owned by `monitor.ledger.ledger`).

Must not know: asyncio, retries, or what the entries mean.
"""

from __future__ import annotations

import fcntl
import sqlite3
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING, Final

from monitor.ledger import schema
from monitor.ledger.anchor import Anchor
from monitor.ledger.chain import (
    GENESIS,
    Entry,
    Json,
    LedgerCorruptError,
    LedgerLockedError,
    Row,
    link,
)
from monitor.ledger.reader import (
    INSERT,
    LedgerReader,
    connect,
    create_private,
    os_errors,
    row_values,
    sqlite_errors,
)
from monitor.state.whole_file import sync_folder, whole_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from io import FileIO
    from pathlib import Path


_ASIDE: Final = ("quarantined", "missing")
_BEGUN: Final = b"a ledger was begun beside this file\n"
_OPEN: Final = b"it is open for writing, or was when its writer was killed\n"
_NOTE: Final = (
    "The ledger {name} was missing at {at:%Y-%m-%d %H:%M:%S} UTC, and a new one was begun. Restore "
    "a backup, or accept the loss; then remove this file, and the alert ends.\n"
)


class Store:
    """The ledger's file, open for writing; opened by `open_store`, closed by `close`.

    `replaced` says why this store was begun in place of an earlier one; else empty. `was_killed`
    says whether its last writer ended without closing it.
    """

    __slots__ = (
        "_connection",
        "_head",
        "_lock",
        "_path",
        "reader",
        "replaced",
        "was_killed",
    )

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        lock: FileIO,
        replaced: str = "",
        *,
        was_killed: bool = False,
    ) -> None:
        self._connection = connection
        self._path = path
        self._lock = lock
        self.reader = LedgerReader(connection, path)
        (self._head,) = self.reader.heads()
        self.replaced = replaced
        self.was_killed = was_killed

    @property
    def quarantined(self) -> str:
        """Return the name of the newest ledger that was set aside and is still there, or empty."""
        return set_aside(self._path)

    @property
    def head(self) -> Anchor:
        """Return the last row."""
        return self._head

    def link(self, entries: Sequence[Entry]) -> list[Row]:
        """Return the rows that would append these entries now."""
        return link(entries, self._head.row, self._head.digest)

    def append(self, rows: Sequence[Row]) -> None:
        """Write rows from `link` in one transaction; on return they survive a power loss.

        Raises:
            LedgerError: if nothing, or an unknown part of the commit, was written: `reload`
                resolves that.
        """
        with sqlite_errors(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(INSERT, map(row_values, rows))
            self._connection.execute("COMMIT")
        self._head = Anchor(rows[-1].sequence, rows[-1].digest)

    def reload(self) -> None:
        """After a failed append: roll back, and read the end of the file.

        Raises:
            LedgerError: if the connection is unusable; close this and open another.
        """
        with sqlite_errors(self._path):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        (self._head,) = self.reader.heads()

    def lead(self) -> bool:
        """Return True: the writer of a file has no rivals."""
        return True

    def close(self) -> None:
        """Close the file and release its lock."""
        with suppress(sqlite3.Error):  # every commit was acknowledged before; nothing is lost
            self._connection.close()
        _unmark(self._lock, was_open=False)
        self._lock.close()


def open_store(
    path: Path, now: datetime, migrations: tuple[schema.Migration, ...] = schema.MIGRATIONS
) -> Store:
    """Open the ledger for writing; begin one if there is none.

    A file that is corrupt, or whose chain is broken, is moved aside; the first entry of the new
    file says so.

    Raises:
        LedgerLockedError: if another process writes it.
        LedgerVersionError: if a newer program wrote it.
        LedgerError: if it cannot be opened.
    """
    with ExitStack() as opened:
        lock = opened.enter_context(lock_ledger(path))
        problem = _problem(path, lock, migrations)
        if problem or not path.exists():
            _begin(path, now, migrations, problem)
        was_open = _mark(lock)
        opened.callback(_unmark, lock, was_open=was_open)
        connection = opened.enter_context(closing(connect(path)))
        with sqlite_errors(path):
            _prepare(connection)
            schema.migrate(connection, migrations)
        with os_errors(path):
            path.chmod(0o600)
        store = Store(connection, path, lock, problem, was_killed=was_open)
        opened.pop_all()
        return store


def set_aside(path: Path) -> str:
    """Return the name of the newest ledger that was set aside and is still beside this one.

    For a missing ledger, it is the name of the note about it. Empty if there is none.

    Raises:
        LedgerError: if the folder cannot be read.
    """
    with os_errors(path.parent):
        places = [*path.parent.iterdir()]
    beginnings = tuple(f"{path.name}.{what}-" for what in _ASIDE)
    beside = [place.name for place in places if place.name.startswith(beginnings)]
    return max(beside, key=lambda name: name.rpartition("-")[2], default="")


def _prepare(connection: sqlite3.Connection) -> None:
    """Set the pragmas that durability depends on.

    DELETE and EXTRA: the journal's removal, which is the commit, is synced with its folder
    (sqlite.org/pragma.html#pragma_synchronous). WAL corrupts under SQLite 3.7.0 to 3.51.2.
    """
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("PRAGMA trusted_schema = OFF")


def lock_ledger(path: Path) -> FileIO:
    """Return the lock of a ledger's only writer; closing it releases the lock.

    Raises:
        LedgerLockedError: if another process writes the ledger.
        LedgerError: if the lock's file cannot be opened.
    """
    place = path.with_name(path.name + ".lock")
    with os_errors(place):
        if not place.exists():
            create_private(place)
        lock = place.open("r+b", buffering=0)
        try:
            # A lock file of its own: a lock on the ledger would be lost when SQLite closes a file.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise LedgerLockedError(
                f"{path}: another process writes this ledger (`fuser {place}` names it); "
                "stop it first, or choose another --state-dir"
            ) from error
    return lock


def _mark(lock: FileIO) -> bool:
    """Record in the lock file that a ledger is open here; return whether the last run left it so.

    The mark also says that a ledger was begun, so that its loss is noticed.
    """
    was_open = False
    with suppress(OSError):  # on a full disk the next start records it
        lock.seek(0)
        was_open = lock.read().endswith(_OPEN)
        _write_mark(lock, _BEGUN + _OPEN)
    return was_open


def _unmark(lock: FileIO, *, was_open: bool) -> None:
    """Record that no ledger is open here, unless the run before this one left it so."""
    with suppress(OSError):  # the next start then reports a kill
        _write_mark(lock, _BEGUN + _OPEN if was_open else _BEGUN)


def _write_mark(lock: FileIO, mark: bytes) -> None:
    lock.seek(0)
    lock.write(mark)
    lock.truncate()


def _problem(path: Path, lock: FileIO, migrations: tuple[schema.Migration, ...]) -> str:
    """Return why the existing ledger cannot be used, empty if it can."""
    if not path.exists():
        lock.seek(0)
        return "the earlier ledger's file is missing" if lock.read(1) else ""
    try:
        with closing(connect(path)) as connection:
            return LedgerReader(connection, path).verify(migrations).problem
    except LedgerCorruptError as error:
        return str(error)


def _begin(
    path: Path, now: datetime, migrations: tuple[schema.Migration, ...], problem: str
) -> None:
    """Create a ledger with its first entry; only then move aside what it replaces.

    For a missing ledger, a note is left: the operator accepts the loss by moving it away.
    """
    stamp = f"{now:%Y%m%dT%H%M%S.%fZ}"
    suffix = f".quarantined-{stamp}"
    payload: dict[str, Json] = {}
    if problem:
        payload = {"problem": problem}
    if path.exists():
        payload["quarantined"] = path.name + suffix
    draft = path.with_name(path.name + ".new")
    with os_errors(draft):
        for place in (draft, draft.with_name(draft.name + "-journal")):
            place.unlink(missing_ok=True)
        create_private(draft)
    with closing(connect(draft)) as connection, sqlite_errors(draft):
        _prepare(connection)
        schema.migrate(connection, migrations)
        for row in link([Entry(now, "begin", "", payload)], 0, GENESIS):
            connection.execute(INSERT, row_values(row))
    with os_errors(path):
        # A remaining journal would be rolled back into the new file.
        for place in (path.with_name(path.name + "-journal"), path):
            if place.exists():
                place.rename(place.with_name(place.name + suffix))
        if problem and "quarantined" not in payload:
            note = path.with_name(f"{path.name}.missing-{stamp}")
            with whole_file(note, folders_owner=True) as file:
                file.write(_NOTE.format(name=path.name, at=now).encode())
        draft.rename(path)
        sync_folder(path.parent)
