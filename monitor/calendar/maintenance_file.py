"""The file that stores maintenance windows, and its format.

A file that cannot be read is renamed and reported.

Must not know: schools, configured windows, or what a window means.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.state.json_file import DamagedFileError, JsonFile, TooLargeError
from monitor.state.wire import INSTANTS_AS_TEXT

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.state.wire import Wires

SCHEMA = 1
MAX_BYTES = 1 << 20
MAX_ENTRIES = 2_000


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """One window as stored: its own id, the school's, and aware UTC instants.

    `by` is the login of the person who added it, None if it is not known.
    """

    id: str
    school: str
    starts: datetime
    ends: datetime
    reason: str
    added: datetime
    by: str | None = None


@dataclass(frozen=True, slots=True)
class _Windows:
    windows: tuple[StoredWindow, ...]


class MaintenanceFile(JsonFile[_Windows]):
    """The windows in one JSON file."""

    def __init__(self, path: Path) -> None:
        wires: Wires = {datetime: INSTANTS_AS_TEXT}
        super().__init__(path, _Windows, wires, most_bytes=MAX_BYTES, schema=SCHEMA)

    def windows(self) -> tuple[StoredWindow, ...]:
        """Return the stored windows, empty without a file.

        Raises:
            DamagedFileError: if the file is not valid.
            NewerFileError: if a newer version wrote it.
            OSError: if it cannot be read.
        """
        found = self.read()
        windows = () if found is None else found.windows
        if len(windows) > MAX_ENTRIES:
            raise DamagedFileError(f"more than {MAX_ENTRIES} windows")
        for window in windows:
            if window.starts >= window.ends:
                raise DamagedFileError(f"window {window.id} ends before it starts")
        return windows

    def store(self, windows: tuple[StoredWindow, ...]) -> None:
        """Replace the file; hold the lock. On return, the change is on the disk.

        Raises:
            TooLargeError: if the windows are too many for the file.
            OSError: if it cannot be written; the old file remains.
        """
        if len(windows) > MAX_ENTRIES:
            raise TooLargeError(f"{self.path.name} would hold more than {MAX_ENTRIES} windows")
        self.write(_Windows(windows))

    def set_aside(self, now: datetime) -> Path:
        """Rename a corrupt file to keep it; the caller holds the lock. Return its new path.

        Raises:
            OSError: if it cannot be renamed.
        """
        return self.rename(f"{self.path.name}.corrupt-{now:%Y%m%dT%H%M%S.%fZ}")
