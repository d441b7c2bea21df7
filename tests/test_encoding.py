"""Text files are read and written in an encoding that is named, never in the locale's."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [
    path for part in ("monitor", "dashboards") for path in sorted((ROOT / part).rglob("*.py"))
]
# Their text is in the locale's encoding unless `encoding` says otherwise.
_TEXTS = {"read_text": 0, "write_text": 1, "TextIOWrapper": 1}


def nameless(tree: ast.AST) -> list[int]:
    """Return the lines of calls that open a text file without an encoding."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _is_text(node) and not _has_encoding(node)
    ]


def _name(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _has_encoding(call: ast.Call) -> bool:
    first = _TEXTS.get(_name(call), 3)
    return len(call.args) > first or any(one.arg == "encoding" for one in call.keywords)


def _is_text(call: ast.Call) -> bool:
    name = _name(call)
    if name in {"read_text", "write_text", "TextIOWrapper"}:
        return True
    if name not in {"open", "fdopen"} or ast.unparse(call.func) == "os.open":
        return False
    modes = [one.value for one in call.keywords if one.arg == "mode"] + call.args
    texts = [one.value for one in modes if isinstance(one, ast.Constant)]
    if isinstance(call.func, ast.Attribute) and name == "open" and not texts:
        # `open` is a method of many things; of a path's text it is when it has a mode or nothing.
        return not call.args and not call.keywords and ast.unparse(call.func.value).endswith("path")
    is_binary = any(isinstance(one, str) and "b" in one for one in texts)
    return not is_binary and bool(modes)


@pytest.mark.parametrize("path", SOURCES, ids=[str(one.relative_to(ROOT)) for one in SOURCES])
def test_text_files_are_opened_with_an_encoding(path: Path) -> None:
    lines = nameless(ast.parse(path.read_text(encoding="utf-8")))
    assert not lines, f"{path}: text in the locale's encoding in lines {lines}"


@pytest.mark.parametrize(
    ("source", "is_found"),
    [
        ("open('x')", True),
        ("open('x', 'w')", True),
        ("open('x', 'wb')", False),
        ("path.open('w')", True),
        ("path.open('rb')", False),
        ("path.open('w', encoding='utf-8')", False),
        ("path.write_text(x)", True),
        ("path.read_text('utf-8')", False),
        ("path.read_text()", True),
        ("os.fdopen(3, 'w')", True),
        ("os.open(path, flags, 0o600)", False),
    ],
)
def test_the_encoding_rule_finds_violations(source: str, *, is_found: bool) -> None:
    assert bool(nameless(ast.parse(source))) == is_found
