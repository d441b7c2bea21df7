"""What `schulnetz doctor` says of one thing that it looked at, and how all of it looks.

Must not know: what is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence


class Health(StrEnum):
    """How a finding is; `WARNING` works, but not as it should."""

    GOOD = "ok"
    WARNING = "warning"
    BAD = "broken"


_STYLES: Final = {Health.BAD: "bold red", Health.WARNING: "yellow", Health.GOOD: "green"}
_WORST_FIRST: Final = tuple(_STYLES)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, what was seen, and the cure if there is need of one."""

    what: str
    health: Health
    seen: str
    cure: str = ""


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """Return what is broken, then the warnings, then the rest; each in the order of the looking."""
    return sorted(findings, key=lambda one: _WORST_FIRST.index(one.health))


def table_of(findings: Sequence[Finding]) -> Table:
    """Return a row for each finding, worst first, the cure below what was found."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("what", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("found", overflow="fold")
    for finding in worst_first(findings):
        cure = f"\n{finding.cure}" if finding.cure else ""
        health = f"[{_STYLES[finding.health]}]{finding.health}[/]"
        table.add_row(finding.what, health, escape(f"{finding.seen}{cure}"))
    return table
