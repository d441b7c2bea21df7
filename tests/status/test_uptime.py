"""The time online of lines, added up from the ledger's minutes."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from monitor.availability.minutes import minute_of
from monitor.availability.records import MINUTES, MinuteRun, minutes_entry, scope_entry, scope_id
from monitor.exposition.gate import ScrapeGate
from monitor.ledger.chain import Entry, LedgerStorageError, Recorded
from monitor.ledger.reader import open_reader
from monitor.ledger.store import open_store
from monitor.status.uptime import Level, Stretch, UptimeBook, weakness
from monitor.status.view import DaemonView
from monitor.threads import READER_THREADS, open_daemon_threads
from tests.integration.running import Town
from tests.modelled import Network, inventory_of, running
from tests.virtual_time import VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


NOW = datetime(2022, 3, 7, 10, 30, tzinfo=UTC)
TOWN = Town(161, {"voede": 1, "goethe": 2}, switches=1)
SITES = ("goethe/main", "kant/main")


class Paper:
    """A real ledger with some runs of minutes; counts how many of its entries were read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.read = 0
        self._record([scope_entry(SITES, NOW - timedelta(days=40))])

    def write(self, begins: datetime, minutes: int, codes: str) -> None:
        """Record equal minutes of both sites, in entries of five at most."""
        first = minute_of(begins)
        self._record(
            [
                minutes_entry(MinuteRun(at, min(5, first + minutes - at), scope_id(SITES), codes))
                for at in range(first, first + minutes, 5)
            ]
        )

    def _record(self, entries: list[Entry]) -> None:
        store = open_store(self.path, NOW)
        try:
            store.append(store.link(entries))
        finally:
            store.close()

    def entries(
        self, kind: str, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Recorded]:
        with open_reader(self.path) as reader:
            for one in reader.entries(kind, since, until):
                self.read += kind == MINUTES
                yield one


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    return Paper(tmp_path / "ledger.sqlite")


def test_down_minutes_appear_in_their_hour_and_in_the_share(paper: Paper) -> None:
    broken = datetime(2022, 3, 7, 8, 0, tzinfo=UTC)
    paper.write(NOW - timedelta(hours=24), 21 * 60 + 30, "uu")
    paper.write(broken, 90, "du")
    paper.write(broken + timedelta(minutes=90), 60, "uu")
    found = UptimeBook().read(paper, NOW)
    day = found["goethe/main"].day
    assert day.stretches == (
        Stretch(Level.UP, 0, 21),
        Stretch(Level.DOWN, 21, 1),
        Stretch(Level.PARTLY, 22, 1),
        Stretch(Level.UP, 23, 1),
    )
    counted = 23 * 60 + 30
    assert day.ratio == (counted - 90) / counted
    assert found["kant/main"].day.ratio == 1.0
    assert found["kant/main"].month.stretches[0] == Stretch(Level.NONE, 0, 28)
    assert weakness(found["goethe/main"]) < weakness(found["kant/main"])


def test_minutes_that_count_neither_way_are_left_out(paper: Paper) -> None:
    paper.write(NOW - timedelta(hours=3), 60, "?m")
    paper.write(NOW - timedelta(hours=2), 60, "uo")
    found = UptimeBook().read(paper, NOW)
    assert found["goethe/main"].day.ratio == 1.0
    assert found["kant/main"].day.ratio is None
    assert found["kant/main"].day.stretches == (Stretch(Level.NONE, 0, 24),)


def test_later_reads_take_only_new_entries_and_count_no_minute_twice(paper: Paper) -> None:
    begins = NOW - timedelta(days=10)
    paper.write(begins, 10 * 24 * 60, "ud")
    book = UptimeBook()
    book.read(paper, NOW)
    whole = paper.read
    later = NOW + timedelta(hours=3)
    paper.write(NOW, 180, "du")
    found = book.read(paper, later)
    assert paper.read - whole < whole / 20
    assert found == UptimeBook().read(paper, later)
    assert found["goethe/main"].month.ratio == 80 / 81


def test_minutes_older_than_the_bar_leave_it(paper: Paper) -> None:
    paper.write(NOW - timedelta(days=29, hours=12), 60, "du")
    paper.write(NOW - timedelta(hours=1), 60, "uu")
    book = UptimeBook()
    assert book.read(paper, NOW)["goethe/main"].month.ratio == 0.5
    later = NOW + timedelta(days=1)
    paper.write(NOW, 24 * 60, "uu")
    assert book.read(paper, later)["goethe/main"].month.ratio == 1.0


def test_minutes_recorded_while_the_clock_was_ahead_hide_none_recorded_since(paper: Paper) -> None:
    paper.write(NOW - timedelta(days=30), 30 * 24 * 60, "uu")
    book = UptimeBook()
    book.read(paper, NOW)
    ahead = NOW + timedelta(days=2)
    paper.write(ahead - timedelta(minutes=20), 10, "uu")
    book.read(paper, ahead)
    later = NOW + timedelta(minutes=20)
    paper.write(NOW, 20, "du")
    found = book.read(paper, later)
    assert found == UptimeBook().read(paper, later)
    assert found["goethe/main"].day.stretches[-1] == Stretch(Level.PARTLY, 23, 1)
    later += timedelta(hours=3)
    paper.write(NOW + timedelta(minutes=20), 180, "ud")
    assert book.read(paper, later) == UptimeBook().read(paper, later)


def test_minutes_that_could_not_be_read_are_read_next_time(paper: Paper) -> None:
    paper.write(NOW - timedelta(days=1), 24 * 60, "ud")

    class Failing(Paper):
        fails = True

        def entries(
            self, kind: str, since: datetime | None = None, until: datetime | None = None
        ) -> Iterator[Recorded]:
            for number, one in enumerate(paper.entries(kind, since, until)):
                if self.fails and number == 50:
                    raise LedgerStorageError("the database is away")
                yield one

    failing, book = Failing(paper.path), UptimeBook()
    with pytest.raises(LedgerStorageError):
        book.read(failing, NOW)
    failing.fails = False
    assert book.read(failing, NOW) == UptimeBook().read(paper, NOW)


def test_a_malformed_entry_costs_only_its_own_minutes(paper: Paper) -> None:
    paper.write(NOW - timedelta(hours=3), 60, "ud")
    paper._record([Entry(NOW - timedelta(hours=2), MINUTES, "", {})])
    paper.write(NOW - timedelta(hours=1), 60, "uu")
    found = UptimeBook().read(paper, NOW)
    assert found["goethe/main"].day.ratio == 1.0
    assert found["kant/main"].day.ratio == 0.5


async def test_a_client_that_leaves_does_not_hide_the_bars_from_the_next(
    paper: Paper, tmp_path: Path
) -> None:
    paper.write(NOW - timedelta(hours=1), 60, "uu")

    class Place:
        @contextmanager
        def open_reader(self) -> Iterator[Paper]:
            yield paper

    hold = Event()
    with open_daemon_threads() as threads:
        daemon: Any = SimpleNamespace(
            readers=threads.readers,
            ledger_place=Place(),
            inventory=inventory_of(tmp_path, TOWN),
            now=lambda: NOW,
        )
        view = DaemonView(daemon, daemon)
        held = [threads.readers.submit(hold.wait, 120) for _ in range(READER_THREADS)]
        leaving = asyncio.create_task(view.uptime())
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        hold.set()
        for future in held:
            future.result(120)
        assert (await view.uptime())["goethe"].day.ratio == 1.0


def test_a_daemon_reports_how_long_its_lines_were_online(tmp_path: Path) -> None:
    async def watched() -> dict[str, float | None]:
        async with running(tmp_path, inventory_of(tmp_path, TOWN), Network()) as one:
            await asyncio.sleep(2 * 3600)
            with ScrapeGate(one.exposition, one.clock) as gate:
                found = await DaemonView(one.daemon, gate).uptime()
        return {school: uptime.day.ratio for school, uptime in found.items()}

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        assert runner.run(watched()) == {"voede": 1.0, "goethe": 1.0}


def test_a_short_record_says_how_much_it_counts(paper: Paper) -> None:
    paper.write(NOW - timedelta(minutes=2), 2, "u?")
    short = UptimeBook().read(paper, NOW)["goethe/main"]
    assert (short.day.ratio, short.day.counted, short.is_day_partial) == (1.0, 2, True)
    assert (short.month.counted, short.is_month_partial) == (2, True)
    assert not UptimeBook().read(paper, NOW)["kant/main"].is_day_partial


def test_a_whole_day_is_not_partial(paper: Paper) -> None:
    paper.write(NOW - timedelta(hours=24), 24 * 60 - 5, "uu")
    found = UptimeBook().read(paper, NOW)["goethe/main"]
    assert (found.is_day_partial, found.is_month_partial) == (False, True)
