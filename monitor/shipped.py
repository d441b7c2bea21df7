"""Finds the files that are shipped with the package: example city, boards, rules, unit.

A wheel contains them (`setup.py` copies them); in a working copy they are in their own folders.

Must not know: their content.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parent
_IN_WHEEL: Final = _PACKAGE / "data" / "shipped"
EXAMPLE_CITY: Final = "config/schools.yaml"


def shipped(name: str) -> Path:
    """Return a shipped file or folder by its path in a working copy."""
    return (_IN_WHEEL if _IN_WHEEL.is_dir() else _PACKAGE.parent) / name


def shipped_files(folder: str, pattern: str) -> list[Path]:
    """Return the shipped files of a folder that match, sorted by name.

    Raises:
        FileNotFoundError: if there is none: the installation is damaged.
    """
    found = sorted(shipped(folder).glob(pattern))
    if not found:
        raise FileNotFoundError(f"{shipped(folder)} has no {pattern}; install the program again")
    return found
