"""Functions common to all ledger readers, whatever the storage: verify the chain, export the rows.

Must not know: files, databases, or what the entries mean.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from monitor.ledger.chain import GENESIS, LedgerCorruptError, digest, instant
from monitor.words.plain import plain_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import TextIO

    from monitor.ledger.anchor import Anchor
    from monitor.ledger.chain import Entry, Recorded, Row


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """The result of a verification: the number of valid `rows`, the digest of the last of them.

    `first_bad` is the sequence of the first invalid row; it is None if all rows are valid or
    if the damage is outside the rows. `problem` is a sentence, empty if all is well.
    """

    rows: int
    head: bytes
    first_bad: int | None = None
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Return whether the ledger is unchanged since it was written."""
        return not self.problem


class Reading(Protocol):
    """A ledger that is open for reading."""

    def entries(
        self,
        kind: str,
        since: datetime | None = None,
        until: datetime | None = None,
        subject: str | None = None,
    ) -> Iterator[Recorded]:
        """Yield the entries of one kind by time, `since` included, `until` excluded.

        `subject` selects those of one subject, None those of all.

        Raises:
            LedgerError: if they cannot be read.
        """

    def latest(self, kind: str) -> list[Entry]:
        """Return the newest entry of a kind for each subject.

        Of those at the same instant it is the one with the higher number, as in a history.

        Raises:
            LedgerError: if they cannot be read.
        """

    def heads(self) -> tuple[Anchor, ...]:
        """Return the last row of each writer's ledger, row 0 of an empty one.

        Raises:
            LedgerError: if they cannot be read.
        """

    def digest_at(self, row: int, writer: str = "") -> bytes | None:
        """Return a row's digest, None if that writer has no such row.

        Raises:
            LedgerError: if it cannot be read, or the writer is ambiguous.
        """

    def verify(self) -> VerifyResult:
        """Verify the whole ledger.

        Raises:
            LedgerVersionError: if a newer program wrote it.
            LedgerStorageError: if it cannot be read for a temporary reason.
        """

    def export(self, stream: TextIO) -> int:
        """Write every row as one JSON object a line, digests in hex; return how many.

        Raises:
            LedgerError: if they cannot be read.
        """

    def backup(self, target: Path) -> VerifyResult:
        """Copy the ledger to a new SQLite file, verified before it gets its name.

        Raises:
            LedgerError: if the target exists, cannot be written, or the copy does not verify.
        """


def verify_chain(rows: Iterable[Row]) -> VerifyResult:
    """Return how far the rows of one chain, in their order, are unchanged."""
    sequence, head = 0, GENESIS
    try:
        for row in rows:
            if row.sequence != sequence + 1:
                problem = f"row {sequence + 1} is missing"
                return VerifyResult(sequence, head, sequence + 1, problem)
            fields = (row.sequence, row.at, row.kind, row.subject, row.payload)
            if row.digest != digest(head, fields):
                problem = f"row {row.sequence} is not what was written"
                return VerifyResult(sequence, head, row.sequence, problem)
            sequence, head = row.sequence, row.digest
    except LedgerCorruptError as error:
        return VerifyResult(sequence, head, sequence + 1, str(error))
    if not sequence:
        return VerifyResult(0, GENESIS, 1, "row 1 is missing: every ledger has one")
    return VerifyResult(sequence, head)


def write_rows(rows: Iterable[Row], stream: TextIO) -> int:
    """Write rows as one JSON object a line, digests in hex; return how many.

    A damaged instant or payload is written as it is stored.
    """
    count = 0
    for row in rows:
        line = {
            "sequence": row.sequence,
            "at": _at(row),
            "kind": row.kind,
            "subject": row.subject,
            "payload": _payload(row),
            "digest": row.digest.hex(),
        }
        stream.write(plain_json(json.dumps(line, separators=(",", ":"))) + "\n")
        count += 1
    return count


def _at(row: Row) -> str | int:
    try:
        return instant(row.at).isoformat(timespec="milliseconds")
    except OverflowError:
        return row.at


def _payload(row: Row) -> object:
    try:
        return json.loads(row.payload)
    except (ValueError, RecursionError):
        return row.payload
