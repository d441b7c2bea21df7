"""The past of a demo is written once and kept at later starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from monitor.cli.demo_past import NOTE, prepared_past
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import LEDGER_FILE, SqlitePlace
from monitor.ledger.reader import open_reader
from monitor.rollout.stage_records import STAGE
from tests.simulator.test_play import CITY
from tests.virtual_time import VirtualClock

if TYPE_CHECKING:
    from pathlib import Path


def stages(folder: Path) -> int:
    with open_reader(folder / LEDGER_FILE) as reader:
        return len(list(reader.entries(STAGE)))


async def test_a_past_is_written_once_and_kept_at_the_next_start(tmp_path: Path) -> None:
    clock = VirtualClock()
    past = await prepared_past(tmp_path, CITY, clock)
    assert past is not None
    written = stages(tmp_path)
    assert written > len(CITY.schools)
    await clock.sleep(0)
    again = await prepared_past(tmp_path, CITY, clock)
    assert again == past
    assert stages(tmp_path) == written


async def test_a_demo_started_without_a_past_stays_without_one(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with Ledger.open(SqlitePlace(tmp_path / LEDGER_FILE), clock):
        pass
    assert await prepared_past(tmp_path, CITY, clock) is None


async def test_a_damaged_note_is_named_with_the_cure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = VirtualClock()
    await prepared_past(tmp_path, CITY, clock)
    (tmp_path / NOTE).write_text("{}", encoding="utf-8")
    with pytest.raises((SystemExit, click.exceptions.Exit)):
        await prepared_past(tmp_path, CITY, clock)
    assert "remove the folder" in capsys.readouterr().err
