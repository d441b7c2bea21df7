"""Names, comments and docstrings avoid words at which a reader stops.

Strings are free: a test may need a user with such a name.
"""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("monitor", "dashboards", "tests", "bench", "tools")
AVOIDED = re.compile(
    r"\b(nobody|nobodys|somebody|anew|whoever|amid|nought|told\s+of|stands?\s+where|held\s+against)\b",
    re.IGNORECASE,
)


def avoided(source: str) -> list[str]:
    """Return the avoided words in names, comments and docstrings, each with its line."""
    if not AVOIDED.search(source.replace("_", " ")):
        return []
    found = []
    before = tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_docstring = token.type == tokenize.STRING and before != tokenize.OP
        if token.type in {tokenize.NAME, tokenize.COMMENT} or is_docstring:
            text = token.string.replace("_", " ")
            found += [f"{token.start[0]}: {word}" for word in AVOIDED.findall(text)]
        if token.type not in {tokenize.NL, tokenize.COMMENT}:
            before = token.type
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_prose_uses_plain_words(folder: str) -> None:
    paths = sorted((ROOT / folder).rglob("*.py"))
    assert paths
    for path in paths:
        found = avoided(path.read_text(encoding="utf-8"))
        assert not found, f"{path.relative_to(ROOT)}: {found}"


@pytest.mark.parametrize(
    "source",
    ['"""Told\nof it."""\n', "def x() -> None:\n    # begins anew\n    pass\n", "told_of = 1\n"],
)
def test_an_avoided_word_is_found(source: str) -> None:
    assert avoided(source)


def test_strings_are_free() -> None:
    assert not avoided('call("nobody")\nuser = "nobody"\n')
