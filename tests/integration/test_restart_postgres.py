"""A restart amid an outage over a ledger in a real PostgreSQL: the beginning is the true one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from monitor.availability.records import TRANSITION, read_transition
from monitor.ledger.postgres import postgres_place
from monitor.observation import State
from monitor.status.build import school_status
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

TOWN = Town(161, {"voede": 1, "goethe": 2, "kant": 3}, switches=0)
DEAD = "127.82.2.1"


def goethe(one: Running, place: PostgresPlace) -> SchoolStatus:
    school = one.daemon.inventory.school("goethe")
    assert school is not None
    with place.open_reader() as reader:
        kept = [read_transition(one.entry) for one in reader.entries(TRANSITION)]
    changes = [one for one in kept if one.site == "goethe/main"]
    return school_status(one.daemon.sources, school, changes, one.clock.now())


def test_a_line_that_is_down_before_and_after_a_restart_has_one_outage(tmp_path: Path) -> None:
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

    with running_postgres() as server:
        run_virtually(main(postgres_place(server.url, "restarted")))
