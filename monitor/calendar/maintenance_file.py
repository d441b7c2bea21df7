"""The file that stores maintenance windows, and its format.

A file that cannot be read is renamed and reported.

Must not know: schools, configured windows, or what a window means.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from monitor.state.file import StateFile
from monitor.words.plain import as_json

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 1
MAX_BYTES = 1 << 20
MAX_ENTRIES = 2_000


class CorruptFileError(Exception):
    """The file is not in this program's format; the message says what is wrong."""


class NewerFileError(Exception):
    """The file was written by a newer version of this program; it is not changed."""


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """One window as stored: its own id, the school's, and aware UTC instants."""

    id: str
    school: str
    starts: datetime
    ends: datetime
    reason: str
    added: datetime


class MaintenanceFile(StateFile):
    """The windows in one JSON file."""

    def read(self) -> tuple[StoredWindow, ...]:
        """Return the stored windows, empty without a file.

        Raises:
            CorruptFileError: if the file is not valid.
            NewerFileError: if a newer version wrote it.
            OSError: if it cannot be read.
        """
        content = self.content(MAX_BYTES)
        return () if content is None else _decode(content)

    def write(self, windows: tuple[StoredWindow, ...]) -> None:
        """Replace the file; the caller holds the lock. On return, the change is on the disk.

        Raises:
            ValueError: if there are too many windows for the file.
            OSError: if it cannot be written; the old file stays.
        """
        content = _encode(windows)
        if len(windows) > MAX_ENTRIES or len(content) > MAX_BYTES:
            raise ValueError(f"{len(windows)} windows are more than {self.path.name} may hold")
        self.replace(content)

    def set_aside(self, now: datetime) -> Path:
        """Rename a corrupt file to keep it; the caller holds the lock. Return its new path.

        Raises:
            OSError: if it cannot be renamed.
        """
        return self.rename(f"{self.path.name}.corrupt-{now:%Y%m%dT%H%M%S.%fZ}")


def _encode(windows: tuple[StoredWindow, ...]) -> bytes:
    document = {
        "schema": SCHEMA,
        "windows": [
            {
                "id": window.id,
                "school": window.school,
                "starts": window.starts.isoformat(),
                "ends": window.ends.isoformat(),
                "reason": window.reason,
                "added": window.added.isoformat(),
            }
            for window in windows
        ],
    }
    return as_json(document, indent=1).encode() + b"\n"


def _decode(content: bytes) -> tuple[StoredWindow, ...]:
    if len(content) > MAX_BYTES:
        raise CorruptFileError(f"larger than {MAX_BYTES} bytes")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CorruptFileError(f"not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("schema"), int):
        raise CorruptFileError("no schema number")
    if document["schema"] > SCHEMA:
        raise NewerFileError(f"schema {document['schema']}, this version knows {SCHEMA}")
    entries = document.get("windows")
    if not isinstance(entries, list) or len(entries) > MAX_ENTRIES:
        raise CorruptFileError("no list of windows")
    return tuple(_decode_window(entry) for entry in entries)


def _decode_window(entry: Any) -> StoredWindow:  # noqa: ANN401  # JSON is anything until checked
    fields = ("id", "school", "starts", "ends", "reason", "added")
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in fields):
        raise CorruptFileError("a window lacks a field")
    starts, ends, added = (_decode_instant(entry[key]) for key in ("starts", "ends", "added"))
    if starts >= ends:
        raise CorruptFileError("a window ends before it starts")
    return StoredWindow(entry["id"], entry["school"], starts, ends, entry["reason"], added)


def _decode_instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise CorruptFileError(f"{text!r} has no time zone")
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CorruptFileError(f"{text!r} is not an instant") from error
