"""A restart with dead switches and degraded devices: the same start times in every output."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from monitor.daemon.trouble_records import TROUBLE, read_trouble
from monitor.ledger.reader import open_reader
from monitor.observation import Outcome, State
from monitor.status.build import school_status
from monitor.verdict import Trouble
from tests.ailing import (
    FIRST_SWITCH,
    ROUTER,
    SCHOOL,
    AilingNetwork,
    Website,
    inventory_of,
    run_beside_loopback,
)
from tests.drills.recorded import SCRAPE_SECONDS, Recording, Told
from tests.exposition.support import exact_names
from tests.integration.running import series, value
from tests.modelled import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from monitor.inventory.city import Inventory
    from monitor.status.model import SchoolStatus
    from tests.modelled import Running

SWITCH = {"school": SCHOOL, "device": "switch-01"}
CITY = ZoneInfo("Europe/Berlin")
SINCE = "school_degraded_since_timestamp_seconds"


def goethe(one: Running) -> SchoolStatus:
    found = one.daemon.inventory.school(SCHOOL)
    assert found is not None
    return school_status(one.daemon.sources, found, (), one.clock.now())


async def figures(one: Running) -> dict[tuple[str, str], float]:
    """Return the start of each trouble by device and reason, including the switch that is down."""
    samples = exact_names(await one.text())
    down = value(samples, "school_switch_state_since_timestamp_seconds", **SWITCH)
    found = {("switch-01", "down"): down}
    for labels, since in series(samples, SINCE).items():
        by = dict(labels)
        found[by["device"], by["reason"]] = since
    return found


def shown(status: SchoolStatus) -> dict[tuple[str, str], datetime]:
    """Return the same of page and API."""
    [site] = status.sites
    [dead] = [one for one in site.switches if one.state is State.DOWN]
    found = {(dead.device, "down"): dead.since}
    for device in (site.uplink, *site.switches):
        for one in device.degraded:
            found[device.device, one.reason] = one.since
    return found


@asynccontextmanager
async def town() -> AsyncIterator[tuple[Website, AilingNetwork, Inventory]]:
    """Serve the website; yield what a test breaks, and the inventory that has its ports."""
    website, network = Website(), AilingNetwork()
    server = await asyncio.start_server(website.serve, ROUTER, 0)
    website.web = server.sockets[0].getsockname()[1]
    await website.open_mail()
    try:
        yield website, network, inventory_of(website)
    finally:
        server.close()
        await server.wait_closed()
        await website.refuse_mail()


def spoil(website: Website, network: AilingNetwork) -> None:
    website.status, network.is_fan_good, network.load = 503, False, 0.97
    network.answered[ROUTER] = 4
    network.dead.add(FIRST_SWITCH)


def mend(website: Website, network: AilingNetwork) -> None:
    website.status, network.is_fan_good, network.load = 200, True, 0.1
    network.answered.clear()
    network.dead.clear()


def seconds(found: Mapping[tuple[str, str], datetime]) -> dict[tuple[str, str], str]:
    return {key: f"{at:%Y-%m-%dT%H:%M:%S}" for key, at in found.items()}


def test_a_fault_present_before_and_after_a_restart_has_one_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "monitor.daemon.consumers.verdict_output")

    async def main() -> None:
        async with town() as (website, network, inventory):
            async with running(tmp_path, inventory, network) as one:
                await asyncio.sleep(120)
                spoil(website, network)
                await asyncio.sleep(900)
                before, at_first = await figures(one), seconds(shown(goethe(one)))
            assert set(before) == {
                ("switch-01", "down"),
                ("router", "service"),
                ("router", "packet_loss"),
                ("router", "line_full"),
                ("switch-02", "hardware"),
            }
            await asyncio.sleep(7200)
            caplog.clear()
            async with running(tmp_path, inventory, network) as one:
                await asyncio.sleep(700)
                # The ledger has whole milliseconds.
                assert await figures(one) == pytest.approx(before, abs=0.001)
                status = goethe(one)
            assert seconds(shown(status)) == at_first
            [web] = [check for check in status.sites[0].checks if check.check == "website"]
            assert (web.outcome, web.since) == (
                Outcome.FAILED,
                shown(status)["router", "service"],
            )
            said = "\n".join(caplog.messages)
            dead, full = at_first["switch-01", "down"], at_first["router", "line_full"]
            assert f"/switch-01: down (no_answer) since {dead}" in said
            assert f"degraded (line_full, interfaces down) since {full}" in said
            assert "no longer degraded" not in said

    run_beside_loopback(main())
    with open_reader(tmp_path / "ledger.sqlite") as reader:
        # One entry per new trouble; none for a start or a stop.
        assert len(list(reader.entries(TROUBLE))) == 5


LABELS = {"school": SCHOOL, "site": "main", "name": "Goethe-Schule", "provider": "Stadtnetz"}
TOLD = {
    ("switch-01", "down"): ("SwitchDown", {"device": "switch-01"}),
    ("router", "service"): ("ServiceDown", {"device": "router", "check": "website"}),
    ("router", "packet_loss"): ("PacketLoss", {}),
    ("switch-02", "hardware"): ("HardwareFault", {"device": "switch-02", "part": "Fan 1"}),
}
# Longer than any of these alerts outlasts its fault, except that for the dead switch.
OFF_MINUTES = 17


@pytest.mark.integration
def test_alerts_show_the_same_start_before_and_after_a_restart(tmp_path: Path) -> None:
    """Mails show it. All but SwitchDown end while the monitor is off, and fire again."""
    recording = Recording(frozenset(alert for alert, _ in TOLD.values()))
    known: dict[tuple[str, str], datetime] = {}

    async def scrape(one: Running, minutes: int) -> None:
        for _ in range(minutes * 60 // SCRAPE_SECONDS):
            recording.take(exact_names(await one.text()))
            await asyncio.sleep(SCRAPE_SECONDS)

    async def main() -> None:
        async with town() as (website, network, inventory):
            async with running(tmp_path, inventory, network) as one:
                await scrape(one, 4)
                spoil(website, network)
                await scrape(one, 15)
                known.update(shown(goethe(one)))
            for _ in range(OFF_MINUTES * 60 // SCRAPE_SECONDS):
                recording.take({})
            await asyncio.sleep(60 * OFF_MINUTES)
            async with running(tmp_path, inventory, network) as one:
                await scrape(one, 16)

    run_beside_loopback(main())
    assert TOLD.keys() < known.keys()
    berlin = {key: f"{at.astimezone(CITY):%Y-%m-%d %H:%M}" for key, at in known.items()}
    told = [
        Told(60 * minute, alert, {**LABELS, **labels}, berlin[key])
        for key, (alert, labels) in TOLD.items()
        for minute in (18, 4 + 15 + OFF_MINUTES + 15)
    ]
    assert recording.since(tmp_path, told) == ""


def test_a_fault_fixed_while_the_monitor_was_off_is_over(tmp_path: Path) -> None:
    async def main() -> None:
        async with town() as (website, network, inventory):
            spoil(website, network)
            async with running(tmp_path, inventory, network):
                await asyncio.sleep(800)
            mend(website, network)
            await website.refuse_mail()
            async with running(tmp_path, inventory, network) as one:
                again = one.clock.now()
                await asyncio.sleep(600)
                [site] = goethe(one).sites
            assert [switch.state for switch in site.switches] == [State.UP, State.UP]
            assert all(switch.since >= again for switch in site.switches)
            assert not any(switch.degraded for switch in site.switches)
            # Another service fails: another start.
            [found] = site.uplink.degraded
            assert (found.reason, found.check) == (Trouble.SERVICE, "mail")
            assert found.since >= again

    run_beside_loopback(main())
    with open_reader(tmp_path / "ledger.sqlite") as reader:
        known = dict(map(read_trouble, reader.latest(TROUBLE)))
    wrong = {subject.device: one for subject, one in known.items() if one.down or one.degraded}
    assert list(wrong) == ["router"]
    assert [one.check for one in wrong["router"].degraded] == ["mail"]


def test_a_reload_that_removes_other_schools_changes_no_start_time(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with town() as (website, network, inventory):
            spoil(website, network)
            async with running(tmp_path, inventory, network, fewer_schools=True) as one:
                await asyncio.sleep(800)
                before = await figures(one)
                fewer = tuple(school for school in inventory.schools if school.id == SCHOOL)
                one.offer(replace(inventory, schools=fewer))
                assert await one.daemon.reload()
                await asyncio.sleep(120)
                assert await figures(one) == before

    run_beside_loopback(main())
