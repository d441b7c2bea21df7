"""A ledger in PostgreSQL: one writer per chain by an advisory lock, durable commits.

For cities where one machine is not enough: several daemons, each with its own writer name, share
one database, and a report reads them together.

Must not know: asyncio, retries, or what the entries mean.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from sqlalchemy import create_engine, insert, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from monitor.ledger.anchor import WRITER_NAME, Anchor
from monitor.ledger.chain import (
    GENESIS,
    Entry,
    Json,
    LedgerCorruptError,
    LedgerError,
    LedgerLockedError,
    LedgerStorageError,
    Row,
    link,
)
from monitor.ledger.postgres_errors import postgres_errors
from monitor.ledger.postgres_reader import PostgresReader, newest_chains, only_writer
from monitor.ledger.postgres_schema import ENTRIES, has_tables, migrate, require_begun
from monitor.ledger.reader import open_reader
from monitor.ledger.restore import Restored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from monitor.ledger.reading import VerifyResult

_SCHEMES: Final = ("postgresql", "postgres")
_CONNECT_SECONDS: Final = 5
# A statement takes milliseconds; this ends one that waits forever for a lock or a disk.
_SESSION: Final = (
    "-c synchronous_commit=on -c statement_timeout=30s -c lock_timeout=10s "
    "-c idle_in_transaction_session_timeout=60s -c application_name=schulnetz "
    # The server ends the session of a lost machine after 20 s instead of two hours, and with
    # it the locks. Without effect on a Unix socket.
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 "
    "-c tcp_user_timeout=20000"
)
# So that a lost server is noticed within a minute: while nothing is being written, and (the
# last, in milliseconds) while something is.
_KEEP_ALIVE: Final = {
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_LEADER: Final = "schulnetz leader"
_ROWS_A_STATEMENT: Final = 1000


class PostgresStore:
    """The newest chain of one writer, open for writing; created by `PostgresPlace.open_store`."""

    __slots__ = (
        "_chain",
        "_connection",
        "_head",
        "_leads",
        "_place",
        "_session",
        "reader",
        "replaced",
        "was_killed",
    )

    def __init__(
        self, connection: Connection, place: PostgresPlace, chain: int, replaced: str = ""
    ) -> None:
        self._connection = connection
        self._session = connection.connection.dbapi_connection
        self._place = place
        self._chain = chain
        self._leads = False
        self.reader = PostgresReader(connection, str(place), {place.writer: chain})
        (self._head,) = self.reader.heads()
        self.replaced = replaced
        self.was_killed = False  # a database remembers no lock of a session that ended

    @property
    def quarantined(self) -> str:
        """Return the chain that this one has replaced just now, or empty."""
        return f"chain {self._chain - 1} of writer {self._place.writer}" if self.replaced else ""

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
        self._require_session()
        with postgres_errors(str(self._place)), self._connection.begin():
            _insert(self._connection, self._place.writer, self._chain, rows)
        self._head = Anchor(rows[-1].sequence, rows[-1].digest, self._place.writer)

    def reload(self) -> None:
        """After a failed append: read the end of the chain.

        Raises:
            LedgerError: if the connection is unusable; close this and open another.
        """
        self._require_session()
        (self._head,) = self.reader.heads()

    def lead(self) -> bool:
        """Take or keep the leader's lock; see `LedgerStore`.

        The lock belongs to the session. Asking again shows both ends that it is alive.
        """
        self._require_session()
        with postgres_errors(str(self._place)), self._connection.begin():
            if self._leads:
                self._connection.execute(text("SELECT 1"))
            else:
                self._leads = _try_lock(self._connection, _LEADER)
        return self._leads

    def close(self) -> None:
        """Close the connection, which releases the locks."""
        with suppress(SQLAlchemyError):  # a commit was acknowledged long before; nothing is lost
            self._connection.close()

    def _require_session(self) -> None:
        """Reject a new session: SQLAlchemy reconnects, but the locks are gone.

        Raises:
            LedgerStorageError: if the session that holds the locks is gone.
        """
        connection = self._connection
        if connection.invalidated or connection.connection.dbapi_connection is not self._session:
            raise LedgerStorageError(f"{self._place}: the connection was lost")


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """A writer's ledger in a database; without a writer's name, all of them, for reading."""

    url: URL
    writer: str = "main"
    every_writer: bool = False

    def __str__(self) -> str:
        return self.url.set(drivername="postgresql").render_as_string(hide_password=True)

    @property
    def shared(self) -> PostgresPlace:
        """Return the place of all writers of this database, for reading."""
        return replace(self, every_writer=True)

    def latest(self, kind: str) -> list[Entry]:
        """Return the newest entry of a kind for each subject; see `SharedLedger`."""
        with self.open_reader() as reader:
            return reader.latest(kind)

    def exists(self) -> bool:
        """Return whether a ledger was begun there."""
        with postgres_errors(str(self)), self._engine().connect() as connection:
            return has_tables(connection) and bool(newest_chains(connection, self._wanted()))

    def set_aside(self) -> str:
        """Return an empty text: an earlier chain stays in the database."""
        return ""

    def open_store(self, now: datetime) -> PostgresStore:
        """Open the ledger for writing; see `LedgerPlace`.

        A chain that fails verification is left as it is; a new one is begun, and its first entry
        says so.
        """
        with postgres_errors(str(self)):
            connection = self._engine().connect()
            try:
                return self._opened(connection, now)
            except (LedgerError, SQLAlchemyError):
                connection.close()
                raise

    @contextmanager
    def open_reader(self) -> Iterator[PostgresReader]:
        """Open the ledger for reading; see `LedgerPlace`."""
        with postgres_errors(str(self)), self._engine().connect() as connection:
            with connection.begin():
                require_begun(connection)
                chains = newest_chains(connection, self._wanted())
            if not chains:
                raise LedgerError(f"there is no ledger of a writer {self.writer!r}")
            yield PostgresReader(connection, str(self), chains)

    def restore(self, backup: Path, now: datetime) -> Restored:
        """Make a backup the newest chain of the writer; see `LedgerPlace`.

        Without a writer's name, of the only one that the database has. `now` is not used: the
        previous chain keeps its number.
        """
        with postgres_errors(str(self)), self._engine().connect() as connection:
            migrate(connection)
            if self.every_writer:
                with connection.begin():
                    writers = newest_chains(connection, None)
                writer = only_writer(str(self), writers, "a backup") if writers else self.writer
                return replace(self, writer=writer, every_writer=False).restore(backup, now)
            self._lock(connection)
            with connection.begin():
                chain = newest_chains(connection, self.writer).get(self.writer, 0)
            with open_reader(backup) as reader:
                found: VerifyResult = reader.verify()
                if not found.ok:
                    raise LedgerCorruptError(f"{backup} is not put in place: {found.problem}")
                with connection.begin():
                    _insert(connection, self.writer, chain + 1, reader.rows())
        kept = f"chain {chain} of writer {self.writer}" if chain else ""
        return Restored(found, kept)

    def _opened(self, connection: Connection, now: datetime) -> PostgresStore:
        migrate(connection)
        self._lock(connection)
        with connection.begin():
            chain = newest_chains(connection, self.writer).get(self.writer, 0)
        problem = ""
        if chain:
            reader = PostgresReader(connection, str(self), {self.writer: chain})
            problem = reader.verify().problem
        if problem or not chain:
            payload: dict[str, Json] = {}
            if problem:
                payload = {"problem": problem, "quarantined": f"chain {chain}"}
            chain += 1
            rows = link([Entry(now, "begin", "", payload)], 0, GENESIS)
            with connection.begin():
                _insert(connection, self.writer, chain, rows)
        return PostgresStore(connection, self, chain, problem)

    def _lock(self, connection: Connection) -> None:
        """Take the lock of this writer's name for the lifetime of the connection."""
        with connection.begin():
            if not _try_lock(connection, f"schulnetz ledger {self.writer}"):
                raise LedgerLockedError(
                    f"another process writes the ledger of writer {self.writer!r}; "
                    "stop it first, or name another with --ledger-writer"
                )

    def _wanted(self) -> str | None:
        return None if self.every_writer else self.writer

    def _engine(self) -> Engine:
        # Without a pool: one connection is held while it is needed, and then closed.
        return create_engine(
            self.url,
            poolclass=NullPool,
            connect_args={"connect_timeout": _CONNECT_SECONDS, "options": _SESSION, **_KEEP_ALIVE},
        )


def postgres_place(url: str, writer: str | None) -> PostgresPlace:
    """Return the place that a URL names; without a writer's name, all writers, for reading.

    Raises:
        LedgerError: if it is not a URL of a PostgreSQL database, or the name is invalid.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.drivername not in _SCHEMES:
        raise LedgerError(
            "the ledger's place is not a URL of a PostgreSQL database, such as "
            "postgresql://schulnetz@db.example/schulnetz"
        )
    if writer is not None and WRITER_NAME.fullmatch(writer) is None:
        raise LedgerError(
            f"{writer!r} is not a valid writer's name; allowed are up to 36 of a-z, A-Z, 0-9, dot, "
            "hyphen and underscore, no dot at the end"
        )
    parsed = parsed.set(drivername="postgresql+psycopg")
    return PostgresPlace(parsed, writer or "main", every_writer=writer is None)


def _try_lock(connection: Connection, name: str) -> bool:
    """Take a lock for the lifetime of the session; return whether it was free."""
    query = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
    return bool(connection.execute(query, {"name": name}).scalar_one())


def _insert(connection: Connection, writer: str, chain: int, rows: Iterable[Row]) -> None:
    statement, left = insert(ENTRIES), iter(rows)
    while part := list(islice(left, _ROWS_A_STATEMENT)):
        connection.execute(
            statement,
            [
                {
                    "writer": writer,
                    "chain": chain,
                    "sequence": row.sequence,
                    "at": row.at,
                    "kind": row.kind,
                    "subject": row.subject,
                    "payload": row.payload,
                    "digest": row.digest,
                }
                for row in part
            ],
        )
