"""The file that keeps maintenance windows over restarts: small, whole, and never half-written.

Every change is read, altered and replaced under a lock, written to a file beside it, synced,
renamed, and the directory synced: an acknowledged change survives kill -9 and a power cut, and
a reader sees the old or the new file, never a mixture. A file that cannot be read is set aside
under another name and told of.

Must not know: schools, the configured windows, what a window means.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = 1
MAX_BYTES = 1 << 20
MAX_ENTRIES = 2_000

Stamp = tuple[int, int, int] | None
"""What tells one version of the file from the next: inode, size, mtime in nanoseconds."""


class CorruptFileError(Exception):
    """The file is not what this program writes; the message says what is wrong."""


class NewerFileError(Exception):
    """The file was written by a newer version of this program; it is left alone."""


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """One window as it is stored: its own id, the school's, and aware UTC instants."""

    id: str
    school: str
    starts: datetime
    ends: datetime
    reason: str
    added: datetime


class MaintenanceFile:
    """The windows in one JSON file; the lock file beside it is never removed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock_path = path.with_suffix(path.suffix + ".lock")

    def stamp(self) -> Stamp:
        """Return what identifies the present version, None without a file; one stat call.

        Raises:
            OSError: if the directory cannot be read.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def read(self) -> tuple[StoredWindow, ...]:
        """Return the stored windows, none without a file.

        Raises:
            CorruptFileError: if the file is not valid.
            NewerFileError: if a newer version wrote it.
            OSError: if it cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return ()
        return _decode(content)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock against every other writer; never waits.

        Raises:
            BlockingIOError: if another process holds it.
            OSError: if the state directory is not writable.
        """
        descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(descriptor)

    def write(self, windows: tuple[StoredWindow, ...]) -> None:
        """Replace the file; hold the lock. When this returns, the change is on the disk.

        Raises:
            ValueError: if the windows are too many for the file.
            OSError: if it cannot be written; the old file stays.
        """
        content = _encode(windows)
        if len(windows) > MAX_ENTRIES or len(content) > MAX_BYTES:
            raise ValueError(f"{len(windows)} windows are more than {self.path.name} may hold")
        draft = self.path.with_suffix(self.path.suffix + ".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        self._sync_directory()

    def set_aside(self, now: datetime) -> Path:
        """Rename a corrupt file so that it is kept for a person; hold the lock. Return its name.

        Raises:
            OSError: if it cannot be renamed.
        """
        aside = self.path.with_name(f"{self.path.name}.corrupt-{now:%Y%m%dT%H%M%S.%fZ}")
        self.path.replace(aside)
        self._sync_directory()
        return aside

    def _sync_directory(self) -> None:
        descriptor = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


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
    return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"


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
        raise CorruptFileError(f"{text!r} is no instant") from error
