from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calendar.maintenance import MaintenanceBook
from monitor.daemon.pipeline import build_judges
from monitor.daemon.swap import Swap
from monitor.exposition.store import Exposition
from monitor.verdict import Moment
from tests.build import city
from tests.exposition.support import HandClock, exact_names, scrape
from tests.uplink.city import check, observed, polled_school
from tests.uplink.router import Router

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.inventory.checks import Check
    from monitor.inventory.city import Inventory
    from monitor.observation import DeviceReading

GOETHE = polled_school("goethe", "main", "annex")
SCHILLER = polled_school("schiller")


class Rig:
    """The meters with their exposition and clock."""

    def __init__(self, inventory: Inventory, path: Path) -> None:
        self.clock = HandClock()
        self.exposition = Exposition(self.clock)
        book = MaintenanceBook(path, inventory)
        _, self.uplinks = build_judges(inventory, self.clock, book, self.exposition)

    @property
    def moment(self) -> Moment:
        return Moment(self.clock.monotonic(), self.clock.now())

    def observe(self, check: Check, reading: DeviceReading | None) -> None:
        self.uplinks.observe(observed(check, reading, self.clock.time), self.moment)

    def poll_twice(self, check: Check, down_bps: float) -> None:
        router = Router()
        for seconds in (60, 0):
            self.observe(check, router.reading())
            router.pass_time(seconds, down_bps)
            self.clock.time += seconds

    async def down(self) -> dict[str, float]:
        """Return school/site -> exported rate towards it."""
        return {
            "{school}/{site}".format_map(dict(labels)): value
            for (name, labels), value in exact_names(await scrape(self.exposition)).items()
            if name == "school_uplink_down_bits_per_second"
        }


async def test_polls_of_uplink_routers_become_rates_of_their_sites(tmp_path: Path) -> None:
    one = Rig(city(GOETHE, SCHILLER), tmp_path)
    one.poll_twice(check(GOETHE), 8 * 10**6)
    one.poll_twice(check(GOETHE, site="annex"), 10**6)
    one.poll_twice(check(SCHILLER, "sw0"), 10**6)
    assert await one.down() == {"goethe/main": 8 * 10**6, "goethe/annex": 10**6}


async def test_a_failed_poll_removes_the_rate(tmp_path: Path) -> None:
    one = Rig(city(GOETHE), tmp_path)
    one.poll_twice(check(GOETHE), 10**6)
    one.observe(check(GOETHE), None)
    assert await one.down() == {}


async def test_a_rate_disappears_when_its_polls_stop(tmp_path: Path) -> None:
    one = Rig(city(GOETHE), tmp_path)
    one.poll_twice(check(GOETHE), 10**6)
    one.clock.time += 170
    one.uplinks.tick(one.moment)
    assert await one.down() == {"goethe/main": 10**6}
    one.clock.time += 20
    one.uplinks.tick(one.moment)
    assert await one.down() == {}


async def test_a_reload_drops_removed_sites_and_keeps_unchanged_ones(tmp_path: Path) -> None:
    one = Rig(city(GOETHE), tmp_path)
    one.poll_twice(check(GOETHE), 8 * 10**6)
    one.poll_twice(check(GOETHE, site="annex"), 10**6)
    swap = Swap()
    swap.twin(one.uplinks).reconfigure(city(polled_school("goethe", "main")), swap)
    swap.commit()
    assert await one.down() == {"goethe/main": 8 * 10**6}
