"""Which characters of a line of YAML are plain, in quotes, or in a comment.

One line at a time: values in our files never have several lines.

Must not know: what the line means.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final

from monitor.config.tree.invisible import INVISIBLE, cure_of, name_of, plain_for
from monitor.config.tree.problems import Findings, Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_END: Final = re.compile(r"\r\n|\r|\n")
# A quote opens a text only where a value or key can begin.
_BEFORE_A_VALUE: Final = ":,[{-?"


class Part(Enum):
    """The part of a line that a character belongs to."""

    PLAIN = "plain"
    QUOTED = "quoted"
    COMMENT = "comment"


def parts(line: str) -> Iterator[tuple[int, str, Part]]:
    """Yield each character with its index and its part; quotes count as quoted."""
    quote, before, at = "", "", 0
    while at < len(line):
        sign = line[at]
        if quote:
            yield at, sign, Part.QUOTED
            is_escape = (sign == "\\" and quote == '"') or (
                sign == quote == "'" and line[at + 1 : at + 2] == "'"
            )
            if is_escape and at + 1 < len(line):
                at += 1
                yield at, line[at], Part.QUOTED
            elif sign == quote:
                quote, before = "", sign
        elif sign == "#" and not line[at - 1 : at].strip():
            yield from ((index, line[index], Part.COMMENT) for index in range(at, len(line)))
            return
        elif sign in "\"'" and (not before or before in _BEFORE_A_VALUE):
            quote = sign
            yield at, sign, Part.QUOTED
        else:
            yield at, sign, Part.PLAIN
            before = before if sign.isspace() else sign
        at += 1


def open_quote(line: str) -> int | None:
    """Return the index of the quote that is not closed in its line; None if there is none."""
    behind = 0
    for at, _, part in parts(line):
        if part is Part.QUOTED and at >= behind:
            closed = _closing(line, at)
            if closed is None:
                return at
            behind = closed + 1
    return None


def _closing(line: str, opened: int) -> int | None:
    """Return the index of the quote that closes the one at an index, None if there is none."""
    quote = line[opened]
    pattern = r"(?:[^'\n]|'')*'" if quote == "'" else r'(?:[^"\\\n]|\\.)*"'
    found = re.compile(pattern).match(line, opened + 1)
    return found.end() - 1 if found else None


def without_invisible(text: str, findings: Findings) -> str:
    """Return the text with invisible characters replaced by the intended ones; add problems.

    Inside quotes and comments they are part of the text, except for a byte order mark.
    """
    if not INVISIBLE.search(text):
        return text
    lines = LINE_END.split(text)
    for number, line in enumerate(lines, 1):
        if not INVISIBLE.search(line):
            continue
        meant = []
        for at, sign, part in parts(line):
            if INVISIBLE.match(sign) and (part is Part.PLAIN or sign == "\ufeff"):
                findings.add(Mark(number, at + 1), name_of(sign), cure_of(sign))
                meant.append(plain_for(sign))
            else:
                meant.append(sign)
        lines[number - 1] = "".join(meant)
    return "\n".join(lines)
