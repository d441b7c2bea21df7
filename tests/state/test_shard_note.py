"""The note of a shard in the state directory of its daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.state.shard_note import note_shard, noted_shards

if TYPE_CHECKING:
    from pathlib import Path


def test_daemons_that_share_a_directory_are_all_noted(tmp_path: Path) -> None:
    for shard in ("2/3", "1/3", "2/3"):
        note_shard(tmp_path, shard)
    assert noted_shards(tmp_path) == [(1, 3), (2, 3)]


def test_another_number_of_shards_replaces_the_notes_and_nothing_else(tmp_path: Path) -> None:
    other = tmp_path / "shard-1-of-3.txt"
    other.touch()
    note_shard(tmp_path, "1/3")
    note_shard(tmp_path, "10/12")
    assert noted_shards(tmp_path) == [(10, 12)]
    note_shard(tmp_path, "")
    assert noted_shards(tmp_path) == []
    assert list(tmp_path.iterdir()) == [other]


def test_without_a_directory_no_shard_is_known(tmp_path: Path) -> None:
    assert noted_shards(tmp_path / "none") == []
