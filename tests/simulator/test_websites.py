"""The simulated websites, checked by the probe that checks real ones."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.cli.session import open_transports
from monitor.clock import SystemClock
from monitor.config import load_text
from monitor.inventory.checks import CheckKind
from monitor.observation import HttpReading, Outcome, Reason
from monitor.probes import http
from monitor.probes.context import ProbeContext
from monitor.simulator.faults import parse_fault
from monitor.simulator.loopback import loopback_inventory
from monitor.simulator.websites import CA_FILE, EXPIRING_DAYS, Websites
from tests.cli.test_main import TOWN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from monitor.observation import Observation

CITY = loopback_inventory(load_text(TOWN.text().encode(), "x"), 161)


@asynccontextmanager
async def websites(folder: Path) -> AsyncIterator[Websites]:
    async with Websites(CITY, folder) as found:
        yield found


async def ask(found: Websites, folder: Path, school: str) -> Observation:
    inventory = found.of(CITY)
    (check,) = (
        one
        for one in inventory.checks()
        if one.kind is CheckKind.HTTP and one.target.school == school
    )
    clock = SystemClock()
    opened = open_transports(inventory, folder, of_demo=False, pings=False, asks=lambda _: False)
    async with opened as there:
        deadline = clock.monotonic() + 60
        context = ProbeContext(clock, deadline, there.echo, there.snmp, there.threads)
        return await http.run(check, context)


async def follow(found: Websites, *texts: str) -> bool:
    return await found.follow(parse_fault(text, CITY) for text in texts)


def days_left(observation: Observation) -> float:
    assert isinstance(observation.values, HttpReading)
    assert observation.values.certificate is not None
    left = observation.values.certificate.earliest_expiry - datetime.now(UTC)
    return left / timedelta(days=1)


async def test_a_website_exists_once_a_fault_names_it_and_breaks_as_set(
    tmp_path: Path,
) -> None:
    async with websites(tmp_path) as found:
        assert not await follow(found, "lossy@goethe", "uplink-down@voede")
        assert found.of(CITY) == CITY
        assert await follow(found, "website-down@goethe")
        assert set(found.urls) == {"goethe/main"}
        down = await ask(found, tmp_path, "goethe")
        assert (down.outcome, down.reason) == (Outcome.FAILED, Reason.STATUS)
        assert "503" in down.detail
        assert not await follow(found)
        fine = await ask(found, tmp_path, "goethe")
        assert fine.outcome is Outcome.OK, fine.detail
        assert days_left(fine) > 80
        assert not await follow(found, "certificate-expiring@goethe/router")
        expiring = await ask(found, tmp_path, "goethe")
        assert expiring.outcome is Outcome.OK
        assert EXPIRING_DAYS - 1 < days_left(expiring) <= EXPIRING_DAYS
        for closed in ("website-refused@goethe/main", "uplink-down@goethe", "isolated"):
            await follow(found, closed)
            refused = await ask(found, tmp_path, "goethe")
            assert (refused.outcome, refused.reason) == (Outcome.FAILED, Reason.REFUSED)
        assert not await follow(found)
        assert (await ask(found, tmp_path, "goethe")).outcome is Outcome.OK
        assert await follow(found, "website-refused@voede")
        assert (await ask(found, tmp_path, "voede")).reason is Reason.REFUSED
        assert [one.name for one in tmp_path.iterdir()] == [CA_FILE], "no key file is left"
    assert list(tmp_path.iterdir()) == []
