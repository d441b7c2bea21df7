"""Reads a ledger file: entries, verification, export, backup.

Can be used while a daemon writes the same file: rows are read in short pages, so that a long report
never blocks the writer's commit.

Must not know: what the entries mean, or how they are written.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from monitor.ledger import schema
from monitor.ledger.anchor import Anchor
from monitor.ledger.chain import (
    GENESIS,
    LedgerCorruptError,
    LedgerError,
    LedgerStorageError,
    Recorded,
    Row,
    milliseconds,
)
from monitor.ledger.reading import VerifyResult, verify_chain, write_rows
from monitor.state.whole_file import PRIVATE, give_to_owner, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import TextIO

    from monitor.ledger.chain import Entry

_PAGE_ROWS: Final = 2000
_BUSY_SECONDS: Final = 5.0
_STORAGE_CODES: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
_COLUMNS: Final = "sequence, at, kind, subject, payload, digest"
INSERT: Final = f"INSERT INTO entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608  # a constant
_TYPES: Final = (int, int, str, str, str, bytes)


class LedgerReader:
    """Reads one open database; the caller closes the connection."""

    __slots__ = ("_connection", "_path")

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def entries(
        self,
        kind: str,
        since: datetime | None = None,
        until: datetime | None = None,
        subject: str | None = None,
    ) -> Iterator[Recorded]:
        """Yield the entries of one kind by time, `since` included, `until` excluded.

        Raises:
            LedgerError: if the file cannot be read.
        """
        at, sequence = -(2**63), 0
        if since is not None:
            at = milliseconds(since)
        end = 2**63 - 1 if until is None else milliseconds(until)
        query = (
            f"SELECT {_COLUMNS} FROM entries WHERE kind = ? AND (at, sequence) > (?, ?)"  # noqa: S608  # a constant
            " AND at < ? AND subject = coalesce(?, subject) ORDER BY at, sequence LIMIT ?"
        )
        while page := self._rows(query, kind, at, sequence, end, subject, _PAGE_ROWS):
            for row in page:
                yield row.recorded()
            at, sequence = page[-1].at, page[-1].sequence

    def latest(self, kind: str) -> list[Entry]:
        """Return the newest entry of a kind for each subject.

        Of those at the same instant it is the one with the higher number, as in a history.

        Raises:
            LedgerError: if the file cannot be read.
        """
        query = (
            f"SELECT {_COLUMNS} FROM (SELECT *, row_number() OVER "  # noqa: S608  # a constant
            "(PARTITION BY subject ORDER BY at DESC, sequence DESC) AS place"
            " FROM entries WHERE kind = ?) WHERE place = 1 ORDER BY at, sequence"
        )
        return [row.recorded().entry for row in self._rows(query, kind)]

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Yield every row after a sequence number as it is stored, in the order of recording.

        Raises:
            LedgerError: if the file cannot be read.
        """
        query = f"SELECT {_COLUMNS} FROM entries WHERE sequence > ? ORDER BY sequence LIMIT ?"  # noqa: S608  # a constant
        while page := self._rows(query, after, _PAGE_ROWS):
            yield from page
            after = page[-1].sequence

    def heads(self) -> tuple[Anchor]:
        """Return the last row, row 0 of an empty ledger.

        Raises:
            LedgerError: if the file cannot be read.
        """
        query = f"SELECT {_COLUMNS} FROM entries ORDER BY sequence DESC LIMIT 1"  # noqa: S608  # a constant
        page = self._rows(query)
        return (Anchor(page[0].sequence, page[0].digest) if page else Anchor(0, GENESIS),)

    def digest_at(self, row: int, writer: str = "") -> bytes | None:
        """Return a row's digest, None if there is no such row.

        A file has one writer, whose name it does not contain.

        Raises:
            LedgerError: if the file cannot be read.
        """
        del writer
        page = self._rows(f"SELECT {_COLUMNS} FROM entries WHERE sequence = ?", row)  # noqa: S608  # a constant
        return page[0].digest if page else None

    def verify(self, migrations: tuple[schema.Migration, ...] = schema.MIGRATIONS) -> VerifyResult:
        """Check the whole file: its schema, SQLite's structures and indices, the chain.

        Returns:
            The extent of the valid rows, and the first invalid row.

        Raises:
            LedgerVersionError: if a newer program wrote the file.
            LedgerStorageError: if the file cannot be read for a temporary reason.
        """
        fault = ""
        try:
            fault = _header(self._path)
            with sqlite_errors(self._path):
                schema.require_known(self._connection, migrations)
                fault = fault or schema.differences(self._connection, migrations)
            # Valid rows are evidence, whatever is wrong with the file around them.
            chain = verify_chain(self.rows())
            with sqlite_errors(self._path):
                found = self._connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except LedgerCorruptError as error:
            return VerifyResult(0, GENESIS, problem="; ".join(filter(None, (fault, str(error)))))
        damage = "" if found == "ok" else f"SQLite reports: {found}"
        problem = "; ".join(filter(None, (fault, chain.problem or damage)))
        return replace(chain, problem=problem)

    def export(self, stream: TextIO) -> int:
        """Write every row as one JSON object a line, digests in hex; return how many.

        Raises:
            LedgerError: if the file cannot be read.
        """
        return write_rows(self.rows(), stream)

    def backup(self, target: Path) -> VerifyResult:
        """Copy the ledger to a new file, verified before it gets its name.

        Raises:
            LedgerError: if the target exists, cannot be written, or the copy does not verify.
        """
        return write_copy(target, lambda copy: self._connection.backup(copy, pages=-1))

    def _rows(self, query: str, *values: object) -> list[Row]:
        with sqlite_errors(self._path):
            found = self._connection.execute(query, values).fetchall()
        for row in found:
            if not all(type(value) is kind for value, kind in zip(row, _TYPES, strict=True)):
                raise LedgerCorruptError(f"{self._path}: row {row[0]} has values of a wrong type")
        return [Row(*row) for row in found]


def write_copy(target: Path, fill: Callable[[sqlite3.Connection], None]) -> VerifyResult:
    """Create a new ledger file through `fill`, which is verified before it gets its name.

    Raises:
        LedgerError: if the target exists or cannot be written, or the copy does not verify.
    """
    with os_errors(target):
        if target.exists():
            raise LedgerError(
                f"{target} exists already; a backup never overwrites: name another file, or "
                "remove it"
            )
    draft = target.with_name(target.name + ".new")
    with os_errors(draft):
        draft.unlink(missing_ok=True)
        create_private(draft)
    try:
        with closing(connect(draft)) as copy, sqlite_errors(draft):
            fill(copy)
            result = LedgerReader(copy, draft).verify()
        if not result.ok:
            raise LedgerCorruptError(f"the copy for {target} fails verification: {result.problem}")
    except LedgerError:
        with suppress(OSError):
            draft.unlink()
        raise
    with os_errors(target):
        draft.rename(target)
        sync_folder(target.parent)
    return result


@contextmanager
def open_reader(path: Path) -> Iterator[LedgerReader]:
    """Open a ledger for reading, whether or not a daemon is writing it.

    Raises:
        LedgerError: if there is none, or it cannot be opened.
    """
    with os_errors(path):
        if not path.exists():
            raise LedgerError(f"{path}: there is no ledger; `schulnetz run` begins one")
    with closing(connect(path)) as connection, sqlite_errors(path):
        # Not mode=ro: after a kill -9, the first connection must roll the journal back.
        connection.execute("PRAGMA query_only = ON")
        yield LedgerReader(connection, path)


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection with the settings that the ledger needs; it never creates a file.

    Raises:
        LedgerError: if the file cannot be opened.
    """
    uri = f"{path.absolute().as_uri()}?mode=rw"
    with sqlite_errors(path):
        connection = sqlite3.connect(
            uri, uri=True, isolation_level=None, timeout=_BUSY_SECONDS, cached_statements=32
        )
    # A damaged text must reach the digest unchanged instead of failing to decode.
    connection.text_factory = _decode
    return connection


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Convert SQLite's errors into ours: a storage failure, or corruption."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        kind = LedgerStorageError if code in _STORAGE_CODES else LedgerCorruptError
        raise kind(f"{path}: {error}") from error
    except UnicodeDecodeError as error:
        # sqlite3 decodes its own messages and column names, which quote a damaged file.
        raise LedgerCorruptError(f"{path}: a name in the file is not valid UTF-8") from error


@contextmanager
def os_errors(path: Path) -> Iterator[None]:
    """Convert the operating system's errors into ours."""
    try:
        yield
    except PermissionError as error:
        raise LedgerError(
            f"{path}: {error.strerror}; the folder must belong to the user who runs this"
        ) from error
    except OSError as error:
        raise LedgerStorageError(f"{path}: {error.strerror}") from error


def row_values(row: Row) -> tuple[int, int, str, str, str, bytes]:
    """Return the parameters of `INSERT`."""
    return (row.sequence, row.at, row.kind, row.subject, row.payload, row.digest)


def create_private(path: Path) -> None:
    """Create an empty file that only its owner may read: the owner of its folder.

    SQLite gives its journal the same mode and owner.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        give_to_owner(descriptor, path.parent)
    finally:
        os.close(descriptor)


def _decode(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _header(path: Path) -> str:
    """Return the fault of a header that SQLite itself would accept, empty if there is none.

    Source: sqlite.org/fileformat2.html §1.3. Bytes 18 and 19: 1 is a rollback journal, another
    value makes the file read-only or switches to a write-ahead log. Bytes 56 to 59: UTF-8.
    """
    with os_errors(path), path.open("rb") as file:
        header = file.read(100)
    sound = header[18:20] == b"\x01\x01" and header[56:60] == b"\x00\x00\x00\x01"
    return "" if sound else "the file's header is not a ledger's"
