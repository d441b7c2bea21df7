"""YAML syntax errors in plain words, and a way to continue reading.

PyYAML reports what its grammar expected, often far after the mistake. This module searches for the
mistake between the last token that was read and the position where reading stopped. To find the
file's other mistakes, the wrong line is fixed or its value removed, and the text is read again.

Must not know: what any key means.
Source: messages of libyaml's and PyYAML's scanners and parsers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.config.tree.invisible import INVISIBLE, cure_of, name_of
from monitor.config.tree.problems import START, Mark
from monitor.config.tree.signs import LINE_END, Part, open_quote, parts

if TYPE_CHECKING:
    import yaml

STAND_IN: Final = "\ue000"
"""A value for unreadable parts; it counts as invalid where texts are rejected anyway."""

_COLON: Final = re.compile(r":(?:\s|$)")
_TIGHT_COLON: Final = re.compile(r"(\s*(?:-\s+)*[\w.-]+):(?=\S)")
_ENTRY: Final = re.compile(r"""(?P<dashes>\s*(?:-\s+)*)(?P<key>(?:[\w.-]+|"[^"]*"|'[^']*'):)?""")


_CURE: Final = "check indentation, hyphens, colons and quotes"
_QUOTE: Final = "put it in quotes"
# The mistake and the remedy, by a part of PyYAML's message.
_SAID: Final = (
    ("cannot start any token", "a value cannot begin with this character", _QUOTE),
    ("alphabetic or numeric", "a value cannot begin with this character", _QUOTE),
    ("escape", "in double quotes, \\ begins an escape", "use single quotes, or \\\\"),
    ("sequence entries are not", "a list entry after a key", "begin it on a line of its own"),
)


class Fault(NamedTuple):
    """What is wrong at a position, the remedy, and the intended line if known."""

    mark: Mark
    wrong: str
    cure: str
    meant: str | None = None


def fault_of(text: str, error: yaml.MarkedYAMLError, last: Mark) -> Fault:
    """Return the mistake behind an error; `last` is the start of the last token that was read."""
    lines = LINE_END.split(text)
    context = _mark(error.context_mark, lines)
    place = _mark(error.problem_mark, lines) or context or last
    between = range(min(last.line, place.line), min(place.line, len(lines)) + 1)
    for number in reversed(between):
        line = lines[number - 1]
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        if "\t" in indent:
            above = _above(lines, number)
            meant = _like(lines[above - 1] if above else "", line)
            return Fault(Mark(number, indent.index("\t") + 1), "a tab", "YAML wants spaces", meant)
        for at, sign, part in parts(line):
            if part is Part.PLAIN and INVISIBLE.match(sign):
                return Fault(Mark(number, at + 1), name_of(sign), cure_of(sign))
    if lines[place.line - 1][place.column - 1 : place.column] == "\t":
        return Fault(place, "a tab", "YAML wants spaces")
    for number in between:
        opened = open_quote(lines[number - 1])
        if opened is not None:
            return unclosed(lines[number - 1][opened], Mark(number, opened + 1))
    said = " ".join(part for part in (error.context, error.problem) if part)
    return _by_message(said, lines, place, context)


def unclosed(quote: str, mark: Mark) -> Fault:
    """Return the fault of a quote that its line does not close: no value of ours has several."""
    wrong = f"the {quote} that is opened here is not closed in its line"
    return Fault(mark, wrong, f"close it with another {quote}")


def _mark(mark: yaml.Mark | None, lines: list[str]) -> Mark | None:
    """Return PyYAML's position, which may be after the last line, as one in the text."""
    if mark is None:
        return None
    if mark.line >= len(lines):
        return Mark(len(lines), len(lines[-1]) + 1)
    return Mark(mark.line + 1, mark.column + 1)


def _by_message(said: str, lines: list[str], place: Mark, context: Mark | None) -> Fault:
    if context is not None and "flow" in said:
        bracket = lines[context.line - 1][context.column - 1 : context.column]
        if place.line == context.line and lines[place.line - 1][place.column - 1 :][:1] == ":":
            cure = "put the value in quotes, or a comma between two entries"
            return Fault(place, "a second colon with a space after it", cure)
        wrong = f"the {bracket} that is opened here is not closed, or a comma is missing in it"
        closing = {"[": "]", "{": "}"}.get(bracket, "its bracket")
        return Fault(context, wrong, f"close it with {closing}; entries are separated by commas")
    if context is not None and "expected ':'" in said:
        return _without_colon(lines, context.line)
    if "mapping values are not allowed" in said:
        return _second_value(lines, place)
    found = next((one for part, *one in _SAID if part in said), None)
    if found is not None:
        return Fault(place, *found)
    return _misplaced(said, lines, place)


def _misplaced(said: str, lines: list[str], place: Mark) -> Fault:
    if "expected node content" in said and not any(map(_content, lines[: place.line - 1])):
        return Fault(START, "the file holds no configuration", "")
    if "block" not in said:
        return Fault(place, "this is not YAML from here on", _CURE)
    if lines[place.line - 1][: place.column - 1].strip(" -"):
        return Fault(place, "text after the value", "put the whole value in one pair of quotes")
    return _indented(lines, place)


def _second_value(lines: list[str], place: Mark) -> Fault:
    """Return why a colon is where no value can begin."""
    line = lines[place.line - 1]
    before = "".join(one for _, one, part in parts(line[: place.column - 1]) if part is Part.PLAIN)
    if _COLON.search(before):
        return Fault(place, "a second colon with a space after it", "put the value in quotes")
    above = _above(lines, place.line)
    if above and not _COLON.search(_content(lines[above - 1])):
        return _without_colon(lines, above)
    return _indented(lines, place)


def _indented(lines: list[str], place: Mark) -> Fault:
    """Return the fault of a line that is indented differently from the one above it."""
    line, above = lines[place.line - 1], _above(lines, place.line)
    there = len(line) - len(line.lstrip(" "))
    if not above:
        return Fault(
            place, "the first line is indented", "begin it in the first column", line.lstrip()
        )
    wanted = _column(lines[above - 1]) - 1
    if there == wanted or line.lstrip().startswith("- "):
        return Fault(place, "this does not continue what is above", "check indentation and hyphens")
    return Fault(
        Mark(place.line, there + 1),
        f"indented by {there}, and line {above} above it by {wanted}",
        "keys of one entry have the same indentation",
        _like(lines[above - 1], line),
    )


def _without_colon(lines: list[str], number: int) -> Fault:
    line = lines[number - 1]
    tight = _TIGHT_COLON.match(line)
    if tight is not None:
        wrong, meant = "a colon without a space after it", f"{tight[1]}: {line[tight.end() :]}"
    else:
        wrong = "a key without its colon"
        meant = re.sub(r"^(\s*(?:-\s+)*[\w.-]+)(?=\s|$)", r"\1:", line)
    return Fault(Mark(number, _column(line)), wrong, "write key: value", meant)


def _like(above: str, line: str) -> str:
    """Return a line indented like the one above it, or deeper if that one has no value."""
    deeper = 2 if _content(above).endswith(":") else 0
    return " " * (_column(above) - 1 + deeper) + line.lstrip(" \t")


def _above(lines: list[str], number: int) -> int:
    """Return the number of the next line above with content, 0 if there is none."""
    return next((one for one in range(number - 1, 0, -1) if _content(lines[one - 1])), 0)


def _content(line: str) -> str:
    said = "".join(one for _, one, part in parts(line) if part is not Part.COMMENT).strip()
    return "" if said in {"---", "..."} else said


def _column(line: str) -> int:
    """Return the column of a line's key, after the hyphens."""
    return len(line) - len(line.lstrip(" -")) + 1


class Mender:
    """Removes one mistake after another from a text, so that the rest can be read."""

    def __init__(self, text: str) -> None:
        self._lines = LINE_END.split(text)
        self._end = 0
        self._line = 0

    def is_new(self, fault: Fault) -> bool:
        """Return whether a fault is not a consequence of fixing another one."""
        return fault.mark.line > self._end

    def mended(self, fault: Fault) -> str | None:
        """Return the text without a fault, None if reading cannot continue."""
        if self.is_new(fault):
            self._line = min(fault.mark.line, len(self._lines))
            if fault.meant is not None:
                self._end = self._line
                self._lines[self._line - 1] = fault.meant
                return "\n".join(self._lines)
        else:
            self._line = self._parent()
        if not self._line:
            return None
        self._take_out()
        return "\n".join(self._lines)

    def _parent(self) -> int:
        """Return the nearest line above that is indented less than the one last removed."""
        if not self._line:
            return 0
        indent = _indent(self._lines[self._line - 1])
        for number in range(self._line - 1, 0, -1):
            line = self._lines[number - 1]
            if line.strip() and _indent(line) < indent:
                return number
        return 0

    def _take_out(self) -> None:
        """Reduce a line to its key, and remove everything below it."""
        at = self._line - 1
        line = self._lines[at]
        entry = _ENTRY.match(line)
        dashes, key = (entry["dashes"], entry["key"]) if entry else ("", None)
        level = len(dashes) if key else _indent(line)
        end = at + 1
        while end < len(self._lines) and (
            not self._lines[end].strip() or _indent(self._lines[end]) > level
        ):
            self._lines[end] = ""
            end += 1
        self._end = max(end, self._line)
        if "\t" in dashes or not (key or "-" in dashes):
            self._lines[at] = ""
        else:
            self._lines[at] = f"{dashes}{key + ' ' if key else ''}{STAND_IN}"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
