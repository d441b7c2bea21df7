"""Reads files that a person names, without trusting what a path leads to.

Must not know: their content.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def read_regular_file(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file; a pipe or a device could be endless.

    Raises:
        OSError: if it cannot be read, is not a regular file, or has more than `most` bytes.
    """
    # Unlike os.fdopen(), open() closes the descriptor even of a file that it rejects (a folder).
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "not a regular file")
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(0, f"larger than {most} bytes")
    return content
