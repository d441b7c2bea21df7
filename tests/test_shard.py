"""Shards: every school is one daemon's, and few move when daemons are added."""

from __future__ import annotations

from collections import Counter

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.main import main
from monitor.shard import Shard
from tests.exposition.support import inventory, school

IDS = [f"school-{number}" for number in range(1000)]


@given(st.integers(1, 12), st.text(min_size=1, max_size=20))
def test_every_school_is_in_exactly_one_shard(count: int, school_id: str) -> None:
    shards = [Shard(number, count) for number in range(1, count + 1)]
    assert sum(shard.has(school_id) for shard in shards) == 1


def test_shards_are_of_about_the_same_size() -> None:
    sizes = Counter(number for number in range(1, 6) for one in IDS if Shard(number, 5).has(one))
    assert all(150 < size < 250 for size in sizes.values())


def test_one_more_daemon_moves_no_school_between_the_others() -> None:
    moved = [one for one in IDS if Shard(6, 6).has(one)]
    assert 100 < len(moved) < 240
    for number in range(1, 6):
        kept = {one for one in IDS if Shard(number, 5).has(one)} - set(moved)
        assert kept == {one for one in IDS if Shard(number, 6).has(one)}


def test_shards_split_an_inventory_without_overlap_or_loss() -> None:
    whole = inventory(*(school(one) for one in IDS[:50]))
    parts = [Shard(number, 2).of(whole) for number in (1, 2)]
    assert all(part.references == whole.references for part in parts)
    ids = [one.id for part in parts for one in part.schools]
    assert sorted(ids) == sorted(one.id for one in whole.schools)


@pytest.mark.parametrize("wrong", ["0/2", "3/2", "2", "1/0", "a/b", "-1/2"])
def test_a_shard_that_does_not_exist_is_wrong_usage(wrong: str) -> None:
    result = CliRunner().invoke(main, ["run", "--shard", wrong])
    assert result.exit_code == 2
    assert "NUMBER/COUNT" in result.stderr
