"""The fuzzer's corpus, replayed without the fuzzer as a regression test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.replies import digest

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())


@pytest.mark.parametrize("path", CORPUS, ids=[path.name for path in CORPUS])
def test_all_decoders_refuse_or_agree(path: Path) -> None:
    digest(path.read_bytes())


def test_the_corpus_is_small() -> None:
    assert 10 <= len(CORPUS) <= 200
    assert sum(path.stat().st_size for path in CORPUS) < 100_000
