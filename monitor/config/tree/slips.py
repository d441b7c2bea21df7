"""Typing mistakes that YAML misinterprets: hyphens without a space, typographic quotes.

Each is reported by name and replaced by what was meant, so that it causes no further errors.

Must not know: what any key means.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from monitor.config.tree.problems import Findings, Mark, shown
from monitor.config.tree.signs import LINE_END, Part, open_quote, parts

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIGHT_HYPHEN: Final = re.compile(r"( *)-(?=[A-Za-z_\"'{\[\u201e\u201c\u201d])")
_KEY_OR_BRACKET: Final = re.compile(r" *-(?:[A-Za-z_][\w.-]*:|[{\[])")
# Closing quotes for each typographic opening one; some editors leave a straight one.
_CLOSES: Final = {
    "\u201e": '\u201c\u201d"',
    "\u201c": '\u201d\u201c"',
    "\u201d": '\u201d\u201c"',
    "\u201a": "\u2018\u2019'",
    "\u2018": "\u2019'",
    "\u00bb": "\u00ab",
    "\u00ab": "\u00bb",
}
_QUOTES: Final = re.compile("[\u201a\u201c-\u201e\u2018\u2019\u00ab\u00bb]")
# A single one may be an apostrophe, so it opens a text only if another one closes it.
_NEVER_ALONE: Final = "\u201e\u201c\u201d"
_COMMA: Final = re.compile(r"(?<=[0-9]),(?=[0-9])")
_NUMBER: Final = re.compile(r"(?<![\w.,-])[0-9]+(?:,[0-9]+)+(?:\.[0-9]+)?(?![\w.-])")
_NAMED: Final = 5
# No line that a person wrote is longer, and looking for pairs takes quadratic time.
_LONGEST: Final = 2000
# Nothing of ours is indented deeper; what is below a hyphen is moved, line by line.
_DEEPEST: Final = 100


def without_slips(text: str, findings: Findings) -> str:
    """Return the text with each slip replaced by what was meant; add a problem for each kind.

    Lines keep their numbers.
    """
    has_quotes = _QUOTES.search(text) is not None
    lines = LINE_END.split(text)
    has_hyphens = any(map(_TIGHT_HYPHEN.match, lines))
    if not has_quotes and not has_hyphens:
        return text
    if has_hyphens:
        _space_hyphens(lines, findings)
    if has_quotes:
        for at, line in enumerate(lines):
            lines[at] = _with_straight_quotes(line, at + 1, findings)
    return "\n".join(lines)


def _space_hyphens(lines: list[str], findings: Findings) -> None:
    """Insert a space after each hyphen that starts a list entry without one; report them once."""
    found = list(_tight_hyphens(lines))
    if not found:
        return
    first = lines[found[0]]
    indent = len(first) - len(first.lstrip(" "))
    others = [str(at + 1) for at in found[1:]]
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    there = f", in {'line' if len(others) == 1 else 'lines'} {', '.join(others[:_NAMED])}{more} too"
    findings.add(
        Mark(found[0] + 1, indent + 1),
        f"a hyphen without a space after it{there if others else ''}",
        "an entry of a list begins with a hyphen and a space: - id: goethe-schule",
    )
    for at in found:
        _space_hyphen(lines, at)


def _tight_hyphens(lines: list[str]) -> Iterator[int]:
    """Yield the indices of lines that start with such a hyphen where a list is meant."""
    above, above_indent, is_list = "", 0, False
    for at, line in enumerate(lines):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        indent = len(line) - len(line.lstrip(" "))
        tight = indent <= _DEEPEST and _TIGHT_HYPHEN.match(line) is not None
        if tight and (
            _KEY_OR_BRACKET.match(line)
            or (is_list and indent == above_indent)
            or _content(above).endswith(":")
        ):
            yield at
            is_list = True
        else:
            is_list = False
        above, above_indent = line, indent


def _content(line: str) -> str:
    return "".join(sign for _, sign, part in parts(line) if part is not Part.COMMENT).rstrip()


def _space_hyphen(lines: list[str], at: int) -> None:
    """Insert the space, also before the entry's other keys if they are aligned with the first."""
    line = lines[at]
    indent = len(line) - len(line.lstrip(" "))
    lines[at] = f"{line[: indent + 1]} {line[indent + 1 :]}"
    below = [
        number
        for number in range(at + 1, _end_of(lines, at, indent))
        if lines[number].strip() and not lines[number].lstrip().startswith("#")
    ]
    if below and len(lines[below[0]]) - len(lines[below[0]].lstrip(" ")) == indent + 1:
        for number in below:
            lines[number] = f" {lines[number]}"


def _end_of(lines: list[str], at: int, indent: int) -> int:
    """Return the index of the next line that is not indented more deeply."""
    for number in range(at + 1, len(lines)):
        line = lines[number]
        if line.strip() and len(line) - len(line.lstrip(" ")) <= indent:
            return number
    return len(lines)


def _with_straight_quotes(line: str, number: int, findings: Findings) -> str:
    """Return a line with straight quotes for typographic ones; add a problem for each pair."""
    if len(line) > _LONGEST or not _QUOTES.search(line):
        return line
    at = open_quote(line)
    if at is not None and (
        closed := re.search("[\u201c\u201d\u2018\u2019](?=\\s*(?:#.*)?$)", line)
    ):
        _note(line[closed.start()], number, closed.start(), findings)
        return f"{line[: closed.start()]}{line[at]}{line[closed.end() :]}"
    mended, done = [], 0
    for begin in _openings(line):
        if begin < done:
            continue
        end = _closing(line, begin)
        if end is not None:
            inner = line[begin + 1 : end]
            _note(line[begin] + line[end], number, begin, findings)
            straight = inner.replace("\\", "\\\\").replace('"', '\\"')
            mended += [line[done:begin], f'"{straight}"']
            done = end + 1
        elif line[begin] in _NEVER_ALONE and not re.search(
            f"[{_CLOSES[line[begin]]}]", line[begin + 1 :]
        ):
            _note(line[begin], number, begin, findings)
            mended.append(line[done:begin])
            done = begin + 1
            break
    return "".join([*mended, line[done:]])


def _note(quotes: str, number: int, at: int, findings: Findings) -> None:
    signs = " and ".join(f"U+{ord(one):04X}" for one in dict.fromkeys(quotes) if one not in "\"'")
    findings.add(
        Mark(number, at + 1),
        f"typographic quotes ({signs}), which YAML takes for text",
        # The text between them is not repeated: it may be a misplaced secret.
        'type straight ones: "..."',
    )


def _openings(line: str) -> Iterator[int]:
    """Yield the positions of typographic quotes at the beginning of a value or key."""
    before, depth, was_blank = "", 0, True
    for at, sign, part in parts(line):
        if part is Part.COMMENT:
            return
        if part is Part.PLAIN and sign in _CLOSES:
            begins = not before or before in "[{" or (before in ":-?" and was_blank)
            if begins or (before == "," and depth):
                yield at
        was_blank = sign.isspace()
        if part is Part.PLAIN and not was_blank:
            opens = sign in "[{" and (not before or before in ":-,[{")
            depth += opens - (sign in "]}" and depth > 0)
        before = before if was_blank else sign


def _closing(line: str, begin: int) -> int | None:
    """Return the index of the quote that closes the one at an index and ends its value."""
    closes = _CLOSES[line[begin]]
    typographic = re.sub("[\"']", "", closes)
    found = re.compile(f"[{typographic}]").search(line, begin + 1)
    found = found or re.compile(f"[{closes}]").search(line, begin + 1)
    if found is None or not re.match(r"\s*(?:$|#|:(?:\s|$)|[,\]}])", line[found.end() :]):
        return None
    return found.start()


def comma_hint(text: str) -> str:
    """Return the remedy for a comma in a number of a text, empty if it has none.

    Three digits after it may be thousands as well as thousandths, so both readings are offered.
    """
    pointed, commas = _COMMA.subn(".", text)
    if not commas:
        return ""
    whole = _COMMA.sub("", text)
    if commas > 1:
        return f"no commas between thousands: {whole}"
    is_either = re.search(r"[0-9],[0-9]{3}(?![0-9])", text) is not None
    return f"a decimal point, not a comma: {f'{pointed} or {whole}' if is_either else pointed}"


def note_comma(text: str, mark: Mark, findings: Findings) -> bool:
    """Return whether the key at a position is the rest of a number; add a problem, once.

    In braces, `value: 1,200` is a value 1 and a key 200.
    """
    line, at = LINE_END.split(text)[mark.line - 1], mark.column - 1
    number = next((one for one in _NUMBER.finditer(line) if one.start() < at < one.end()), None)
    if number is None:
        return False
    first = number.start() + number[0].index(",") + 1
    if at == first:
        cure = comma_hint(number[0])
        findings.add(Mark(mark.line, number.start() + 1), f"found {shown(number[0])}", cure)
    return True
