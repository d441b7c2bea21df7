"""pydantic's errors as text without values, for files with passwords or personal data.

Must not know: what the rules are for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from monitor.config.shape.fields import PATTERN_FORMS
from monitor.config.shape.layout import keys_at, path_of
from monitor.config.tree.places import key_mark_of, mark_of
from monitor.config.tree.problems import listed, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

    from monitor.config.shape.base import Rules
    from monitor.config.tree.problems import Findings
    from monitor.config.tree.text import Node

_WORD: Final = re.compile(r"[a-z][a-z0-9_-]{0,47}")
_TYPES: Final = {
    "string_type": ("not text", "write it in quotes"),
    "int_type": ("not a whole number", "allowed: 0 and more"),
    "bool_type": ("not a boolean", "allowed: true, false"),
    "list_type": ("not a list", "write [one, two], or each on a line of its own with a hyphen"),
    "dict_type": ("not a mapping", "allowed: keys with their values"),
    "model_type": ("not a mapping", "allowed: keys with their values"),
    "greater_than_equal": ("too small", "allowed: 0 and more"),
    "missing": ("missing", "write it"),
}


def note_quietly(
    detail: ErrorDetails,
    root: Node,
    document: type[Rules],
    forms: Mapping[str, tuple[str, str]],
    findings: Findings,
) -> None:
    """Add one of pydantic's errors at its place.

    `document` is the type of the whole file; `forms` maps each of its own patterns to the sentence
    for a mismatch, and the allowed form.
    """
    location, kind = detail["loc"], detail["type"]
    path = path_of(location, document)
    name = ".".join(map(_sayable, path)) or "the file"
    if kind == "extra_forbidden":
        allowed = keys_at(location[:-1], document)
        near = suggestion(str(location[-1]), allowed)
        findings.add(key_mark_of(root, path), f"unknown key {name}", listed(allowed, 20), near)
    elif kind == "literal_error":
        allowed_values = f"allowed: {detail['ctx']['expected']}"
        findings.add(mark_of(root, path), f"{name} has an unknown value", allowed_values)
    elif kind == "string_pattern_mismatch":
        pattern = str(detail["ctx"]["pattern"])
        wrong, cure = forms.get(pattern) or ("has the wrong form", PATTERN_FORMS[pattern])
        if location[-1] == "[key]":
            findings.add(key_mark_of(root, path), f"a key of {path[0]} {wrong}", cure)
        else:
            findings.add(mark_of(root, path), f"{name}: {wrong}", cure)
    elif kind == "too_long":
        most = f"allowed: at most {detail['ctx']['max_length']}"
        findings.add(mark_of(root, path), f"{name}: too many entries", most)
    else:
        wrong, cure = _TYPES.get(kind, (detail["msg"], ""))
        findings.add(mark_of(root, path), f"{name}: {wrong}", cure)


def _sayable(part: str | int) -> str:
    """Return a key for a message: anything but a plain word may be a misplaced value."""
    text = str(part)
    return text if isinstance(part, int) or _WORD.fullmatch(text) else "…"
