"""One finding of `schulnetz doctor`, and how findings are shown.

Must not know: what is examined.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from rich.text import Text

from monitor.words.table import Column, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Sequence


class Health(StrEnum):
    """The severity of a finding; with `WARNING` the daemon works, but not as it should."""

    GOOD = "ok"
    WARNING = "warning"
    BAD = "broken"


_STYLES: Final = {Health.BAD: "bold red", Health.WARNING: "yellow", Health.GOOD: "green"}
_WORST_FIRST: Final = tuple(_STYLES)


@dataclass(frozen=True, slots=True)
class Finding:
    """The examined item, its health, the details, and the remedy if it needs one."""

    what: str
    health: Health
    seen: str
    cure: str = ""


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """Return errors, then warnings, then the rest, each in the order of examination."""
    return sorted(findings, key=lambda one: _WORST_FIRST.index(one.health))


def table_of(findings: Sequence[Finding]) -> Table:
    """Return a row for each finding, worst first, with the remedy below."""
    table = Table(Column("what", Kind.TEXT), Column(""), Column("found", Kind.TEXT))
    for finding in worst_first(findings):
        cure = f"\n{finding.cure}" if finding.cure else ""
        health = Text(finding.health.value, _STYLES[finding.health])
        table.add(finding.what, health, f"{finding.seen}{cure}")
    return table
