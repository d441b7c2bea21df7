"""Writes a file atomically, with restrictive permissions.

A temporary file in the same folder is synced and then renamed, so that a reader sees the old or the
new one, even after a power cut. By default only the owner can read a new file.

Must not know: what is written.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRIVATE: Final = 0o600
_PERMISSIONS: Final = 0o777


@contextmanager
def whole_file(
    path: Path, *, overwrite: bool = True, mode: int | None = None, folders_owner: bool = False
) -> Iterator[IO[bytes]]:
    """Yield a file to write to; it is at `path` once the context ends without an error.

    Its permissions are `mode`, else those (and the owner) of the file that it replaces, else
    0600. With `folders_owner` it gets the folder's owner. A symbolic link is not followed, and only
    regular files are replaced.

    Raises:
        FileExistsError: if the file exists and `overwrite` is false.
        OSError: if it cannot be written; `strerror` has the remedy if there is one.
    """
    _replaced(path, overwrite=overwrite)
    draft = path.with_name(f".{path.name[:200]}.{token_hex(4)}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(draft, flags, PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            # Checked again: the file at the path may have been replaced in the meantime.
            before = _replaced(path, overwrite=overwrite)
            if before is not None:
                with suppress(PermissionError):
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
            if folders_owner:
                give_to_owner(file.fileno(), path.parent)
            kept = PRIVATE if before is None else before.st_mode & _PERMISSIONS
            os.fchmod(file.fileno(), kept if mode is None else mode)
            os.fsync(file.fileno())
        if overwrite:
            draft.replace(path)
        else:
            # Unlike a rename, this fails if another process was faster.
            os.link(draft, path)
            draft.unlink()
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def whole_text(
    path: Path, *, overwrite: bool = True, mode: int | None = None
) -> Iterator[io.TextIOWrapper]:
    """Yield a file to write UTF-8 to, line ends unchanged; see `whole_file`."""
    with whole_file(path, overwrite=overwrite, mode=mode) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        try:
            yield text
        finally:
            text.detach()


def give_to_owner(descriptor: int, folder: Path) -> None:
    """Give an open file to the owner of its folder, if the caller may do so.

    The service must be able to read what root writes into its folder.
    """
    owner = folder.stat()
    if os.fstat(descriptor).st_uid != owner.st_uid:
        with suppress(PermissionError):
            os.fchown(descriptor, owner.st_uid, owner.st_gid)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable across a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replaced(path: Path, *, overwrite: bool) -> os.stat_result | None:
    """Return the status of the file that would be replaced, None if there is none."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    if not overwrite:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, "is a symbolic link; name the file that it leads to", str(path))
    if not stat.S_ISREG(found.st_mode):
        said = "is not a regular file; leave the option out and redirect the output"
        raise OSError(errno.EINVAL, said, str(path))
    return found
