"""An attacker with the ledger's file: truncates it, restores a copy, recomputes the chain.

Everything goes through raw sqlite3, triggers are restored, and the chain is valid.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Fields = tuple[int, int, str, str, str]


def recomputed(rows: Iterable[Fields]) -> list[tuple[bytes, int]]:
    """Return the digest of each row of a valid chain, with the row's number.

    As docs/ledger.md describes it, and not by the product's own code.
    """
    found, before = [], "0" * 64
    for row in rows:
        before = sha256("\n".join((before, *map(str, row))).encode()).hexdigest()
        found.append((bytes.fromhex(before), row[0]))
    return found


@contextmanager
def without_triggers(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a ledger without its triggers; afterwards restore the schema of the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid"
        triggers = connection.execute(schema).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in triggers:
            connection.execute(sql)


def cut_the_end(path: Path, rows: int) -> None:
    """Remove the newest rows."""
    with without_triggers(path) as connection:
        connection.execute(
            "DELETE FROM entries WHERE sequence > (SELECT max(sequence) - ? FROM entries)", (rows,)
        )


def rewrite(path: Path, row: int, payload: str) -> None:
    """Give a row another payload, and all rows the digests that follow."""
    with without_triggers(path) as connection:
        connection.execute("UPDATE entries SET payload = ? WHERE sequence = ?", (payload, row))
        query = "SELECT sequence, at, kind, subject, payload FROM entries ORDER BY sequence"
        digests = recomputed(connection.execute(query).fetchall())
        connection.executemany("UPDATE entries SET digest = ? WHERE sequence = ?", digests)


def change(path: Path, row: int, payload: str) -> None:
    """Give a row another payload, without recomputing its digest: the chain breaks there."""
    with without_triggers(path) as connection:
        connection.execute("UPDATE entries SET payload = ? WHERE sequence = ?", (payload, row))
