"""Makes text from devices, files and people safe for every output.

Some characters are unsafe: they control a terminal, change the writing direction, end a line for
some readers, or are invisible. They are removed from text for people, and escaped in JSON, so that
the value is preserved: to see what was removed, use JSON. Everything that the program prints, logs,
serves or writes goes through here.

Must not know: what is written, or where.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# Source: Unicode 15, general categories Cc, Cf, Cs, Zl, Zp; Default_Ignorable_Code_Point
# (DerivedCoreProperties.txt); noncharacters (chapter 23.7 of the standard).
_CONTROLS: Final = r"\x00-\x1f\x7f-\x9f"
_SEPARATORS: Final = "\u2028\u2029"
_FORMATS: Final = (
    "\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_INVISIBLE: Final = "\u034f\u115f\u1160\u17b4\u17b5\u3164\ufe00-\ufe0f\uffa0"
_NONCHARACTERS: Final = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17)
)
_NO_TEXT: Final = f"{_SEPARATORS}{_FORMATS}{_INVISIBLE}{_NONCHARACTERS}\ud800-\udfff"
_LEFT_OUT: Final = re.compile(f"[{_CONTROLS}{_NO_TEXT}]+")
# JSON's own line ends stay; those in its strings have been escaped already.
_ESCAPED: Final = re.compile(f"[\x7f-\x9f{_NO_TEXT}]")


def plain(raw: bytes | str) -> str:
    """Return one line of text that can be shown anywhere; unsafe characters are left out.

    Invalid UTF-8 becomes U+FFFD.
    """
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    if text.isascii() and text.isprintable():
        return text
    return _LEFT_OUT.sub("", text)


def plain_lines(text: str) -> str:
    """Return text of several lines of our own, each as `plain` makes it."""
    return "\n".join(map(plain, text.split("\n")))


def as_json(
    document: object,
    *,
    indent: int | None = None,
    compact: bool = False,
    default: Callable[[object], object] | None = None,
) -> str:
    """Return a document as JSON text; unsafe characters stay in the values, escaped.

    Raises:
        TypeError: if it contains a value that neither JSON nor `default` can represent.
    """
    separators = (",", ":") if compact else None
    return plain_json(
        json.dumps(
            document, ensure_ascii=False, indent=indent, separators=separators, default=default
        )
    )


def plain_json(text: str) -> str:
    """Return a JSON text from another library with unsafe characters escaped (RFC 8259 §7)."""
    return text if text.isascii() and "\x7f" not in text else _ESCAPED.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
