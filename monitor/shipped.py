"""Where the files are that are shipped beside the package: example city, boards, rules, unit.

A wheel holds them (`setup.py` puts them there); in a working copy they are at their own place.

Must not know: what is in them.
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
    """Return the shipped files of a folder that match, by name.

    Raises:
        FileNotFoundError: if there is none: the installation is damaged.
    """
    found = sorted(shipped(folder).glob(pattern))
    if not found:
        raise FileNotFoundError(f"{shipped(folder)} has no {pattern}; install the program again")
    return found
