"""Requests about excuses, while the ledger or the state directory fails."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from monitor.availability.excuse_requests import ExcuseFile
from monitor.availability.excuses import EXCUSE, Withdrawal
from monitor.daemon.consumers.excuses import obey_excuses
from monitor.ledger.chain import LedgerStorageError
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from tests.availability.test_excuses import NOW, excuse
from tests.ledger.clocks import ManualClock, until

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from monitor.ledger.chain import Recorded


async def test_a_request_waits_while_the_ledger_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    requests, clock = ExcuseFile(tmp_path / "excuses.json"), ManualClock()
    requests.add(excuse())
    real, fails = Ledger.entries, True

    async def entries(ledger: Ledger, kind: str) -> list[Recorded]:
        if fails:
            raise LedgerStorageError("the connection was lost")
        return await real(ledger, kind)

    monkeypatch.setattr(Ledger, "entries", entries)
    async with Ledger.open(SqlitePlace(tmp_path / "ledger.sqlite"), clock) as ledger:
        task = asyncio.create_task(obey_excuses(ledger, requests, clock))
        await until(lambda: task.done() or len(clock.slept) > 1)
        fails = False
        await until(lambda: task.done() or ledger.health.recorded > 0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert len(await real(ledger, EXCUSE)) == 1
    assert caplog.text.count("the connection was lost") == 1


async def test_a_refused_excuse_is_gone_and_not_recorded_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It overlaps one in force, which is withdrawn afterwards."""
    requests, clock = ExcuseFile(tmp_path / "excuses.json"), ManualClock()
    first, overlaps = excuse(), excuse(id="e2")
    requests.add(first)
    requests.add(overlaps)
    async with Ledger.open(SqlitePlace(tmp_path / "ledger.sqlite"), clock) as ledger:
        task = asyncio.create_task(obey_excuses(ledger, requests, clock))
        await until(lambda: task.done() or "excuse refused" in caplog.text)
        requests.add(Withdrawal(first.id, NOW, "Max", "it was another line"))
        await until(lambda: task.done() or ledger.health.recorded > 1)
        # Whatever is left in the file would be carried out with the next request.
        requests.add(Withdrawal("e9", NOW, "Max", "there is none"))
        await until(lambda: task.done() or "there is no excuse" in caplog.text)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert [one.entry.payload["excuse"] for one in await ledger.entries(EXCUSE)] == [first.id]
    assert overlaps not in requests.read()


async def test_a_state_directory_that_cannot_be_read_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    requests, clock = ExcuseFile(tmp_path / ("long" * 100)), ManualClock()
    async with Ledger.open(SqlitePlace(tmp_path / "ledger.sqlite"), clock) as ledger:
        task = asyncio.create_task(obey_excuses(ledger, requests, clock))
        await until(lambda: task.done() or len(clock.slept) > 2)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert caplog.text.count("File name too long") == 1
