from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.campaigns.plan import campaign_id
from monitor.campaigns.records import CAMPAIGN, CampaignPhase, read_campaign
from monitor.campaigns.requests import FILE_NAME, Request, RequestFile
from monitor.daemon.consumers.campaigns import Campaigns
from monitor.daemon.swap import Swap
from monitor.inventory.city import Throughput
from tests.integration.running import Town
from tests.modelled import inventory_of, running
from tests.probes.support import THREADS
from tests.virtual_time import run_virtually

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.inventory.city import Inventory
    from monitor.ledger.chain import Entry, Recorded
    from tests.modelled import Running


TOWN = Town(161, {"voede": 1})


def measurable(inventory: Inventory) -> Inventory:
    """Return the inventory with iperf3 at every uplink; no test is due within minutes."""
    schools = tuple(
        replace(
            school,
            sites=tuple(
                replace(
                    site,
                    uplink=replace(site.uplink, throughput=Throughput("iperf3", "127.0.0.1")),
                )
                for site in school.sites
            ),
        )
        for school in inventory.schools
    )
    return replace(inventory, schools=schools)


async def phases(one: Running) -> list[CampaignPhase]:
    return [read_campaign(found.entry).phase for found in await one.ledger.entries(CAMPAIGN)]


def test_a_shell_request_starts_and_cancels_a_campaign_once(tmp_path: Path) -> None:
    async def main() -> None:
        inventory = measurable(inventory_of(tmp_path, TOWN))
        school = inventory.schools[0]
        site = f"{school.id}/{school.sites[0].id}"
        requests = RequestFile(tmp_path / FILE_NAME)
        async with running(tmp_path, inventory) as one:
            now = one.clock.now()
            wanted = campaign_id(site, now)
            requests.add(Request("start", site, wanted, now))
            await asyncio.sleep(10)
            assert await phases(one) == [CampaignPhase.STARTED]
            requests.add(Request("cancel", site, wanted, one.clock.now()))
            await asyncio.sleep(10)
            assert await phases(one) == [CampaignPhase.STARTED, CampaignPhase.CANCELLED]
        async with running(tmp_path, inventory) as one:
            await asyncio.sleep(10)
            assert len(await phases(one)) == 2, "a restart executes no request twice"

    run_virtually(main())


def test_a_site_without_throughput_settings_starts_no_campaign(tmp_path: Path) -> None:
    async def main() -> None:
        inventory = inventory_of(tmp_path, TOWN)
        school = inventory.schools[0]
        site = f"{school.id}/{school.sites[0].id}"
        async with running(tmp_path, inventory) as one:
            now = one.clock.now()
            request = Request("start", site, campaign_id(site, now), now)
            RequestFile(tmp_path / FILE_NAME).add(request)
            await asyncio.sleep(10)
            assert await phases(one) == []

    run_virtually(main())


def test_a_refused_request_is_gone_and_starts_no_campaign_later(tmp_path: Path) -> None:
    async def main() -> None:
        inventory = inventory_of(tmp_path, TOWN)
        school = inventory.schools[0]
        site = f"{school.id}/{school.sites[0].id}"
        requests = RequestFile(tmp_path / FILE_NAME)
        async with running(tmp_path, inventory) as one:
            now = one.clock.now()
            requests.add(Request("start", site, campaign_id(site, now), now))
            await asyncio.sleep(10)
        # What was missing is configured a week later.
        async with running(tmp_path, measurable(inventory)) as one:
            await asyncio.sleep(10)
            assert await phases(one) == []
        assert requests.read() == ()

    run_virtually(main())


def test_a_reload_while_the_ledger_is_read_at_the_start_is_not_lost(tmp_path: Path) -> None:
    async def main() -> None:
        inventory = inventory_of(tmp_path, TOWN)
        school = inventory.schools[0]
        site = f"{school.id}/{school.sites[0].id}"
        recorded: list[Entry] = []
        async with running(tmp_path, inventory) as one:
            campaigns = Campaigns(
                inventory,
                one.pipeline.verdicts,
                recorded.extend,
                one.clock,
                one.daemon.probe_now,
                THREADS,
            )

            class Reloaded:
                async def entries(self, kind: str) -> list[Recorded]:
                    campaigns.reconfigure(measurable(inventory), Swap())
                    return await one.ledger.entries(kind)

            now = one.clock.now()
            requests = RequestFile(tmp_path / "of-the-test.json")
            requests.add(Request("start", site, campaign_id(site, now), now))
            task = asyncio.create_task(campaigns.run(Reloaded(), requests))  # type: ignore[arg-type]  # only this method is used
            await asyncio.sleep(10)
            task.cancel()
        assert [entry.kind for entry in recorded] == [CAMPAIGN]

    run_virtually(main())
