"""The result of an import, and what all sources have in common.

Must not know: any single source.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.edit import Row

_NAMED: Final = 10


class ImportProblemError(ValueError):
    """The import is rejected; `problems` has a sentence for each mistake, with its position."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(slots=True)
class Taken:
    """Rows for the configuration, and sentences about skipped or guessed data."""

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def named(names: Sequence[str]) -> str:
    """Return names in one line, the first ten if there are more."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
