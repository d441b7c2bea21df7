from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from monitor.daemon.consumers.stages import Stages
from monitor.daemon.swap import Swap
from monitor.exposition.store import Exposition
from monitor.inventory.city import Milestone
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from monitor.rollout import board
from monitor.rollout.board import RolloutBoard
from monitor.verdict import Moment
from tests.build import city
from tests.exposition.support import HandClock, exact_names, scrape
from tests.uplink.city import polled_school

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.inventory.city import School

GOETHE = polled_school("goethe")


def with_milestones(one: School, *stages: Milestone) -> School:
    return replace(one, sites=tuple(replace(site, milestones=stages) for site in one.sites))


async def stages(exposition: Exposition) -> dict[str, str]:
    """Return school -> current stage."""
    return {
        dict(labels)["school"]: dict(labels)["stage"]
        for (name, labels), value in exact_names(await scrape(exposition)).items()
        if name == "rollout_stage" and value == 1
    }


async def test_a_milestone_becomes_a_stage_in_the_exposition_and_the_ledger(tmp_path: Path) -> None:
    clock = HandClock()
    ordered = Milestone("ordered", date(2020, 5, 4), "contract 7")
    inventory = city(with_milestones(GOETHE, ordered))
    async with Ledger.open(SqlitePlace(tmp_path / "ledger.sqlite"), clock) as ledger:
        exposition = Exposition(clock)
        exposition.set_inventory(inventory)
        rolled_out = Stages(inventory, RolloutBoard(inventory), ledger, exposition, clock)
        rolled_out.tick(Moment(clock.monotonic(), clock.now()))
        assert await stages(exposition) == {"goethe": "ordered"}

        built = Milestone("built", date(2020, 9, 1), "protocol 3")
        inventory = city(with_milestones(GOETHE, ordered, built))
        swap = Swap()
        swap.twin(exposition).set_inventory(inventory)
        swap.twin(rolled_out).reconfigure(inventory, swap)
        swap.commit()
        clock.time += 60
        rolled_out.tick(Moment(clock.monotonic(), clock.now()))
        assert await stages(exposition) == {"goethe": "built"}
    async with Ledger.open(SqlitePlace(tmp_path / "ledger.sqlite"), clock) as ledger:
        kinds = [entry.kind for entry in await board.remembered(ledger, datetime.now(UTC))]
    assert kinds.count("stage") == 2


async def test_a_stage_that_no_longer_applies_leaves_the_exposition() -> None:
    exposition = Exposition(HandClock())
    exposition.replace_blocks(
        "goethe", "rollout", {"rollout_stage": b"a 1\n", "school_info": b"b 1\n"}
    )
    exposition.replace_blocks("goethe", "rollout", {"rollout_stage": b"a 0\n"})
    text = b"".join([piece async for piece in exposition.stream()])
    assert b"a 0" in text
    assert b"b 1" not in text
