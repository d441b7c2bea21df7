"""The folder that the daemon keeps its state in: made, and seen to be writable, before it starts.

Must not know: what is kept there.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class StateDirectoryError(OSError):
    """The state directory cannot be written; the message names the cure."""


def prepare_state_directory(path: Path) -> None:
    """Make the state directory if it is missing, and see that it can be written.

    Raises:
        StateDirectoryError: if it cannot.
    """
    problem = ""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        problem = error.strerror or str(error)
    if problem:
        raise StateDirectoryError(
            f"cannot keep state in {path}: {problem}; name a writable folder with --state-dir"
        )
