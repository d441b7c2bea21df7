"""The ledger under kill -9, power loss, damage and a full disk: against the real thing."""

from __future__ import annotations

import asyncio
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from monitor.ledger import reader as reader_module
from monitor.ledger.chain import Entry, LedgerError, LedgerVersionError
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from monitor.ledger.reader import LedgerReader, open_reader
from monitor.ledger.store import open_store
from tests.ledger.clocks import ManualClock, until
from tests.small_disk import small_disk
from tools.processes import END_SECONDS, running

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
NOW: Final = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


@contextmanager
def writer(*under: str) -> Iterator[subprocess.Popen[str]]:
    """Run `tests.ledger.writer`, optionally under another program."""
    command = (*under, sys.executable, "-m", "tests.ledger.writer")
    pipe = subprocess.PIPE
    with running(*command, cwd=ROOT, stdin=pipe, stdout=pipe) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        process.wait(END_SECONDS)


def kill_one(
    process: subprocess.Popen[str], path: Path, first: int, delay: float = 0.0, after: int = 0
) -> list[int]:
    """Start a writer, kill it, return what it had acknowledged.

    It is killed `delay` seconds after its start, or after that many acknowledgements.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{path} {first}\n")
    process.stdin.flush()
    pid = int(process.stdout.readline().split()[1])
    acknowledged = [int(process.stdout.readline().split()[1]) for _ in range(after)]
    time.sleep(delay)
    os.kill(pid, signal.SIGKILL)
    while (line := process.stdout.readline().strip()) != "dead":
        acknowledged.append(int(line.split()[1]))
    return acknowledged


@pytest.mark.integration
def test_kill_at_random_points_loses_no_acknowledged_entry(
    tmp_path: Path,
    thorough: bool,  # noqa: FBT001  # a fixture
) -> None:
    path, chance = tmp_path / "ledger.sqlite", random.Random(20201231)
    acknowledged: list[int] = []
    hot_journals = 0
    with writer() as process:
        longest = 0.0
        for turn in range(1000 if thorough else 200):
            first = (acknowledged[-1] + 1) if acknowledged else 0
            if turn % 20 == 0:
                # How long this machine takes now to open the ledger and write some entries.
                began = time.monotonic()
                acknowledged += kill_one(process, path, first, after=6)
                longest = time.monotonic() - began
                continue
            acknowledged += kill_one(process, path, first, chance.uniform(0, longest))
            hot_journals += (tmp_path / "ledger.sqlite-journal").exists()
    with open_reader(path) as reader:
        result = reader.verify()
        found = {int(str(row.entry.payload["n"])) for row in reader.entries("note")}
    assert result.problem == ""
    assert not list(tmp_path.glob("*.quarantined-*"))
    lost = [number for number in acknowledged if not {number - 1, number} <= found]
    assert lost == []
    # Otherwise the kills would hit nothing.
    assert len(acknowledged) > 100
    assert hot_journals > 3


@pytest.mark.integration
def test_acknowledgement_comes_after_the_data_is_on_disk(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    calls = "trace=openat,fsync,fdatasync,unlink,write,pwrite64"
    with writer("strace", "-f", "-y", "-o", str(trace), "-e", calls) as process:
        acknowledged = kill_one(process, tmp_path / "ledger.sqlite", 0, after=6)
    assert len(acknowledged) > 5
    steps = ""
    for line in trace.read_text(errors="replace").splitlines():
        for pattern, letter in (
            (r"pwrite64\(\d+<[^>]*/ledger.sqlite>", "w"),
            (r"fdatasync\(\d+<[^>]*/ledger.sqlite>", "s"),
            (r"unlink\(\"[^\"]*/ledger.sqlite-journal", "u"),
            (
                rf"fsync\(\d+<{re.escape(str(tmp_path))}>|fdatasync\(\d+<{re.escape(str(tmp_path))}>",
                "f",
            ),
            (r"write\(1<.*\"ack ", "A"),
        ):
            steps += letter if re.search(pattern, line) else ""
    # Written, synced, journal removed (the commit), its folder synced; only then acknowledged.
    parts = steps[steps.index("w") :].split("A")[:-1]
    assert len(parts) >= len(acknowledged) - 1
    for part in parts:
        assert re.search(r"w+s+uf+\Z", part), steps


def everything(reader: LedgerReader) -> list[object]:
    """Return everything the ledger can be queried for, by each method."""
    return [
        list(reader.rows()),
        list(reader.entries("note")),
        list(reader.entries("begin")),
        list(reader.entries("note", NOW, NOW + timedelta(hours=1), "a/main")),
        reader.heads(),
    ]


def damage(path: Path, expected: list[object]) -> str:
    """Return how the damage shows: detected, harmless, or wrong data read as right."""
    try:
        with open_reader(path) as reader:
            if not reader.verify().ok:
                return "found"
            return "harmless" if everything(reader) == expected else "LIE"
    except LedgerVersionError:
        return "found"
    except LedgerError:
        return "found"


def small_ledger(path: Path) -> tuple[bytes, list[object]]:
    store = open_store(path, NOW)
    entries = [
        Entry(NOW + timedelta(minutes=n), "note", "a/main", {"n": n, "text": "ä" * 20})
        for n in range(40)
    ]
    store.append(store.link(entries))
    store.close()
    with open_reader(path) as reader:
        return path.read_bytes(), everything(reader)


# Bytes of the header that carry no content: counters of changes and of the schema, cache
# and vacuum hints, the size in pages and who wrote it last (sqlite.org/fileformat2.html §1.3).
_HINTS: Final = frozenset((*range(20, 32), *range(40, 56), *range(64, 68), *range(72, 100)))


def test_flipped_bit_in_any_byte_is_detected_or_harmless(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    thorough: bool,  # noqa: FBT001  # a fixture
) -> None:
    path = tmp_path / "ledger.sqlite"
    content, expected = small_ledger(path)
    assert damage(path, expected) == "harmless"
    monkeypatch.setattr(reader_module, "_BUSY_SECONDS", 0.0)
    chance = random.Random(20221231)
    harmless: list[int] = []
    # In long runs of zeros (space not used by rows yet) only every 64th byte is tested.
    places = [p for p in range(len(content)) if any(content[max(0, p - 8) : p + 9]) or p % 64 == 0]
    assert len(places) > 7000
    # Every fourth byte still covers each field of each row.
    tried = places if thorough else places[::4]
    with path.open("r+b", buffering=0) as file:
        for place in tried:
            os.pwrite(file.fileno(), bytes([content[place] ^ 1 << chance.randrange(8)]), place)
            shown = damage(path, expected)
            os.pwrite(file.fileno(), content[place : place + 1], place)
            assert shown != "LIE", f"byte {place}"
            if shown == "harmless":
                harmless.append(place)
    assert path.read_bytes() == content
    # Undetected damage is in hints of the header or in bytes that no row, index or schema uses.
    used = [place for place in harmless if content[place] and place not in _HINTS]
    assert used == [], [(place, content[place]) for place in used]


def note(number: int) -> Entry:
    return Entry(NOW + timedelta(minutes=number), "note", "a/main", {"n": number, "x": "y" * 200})


def numbers(path: Path) -> list[int]:
    with open_reader(path) as reader:
        assert reader.verify().problem == ""
        return [int(str(row.entry.payload["n"])) for row in reader.entries("note")]


async def fill_and_heal(folder: Path, make_room: Path | None) -> list[int]:
    """Write until after the disk is full; free space; return the numbers that must be present.

    A prober running alongside must keep its pace.
    """
    clock, rounds = ManualClock(), 0

    async def probe() -> None:
        nonlocal rounds
        while True:
            await asyncio.sleep(0.002)
            rounds += 1

    async with Ledger.open(SqlitePlace(folder / "ledger.sqlite"), clock, capacity=50) as ledger:
        prober = asyncio.create_task(probe())
        kept, number = [], 0
        while ledger.health.healthy:
            if ledger.submit([note(number)]):
                kept.append(number)
            number += 1
            await asyncio.sleep(0.0005)
        assert re.search(r"disk is full|disk I/O error|full", ledger.health.problem)
        before = rounds
        for _ in range(100):
            if ledger.submit([note(number)]):
                kept.append(number)
            number += 1
            await asyncio.sleep(0.002)
        assert rounds - before > 50
        assert ledger.health.unrecorded > 0
        unrecorded = ledger.health.unrecorded
        if make_room is None:
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        else:
            make_room.unlink()
        await until(lambda: not ledger.health.waiting)
        assert ledger.health.problem == ""
        await ledger.append([note(number)])
        prober.cancel()
        gaps = await ledger.entries("gap")
        assert sum(int(str(gap.entry.payload["entries"])) for gap in gaps) == unrecorded
    return [*kept, number]


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, in bytes, as a full disk would."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, old)


async def test_file_size_limit_stops_only_the_ledger_which_recovers(tmp_path: Path) -> None:
    with files_no_longer_than(200_000):
        async with asyncio.timeout(120):
            kept = await fill_and_heal(tmp_path, None)
    assert numbers(tmp_path / "ledger.sqlite") == kept


async def test_a_full_disk_that_refuses_the_lock_file_note_prevents_no_start(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        await ledger.append([note(1)])
    path.with_name("ledger.sqlite.lock").write_bytes(b"")  # as next to a copied ledger
    async with AsyncExitStack() as stack:
        with files_no_longer_than(0):
            opening = Ledger.open(SqlitePlace(path), ManualClock())
            ledger = await stack.enter_async_context(opening)
        await ledger.append([note(2)])
    assert numbers(path) == [1, 2]


async def test_a_full_disk_at_the_start_does_not_prevent_reading_what_was_recorded(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        await ledger.append([note(1)])
    async with AsyncExitStack() as stack:
        with files_no_longer_than(0):
            opening = Ledger.open(SqlitePlace(path), ManualClock())
            ledger = await stack.enter_async_context(opening)
            assert not ledger.health.healthy
            assert [one.entry.payload["n"] for one in await ledger.entries("note")] == [1]
            assert [one.kind for one in await ledger.latest("begin")] == ["begin"]
            assert (await ledger.verify()).rows == 2
        await ledger.append([note(2)])
    assert numbers(path) == [1, 2]


@pytest.mark.integration
@pytest.mark.root
async def test_full_disk_stops_only_the_ledger_which_recovers(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as folder:
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(700_000))
        async with asyncio.timeout(120):
            kept = await fill_and_heal(folder, ballast)
        assert numbers(folder / "ledger.sqlite") == kept


@pytest.mark.integration
@pytest.mark.root
async def test_daemon_may_start_on_a_full_disk_and_gets_its_ledger_later(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as folder:
        ballast = folder / "ballast"
        with ballast.open("wb", buffering=0) as file:
            while file.write(bytes(4096)) == 4096:
                if os.statvfs(folder).f_bavail == 0:
                    break
        async with Ledger.open(SqlitePlace(folder / "ledger.sqlite"), ManualClock()) as ledger:
            assert not ledger.health.healthy
            waiting = asyncio.create_task(ledger.append([note(1)]))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            ballast.unlink()
            async with asyncio.timeout(60):
                await waiting
            assert ledger.health.problem == ""
        assert numbers(folder / "ledger.sqlite") == [1]
