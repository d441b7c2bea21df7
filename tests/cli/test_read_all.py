"""The bytes a daemon loads are the bytes whose digest it logs."""

from __future__ import annotations

from hashlib import sha256
from pathlib import PosixPath
from typing import IO, TYPE_CHECKING, Any

from monitor.cli.run import read_all
from monitor.inventory.shard import Shard
from tests.integration.running import COMMUNITY_OF_RUN, Town

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

FIRST = Town(161, {"voede": 1})
SECOND = Town(161, {"voede": 1, "goethe": 2})


class ReplacedWhenOpened(PosixPath):
    """A file that is replaced by another as soon as it has been opened."""

    def open(self, *arguments: Any, **options: Any) -> IO[Any]:  # type: ignore[override]  # as the original's
        opened: IO[Any] = super().open(*arguments, **options)
        SECOND.write(PosixPath(self))
        return opened


def test_the_digest_is_of_the_bytes_that_were_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(COMMUNITY_OF_RUN, "public")
    place = FIRST.write(tmp_path / "schools.yaml")
    bytes_before = place.read_bytes()
    loaded = read_all(ReplacedWhenOpened(place))
    assert [one.id for one in loaded.inventory.schools] == ["voede"]
    assert place.read_bytes() != bytes_before
    assert loaded.digest == sha256(bytes_before).hexdigest()


def test_a_shard_is_loaded_together_with_its_whole_city(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(COMMUNITY_OF_RUN, "public")
    place = Town(161, {f"school-{number}": number for number in range(1, 9)}).write(
        tmp_path / "schools.yaml"
    )
    whole = read_all(place)
    assert whole.city is None
    assert read_all(place, Shard(1, 1)) == whole
    parts = [read_all(place, Shard(number, 2)) for number in (1, 2)]
    assert all(part.city == whole.inventory for part in parts)
    assert sum(len(part.inventory.schools) for part in parts) == len(whole.inventory.schools)
