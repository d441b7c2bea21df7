"""After a kill the start says since when minutes are unknown; after a stop it says nothing."""

from __future__ import annotations

import logging
import shutil
from typing import TYPE_CHECKING

import pytest

from monitor.availability.records import MinuteRun, minutes_entry
from monitor.daemon.consumers.minutes import warn_of_kill
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from tests.ledger.clocks import ManualClock

if TYPE_CHECKING:
    from pathlib import Path


async def run(folder: Path, killed: Path | None = None) -> bool:
    """Write a ledger, copy its files as a kill would leave them; return whether one came before."""
    async with Ledger.open(SqlitePlace(folder / "ledger.sqlite"), ManualClock()) as ledger:
        await ledger.append([minutes_entry(MinuteRun(29_852_990, 5, "0123456789abcdef", "u"))])
        if killed is not None:
            shutil.copytree(folder, killed)
        return ledger.health.was_killed


async def test_a_ledger_knows_whether_its_last_writer_closed_it(tmp_path: Path) -> None:
    state, killed = tmp_path / "state", tmp_path / "killed"
    state.mkdir()
    assert not await run(state)
    assert not await run(state, killed), "it was stopped"
    assert await run(killed)
    assert not await run(killed), "and then stopped"
    (killed / "ledger.sqlite").unlink()
    async with Ledger.open(SqlitePlace(killed / "ledger.sqlite"), ManualClock()) as ledger:
        assert ledger.health.replaced, "a missing ledger is still noticed"


@pytest.mark.parametrize("recorded", [True, False])
async def test_the_log_says_which_minutes_a_kill_cost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, recorded: bool
) -> None:
    clock = ManualClock()
    if recorded:
        await run(tmp_path)
    async with Ledger.open(SqlitePlace(tmp_path / "ledger.sqlite"), clock) as ledger:
        await warn_of_kill(ledger, clock.now())
    [said] = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    since = "2026-10-05 05:55 UTC" if recorded else "its beginning"
    until = "2026-10-05 06:00 UTC are unknown"
    assert said == f"the last run was killed or crashed: the minutes from {since} to {until}"
