"""Copies a chain of rows, digest by digest, into a new SQLite file: the form of every backup.

Must not know: where the rows come from, what they mean.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from monitor.rollout import schema
from monitor.rollout.chain import LedgerCorruptError, LedgerError
from monitor.rollout.reader import (
    INSERT,
    LedgerReader,
    connect,
    create_private,
    os_errors,
    row_values,
    sqlite_errors,
    sync_folder,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from monitor.rollout.chain import Row
    from monitor.rollout.reading import VerifyResult


def copy_to_sqlite(rows: Iterable[Row], target: Path) -> VerifyResult:
    """Write rows as a ledger of its own to a new file, verified before it gets its name.

    Raises:
        LedgerError: if the target exists or cannot be written, or the copy does not verify.
    """
    if target.exists():
        raise LedgerError(f"{target} exists already; a backup never overwrites")
    draft = target.with_name(target.name + ".new")
    with os_errors(draft):
        draft.unlink(missing_ok=True)
        create_private(draft)
    with closing(connect(draft)) as copy, sqlite_errors(draft):
        copy.execute("PRAGMA journal_mode = DELETE")
        schema.migrate(copy)
        copy.execute("BEGIN IMMEDIATE")
        copy.executemany(INSERT, map(row_values, rows))
        copy.execute("COMMIT")
        result = LedgerReader(copy, draft).verify()
    if not result.ok:
        raise LedgerCorruptError(f"the copy to {target} does not hold: {result.problem}")
    with os_errors(target):
        draft.rename(target)
        sync_folder(target.parent)
    return result
