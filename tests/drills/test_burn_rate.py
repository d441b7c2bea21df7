"""45 minutes of outage use up a contract's availability: one ticket, fired and resolved once.

The counters move as the daemon's do: five minutes at once, five minutes late.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from monitor.exposition.availability import SCHOOL_MINUTES_TOTAL
from monitor.exposition.inventory_info import SCHOOL_CONTRACT_AVAILABILITY_RATIO
from tests.drills.city import ScriptedCity, ScriptedSchool
from tests.drills.stack import running_stack

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.exposition.text import Blocks
    from tests.drills.pace import Pace
    from tests.drills.stack import Counted

pytestmark = [pytest.mark.integration, pytest.mark.heavy, pytest.mark.thorough]

STEP_MINUTES = 5
# A line needs an hour of data before it is judged by that hour.
BEGINS_MINUTE = 75
OUTAGE_MINUTES = 45
TICKET = "AvailabilityBurnRate"
BEGUN = {("ticket", TICKET, "begins"): 1}
OVER = {**BEGUN, ("ticket", TICKET, "ends"): 1}
# Seconds of deployed time after which a missing notification is an error, on a busy machine too.
PATIENCE = 3 * 3600.0


@dataclass(slots=True)
class OutageByTheClock(ScriptedSchool):
    """A school that counts its minutes since its own start, including one outage."""

    pace: Pace = field(kw_only=True)
    started: float = field(default_factory=time.monotonic)

    def minutes_now(self) -> float:
        """Return the minutes of deployed time since the start."""
        return (time.monotonic() - self.started) * self.pace.factor / 60

    def render(self, blocks: Blocks) -> None:
        """Add the samples of its minutes."""
        ScriptedSchool.render(self, blocks)
        settled = max(0, int(self.minutes_now() / STEP_MINUTES) - 1) * STEP_MINUTES
        down = min(max(0, settled - BEGINS_MINUTE), OUTAGE_MINUTES)
        site = (self.id, "main")
        blocks.add(SCHOOL_MINUTES_TOTAL, (*site, "up"), settled - down)
        blocks.add(SCHOOL_MINUTES_TOTAL, (*site, "down"), down)
        blocks.add(SCHOOL_CONTRACT_AVAILABILITY_RATIO, site, 0.995)


async def test_an_outage_of_45_minutes_is_one_ticket_that_resolves_once(tmp_path: Path) -> None:
    city = ScriptedCity()
    school = OutageByTheClock("goethe", "A", pace=city.pace)
    city.add(school)
    async with running_stack(city, tmp_path) as stack:
        told = await awaited(stack.counted, BEGUN, city.pace)
        assert told == BEGUN
        assert school.minutes_now() > BEGINS_MINUTE
        assert await awaited(stack.counted, OVER, city.pace) == OVER
        # Long enough for a rule that forgets between two steps to fire twice more.
        await city.pace.pause(4 * STEP_MINUTES * 60)
        assert stack.counted.table([school.id, school.provider]) == OVER


async def awaited(
    counted: Counted, wanted: dict[tuple[str, str, str], int], pace: Pace
) -> dict[tuple[str, str, str], int]:
    """Return the notifications once there are this many, or when the wait times out."""
    ends = time.monotonic() + PATIENCE / pace.factor
    while time.monotonic() < ends:
        told = counted.table(["goethe", "A"])
        if told.total() >= sum(wanted.values()):
            break
        await asyncio.sleep(0.2)
    return dict(counted.table(["goethe", "A"]))
