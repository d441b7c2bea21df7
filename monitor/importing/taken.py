"""The result of an import, and what all sources have in common.

Must not know: any single source.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.rows import Row

_NAMED: Final = 10


class ImportProblemError(ValueError):
    """The import is rejected; `problems` has a sentence for each mistake, with its position."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Skipped:
    """Entries of the source that an import passes over, and why."""

    why: str
    names: tuple[str, ...]
    kind: str = "device"

    def sentence(self, *, whole: bool = False) -> str:
        """Return the sentence that names them: the first ten, or all."""
        names = ", ".join(self.names) if whole else named(self.names)
        return f"{self.why}, passed over: {names}"


@dataclass(slots=True)
class Taken:
    """Rows for the configuration, what is passed over, and sentences about guessed data.

    `lists_schools` says whether the source lists the city's schools, so that one missing from it is
    reported; `passed_over` has the reason for each listed school without a row, by number and id.
    """

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    lists_schools: bool = False
    passed_over: dict[str, str] = field(default_factory=dict)


def counted(skipped: Sequence[Skipped]) -> str:
    """Return how many entries are passed over, by kind: 2 sites, 1 device."""
    kinds = dict.fromkeys(one.kind for one in skipped)
    return ", ".join(
        count_of(sum(len(one.names) for one in skipped if one.kind == kind), kind) for kind in kinds
    )


def named(names: Sequence[str]) -> str:
    """Return names in one line, the first ten if there are more."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
