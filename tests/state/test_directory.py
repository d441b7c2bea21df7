from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.state.directory import (
    StateDirectoryError,
    look_at_state_directory,
    prepare_state_directory,
)
from tests.small_disk import small_disk

if TYPE_CHECKING:
    from pathlib import Path


def test_the_state_directory_is_created_private(tmp_path: Path) -> None:
    state = tmp_path / "a" / "b"
    prepare_state_directory(state)
    assert state.stat().st_mode & 0o777 == 0o700
    assert list(state.iterdir()) == []


def test_a_state_directory_that_is_a_file_is_refused_with_the_cure(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.touch()
    with pytest.raises(StateDirectoryError, match=r"File exists; name a writable folder"):
        prepare_state_directory(state)


def test_looking_says_whether_it_exists_and_creates_nothing(tmp_path: Path) -> None:
    state = tmp_path / "a" / "b"
    assert not look_at_state_directory(state)
    assert list(tmp_path.iterdir()) == []
    prepare_state_directory(state)
    assert look_at_state_directory(state)


def test_looking_refuses_what_the_daemon_would(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for state in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StateDirectoryError, match="name a writable folder"):
            look_at_state_directory(state)


@pytest.mark.integration
@pytest.mark.root
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("size=16m", ""),
        ("size=1m", r"only 1024 KiB are free; make room on its disk: `df -h "),
        ("size=16m,nr_inodes=1", "no inode is free; make room on its disk"),
    ],
)
def test_looking_refuses_a_disk_that_is_full(tmp_path: Path, options: str, said: str) -> None:
    with small_disk(tmp_path / "disk", options) as state:
        if not said:
            assert look_at_state_directory(state)
            return
        for place in (state, state / "below"):
            with pytest.raises(StateDirectoryError, match=said):
                look_at_state_directory(place)
