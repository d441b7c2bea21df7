"""Edits one school's entry in the lines of a configuration file.

One rule for all values: a missing one is filled in; of those that differ, descriptions (`TAKEN`)
are replaced, while addresses are kept and the difference is reported, because a wrong one would
raise alerts. Switches that the file lacks are added to its list.

Must not know: the other schools of the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.config.rows import KEYS, LONGEST_ID, NamedHost, switch_text, written
from monitor.config.tree.signs import Part, open_quote, parts
from monitor.config.tree.text import Mapping as MappingNode
from monitor.config.tree.text import Node, Scalar, Sequence, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.config.rows import Value

TAKEN: Final = ("name", "type", "district", "location")
"""Keys whose values are replaced by different ones."""

_FILLED: Final = ("number", *TAKEN)
_KEPT: Final = ("network", "profile")


class EditError(ValueError):
    """The file cannot be edited; the message names the place and the remedy."""


def value_of(node: Node, key: str) -> object:
    """Return the value of a school's key, None if it has none."""
    found = node.values.get(key) if isinstance(node, MappingNode) else None
    return None if found is None else plain(found)


class Note(NamedTuple):
    """A sentence about a value; `{line}` in it stands for the new number of line `line`."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry of one school in the lines of the file `name`.

    Editing changes `lines` in place without changing their number; `notes` gets a sentence for
    each value that differs.
    """

    node: MappingNode
    lines: list[str]
    name: str
    notes: list[Note]

    def merge(self, row: Mapping[str, Value]) -> bool:
        """Merge the values of a row; return whether the lines change.

        Raises:
            EditError: if a value to be replaced is not on a line of its own.
        """
        before = list(self.lines)
        for key in _FILLED:
            if key in row:
                self._describe(key, row[key])
        for key in _KEPT:
            there = value_of(self.node, key)
            if key in row and there is not None and there != row[key]:
                self._keep(key, str(there), str(row[key]))
        self._equip(row)
        return self.lines != before

    def _describe(self, key: str, new: Value) -> None:
        if key not in self.node.values:
            self._insert(key, new)
            return
        if key not in TAKEN:
            return
        old = plain(self.node.values[key])
        if (list(new) if isinstance(new, tuple) else new) == old:
            return
        line = self.node.keys[key].line
        self._note(f"{key}:{written(new)} replaces {_shown(old)} in line {{line}}", line)
        self._write(key, new)

    def _equip(self, row: Mapping[str, Value]) -> None:
        router, switches = row.get("router"), row.get("switches")
        there = value_of(self.node, "router")
        if "sites" in self.node.values:
            found = ([f"router {router}"] if router else []) + _listed(switches)
            if found:
                what = f"it has several sites; in line {{line}}, enter by hand: {', '.join(found)}"
                self._note(what, self.node.mark.line)
            return
        if router is not None and "router" not in self.node.values:
            self._insert("router", router)
        elif router is not None and there != router:
            self._keep("router", str(there), str(router))
        if switches is not None:
            self._connect(switches)

    def _connect(self, wanted: Value) -> None:
        """Add switches that the list lacks, and report those that are gone or moved."""
        node = self.node.values.get("switches")
        if node is None:
            self._insert("switches", wanted)
            return
        if not isinstance(wanted, list) or not isinstance(node, Sequence):
            if plain(node) != wanted:
                found = ", ".join(_listed(wanted))
                there = len(node.items) if isinstance(node, Sequence) else plain(node)
                self._keep("switches", str(there), found)
            return
        there = [
            NamedHost(*(str(value_of(one, key)) for key in ("name", "host"))) for one in node.items
        ]
        hosts = {one.host for one in wanted}
        known = {one.host for one in there}
        lost = {one.name: one.host for one in there if one.host not in hosts}
        moved = {one.name: one.host for one in wanted if one.host not in known and one.name in lost}
        for one, item in zip(there, node.items, strict=True):
            if one.name in moved:
                self._keep(f"address of switch {one.name}", one.host, moved[one.name], item)
            elif one.name in lost:
                what = f"switch {one.name} ({one.host}) in line {{line}} is not in the import"
                self._note(f"{what}; it is watched until you remove that line", item.mark.line)
        new = [one for one in wanted if one.host not in known and one.name not in moved]
        self._append(node, _renamed(new, {one.name for one in there}))

    def _append(self, node: Sequence, switches: list[NamedHost]) -> None:
        """Add switches at the end of a list."""
        if not switches:
            return
        last = node.items[-1] if node.items else None
        begins = last and re.match(r"\s*-\s", self.lines[last.mark.line - 1])
        if last is None or not begins or self._is_flow():
            found = ", ".join(_listed(switches))
            self._note(
                f"new in the import: {found}; enter by hand in line {{line}}", node.mark.line
            )
            return
        dash = begins[0].index("-")
        at = self._last_line(last.mark.line, dash + 1)
        self._end(at)
        for one in switches:
            self.lines[at] += f"{' ' * dash}- {switch_text(one)}\n"

    def _insert(self, key: str, value: Value) -> None:
        """Write a missing key below the keys that precede it, switches below all others."""
        if self._is_flow():
            what = ", ".join(_listed(value)) if key == "switches" else f"`{key}:{written(value)}`"
            self._note(f"enter by hand in line {{line}}: {what}", self.node.mark.line)
            return
        indent = " " * (self.node.mark.column - 1)
        if key == "switches":
            at = self._last_line(self.node.mark.line, len(indent))
        else:
            before = (self.node.values.get(one) for one in KEYS[: KEYS.index(key)])
            above = [one.mark.line for one in before if isinstance(one, Scalar)]
            at = max(above, default=self.node.mark.line) - 1
        self._end(at)
        self.lines[at] += f"{indent}{key}:{written(value, indent)}\n"

    def _is_flow(self) -> bool:
        """Return whether the school is written in braces."""
        return self.lines[self.node.mark.line - 1][self.node.mark.column - 1] == "{"

    def _end(self, at: int) -> None:
        if not self.lines[at].endswith("\n"):
            self.lines[at] += "\n"

    def _last_line(self, first: int, indent: int) -> int:
        """Return the index of the last line that belongs to what begins in line `first`."""
        last = first - 1
        for at, line in enumerate(self.lines[first:], first):
            said = line.strip()
            if said and len(line) - len(line.lstrip()) < indent:
                break
            if said and not said.startswith("#"):
                last = at
        return last

    def _write(self, key: str, new: Value) -> None:
        line = self.node.keys[key].line
        text = self.lines[line - 1]
        comment = next((at for at, _, part in parts(text) if part is Part.COMMENT), len(text))
        found = re.fullmatch(
            rf"(?P<before>\s*(?:- )?{key}:\s+)(?P<value>\S.*?)(?P<after>\s*)",
            text[:comment],
            re.DOTALL,
        )
        is_single = isinstance(self.node.values[key], Scalar) or (
            found is not None and found["value"].startswith("[") and found["value"].endswith("]")
        )
        if found is None or not is_single or self._goes_on(key):
            raise EditError(
                f"{self.name}:{line}: {key} is not on a line of its own; edit this school by hand"
            )
        value = f"{written(new)[1:]}{found['after']}{text[comment:]}"
        self.lines[line - 1] = f"{found['before']}{value}"

    def _goes_on(self, key: str) -> bool:
        """Return whether the value of a key continues on the next line."""
        mark = self.node.keys[key]
        is_open = open_quote(self.lines[mark.line - 1]) is not None
        return is_open or self._last_line(mark.line, mark.column) >= mark.line

    def _keep(self, what: str, old: str, new: str, node: Node | None = None) -> None:
        line = (self.node.keys[what] if node is None else node.mark).line
        there = f"{what} is {old} in line {{line}}, {new} in the import"
        self._note(f"{there}; it stays until you edit that line", line)

    def _note(self, what: str, line: int) -> None:
        self.notes.append(Note(f"{value_of(self.node, 'id')}: {what}", line))


def _shown(value: object) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)


def _listed(switches: object) -> list[str]:
    if isinstance(switches, list):
        return [f"switch {one.name} ({one.host})" for one in switches]
    return [] if switches is None else [f"{switches} switches"]


def _renamed(switches: list[NamedHost], taken: set[str]) -> list[NamedHost]:
    """Return the switches with names that the school does not have yet."""
    found = []
    for one in switches:
        names = (
            one.name,
            *(f"{one.name[: LONGEST_ID - 4]}-{number}" for number in range(2, len(taken) + 3)),
        )
        name = next(name for name in names if name not in taken)
        taken.add(name)
        found.append(NamedHost(name, one.host))
    return found
