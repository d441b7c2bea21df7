"""The result of an import, and what all sources have in common.

Must not know: any single source.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.rows import Row

_NAMED: Final = 10


class ImportProblemError(ValueError):
    """The import is rejected; `problems` has a sentence for each mistake, with its position."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(slots=True)
class Taken:
    """Rows for the configuration, and sentences about skipped or guessed data.

    `lists_schools` says whether the source lists the city's schools, so that a missing one is worth
    a sentence; `passed_over` are schools that it lists without a row: why, by number and id.
    """

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lists_schools: bool = False
    passed_over: dict[str, str] = field(default_factory=dict)


def named(names: Sequence[str]) -> str:
    """Return names in one line, the first ten if there are more."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
