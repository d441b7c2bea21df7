"""The daemon's state directory: created, and checked to be writable, before the start.

Must not know: what is stored there.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

LEAST_FREE_BYTES: Final = 10 * 1024 * 1024
"""With less room than this on its disk, the state directory counts as full."""
_ELSEWHERE: Final = "name a writable folder with --state-dir"


class StateDirectoryError(OSError):
    """The state directory cannot be written; the message names the cure."""


def prepare_state_directory(path: Path) -> None:
    """Create the state directory if it is missing, and check that it is writable.

    Raises:
        StateDirectoryError: if it cannot be written.
    """
    problem = ""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        problem = error.strerror or str(error)
    _refuse(path, problem)


def look_at_state_directory(path: Path) -> bool:
    """Return whether the state directory exists, and check that it can be created or written.

    Nothing is written: whether its disk is full is seen from what is free.

    Raises:
        StateDirectoryError: if it cannot.
    """
    problem, cure = "", _ELSEWHERE
    place = path
    try:
        while not place.exists() and place != place.parent:
            place = place.parent
        if not stat.S_ISDIR(place.stat().st_mode):
            problem = os.strerror(errno.EEXIST if place == path else errno.ENOTDIR)
        elif not os.access(place, os.W_OK | os.X_OK, effective_ids=True):
            # Root may write everywhere except to a read-only file system.
            read_only = os.statvfs(place).f_flag & os.ST_RDONLY
            problem = os.strerror(errno.EROFS if read_only else errno.EACCES)
        elif problem := _shortage(os.statvfs(place)):
            cure = f"make room on its disk: `df -h {place}`, `df -i {place}`"
    except OSError as error:
        problem = error.strerror or str(error)
    _refuse(path, problem, cure)
    return place == path


def _shortage(disk: os.statvfs_result) -> str:
    """Return what a file system has too little of for the service's user, empty if nothing."""
    free = disk.f_bavail * disk.f_frsize
    if free < LEAST_FREE_BYTES:
        return f"only {free // 1024} KiB are free"
    # Some file systems have no fixed number of inodes and report none at all.
    return "no inode is free" if disk.f_files and not disk.f_favail else ""


def _refuse(path: Path, problem: str, cure: str = _ELSEWHERE) -> None:
    if problem:
        raise StateDirectoryError(f"cannot keep state in {path}: {problem}; {cure}")
