"""A school's values as imports and edits pass them on, and their YAML notation.

Must not know: where values come from, or the file that they are written into.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from monitor.config.tree.text import resolve
from monitor.words.plain import as_json

KEYS: Final = (
    *("id", "number", "name", "type", "district", "location", "profile", "network"),
    *("router", "switches"),
)
"""The keys of a school that are written, in their order."""

LONGEST_ID: Final = 48
"""The most characters of the id of a school or the name of a device."""

INDENT: Final = "  "
_SAFE: Final = re.compile(
    r"[A-Za-zÄÖÜäöüß][A-Za-z0-9ÄÖÜäöüß .()/'&+-]*[A-Za-z0-9ÄÖÜäöüß.)]|[A-Za-z]"
)


class NamedHost(NamedTuple):
    """A switch: its name and its address or host name."""

    name: str
    host: str


Value = str | int | tuple[float, float] | list[NamedHost]
Row = dict[str, Value]
"""A school's values by the keys of the file; the location is latitude and longitude."""


def slug(name: str) -> str:
    """Return a school's id made from its name: at most 48 lower-case letters, digits, hyphens."""
    letters = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e"}
    small = "".join(letters.get(letter, letter) for letter in name.lower())
    return re.sub(r"[^a-z0-9]+", "-", small).strip("-")[:LONGEST_ID].strip("-")


def written(value: Value, indent: str = INDENT * 2) -> str:
    """Return the text after the colon of a school's key with that indentation."""
    if isinstance(value, list):
        entries = (f"\n{indent}{INDENT}- {switch_text(one)}" for one in value)
        return "".join(entries) if value else " []"
    if isinstance(value, tuple):
        return f" [{value[0]}, {value[1]}]"
    return f" {value if isinstance(value, int) else yaml_text(value)}"


def switch_text(switch: NamedHost) -> str:
    """Return an entry of `switches` without its dash."""
    return f"{{name: {yaml_text(switch.name)}, host: {yaml_text(switch.host)}}}"


def yaml_text(value: str) -> str:
    """Return a text in YAML notation."""
    # Quoted wherever a reader could take it for something else.
    if _SAFE.fullmatch(value) and resolve(value) == value and ": " not in value:
        return value
    if re.fullmatch(r"[0-9a-f.:]+/[0-9]+|(?:[0-9]{1,3}\.){3}[0-9]{1,3}", value):
        return value
    return as_json(value)
