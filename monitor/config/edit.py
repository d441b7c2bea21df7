"""Edits the schools of a configuration file as a person would: in place, keeping comments.

Only single values and whole new schools are written; the rest of the file is unchanged, byte by
byte. What cannot be edited that way (a school on one line) is reported with its position.

Must not know: where the new values come from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.config.tree.problems import Findings
from monitor.config.tree.text import Mapping as MappingNode
from monitor.config.tree.text import Node, Scalar, Sequence, compose, plain, resolve
from monitor.words.plain import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KEYS: Final = (
    *("id", "number", "name", "type", "district", "location", "profile", "network"),
    *("router", "switches"),
)
"""The keys of a school that are written, in their order."""

UPDATED: Final = ("name", "type", "district", "location")
"""Keys that are updated for existing schools; the network plan owns the others."""

_DEVICES: Final = ("router", "switches")
_SAFE: Final = re.compile(
    r"[A-Za-zÄÖÜäöüß][A-Za-z0-9ÄÖÜäöüß .()/'&+-]*[A-Za-z0-9ÄÖÜäöüß.)]|[A-Za-z]"
)
_INDENT: Final = "  "


class NamedHost(NamedTuple):
    """A switch: its name and its address or host name."""

    name: str
    host: str


Value = str | int | tuple[float, float] | list[NamedHost]
Row = dict[str, Value]
"""A school's values by the keys of the file; the location is latitude and longitude."""


class EditError(ValueError):
    """The file cannot be edited; the message names the place and the remedy."""


@dataclass(slots=True)
class Edited:
    """The new text, and what changed: ids of schools added, updated, and left out.

    `absent` are the schools of the file without a row; they are kept. `by_hand` has a
    sentence for each difference that only a person can edit.
    """

    text: str
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)


def edit_schools(text: str, rows: Iterable[Row], name: str) -> Edited:
    """Return the text with rows merged in: schools are matched by `number`, or `id` without one.

    Raises:
        EditError: if the text has no list of schools that can be edited.
    """
    findings = Findings(name)
    root = compose(text.encode(), findings)
    if not isinstance(root, MappingNode) or len(findings):
        raise EditError(str(findings.error()) if len(findings) else f"{name}: no configuration")
    schools = root.values.get("schools")
    if not isinstance(schools, Sequence):
        raise EditError(f"{name}: there is no list `schools`")
    numbers = {str(_value(node, "number")): node for node in schools.items}
    ids = {str(_value(node, "id")): node for node in schools.items}
    edited = Edited(text)
    lines = text.splitlines(keepends=True)
    blocks = []
    spoken = []
    for row in rows:
        node = numbers.get(str(row["number"])) if "number" in row else ids.get(str(row["id"]))
        if node is None:
            blocks.append(_block(row))
            edited.added.append(str(row["id"]))
            continue
        spoken.append(node)
        if _update(lines, node, row, name) | _equip(lines, node, row, edited.by_hand):
            edited.updated.append(str(_value(node, "id")))
    edited.absent = [
        str(_value(node, "id")) for node in schools.items if not any(node is one for one in spoken)
    ]
    edited.text = _insert("".join(lines), "".join(blocks), name)
    return edited


def slug(name: str) -> str:
    """Return a school's id made from its name: lower-case letters, digits and hyphens."""
    letters = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e"}
    small = "".join(letters.get(letter, letter) for letter in name.lower())
    return re.sub(r"[^a-z0-9]+", "-", small).strip("-")[:63].strip("-")


def _value(node: Node, key: str) -> object:
    found = node.values.get(key) if isinstance(node, MappingNode) else None
    return None if found is None else plain(found)


def _update(lines: list[str], node: Node, row: Mapping[str, Value], name: str) -> bool:
    """Write the differing values of a row into the lines; return whether there were any."""
    has_changed = False
    for key in UPDATED:
        new = row.get(key)
        if new is None or not isinstance(node, MappingNode) or key not in node.values:
            continue
        old = plain(node.values[key])
        if (list(new) if isinstance(new, tuple) else new) == old:
            continue
        _write(lines, node, key, new, name)
        has_changed = True
    return has_changed


def _equip(lines: list[str], node: Node, row: Mapping[str, Value], by_hand: list[str]) -> bool:
    """Add the router and switches that a school lacks; return whether any were added.

    Existing ones were chosen by a person: a difference is only reported.
    """
    wanted = {key: row[key] for key in _DEVICES if key in row}
    if not isinstance(node, MappingNode) or not wanted:
        return False
    school = _value(node, "id")
    first = lines[node.mark.line - 1]
    if "sites" in node.values or first.lstrip("- ").startswith("{"):
        by_hand.append(f"{school}: router and switches differ; edit this school by hand")
        return False
    named = [key for key in wanted if key in node.values and not _is_same(node, key, wanted[key])]
    if named:
        by_hand.append(f"{school}: {' and '.join(named)} differ; edit this school by hand")
    missing = {key: value for key, value in wanted.items() if key not in node.values}
    indent = " " * (node.mark.column - 1)
    at = _last_line(lines, node.mark.line, len(indent))
    if missing and not lines[at].endswith("\n"):
        lines[at] += "\n"
    for key, value in missing.items():
        lines[at] += f"{indent}{key}:{_written(value, indent)}\n"
    return bool(missing)


def _is_same(node: MappingNode, key: str, value: Value) -> bool:
    there = plain(node.values[key])
    if isinstance(value, list) and isinstance(there, list):
        hosts = {one.get("host") for one in there if isinstance(one, dict)}
        return hosts == {one.host for one in value}
    return there == value


def _last_line(lines: list[str], first: int, indent: int) -> int:
    """Return the index of the last line of the school that begins in line `first`."""
    last = first - 1
    for at, line in enumerate(lines[first:], first):
        said = line.strip()
        if said and len(line) - len(line.lstrip()) < indent:
            break
        if said and not said.startswith("#"):
            last = at
    return last


def _write(lines: list[str], node: MappingNode, key: str, new: Value, name: str) -> None:
    line = node.keys[key].line
    found = re.fullmatch(
        rf"(?P<before>\s*(?:- )?{key}:\s+)(?P<value>\S.*?)(?P<after>(?:\s+#.*)?\s*)",
        lines[line - 1],
        re.DOTALL,
    )
    is_single = isinstance(node.values[key], Scalar) or (
        found is not None and found["value"].startswith("[") and found["value"].endswith("]")
    )
    if found is None or not is_single:
        raise EditError(
            f"{name}:{line}: {key} is not on a line of its own; edit this school by hand"
        )
    lines[line - 1] = f"{found['before']}{_written(new)[1:]}{found['after']}"


def _block(row: Mapping[str, Value]) -> str:
    written = [f"{key}:{_written(row[key])}\n" for key in KEYS if key in row]
    return f"{_INDENT}- " + f"{_INDENT}  ".join(written)


def _written(value: Value, indent: str = _INDENT * 2) -> str:
    """Return the text after the colon of a school's key with that indentation."""
    if isinstance(value, list):
        entries = (f"{{name: {yaml_text(one.name)}, host: {yaml_text(one.host)}}}" for one in value)
        return "".join(f"\n{indent}{_INDENT}- {entry}" for entry in entries) if value else " []"
    if isinstance(value, tuple):
        return f" [{value[0]}, {value[1]}]"
    return f" {value if isinstance(value, int) else yaml_text(value)}"


def yaml_text(value: str) -> str:
    """Return a text in YAML notation."""
    # Quoted wherever a reader could take it for something else.
    if _SAFE.fullmatch(value) and resolve(value) == value and ": " not in value:
        return value
    if re.fullmatch(r"[0-9a-f.:]+/[0-9]+|(?:[0-9]{1,3}\.){3}[0-9]{1,3}", value):
        return value
    return as_json(value)


def _insert(text: str, blocks: str, name: str) -> str:
    """Insert new schools after the last one: before the next key of the file, or its end mark."""
    if not blocks:
        return text
    begins = re.search(r"^schools:[^\n]*\n", text, re.MULTILINE)
    if begins is None or "[" in begins[0]:
        raise EditError(f"{name}: the list `schools` is not on lines of its own")
    at = begins.end()
    for line in re.compile(r"^[^\n]*\n?", re.MULTILINE).finditer(text, begins.end()):
        # Indented lines belong to the list; a comment before the next key does not.
        if line[0][:1] in {" ", "-"} and line[0].strip():
            at = line.end()
        elif line[0].strip() and not line[0].startswith("#"):
            break
    before = text[:at] if text[:at].endswith("\n") else f"{text[:at]}\n"
    return before + blocks + text[at:]
