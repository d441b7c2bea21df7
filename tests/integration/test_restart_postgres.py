"""A restart during an outage with a ledger in a real PostgreSQL: the start is the true one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.availability.records import TRANSITION, read_transition
from monitor.ledger.postgres import postgres_place
from monitor.observation import State
from monitor.status.build import school_status
from monitor.verdict import SubjectKind
from tests.ailing import AilingNetwork
from tests.integration.postgres import running_postgres
from tests.integration.running import Town
from tests.modelled import Network, inventory_of, running
from tests.virtual_time import run_virtually

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.ledger.postgres import PostgresPlace
    from monitor.status.model import SchoolStatus
    from tests.modelled import Running

pytestmark = pytest.mark.integration

TOWN = Town(161, {"voede": 1, "goethe": 2, "kant": 3}, switches=1)
DEAD, SWITCH, LOSSY = "127.82.2.1", "127.82.3.11", "127.82.1.1"
MILLISECOND = timedelta(milliseconds=1)


def goethe(one: Running, place: PostgresPlace) -> SchoolStatus:
    school = one.daemon.inventory.school("goethe")
    assert school is not None
    with place.open_reader() as reader:
        kept = [read_transition(one.entry) for one in reader.entries(TRANSITION)]
    changes = [one for one in kept if one.site == "goethe/main"]
    return school_status(one.daemon.sources, school, changes, one.clock.now())


def test_a_line_down_before_and_after_a_restart_has_one_outage(tmp_path: Path) -> None:
    inventory = inventory_of(tmp_path, TOWN)

    async def main(place: PostgresPlace) -> None:
        async with running(tmp_path, inventory, place=place) as one:
            await asyncio.sleep(100)
            one.network.dead.add(DEAD)
            await asyncio.sleep(300)
            begun = goethe(one, place).since
        await asyncio.sleep(600)
        async with running(tmp_path, inventory, Network(dead={DEAD}), place=place) as one:
            await asyncio.sleep(300)
            found = goethe(one, place)
            assert (found.state, found.since) == (State.DOWN, begun)
            assert [(outage.begins, outage.ends) for outage in found.outages] == [(begun, None)]

    async def other_main(place: PostgresPlace) -> None:
        """The state directory is lost with the machine, as in a pod; the ledger is not."""
        network = AilingNetwork(dead={SWITCH}, answered={LOSSY: 1})
        async with running(tmp_path, inventory, network, place=place) as one:
            await asyncio.sleep(600)
            before = one.daemon.status()
        await asyncio.sleep(600)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        async with running(elsewhere, inventory, network, place=place) as one:
            await asyncio.sleep(600)
            after = one.daemon.status()
        [switch] = [one for one in before.down if one.kind is SubjectKind.SWITCH]
        was, now = before.findings[switch], after.findings[switch]
        assert (was.state, now.state) == (State.DOWN, State.DOWN)
        assert abs(was.since - now.since) < MILLISECOND
        assert set(before.degraded) == set(after.degraded) != set()
        for subject, [known] in before.degraded.items():
            [found] = after.degraded[subject]
            assert abs(known.since - found.since) < MILLISECOND

    with running_postgres() as server:
        run_virtually(main(postgres_place(server.url, "restarted")))
        run_virtually(other_main(postgres_place(server.url, "troubled")))
