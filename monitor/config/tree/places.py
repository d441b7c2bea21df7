"""From a path of keys and list positions to its position in the file.

Must not know: what the keys mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.config.tree.text import Mapping, Node, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config.shape.layout import Location
    from monitor.config.tree.problems import Mark


def mark_of(root: Node, path: Location) -> Mark:
    """Return the position of the value at a path, or of the nearest enclosing one that exists."""
    node, mark = root, root.mark
    for part in path:
        if isinstance(node, Mapping) and part in node.values:
            node = node.values[str(part)]
        elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            break
        mark = node.mark
    return mark


def key_mark_of(root: Node, path: Location) -> Mark:
    """Return the position of a path's last key; for a list item, that of the value."""
    node = node_at(root, path[:-1])
    if isinstance(node, Mapping) and path[-1] in node.keys:
        return node.keys[str(path[-1])]
    return mark_of(root, path)


def with_source(said: str, path: Location | None, here: Location, root: Node) -> str:
    """Return a value with its line, if it is set in another section than `here` is or is in.

    `path` is that of its key, None if no level sets it.
    """
    if path is None:
        return f"{said} (the default)"
    if path[:-1] in {here, here[:-1]}:
        return said
    return f"{said} (inherited from line {mark_of(root, path).line})"


def node_at(root: Node, path: Location) -> Node | None:
    """Return the node at a path, or None."""
    node: Node | None = root
    for part in path:
        if isinstance(node, Mapping):
            node = node.values.get(str(part))
        elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            return None
    return node


def entries_below(node: Node, holder: str = "") -> Iterator[tuple[str, str, Node]]:
    """Yield each entry of each mapping with the key that holds the mapping (or its list)."""
    if isinstance(node, Sequence):
        for item in node.items:
            yield from entries_below(item, holder)
    elif isinstance(node, Mapping):
        for key, value in node.values.items():
            yield holder, key, value
            yield from entries_below(value, key)
