"""The configuration file: from YAML text to an inventory, or to all mistakes in it.

Must not know: what is done with the inventory. Secrets are read by
`monitor.config.secrets`.
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.config.build.build import build
from monitor.config.build.names import check_names
from monitor.config.shape.schema import schema
from monitor.config.shape.validate import validate
from monitor.config.tree.problems import (
    NOWHERE,
    ConfigError,
    Findings,
    Problem,
    TooManyProblemsError,
)
from monitor.config.tree.text import MAX_BYTES, compose

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.config.tree.text import Node
    from monitor.inventory.city import Inventory

_END_MARK = re.compile(rb"^\.\.\.(?:\s|$)", re.MULTILINE)

__all__ = [
    "ConfigError",
    "Examined",
    "Problem",
    "examine",
    "load",
    "load_text",
    "read",
    "schema",
]


def load(path: Path) -> Inventory:
    """Return the inventory that a file describes; the file is read once.

    Raises:
        ConfigError: if the file cannot be read or is invalid, with every reason.
    """
    return load_text(read(path), str(path))


def read(path: Path) -> bytes:
    """Return a file's bytes, for `load_text` and for logging which bytes were loaded.

    Raises:
        ConfigError: if the file cannot be read.
    """
    try:
        return _read(path)
    except OSError as error:
        findings = Findings(str(path))
        findings.add(NOWHERE, f"the file cannot be read: {error.strerror or error}")
        raise findings.error() from error


def _read(path: Path) -> bytes:
    if path.is_fifo():
        # Opening it would wait for a writer, forever in a daemon that reloads.
        raise OSError(errno.EINVAL, "it is a pipe, but a file is needed")
    with path.open("rb") as file:
        # One byte more than allowed shows that the file is larger, whatever its size.
        return file.read(MAX_BYTES + 1)


@dataclass(frozen=True, slots=True)
class Examined:
    """The contents of a file, and its error, None if it has none.

    `root` and `inventory` are None if the text could not be read. With an error, `inventory` has
    only the valid parts: enough to look for warnings, and not to be used for anything else.
    """

    text: str
    root: Node | None
    inventory: Inventory | None
    error: ConfigError | None


def load_text(text: bytes, name: str) -> Inventory:
    """Return the inventory that a file's bytes describe; problems refer to the file as `name`.

    Raises:
        ConfigError: if it is invalid, with every reason.
    """
    found = examine(text, name)
    if found.inventory is None or found.error is not None:
        raise found.error or ConfigError(())
    return found.inventory


def examine(text: bytes, name: str) -> Examined:
    """Return the contents of a file, with every mistake; problems refer to the file as `name`."""
    findings = Findings(name)
    shown = text.decode("utf-8", "replace").removeprefix("\ufeff")
    root: Node | None = None
    inventory: Inventory | None = None
    try:
        root = compose(text, findings)
        inventory = None if root is None else _inventory(text, root, findings)
    except TooManyProblemsError:
        root = None
    is_refused = inventory is None or len(findings) > 0
    return Examined(shown, root, inventory, findings.error(shown) if is_refused else None)


def _inventory(text: bytes, root: Node, findings: Findings) -> Inventory:
    draft = validate(root, findings)
    check_names(root, findings)
    return replace(build(draft, root, findings), has_end_mark=bool(_END_MARK.search(text)))
