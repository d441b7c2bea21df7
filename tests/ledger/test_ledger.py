from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import sqlite3
import stat
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.ledger.chain import Entry, LedgerError, LedgerLockedError, LedgerStorageError
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from monitor.ledger.reader import LedgerReader, open_reader
from monitor.ledger.store import Store, open_store
from tests.ledger.attacker import change
from tests.ledger.clocks import ManualClock, until
from tests.ledger.test_anchor import grow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from monitor.ledger.anchor import Anchor
    from monitor.ledger.chain import Row

NOON = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


def note(number: int, subject: str = "a/main") -> Entry:
    return Entry(NOON + timedelta(minutes=number), "note", subject, {"n": number})


def recorded(path: Path, kind: str = "note") -> list[int]:
    with open_reader(path) as reader:
        assert reader.verify().problem == ""
        return [int(str(row.entry.payload["n"])) for row in reader.entries(kind)]


class RefusingDisk:
    """Replaces `Store.append` and fails while told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, after_commit: bool = False) -> None:
        self.refuses = True
        self.attempts = 0
        real = Store.append

        def append(store: Store, rows: Sequence[Row]) -> None:
            if self.refuses:
                self.attempts += 1
                if after_commit:
                    real(store, rows)
                raise LedgerStorageError("database or disk is full")
            real(store, rows)

        monkeypatch.setattr(Store, "append", append)


async def test_acknowledged_entry_is_there_for_another_reader(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        await ledger.append([note(1), note(2)])
        assert recorded(path) == [1, 2]
        assert ledger.health.recorded == 2
        assert ledger.health.healthy


async def test_entries_are_selected_by_kind_time_and_subject(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        await ledger.append([note(3), note(1), note(2, "b/main"), Entry(NOON, "other", "", {})])
        since, until = NOON + timedelta(minutes=1), NOON + timedelta(minutes=3)
        between = await ledger.entries("note", since, until)
        assert [row.entry.payload["n"] for row in between] == [1, 2]
        of_site = await ledger.entries("note", subject="b/main")
        assert [row.entry.payload["n"] for row in of_site] == [2]


async def test_many_entries_are_read_page_by_page(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        await ledger.append([note(n // 3) for n in range(6001)])
    assert recorded(path) == [n // 3 for n in range(6001)]


async def test_the_latest_entry_of_a_subject_is_the_one_with_the_latest_time(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.sqlite"

    def one(second: int, subject: str, number: int, kind: str = "latest") -> Entry:
        return Entry(NOON + timedelta(seconds=second), kind, subject, {"n": number})

    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        assert await ledger.latest("latest") == []
        await ledger.append(
            [one(5, "a", 1), one(3, "a", 2), one(1, "b", 3), one(9, "c", 4, "other")]
        )
        await ledger.append([one(1, "b", 5), one(2, "c", 6)])
        found = {entry.subject: entry.payload["n"] for entry in await ledger.latest("latest")}
    assert found == {"a": 1, "b": 5, "c": 6}


async def test_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    old = os.umask(0)
    try:
        async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
            await ledger.append([note(1)])
            with open_reader(path) as reader:
                reader.backup(tmp_path / "backup.sqlite")
    finally:
        os.umask(old)
    modes = {place.name: stat.S_IMODE(place.stat().st_mode) for place in tmp_path.iterdir()}
    assert modes == {"ledger.sqlite": 0o600, "ledger.sqlite.lock": 0o600, "backup.sqlite": 0o600}


async def test_second_writer_is_refused_with_a_message_but_readers_are_not(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        with pytest.raises(LedgerLockedError, match=r"another process writes this ledger.*stop it"):
            async with Ledger.open(SqlitePlace(path), ManualClock()):
                pass
        await ledger.append([note(1)])
        assert recorded(path) == [1]
    async with Ledger.open(SqlitePlace(path), ManualClock()):
        pass


async def test_missing_folder_is_reported_with_a_message(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no ledger"), open_reader(tmp_path / "no"):
        pass
    clock = ManualClock()
    async with Ledger.open(SqlitePlace(tmp_path / "no" / "ledger.sqlite"), clock) as ledger:
        assert not ledger.health.healthy
        assert "No such file or directory" in ledger.health.problem


async def test_loop_is_not_blocked_by_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Store.append

    def slow(store: Store, rows: Sequence[Row]) -> None:
        time.sleep(0.2)
        real(store, rows)

    monkeypatch.setattr(Store, "append", slow)
    async with Ledger.open(SqlitePlace(tmp_path / "ledger.sqlite"), ManualClock()) as ledger:
        append = asyncio.create_task(ledger.append([note(1)]))
        turns = 0
        while not append.done():
            await asyncio.sleep(0.001)
            turns += 1
    assert turns > 20


async def test_full_disk_makes_it_unhealthy_until_it_recovers_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "monitor.audit")
    path, clock = tmp_path / "ledger.sqlite", ManualClock()
    async with Ledger.open(SqlitePlace(path), clock) as ledger:
        disk = RefusingDisk(monkeypatch)
        waiting = [asyncio.create_task(ledger.append([note(n)])) for n in range(5)]
        await until(lambda: disk.attempts >= 8)
        assert not ledger.health.healthy
        assert ledger.health.problem == "database or disk is full"
        assert ledger.health.waiting == 5
        assert not any(task.done() for task in waiting)
        disk.refuses = False
        await asyncio.gather(*waiting)
        assert (ledger.health.problem, ledger.health.unrecorded) == ("", 0)
    assert recorded(path) == [0, 1, 2, 3, 4]
    about = [(one.levelname, one.getMessage()) for one in caplog.records if "writ" in one.msg]
    assert about == [
        (
            "ERROR",
            "the ledger cannot be written; its entries wait in memory: database or disk is full",
        ),
        ("INFO", "the ledger is written again; it could not be: database or disk is full"),
    ]
    assert clock.slept[:7] == [1, 2, 4, 8, 16, 30, 30]


async def test_entries_beyond_the_buffer_are_counted_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock(), capacity=3) as ledger:
        disk = RefusingDisk(monkeypatch)
        assert ledger.submit([note(1)])
        await until(lambda: disk.attempts >= 1)
        assert ledger.submit([note(2), note(3)])
        assert not ledger.submit([note(4)])
        with pytest.raises(LedgerStorageError, match="3 entries wait"):
            await ledger.append([note(5), note(6)])
        assert ledger.health.unrecorded == 3
        disk.refuses = False
        await until(lambda: not ledger.health.waiting)
        await ledger.append([note(7)])
    assert recorded(path) == [1, 2, 3, 7]
    with open_reader(path) as reader:
        gaps = list(reader.entries("gap"))
    assert [gap.entry.payload["entries"] for gap in gaps] == [3]


async def test_commit_that_succeeded_despite_an_error_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        disk = RefusingDisk(monkeypatch, after_commit=True)
        async with asyncio.timeout(60):
            await ledger.append([note(1)])
        assert disk.attempts == 1
        disk.refuses = False
        await ledger.append([note(2)])
    assert recorded(path) == [1, 2]


async def test_closing_on_a_full_disk_fails_the_waiting_callers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Ledger.open(SqlitePlace(tmp_path / "ledger.sqlite"), ManualClock()) as ledger:
        disk = RefusingDisk(monkeypatch)
        first = asyncio.create_task(ledger.append([note(1)]))
        await until(lambda: disk.attempts >= 2)
        second = asyncio.create_task(ledger.append([note(2)]))
        await asyncio.sleep(0)
    for task in (first, second):
        with pytest.raises(LedgerError, match="the ledger closed"):
            await task
    with pytest.raises(LedgerError, match="is closed"):
        ledger.submit([note(3)])


async def test_closing_on_a_full_disk_says_in_the_log_how_many_entries_are_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with Ledger.open(SqlitePlace(tmp_path / "ledger.sqlite"), ManualClock()) as ledger:
        disk = RefusingDisk(monkeypatch)
        ledger.submit([note(1), note(2)])
        await until(lambda: disk.attempts >= 2)
        ledger.submit([note(3)])
    assert "ledger.sqlite: 3 entries were not recorded: database or disk is full" in caplog.text


async def test_one_lost_entry_is_one_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with Ledger.open(SqlitePlace(tmp_path / "ledger.sqlite"), ManualClock()) as ledger:
        disk = RefusingDisk(monkeypatch)
        ledger.submit([note(1)])
        await until(lambda: disk.attempts >= 1)
    assert "ledger.sqlite: 1 entry was not recorded: database or disk is full" in caplog.text


async def test_closing_writes_pending_entries(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        assert ledger.submit([note(n) for n in range(100)])
    assert recorded(path) == list(range(100))


async def test_invalid_entry_does_not_affect_others(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        with pytest.raises(ValueError, match="printable ASCII"):
            await ledger.append([note(1), note(2, "ö")])
        await ledger.append([note(3)])
    assert recorded(path) == [3]


async def test_corrupt_file_is_moved_aside_and_the_new_one_says_so(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.sqlite", ManualClock()
    async with Ledger.open(SqlitePlace(path), clock) as ledger:
        await ledger.append([note(1)])
    damaged = bytearray(path.read_bytes())
    damaged[damaged.rindex(b'{"n":1}') + 5] ^= 1
    path.write_bytes(damaged)
    (tmp_path / "ledger.sqlite-journal").write_bytes(b"left behind")
    async with Ledger.open(SqlitePlace(path), clock) as ledger:
        name = "ledger.sqlite.quarantined-20261005T060000.000000Z"
        assert ledger.health.quarantined == name
        assert ledger.health.replaced == "row 2 is not what was written"
        begin = (await ledger.entries("begin"))[0]
        assert begin.sequence == 1
        assert begin.entry.payload == {"problem": ledger.health.replaced, "quarantined": name}
        await ledger.append([note(2)])
    assert (tmp_path / name).read_bytes() == damaged
    async with Ledger.open(SqlitePlace(path), clock) as ledger:
        assert (ledger.health.quarantined, ledger.health.replaced) == (name, "")
        (tmp_path / name).unlink()
        await ledger.append([note(3)])
        assert ledger.health.quarantined == ""
    assert recorded(path) == [2, 3]


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"\0" * 8192, b"no database" * 99])
async def test_file_that_is_not_a_ledger_is_never_treated_as_an_empty_one(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(content)
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        assert ledger.health.replaced
        assert (tmp_path / ledger.health.quarantined).read_bytes() == content


async def test_vanished_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        assert ledger.health.replaced == ""
    path.unlink()
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        assert ledger.health.replaced == "the earlier ledger's file is missing"


async def test_file_corrupted_while_open_is_quarantined_without_a_restart(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        await ledger.append([note(1)])
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.write(b"\xff" * size)
        await ledger.append([note(2)])
        assert ledger.health.healthy
        assert (tmp_path / ledger.health.quarantined).stat().st_size == size
    assert recorded(path) == [2]


async def test_backup_verifies_and_never_overwrites(tmp_path: Path) -> None:
    path, target = tmp_path / "ledger.sqlite", tmp_path / "backup.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        await ledger.append([note(1)])
        with open_reader(path) as reader:
            made = reader.backup(target)
            assert made == await ledger.verify()
            with pytest.raises(LedgerError, match="exists already"):
                reader.backup(target)
    assert recorded(target) == [1]
    assert not list(tmp_path.glob("*.new*"))


def test_a_backup_that_fails_verification_leaves_no_draft(tmp_path: Path) -> None:
    path, target = tmp_path / "ledger.sqlite", tmp_path / "backup.sqlite"
    grow(path, 4)
    change(path, 3, '{"n":99}')
    with open_reader(path) as reader, pytest.raises(LedgerError, match="fails verification"):
        reader.backup(target)
    assert not list(tmp_path.glob("backup*"))


def test_a_name_that_the_file_system_refuses_is_reported(tmp_path: Path) -> None:
    path, impossible = tmp_path / "ledger.sqlite", tmp_path / ("long" * 100)
    grow(path, 1)
    with pytest.raises(LedgerError, match="File name too long"), open_reader(impossible):
        pass
    with open_reader(path) as reader, pytest.raises(LedgerError, match="File name too long"):
        reader.backup(impossible)


def test_a_ledger_that_cannot_be_opened_is_not_left_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.sqlite"
    grow(path, 1)

    def fails(_: LedgerReader) -> tuple[Anchor]:
        raise LedgerStorageError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(LedgerReader, "heads", fails)
        with pytest.raises(LedgerStorageError) as failure:
            open_store(path, NOON)
    open_store(path, NOON).close()
    assert failure.value.args == ("disk I/O error",)


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_start_that_failed_is_no_kill_and_hides_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_killed: bool
) -> None:
    path = tmp_path / "ledger.sqlite"
    store = open_store(path, NOON)
    if is_killed:
        # As a kill leaves it: the lock is gone, and what the file says stays.
        mark = tmp_path.joinpath("ledger.sqlite.lock").read_bytes()
        store.close()
        tmp_path.joinpath("ledger.sqlite.lock").write_bytes(mark)
    else:
        store.close()

    def fails(_: LedgerReader) -> tuple[Anchor]:
        raise LedgerStorageError("disk I/O error")

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(LedgerReader, "heads", fails)
            with pytest.raises(LedgerStorageError):
                open_store(path, NOON)
    again = open_store(path, NOON)
    again.close()
    assert again.was_killed is is_killed


async def test_export_holds_every_row_with_its_digest(tmp_path: Path) -> None:
    path, stream = tmp_path / "ledger.sqlite", io.StringIO()
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        await ledger.append([note(1)])
    with open_reader(path) as reader:
        assert reader.export(stream) == 2
        (anchor,) = reader.heads()
    last = json.loads(stream.getvalue().splitlines()[-1])
    assert last == {
        "sequence": anchor.row,
        "at": "2026-10-05T12:01:00.000+00:00",
        "kind": "note",
        "subject": "a/main",
        "payload": {"n": 1},
        "digest": anchor.digest.hex(),
    }


async def test_long_read_does_not_block_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        await ledger.append([note(n) for n in range(5000)])
        with open_reader(path) as reader:
            rows = reader.entries("note")
            next(rows)
            async with asyncio.timeout(60):
                await ledger.append([note(5000)])
            assert sum(1 for _ in rows) == 5000


async def test_durability_settings_are_the_documented_ones(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        assert isinstance(ledger._store, Store)
        connection = ledger._store._connection

        def settings() -> tuple[object, object]:
            return (
                connection.execute("PRAGMA journal_mode").fetchone()[0],
                connection.execute("PRAGMA synchronous").fetchone()[0],
            )

        assert await ledger._in_thread(settings) == ("delete", 3)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA journal_mode").fetchone()[0] == "delete"


async def test_bug_in_the_writer_fails_all_waiters_and_surfaces_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_store: Store, _rows: Sequence[Row]) -> None:
        raise ZeroDivisionError

    async def use() -> None:
        async with Ledger.open(SqlitePlace(tmp_path / "ledger.sqlite"), ManualClock()) as ledger:
            monkeypatch.setattr(Store, "append", broken)
            with pytest.raises(LedgerError, match="closed"):
                await ledger.append([note(1)])
            assert not ledger.health.healthy
            with pytest.raises(LedgerError, match="closed"):
                ledger.submit([note(2)])

    with pytest.raises(ZeroDivisionError):
        await use()


async def test_cancelled_caller_does_not_affect_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        disk = RefusingDisk(monkeypatch)
        impatient = asyncio.create_task(ledger.append([note(1)]))
        await until(lambda: disk.attempts >= 1)
        impatient.cancel()
        disk.refuses = False
        await ledger.append([note(2)])
    assert recorded(path) == [1, 2]
