"""The content of the ledger: entries, and the chain of digests that links each to all earlier ones.

The digest of a row is SHA-256 over six lines: the previous row's digest in hex, sequence,
instant (milliseconds since 1970-01-01 UTC), kind, subject, payload. `printf` and `sha256sum`
can check it. A chain reveals that a row was changed, removed or inserted. It cannot reveal that the
newest rows were truncated; that requires a digest kept elsewhere (such as in each SLA report).

Must not know: SQLite, files, or what the entries mean.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

GENESIS: Final = bytes(32)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_KIND: Final = re.compile(r"[a-z][a-z_]{0,31}\Z")
_SUBJECT: Final = re.compile(r"[!-~]{0,200}\Z")
# The list of all sites is the longest payload: of a configuration of 1 MiB it has 3 MiB at most.
_MAX_PAYLOAD: Final = 4_194_304


class LedgerError(Exception):
    """The ledger cannot be read or written; the message names the file and the remedy."""


class LedgerLockedError(LedgerError):
    """Another process is writing this ledger."""


class LedgerVersionError(LedgerError):
    """The file was written by a newer version of this program, or by a different program."""


class LedgerCorruptError(LedgerError):
    """The content of the file is not what was written to it."""


class LedgerStorageError(LedgerError):
    """The storage failed: disk full, I/O error, no permission. It may recover later."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact to keep: its time, its kind, its subject, and the details.

    `at` is an aware instant, kept to the millisecond. `subject` is `school/site`, a school, or
    empty for the whole city.
    """

    at: datetime
    kind: str
    subject: str
    payload: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as stored in the ledger: its sequence number (from 1) and its digest (32 bytes)."""

    sequence: int
    entry: Entry
    digest: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """A recorded entry in database form: milliseconds since 1970, JSON text."""

    sequence: int
    at: int
    kind: str
    subject: str
    payload: str
    digest: bytes

    def recorded(self) -> Recorded:
        """Return the row as an entry.

        Raises:
            LedgerCorruptError: if this program cannot have written it.
        """
        try:
            entry = Entry(instant(self.at), self.kind, self.subject, json.loads(self.payload))
        except (ValueError, OverflowError, RecursionError) as error:
            raise LedgerCorruptError(f"row {self.sequence} is damaged: {error}") from error
        return Recorded(self.sequence, entry, self.digest)


class EntrySource(Protocol):
    """A source of entries, by kind and time."""

    def entries(
        self, kind: str, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Recorded]:
        """Yield the entries of one kind by time, `since` included, `until` excluded."""


class Past(Protocol):
    """The records of earlier runs, which a starting daemon reads."""

    async def entries(self, kind: str, since: datetime | None = None) -> list[Recorded]:
        """Return the entries of one kind by time, `since` included.

        Raises:
            LedgerError: if they cannot be read.
        """

    async def latest(self, kind: str) -> list[Entry]:
        """Return the newest entry of a kind for each subject.

        Raises:
            LedgerError: if they cannot be read.
        """


def milliseconds(at: datetime) -> int:
    """Return an aware instant in whole milliseconds since 1970-01-01 UTC."""
    return (at - _EPOCH) // _MILLISECOND


def instant(at: int) -> datetime:
    """Return the aware UTC instant of milliseconds since 1970-01-01 UTC."""
    return _EPOCH + at * _MILLISECOND


def digest(previous: bytes, fields: tuple[int, int, str, str, str]) -> bytes:
    """Return the digest of a row: (sequence, at, kind, subject, payload) after `previous`."""
    lines = "\n".join((previous.hex(), *map(str, fields)))
    # Invalid UTF-8 comes from a damaged file, and must not hash like the original text.
    return sha256(lines.encode("utf-8", "surrogateescape")).digest()


def link(entries: Sequence[Entry], sequence: int, previous: bytes) -> list[Row]:
    """Return the rows that append `entries` after row `sequence`, whose digest is `previous`.

    Raises:
        ValueError: if the ledger cannot hold an entry's kind, subject or payload.
    """
    rows = []
    for number, entry in enumerate(entries, start=sequence + 1):
        fields = (number, milliseconds(entry.at), entry.kind, entry.subject, _canonical(entry))
        previous = digest(previous, fields)
        rows.append(Row(*fields, previous))
    return rows


def require_valid(entries: Sequence[Entry]) -> None:
    """Reject entries that the ledger cannot hold, before they are queued.

    Raises:
        ValueError: names the fault.
    """
    for entry in entries:
        if entry.at.tzinfo is None:
            raise ValueError(f"ledger entry {entry.kind!r} has an instant without a time zone")
        if not _KIND.match(entry.kind):
            raise ValueError(f"ledger entry has the kind {entry.kind!r}; allowed are a-z and _")
        if not _SUBJECT.match(entry.subject):
            raise ValueError(
                f"ledger entry {entry.kind!r} has the subject {entry.subject!r}; "
                "allowed are up to 200 printable ASCII characters without spaces"
            )
        if len(_canonical(entry)) > _MAX_PAYLOAD:
            raise ValueError(f"ledger entry {entry.kind!r} holds over {_MAX_PAYLOAD} characters")


def _canonical(entry: Entry) -> str:
    """Return the payload in its canonical JSON form: sorted keys, ASCII, no spaces."""
    return json.dumps(entry.payload, sort_keys=True, separators=(",", ":"), allow_nan=False)


class MalformedEntryError(LedgerError):
    """An entry has a payload that this program never writes for its kind."""
