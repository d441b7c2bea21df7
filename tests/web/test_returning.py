"""Clients logged in before a restart are known after it, and no address is in the file."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from monitor.web.login import Login, Logins
from monitor.web.returning import MOST, Returning
from tests.web.test_login import USERS, header

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "192.0.2.7"


async def test_only_addresses_of_good_logins_are_known_after_a_restart(
    tmp_path: Path,
) -> None:
    file = tmp_path / "web-logins.json"
    logins = Logins(lambda: 0.0, Returning(file))
    try:
        assert await logins.check(header("cheap", "falsch"), "192.0.2.8", USERS) is Login.BAD
        assert await logins.check(header("cheap", "eins"), ADDRESS, USERS) is Login.GOOD
    finally:
        # A write in progress is finished.
        logins._worker.shutdown()
    again = Returning(file)
    assert again.knows(ADDRESS)
    assert not again.knows("192.0.2.8")
    assert ADDRESS not in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_latest_addresses_are_kept_and_saved_once(tmp_path: Path) -> None:
    file = tmp_path / "web-logins.json"
    returning = Returning(file)
    assert all(returning.remember(f"192.0.2.{number}") for number in range(MOST + 1))
    assert not returning.remember(f"192.0.2.{MOST}")
    returning.save()
    again = Returning(file)
    assert not again.knows("192.0.2.0")
    assert all(again.knows(f"192.0.2.{number}") for number in range(1, MOST + 1))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        "[" * 4000,
        json.dumps({"key": "00", "digests": []}),
        json.dumps({"key": 1, "digests": []}),
        json.dumps({"key": "00" * 32, "digests": [1]}),
        json.dumps({"key": "00" * 32, "digests": 3}),
    ],
)
def test_a_foreign_file_counts_as_empty(tmp_path: Path, content: str) -> None:
    file = tmp_path / "web-logins.json"
    file.write_text(content, encoding="utf-8")
    returning = Returning(file)
    assert not returning.knows(ADDRESS)
    assert returning.remember(ADDRESS)
    returning.save()
    assert Returning(file).knows(ADDRESS)


def test_an_unwritable_folder_is_only_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    returning = Returning(tmp_path / "gone" / "web-logins.json")
    returning.remember(ADDRESS)
    returning.save()
    assert returning.knows(ADDRESS)
    assert "cannot be written" in caplog.text
