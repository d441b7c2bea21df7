"""A small file of the state directory that commands write and the daemon reads.

It is replaced atomically under a lock and synced, so that a reader sees the old or the new one, and
changes survive kill -9 and a power cut. The lock file beside it is never removed. Both get the
directory's owner: root's commands write for the service's user.

Must not know: what the file contains.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor.state.whole_file import PRIVATE, give_to_owner, sync_folder, whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Stamp = tuple[int, int, int] | None
"""Identifies one version of the file: inode, size, mtime in nanoseconds."""


class StateFile:
    """One state file; all methods raise `OSError` if the state directory does not allow it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock_path = path.with_suffix(path.suffix + ".lock")

    def stamp(self) -> Stamp:
        """Return the stamp of the current version, None without a file; one stat call."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def content(self, most_bytes: int) -> bytes | None:
        """Return the content, None without a file.

        Of a larger file, `most_bytes` + 1 bytes are returned, so that the caller notices.
        """
        try:
            with self.path.open("rb") as file:
                return file.read(most_bytes + 1)
        except FileNotFoundError:
            return None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock against every other writer; never waits.

        Raises:
            BlockingIOError: if another process holds it.
            FileNotFoundError: if there is no state directory; `strerror` has the remedy.
        """
        # Through a link, root would give a system file to the folder's owner.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(self._lock_path, flags, PRIVATE)
        except FileNotFoundError:
            remedy = "there is no such folder; name the daemon's with --state-dir"
            raise FileNotFoundError(errno.ENOENT, remedy, str(self._lock_path)) from None
        try:
            give_to_owner(descriptor, self._lock_path.parent)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(descriptor)

    def replace(self, content: bytes) -> None:
        """Replace the file; the caller holds the lock. On return, the change is on the disk."""
        with whole_file(self.path, mode=PRIVATE, folders_owner=True) as file:
            file.write(content)

    def rename(self, name: str) -> Path:
        """Rename the file in its folder, durably; the caller holds the lock. Return its path."""
        aside = self.path.with_name(name)
        self.path.replace(aside)
        sync_folder(self.path.parent)
        return aside
