"""What one part of the bench measured: its goals, met or not, and its tables of figures.

A part runs in a process of its own; this is what comes back from it, as JSON.

Must not know: what was measured.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from bench.table import Table


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure and its goal, both as text.

    `ratio` marks figures measured against a peer in the same run, which mean the same on every
    machine, unlike absolute ones.
    """

    what: str
    figure: str
    goal: str
    met: bool
    ratio: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """The goals of a part of the bench, and its tables."""

    goals: tuple[Goal, ...]
    tables: tuple[Table, ...]

    def markdown(self) -> str:
        """Return the part as Markdown: its goals, then its tables."""
        return "\n\n".join([goal_table(self.goals), *(one.markdown() for one in self.tables)])


def goal_table(goals: tuple[Goal, ...]) -> str:
    """Return goals as a Markdown table."""
    rows = tuple((one.what, one.figure, one.goal, _answer(met=one.met)) for one in goals)
    return Table("", ("", "measured", "goal", "met"), rows).markdown()


def at_most(what: str, value: float, limit: float, unit: str, *, ratio: bool = False) -> Goal:
    """Return a goal that is met while `value` is not above `limit`."""
    return Goal(what, f"{_short(value)} {unit}", f"≤ {limit:g} {unit}", value <= limit, ratio)


def times_cheaper(what: str, value: float, least: float) -> Goal:
    """Return a goal against a peer: the peer costs at least `least` times as much."""
    return Goal(what, f"{_short(value)} x", f"≥ {least:g} x", value >= least, ratio=True)


def to_json(part: Part) -> str:
    """Return a part as one line of text that `from_json` reads."""
    return json.dumps(asdict(part))


def from_json(text: str) -> Part:
    """Return the part that `to_json` wrote."""
    raw = json.loads(text)
    tables = (
        Table(
            one["title"],
            tuple(one["header"]),
            tuple(map(tuple, one["rows"])),
            tuple(one["notes"]),
        )
        for one in raw["tables"]
    )
    return Part(tuple(Goal(**one) for one in raw["goals"]), tuple(tables))


def _answer(*, met: bool) -> str:
    return "yes" if met else "**no**"


def _short(value: float) -> str:
    digits = 0 if value >= 100 or value == 0 else 1 if value >= 10 else 2 if value >= 0.1 else 4
    return f"{value:.{digits}f}"
