"""Copies a chain of rows, digest by digest, into a new SQLite file: the format of every backup.

Must not know: where the rows come from, or what they mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.ledger import schema
from monitor.ledger.reader import INSERT, row_values, write_copy

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

    from monitor.ledger.chain import Row
    from monitor.ledger.reading import VerifyResult


def copy_to_sqlite(rows: Iterable[Row], target: Path) -> VerifyResult:
    """Write rows as a separate ledger to a new file, which is verified before it gets its name.

    Raises:
        LedgerError: if the target exists or cannot be written, or the copy does not verify.
    """

    def fill(copy: sqlite3.Connection) -> None:
        copy.execute("PRAGMA journal_mode = DELETE")
        schema.migrate(copy)
        copy.execute("BEGIN IMMEDIATE")
        copy.executemany(INSERT, map(row_values, rows))
        copy.execute("COMMIT")

    return write_copy(target, fill)
