"""The glossary explains words that the documentation and the metrics use."""

import re
from pathlib import Path

import pytest

from monitor.exposition.catalogue import CATALOGUE

DOCS = Path(__file__).parents[1] / "docs"
GLOSSARY = DOCS / "glossary.md"
WORDS = re.findall(r"^\| \*\*(.+?)\*\* \|", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)


def used_text() -> str:
    """Return the pages but the glossary, and every HELP text."""
    pages = (page.read_text(encoding="utf-8") for page in DOCS.glob("*.md") if page != GLOSSARY)
    texts = (metric.help for metric in CATALOGUE.values())
    return " ".join(" ".join([*pages, *texts]).lower().split())


def test_the_glossary_lists_each_word_once() -> None:
    assert len(WORDS) >= 15
    assert sorted(set(WORDS)) == sorted(WORDS)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_the_glossary_is_used(word: str) -> None:
    assert re.search(rf"\b{re.escape(word)}s?\b", used_text()), f"{word} is used in no page"


def test_readme_links_to_the_glossary() -> None:
    readme = DOCS.parent / "README.md"
    assert "(docs/glossary.md)" in readme.read_text(encoding="utf-8")
