"""The names that a configuration file already has, for imports that must match them.

Must not know: any single source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from monitor.config.rows import slug
from monitor.config.tree.places import node_at
from monitor.config.tree.problems import Findings
from monitor.config.tree.text import Mapping, Scalar, Sequence, compose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Sequence as Several

    from monitor.config.tree.text import Node

_NUMBER: Final = re.compile(r"[0-9][0-9A-Z-]{2,6}[0-9A-Z]")
_WORD: Final = re.compile(r"[0-9A-Za-z-]+")
# No device has a longer name in one word: a label of DNS (RFC 1035 §2.3.4).
_LONGEST_NAME: Final = 63


Naming = tuple[str, str]
"""The key that names a school in a row, and its value."""


@dataclass(frozen=True, slots=True)
class Known:
    """Types and profiles by name; how a row names each school, by number, id and slug of its name.

    A school is named by its `number`, or by its `id` if it has none.
    """

    types: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    schools: dict[str, Naming] = field(default_factory=dict)

    def school_of(self, hints: Iterable[str]) -> Naming | None:
        """Return the first configured school that a hint names; None if none does.

        A hint is a school's number, id or name, or a text that contains the number or the id, also
        between hyphens: sw-123451-01.
        """
        for hint in hints:
            for word in (slug(hint), *_words(hint)):
                if (school := self.schools.get(word)) is not None:
                    return school
        return None


def _words(text: str) -> Iterator[str]:
    """Yield the words of a text, and the parts of each that hyphens separate, the longest first."""
    words = _WORD.findall(text)
    yield from words
    for word in words:
        parts = word.split("-") if len(word) <= _LONGEST_NAME else []
        for length in range(len(parts) - 1, 0, -1):
            for at in range(len(parts) - length + 1):
                yield "-".join(parts[at : at + length])


def is_school_number(text: str) -> bool:
    """Return whether a text has the form of an official school number."""
    return _NUMBER.fullmatch(text) is not None


def known_in(text: str) -> Known:
    """Return the names in a configuration's text; unreadable parts are left out."""
    root = compose(text.encode(), Findings(""))
    if root is None:
        return Known()
    names: dict[str, Naming] = {}
    schools = node_at(root, ("schools",))
    for school in schools.items if isinstance(schools, Sequence) else ():
        number, own, name = (_said(school, key) for key in ("number", "id", "name"))
        naming = ("number", number) if number else ("id", own)
        words = (number, slug(own), slug(name))
        names |= {word: naming for word in words if word and naming[1]}
    return Known(_keys(root, "lessons"), _keys(root, "profiles"), names)


def chosen(candidates: Several[str], known: Several[str]) -> str:
    """Return the known candidate, in its known spelling; else the first one."""
    by_name = {name.casefold(): name for name in known}
    found = (by_name[one.casefold()] for one in candidates if one.casefold() in by_name)
    return next(found, candidates[0] if candidates else "")


def _said(node: Node, key: str) -> str:
    found = node_at(node, (key,))
    return str(found.value) if isinstance(found, Scalar) and found.value is not None else ""


def _keys(root: Node, section: str) -> tuple[str, ...]:
    found = node_at(root, (section,))
    return tuple(found.values) if isinstance(found, Mapping) else ()
