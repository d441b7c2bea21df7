"""Replaces a ledger with a backup; the previous one is kept.

Must not know: what the entries mean, or who requested it.
"""

from __future__ import annotations

import os
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.ledger.chain import LedgerCorruptError, LedgerError
from monitor.ledger.reader import open_reader, os_errors
from monitor.ledger.store import lock_ledger
from monitor.state.whole_file import sync_folder

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from monitor.ledger.reading import VerifyResult


@dataclass(frozen=True, slots=True)
class Restored:
    """What the ledger contains now, and the name of the earlier ledger; empty if there was none."""

    result: VerifyResult
    kept: str


def restore(backup: Path, target: Path, now: datetime) -> Restored:
    """Verify a backup and make it the ledger; the backup is not changed.

    At any time there is a complete ledger at `target`, the old one or the restored one.

    Raises:
        LedgerLockedError: if a daemon writes the ledger.
        LedgerCorruptError: if the backup fails verification; nothing was changed.
        LedgerError: if a file cannot be read or written.
    """
    with os_errors(backup):
        if target.exists() and backup.samefile(target):
            raise LedgerError(f"{backup} is the ledger itself, not a backup of it")
    with closing(lock_ledger(target)):
        draft = target.with_name(target.name + ".restored")
        with os_errors(draft):
            draft.unlink(missing_ok=True)
        with open_reader(backup) as reader:
            found = reader.verify()
            if not found.ok:
                raise LedgerCorruptError(f"{backup} is not put in place: {found.problem}")
            result = reader.backup(draft)
        kept = _keep(target, now)
        with os_errors(target):
            draft.replace(target)
            sync_folder(target.parent)
        return Restored(result, str(kept or ""))


def _keep(target: Path, now: datetime) -> Path | None:
    """Give the old ledger a second name, so that the first one can be replaced atomically."""
    if not target.exists():
        return None
    with suppress(LedgerError), open_reader(target) as reader:
        reader.heads()  # rolls back a journal left by a crash; a corrupt file keeps its own
    suffix = f".replaced-{now:%Y%m%dT%H%M%S.%fZ}"
    kept = target.with_name(target.name + suffix)
    journal = target.with_name(target.name + "-journal")
    with os_errors(target):
        # A remaining journal would be rolled back into the restored file.
        if journal.exists():
            journal.rename(journal.with_name(journal.name + suffix))
        os.link(target, kept)
    return kept
