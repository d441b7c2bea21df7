from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from monitor.calendar.maintenance import MaintenanceBook
from monitor.daemon.pipeline import Watch
from monitor.daemon.swap import Swap
from monitor.exposition.store import Exposition
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from monitor.rollout.board import RolloutBoard
from tests.exposition.support import HandClock, exact_names, scrape
from tests.uplink.city import check, city, observed, school
from tests.uplink.router import Router

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from monitor.inventory.checks import Check
    from monitor.inventory.city import Inventory

GOETHE = school("goethe", "main", "annex")
SCHILLER = school("schiller")


class Rig:
    """A watch with its exposition and clock."""

    def __init__(self, inventory: Inventory, clock: HandClock, ledger: Ledger, path: Path) -> None:
        self.clock = clock
        self.exposition = Exposition(clock)
        book = MaintenanceBook(path, inventory)
        self.watch = Watch(inventory, clock, self.exposition, ledger, book, RolloutBoard(inventory))

    def poll_twice(self, check: Check, down_bps: float) -> None:
        router = Router()
        for seconds in (60, 0):
            self.watch.observe(observed(check, router.reading(), self.clock.time))
            router.pass_time(seconds, down_bps)
            self.clock.time += seconds

    async def down(self) -> dict[str, float]:
        """Return school/site -> exported rate towards it."""
        return {
            "{school}/{site}".format_map(dict(labels)): value
            for (name, labels), value in exact_names(await scrape(self.exposition)).items()
            if name == "school_uplink_down_bits_per_second"
        }


@asynccontextmanager
async def rig(tmp_path: Path, inventory: Inventory) -> AsyncIterator[Rig]:
    clock = HandClock()
    async with Ledger.open(SqlitePlace(tmp_path / "ledger.sqlite"), clock) as ledger:
        yield Rig(inventory, clock, ledger, tmp_path)


async def test_polls_of_uplink_routers_become_rates_of_their_sites(tmp_path: Path) -> None:
    async with rig(tmp_path, city(GOETHE, SCHILLER)) as one:
        one.poll_twice(check(GOETHE), 8 * 10**6)
        one.poll_twice(check(GOETHE, site="annex"), 10**6)
        one.poll_twice(check(SCHILLER, "sw0"), 10**6)
        assert await one.down() == {"goethe/main": 8 * 10**6, "goethe/annex": 10**6}


async def test_a_failed_poll_takes_the_rate_away(tmp_path: Path) -> None:
    async with rig(tmp_path, city(GOETHE)) as one:
        one.poll_twice(check(GOETHE), 10**6)
        one.watch.observe(observed(check(GOETHE), None, one.clock.time))
        assert await one.down() == {}


async def test_a_rate_goes_when_its_polls_no_longer_come(tmp_path: Path) -> None:
    async with rig(tmp_path, city(GOETHE)) as one:
        one.poll_twice(check(GOETHE), 10**6)
        one.clock.time += 170
        one.watch.tick()
        assert await one.down() == {"goethe/main": 10**6}
        one.clock.time += 20
        one.watch.tick()
        assert await one.down() == {}


async def test_a_reload_drops_removed_sites_and_keeps_unchanged_ones(tmp_path: Path) -> None:
    async with rig(tmp_path, city(GOETHE)) as one:
        one.poll_twice(check(GOETHE), 8 * 10**6)
        one.poll_twice(check(GOETHE, site="annex"), 10**6)
        swap = Swap()
        swap.twin(one.watch).reconfigure(city(school("goethe", "main")), swap)
        swap.commit()
        assert await one.down() == {"goethe/main": 8 * 10**6}
