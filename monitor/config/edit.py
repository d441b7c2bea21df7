"""Edits the schools of a configuration file as a person would: in place, keeping comments.

Only single values, new switches and whole new schools are written; the rest of the file is
unchanged, byte by byte. What cannot be edited that way (a school on one line) is reported with its
position.

Must not know: where the new values come from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from monitor.config.entry import EditError, Entry, value_of
from monitor.config.rows import INDENT, KEYS, LONGEST_ID, written
from monitor.config.tree.problems import Findings
from monitor.config.tree.text import Mapping as MappingNode
from monitor.config.tree.text import Scalar, Sequence, compose

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Mapping

    from monitor.config.entry import Note
    from monitor.config.rows import Row, Value

# A line end other than that of Windows.
_UNIX_END: Final = re.compile(r"(?<!\r)\n")


@dataclass(slots=True)
class Edited:
    """The new text, and what changed: ids of schools added, updated, and left out.

    `added` has their rows. `absent` are the schools of the file without a row, with the lines where
    they begin; they are kept. `notes` has a sentence for each value that differs. Lines are those
    of the new text.
    """

    text: str
    added: dict[str, Row] = field(default_factory=dict)
    updated: list[str] = field(default_factory=list)
    absent: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def edit_schools(text: str, rows: Collection[Row], name: str) -> Edited:
    """Return the text with rows merged in: schools are matched by `number`, or `id` without one.

    A row with a number also matches the school of its id if that has no number. If the id of a new
    school is taken, its number is appended to the id.

    Raises:
        EditError: if the list or a school of it cannot be edited, a row could be either of two
            schools, or a new school has neither a name nor an id.
    """
    findings = Findings(name)
    root = compose(text.encode(), findings)
    if not isinstance(root, MappingNode) or len(findings):
        raise EditError(str(findings.error()) if len(findings) else f"{name}: no configuration")
    schools = root.values.get("schools")
    is_empty = isinstance(schools, Scalar) and schools.value is None
    if not isinstance(schools, Sequence) and not is_empty:
        raise EditError(f"{name}: there is no list `schools`")
    items = schools.items if isinstance(schools, Sequence) else ()
    nodes = [node for node in items if isinstance(node, MappingNode)]
    numbers, ids = _by_value(nodes, "number"), _by_value(nodes, "id")
    indent = " " * (schools.mark.column - 1) if isinstance(schools, Sequence) else INDENT
    edited = Edited(text)
    lines = text.splitlines(keepends=True)
    blocks = []
    spoken = []
    notes: list[Note] = []
    for row in rows:
        node = numbers.get(str(row["number"])) if "number" in row else ids.get(str(row["id"]))
        if node is None:
            node = _unnumbered(row, rows, ids, name)
        if node is None:
            if "id" not in row:
                raise EditError(f"school {row['number']} is new; it needs a name or an id")
            own = _own_id(row, ids.keys() | edited.added.keys())
            blocks.append(_block(row | {"id": own}, indent))
            edited.added[own] = row
            continue
        spoken.append(node)
        if Entry(node, lines, name, notes).merge(row):
            edited.updated.append(str(value_of(node, "id")))
    edited.notes = [one.text.replace("{line}", str(_place(lines, one.line))) for one in notes]
    edited.absent = {
        str(value_of(node, "id")): _place(lines, node.mark.line)
        for node in nodes
        if not any(node is one for one in spoken)
    }
    edited.text = _insert("".join(lines), "".join(blocks), name)
    if "\r\n" in text and not _UNIX_END.search(text):
        edited.text = _UNIX_END.sub("\r\n", edited.text)
    return edited


def _by_value(nodes: Iterable[MappingNode], key: str) -> dict[str, MappingNode]:
    """Return the schools by their value of a key; those without it are left out."""
    return {str(value_of(node, key)): node for node in nodes if value_of(node, key) is not None}


def _place(lines: list[str], line: int) -> int:
    """Return the number of a line among edited ones, some of which have become several."""
    return 1 + sum(one.count("\n") for one in lines[: line - 1])


def _own_id(row: Row, taken: Container[str]) -> str:
    """Return a new school's id, with its number if the id is taken."""
    own, number = str(row["id"]), f"-{row.get('number')}".lower()
    return f"{own[: LONGEST_ID - len(number)].rstrip('-')}{number}" if own in taken else own


def _unnumbered(
    row: Row, rows: Iterable[Row], ids: Mapping[str, MappingNode], name: str
) -> MappingNode | None:
    """Return the school without a number that has a row's id; None if there is none.

    Raises:
        EditError: if that school has a number that no row has, or several rows have the id.
    """
    node = ids.get(str(row.get("id")))
    if node is None:
        return None
    number = value_of(node, "number")
    if number is None:
        same = [str(one.get("number")) for one in rows if one.get("id") == row["id"]]
        if len(same) > 1:
            raise EditError(
                f"{name}:{node.mark.line}: schools {' and '.join(same)} of the import have the id "
                f"{row['id']}, which has no number here; give it its own, such as "
                f'`number: "{same[0]}"`'
            )
        return node
    if not any(str(one.get("number")) == str(number) for one in rows):
        raise EditError(
            f"{name}:{node.keys['number'].line}: school {row['number']} of the import has the id "
            f"{row['id']}, which is school {number} in the file; if they are the same school, "
            f'write `number: "{row["number"]}"` here, otherwise change the id of one of them'
        )
    return None


def _block(row: Mapping[str, Value], indent: str) -> str:
    """Return a new school as an entry of the list, whose hyphens have that indentation."""
    inner = f"{indent}{INDENT}"
    entries = [f"{key}:{written(row[key], inner)}\n" for key in KEYS if key in row]
    return f"{indent}- " + inner.join(entries)


def _insert(text: str, blocks: str, name: str) -> str:
    """Insert new schools after the last one: before the next key of the file, or its end mark."""
    if not blocks:
        return text
    begins = re.search(r"^\ufeff?schools:[^\n]*\n", text, re.MULTILINE)
    if begins is None or "[" in begins[0].partition("#")[0]:
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
