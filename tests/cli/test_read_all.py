"""What a daemon loads, and what the audit says that it loaded, are the same bytes."""

from __future__ import annotations

from hashlib import sha256
from pathlib import PosixPath
from typing import IO, TYPE_CHECKING, Any

from monitor.cli.common import read_all
from tests.integration.running import COMMUNITY_OF_RUN, Town

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

FIRST = Town(161, {"voede": 1})
SECOND = Town(161, {"voede": 1, "goethe": 2})


class ReplacedWhenOpened(PosixPath):
    """A file in whose place another is put as soon as it has been opened."""

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
