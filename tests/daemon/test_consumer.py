"""Adding a consumer is one file and one line: it follows observations, time and reloads."""

from __future__ import annotations

import asyncio
import inspect
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.daemon import pipeline
from monitor.daemon.consumer import Consumer
from monitor.daemon.consumers.samples import Samples
from monitor.daemon.daemon import HOUSEKEEPING_SECONDS
from monitor.inventory.checks import CheckKind
from tests.integration.running import Town
from tests.modelled import inventory_of, running
from tests.virtual_time import run_virtually

if TYPE_CHECKING:
    from monitor.daemon.swap import Swap
    from monitor.inventory.city import Inventory
    from monitor.observation import Observation
    from monitor.verdict import Moment

PAGE = Path(__file__).parents[2] / "docs" / "architecture.md"
SCHOOLS = {"voede": 1, "goethe": 2, "kant": 3, "natorp": 4, "kortum": 5}
TOWN = Town(161, SCHOOLS, switches=1)
FEWER = Town(161, dict(list(SCHOOLS.items())[:4]), switches=1)


class Follower(Consumer):
    """Counts its events; refuses an inventory if a test wants it to."""

    def __init__(self) -> None:
        self.observed: list[str] = []
        self.ticks: list[float] = []
        self.schools = 0
        self.refuses = False

    def reconfigure(self, inventory: Inventory, _: Swap) -> None:
        self.schools = len(inventory.schools)
        if self.refuses:
            raise RuntimeError("this inventory is refused")

    def observe(self, observation: Observation, moment: Moment) -> None:
        assert observation.started <= moment.instant
        self.observed.append(observation.check.id)

    def tick(self, moment: Moment) -> None:
        self.ticks.append(moment.monotonic)


def test_an_added_consumer_gets_observations_ticks_and_reloads(tmp_path: Path) -> None:
    async def main() -> None:
        first, second = Follower(), Follower()
        inventory = inventory_of(tmp_path, TOWN)
        async with running(tmp_path, inventory, further=(first, second)) as one:
            await asyncio.sleep(62)
            polls = one.daemon.status().polls
            assert len(first.observed) == len(second.observed) == polls > 0
            often = {one for one in inventory.checks() if one.kind is not CheckKind.HARDWARE}
            assert {check.id for check in often} <= set(first.observed)
            steps = [late - early for early, late in pairwise(first.ticks)]
            assert len(steps) > 1
            assert set(map(round, steps)) == {round(HOUSEKEEPING_SECONDS)}
            one.offer(inventory_of(tmp_path, FEWER))
            second.refuses = True
            assert not await one.daemon.reload("a test")
            assert (first.schools, len(one.daemon.inventory.schools)) == (0, len(SCHOOLS))
            second.refuses = False
            assert await one.daemon.reload("a test")
            assert first.schools == second.schools == len(one.daemon.inventory.schools) == 4
            await asyncio.sleep(60)
            assert len(first.observed) == one.daemon.status().polls > polls

    run_virtually(main())


def test_minutes_come_after_verdicts_and_the_goal_after_stages(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
            found = one.pipeline
            turn = found.consumers.index
            assert turn(found.verdicts) < turn(found.minutes) < turn(found.stages)
            assert turn(found.verdicts) < turn(found.uplinks)
            assert turn(found.stages) < turn(found.goal)
            assert len(set(map(type, found.consumers))) == len(found.consumers)

    run_virtually(main())


def test_the_documented_example_consumer_is_the_real_one() -> None:
    page = PAGE.read_text(encoding="utf-8")
    (a_file,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert a_file == inspect.getsource(Samples)
    (a_line,) = re.findall(r"one line in `build_pipeline`, `(.*?)`", page)
    assert inspect.getsource(pipeline.build_pipeline).count(f"\n        {a_line}\n") == 1
