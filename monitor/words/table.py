"""Tables for a terminal, as all commands print them.

Nothing is ever truncated. Numbers, names of states and times are not broken; texts wrap. If even
that does not fit, the columns that identify a row get a line of their own above it.

Must not know: the content of the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text

from monitor.words.plain import plain_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

_GAP: Final = 2
# Narrower, a text is a column of fragments.
_NARROWEST: Final = 14
# Longer words are broken, shorter ones are not.
_WORD: Final = 24
_INDENT: Final = 2


class Kind(Enum):
    """How a column is laid out."""

    WORD = auto()
    """Short and whole: a state, an id, an instant."""
    NUMBER = auto()
    """Whole, and flush right."""
    TEXT = auto()
    """Wraps where the line is too narrow."""


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column and its kind; `leads` where its cells may stand above their row."""

    head: str
    kind: Kind = Kind.WORD
    leads: bool = False


class Table:
    """Rows under heads, as wide as the terminal; something that `show` prints."""

    __slots__ = ("_columns", "_rows", "_title")

    def __init__(self, *columns: Column, title: str = "") -> None:
        self._columns = columns
        self._title = title
        self._rows: list[tuple[Text, ...]] = []

    def add(self, *cells: str | Text) -> None:
        """Add a row; texts are made plain, and never read as markup.

        Raises:
            ValueError: if the numbers of cells and columns differ.
        """
        row = tuple(one if isinstance(one, Text) else Text(plain_lines(one)) for one in cells)
        if len(row) != len(self._columns):
            raise ValueError(f"{len(row)} cells for {len(self._columns)} columns")
        self._rows.append(row)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines of the table."""
        if self._title:
            yield Text()
            yield _line(Text(self._title, style="bold"))
        for line in self._lines(console, options.max_width):
            yield _line(line)

    def _lines(self, console: Console, width: int) -> Iterator[Text]:
        heads = [Text(one.head, style="bold") for one in self._columns]
        widths = [
            max(_width(row[place]) for row in (heads, *self._rows))
            for place in range(len(self._columns))
        ]
        inside = list(range(len(self._columns)))
        fitted = self._fitted(inside, widths, width)
        leads: list[int] = []
        if fitted is None and any(one.leads for one in self._columns):
            leads = [place for place in inside if self._columns[place].leads]
            inside = [place for place in inside if place not in leads]
            fitted = self._fitted(inside, widths, width - _INDENT)
        if fitted is None:
            # Too narrow: the terminal breaks the lines, which is better than losing a digit.
            fitted = [min(widths[place], self._narrowest(place, widths)) for place in inside]
        indent = Text(" " * _INDENT if leads else "")
        for row in (heads, *self._rows):
            if leads:
                above = Text(", ").join(row[place] for place in leads if row[place].plain)
                yield from _folded(console, above, max(width, _NARROWEST))
            cells = [row[place] for place in inside]
            for line in self._row(console, inside, cells, fitted):
                yield indent + line

    def _fitted(self, places: Sequence[int], widths: list[int], width: int) -> list[int] | None:
        """Return the widths of columns within a line, the texts shrunk; None if they do not fit."""
        fitted = {place: widths[place] for place in places}
        spare = width - _GAP * (len(places) - 1) - sum(fitted.values())
        while spare < 0:
            widest = max(
                (one for one in places if fitted[one] > self._narrowest(one, widths)),
                key=lambda one: fitted[one],
                default=None,
            )
            if widest is None:
                return None
            fitted[widest] -= 1
            spare += 1
        return list(fitted.values())

    def _narrowest(self, place: int, widths: list[int]) -> int:
        if self._columns[place].kind is not Kind.TEXT:
            return widths[place]
        words = (word for row in self._rows for word in row[place].plain.split())
        longest = max(map(cell_len, words), default=0)
        least = max(_NARROWEST, cell_len(self._columns[place].head), min(longest, _WORD))
        return min(widths[place], least)

    def _row(
        self, console: Console, places: Sequence[int], cells: Sequence[Text], widths: Sequence[int]
    ) -> Iterator[Text]:
        """Yield the lines of a row: as many as its highest cell has."""
        kinds = [self._columns[place].kind for place in places]
        wrapped = [
            _folded(console, cell, width) if kind is Kind.TEXT else _whole(cell)
            for kind, cell, width in zip(kinds, cells, widths, strict=True)
        ]
        for number in range(max(map(len, wrapped), default=0)):
            parts = [lines[number] if number < len(lines) else Text() for lines in wrapped]
            line = Text(" " * _GAP).join(
                _padded(part, width, is_right=kind is Kind.NUMBER)
                for part, width, kind in zip(parts, widths, kinds, strict=True)
            )
            line.rstrip()
            yield line


def _padded(part: Text, width: int, *, is_right: bool) -> Text:
    missing = Text(" " * (width - cell_len(part.plain)))
    return missing + part if is_right else part + missing


def _whole(cell: Text) -> list[Text]:
    return list(cell.split("\n", allow_blank=True)) or [Text()]


def _folded(console: Console, cell: Text, width: int) -> list[Text]:
    parts = [part for line in _whole(cell) for part in (line.wrap(console, width) or [Text()])]
    for part in parts:
        part.rstrip()
    return parts


def _width(cell: Text) -> int:
    return max(map(cell_len, cell.plain.split("\n")))


def _line(line: Text) -> Text:
    line.no_wrap, line.overflow = True, "ignore"
    return line
