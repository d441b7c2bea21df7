"""A web configuration file that changes while the daemon runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.web_access import WebFileError
from monitor.web_rules import LOOK_SECONDS, WebFile
from tests.exposition.support import HandClock

if TYPE_CHECKING:
    from pathlib import Path

HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"


def test_a_change_is_taken_within_a_second_and_a_bad_one_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, clock = tmp_path / "web.yml", HandClock()
    path.write_text(f'basic_auth_users: {{one: "{HASH}"}}')
    rules = WebFile(path, clock)
    path.write_text(f'basic_auth_users: {{one: "{HASH}", two: "{HASH}"}}')
    assert set(rules.current().users) == {"one"}
    clock.time += LOOK_SECONDS
    assert set(rules.current().users) == {"one", "two"}
    path.write_text("basic_auth_users: {one: plain}")
    for _ in range(5):
        clock.time += LOOK_SECONDS
        assert set(rules.current().users) == {"one", "two"}
    path.unlink()
    clock.time += LOOK_SECONDS
    assert set(rules.current().users) == {"one", "two"}
    said = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(said) == 2
    assert "plain" not in "".join(said)


def test_a_file_that_is_bad_at_the_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WebFileError, match="cannot be read"):
        WebFile(tmp_path / "none.yml", HandClock())
