"""One table of measured figures, as Markdown.

Must not know: what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A title (may be empty), a header, rows of text, notes that say how it was measured."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def markdown(self) -> str:
        """Return the table as Markdown, figures to the right."""
        lines = [f"### {self.title}", ""] if self.title else []
        lines.append(_line(self.header))
        lines.append(_line(("---", *("---:" for _ in self.header[1:]))))
        lines += [_line(row) for row in self.rows]
        if self.notes:
            lines += ["", *(f"- {note}" for note in self.notes)]
        return "\n".join(lines)


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
