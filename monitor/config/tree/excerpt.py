"""Shows the line of each problem with a caret below its column.

Must not know: what is wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from monitor.config.tree.signs import LINE_END

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.config.tree.problems import Problem

_WIDTH: Final = 100
# Lines that may contain a misplaced secret are not repeated on a terminal.
_SECRET: Final = re.compile(r"communit|passw|secret|token|://[^/\s]*@", re.IGNORECASE)
_TOP: Final = re.compile(r"[A-Za-z_\"']")


def with_excerpts(problems: Iterable[Problem], text: str) -> str:
    """Return all problems, each with its line and a caret if the file's text is known."""
    lines = LINE_END.split(text) if text else []
    return "\n".join(f"{problem}{_excerpt(problem, lines)}" for problem in problems)


def _excerpt(problem: Problem, lines: Sequence[str]) -> str:
    line = lines[problem.line - 1] if 0 < problem.line <= len(lines) else ""
    if not line.strip() or _may_hold_a_secret(lines, problem.line):
        return ""
    first = max(0, problem.column - 1 - _WIDTH * 3 // 4) if len(line) > _WIDTH else 0
    # One character for each, so that the caret is in the right column.
    shown = "".join(one if one.isprintable() else " " if one == "\t" else "?" for one in line)
    number = f"{problem.line:5} | "
    caret = " " * (len(number) - 2) + "| " + " " * (problem.column - 1 - first) + "^"
    return f"\n{number}{shown[first : first + _WIDTH].rstrip()}\n{caret}"


def _may_hold_a_secret(lines: Sequence[str], number: int) -> bool:
    if _SECRET.search(lines[number - 1]):
        return True
    above = (line for line in reversed(lines[:number]) if _TOP.match(line))
    return next(above, "").lstrip("\"'").startswith("credentials")
