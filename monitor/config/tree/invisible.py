"""Invisible characters in text pasted from web pages, PDFs and word processors.

Must not know: YAML, or any key.
Source: Unicode, general categories Zs and Cf.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

INVISIBLE: Final = re.compile(
    "[\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u202a-\u202f\u205f-\u2064\u2066-\u206f\u3000\ufeff]"
)
"""Spaces other than the plain one, and characters without a width."""


def name_of(sign: str) -> str:
    """Return the name of an invisible character, such as `a no-break space (U+00A0)`."""
    if sign == "\ufeff":
        called = "byte order mark"
    else:
        called = unicodedata.name(sign, "invisible character").lower()
    return f"a {called.replace('zero width', 'zero-width')} (U+{ord(sign):04X})"


def cure_of(sign: str) -> str:
    """Return the remedy for an invisible character outside quotes."""
    if unicodedata.category(sign) == "Zs":
        return "type a plain space, or put the text in quotes if it is meant"
    return "delete it"


def plain_for(sign: str) -> str:
    """Return what was most likely meant."""
    return " " if unicodedata.category(sign) == "Zs" else ""


def hint_in(text: str) -> str:
    """Return which character of a quoted word in a message is invisible; empty if none is."""
    found = INVISIBLE.search(text)
    if found is None:
        return ""
    place = found.start() - text.rfind("“", 0, found.start())
    return f"character {place} of it is {name_of(found[0])}"
