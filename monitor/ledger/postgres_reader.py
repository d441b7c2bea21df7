"""Reads ledgers in PostgreSQL, of one writer or of all that share the database.

Rows are read in pages, so that a long report holds no snapshot open.

Must not know: what the entries mean, or how they are written.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from monitor.ledger.anchor import Anchor
from monitor.ledger.chain import GENESIS, LedgerError, Row, milliseconds
from monitor.ledger.copying import copy_to_sqlite
from monitor.ledger.postgres_errors import postgres_errors
from monitor.ledger.postgres_schema import ENTRIES
from monitor.ledger.reading import VerifyResult, verify_chain, write_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import TextIO

    from sqlalchemy import ColumnElement, Connection, Select
    from sqlalchemy import Row as SqlRow

    from monitor.ledger.chain import Entry, Recorded

    _Query = Select[str, int, int, str, str, str, bytes]
    _Found = SqlRow[str, int, int, str, str, str, bytes]

_PAGE_ROWS: Final = 2000
_E: Final = ENTRIES.c
_ROW: Final = (_E.sequence, _E.at, _E.kind, _E.subject, _E.payload, _E.digest)


def only_writer(place: str, writers: Collection[str], what: str) -> str:
    """Return the only writer of a database.

    Raises:
        LedgerError: if there are several: `what` is of one writer.
    """
    if len(writers) == 1:
        return next(iter(writers))
    raise LedgerError(
        f"{place}: {what} is of one writer, and this database has {', '.join(writers)}; "
        "name one with --ledger-writer"
    )


def newest_chains(connection: Connection, writer: str | None) -> dict[str, int]:
    """Return each writer's newest valid chain; of one writer or of all."""
    query = select(_E.writer, func.max(_E.chain)).group_by(_E.writer).order_by(_E.writer)
    if writer is not None:
        query = query.where(_E.writer == writer)
    return {name: int(chain) for name, chain in connection.execute(query)}


class PostgresReader:
    """Reads the newest chain of each of some writers; the caller closes the connection.

    With several writers a verification's head is a digest over all chains' heads.
    """

    __slots__ = ("_chains", "_connection", "_place")

    def __init__(self, connection: Connection, place: str, chains: Mapping[str, int]) -> None:
        self._connection = connection
        self._place = place
        self._chains = chains

    def entries(
        self,
        kind: str,
        since: datetime | None = None,
        until: datetime | None = None,
        subject: str | None = None,
    ) -> Iterator[Recorded]:
        """Yield the entries of one kind by time, `since` included, `until` excluded.

        Raises:
            LedgerError: if the database cannot be read.
        """
        order = (_E.at, _E.writer, _E.sequence)
        query = (
            select(_E.writer, *_ROW)
            .where(_E.kind == kind, self._ours())
            .order_by(*order)
            .limit(_PAGE_ROWS)
        )
        if since is not None:
            query = query.where(_E.at >= milliseconds(since))
        if until is not None:
            query = query.where(_E.at < milliseconds(until))
        if subject is not None:
            query = query.where(_E.subject == subject)
        page = self._fetch(query)
        while page:
            for row in page:
                yield _row(row).recorded()
            writer, sequence, at = page[-1][:3]
            page = self._fetch(query.where(tuple_(*order) > (at, writer, sequence)))

    def latest(self, kind: str) -> list[Entry]:
        """Return the newest entry of a kind for each subject.

        Of several at the same instant it is the one with the higher number, as in a history.

        Raises:
            LedgerError: if the database cannot be read.
        """
        newest = (_E.subject, _E.at.desc(), _E.sequence.desc(), _E.writer.desc())
        query = (
            select(_E.writer, *_ROW)
            .ext(distinct_on(_E.subject))
            .where(_E.kind == kind, self._ours())
            .order_by(*newest)
        )
        return [_row(found).recorded().entry for found in self._fetch(query)]

    def rows(self, writer: str) -> Iterator[Row]:
        """Yield every row of a writer as it is stored, in the order of recording.

        Raises:
            LedgerError: if the database cannot be read.
        """
        query = self._of(writer).order_by(_E.sequence).limit(_PAGE_ROWS)
        page = self._fetch(query)
        while page:
            yield from map(_row, page)
            page = self._fetch(query.where(_E.sequence > page[-1][1]))

    def heads(self) -> tuple[Anchor, ...]:
        """Return the last row of each writer.

        Raises:
            LedgerError: if the database cannot be read.
        """
        return tuple(map(self._head, self._chains))

    def digest_at(self, row: int, writer: str = "") -> bytes | None:
        """Return a row's digest, None if that writer has no such row.

        Raises:
            LedgerError: if the database cannot be read, or the writer is ambiguous.
        """
        name = writer or only_writer(self._place, self._chains, "an anchor without @WRITER")
        if name not in self._chains:
            return None
        page = self._fetch(self._of(name).where(_E.sequence == row))
        return bytes(page[0][6]) if page else None

    def verify(self) -> VerifyResult:
        """Check each chain.

        Raises:
            LedgerStorageError: if the database cannot be read for a temporary reason.
        """
        results = []
        for writer in self._chains:
            result = verify_chain(self.rows(writer))
            if not result.ok:
                problem = f"writer {writer}: {result.problem}"
                return VerifyResult(result.rows, result.head, result.first_bad, problem)
            results.append((result.rows, result.head))
        return VerifyResult(*_together(results))

    def export(self, stream: TextIO) -> int:
        """Write every row as one JSON object a line, digests in hex; return how many.

        Raises:
            LedgerError: if the database cannot be read, or several writers share it.
        """
        return write_rows(self.rows(only_writer(self._place, self._chains, "an export")), stream)

    def backup(self, target: Path) -> VerifyResult:
        """Copy the ledger to a new SQLite file, verified before it gets its name.

        Raises:
            LedgerError: if several writers share the database, if the target exists or cannot be
                written, or the copy does not verify.
        """
        return copy_to_sqlite(self.rows(only_writer(self._place, self._chains, "a backup")), target)

    def _head(self, writer: str) -> Anchor:
        page = self._fetch(self._of(writer).order_by(_E.sequence.desc()).limit(1))
        row, digest = (page[0][1], bytes(page[0][6])) if page else (0, GENESIS)
        return Anchor(row, digest, writer)

    def _ours(self) -> ColumnElement[bool]:
        return tuple_(_E.writer, _E.chain).in_(list(self._chains.items()))

    def _of(self, writer: str) -> _Query:
        return select(_E.writer, *_ROW).where(_E.writer == writer, _E.chain == self._chains[writer])

    def _fetch(self, query: _Query) -> Sequence[_Found]:
        with postgres_errors(self._place), self._connection.begin():
            return self._connection.execute(query).all()


def _row(found: _Found) -> Row:
    _, sequence, at, kind, subject, payload, digest = found
    return Row(sequence, at, kind, subject, payload, bytes(digest))


def _together(heads: list[tuple[int, bytes]]) -> tuple[int, bytes]:
    if len(heads) == 1:
        return heads[0]
    return sum(rows for rows, _ in heads), sha256(b"".join(head for _, head in heads)).digest()
