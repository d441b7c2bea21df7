from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.rollout.board import RolloutBoard
from monitor.rollout.stage import Stage
from monitor.rollout.stage_records import STAGE, read_stage
from monitor.simulator.play import YearsClock, inventory_at, play, story_of
from monitor.simulator.years import rollout_history
from tests import build
from tests.rollout.rollouts import city_with_goal, listed_school
from tests.virtual_time import VirtualClock, run_virtually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.inventory.city import School
    from monitor.ledger.chain import Entry

YEARS = (2018, 2021)
# Normal and minimum rates as contracts have them, below the maximum.
CONTRACT = build.contract(normal=0.9, minimum=0.6)


def connected(number: int) -> School:
    one = listed_school(f"school-{number}")
    site = one.sites[0]
    return replace(one, sites=(replace(site, uplink=replace(site.uplink, contract=CONTRACT)),))


CITY = city_with_goal(*map(connected, range(16)))
HISTORY = list(rollout_history(CITY, *YEARS, seed=3))
STORY = story_of(HISTORY)
END = datetime(YEARS[1] + 1, 1, 1, tzinfo=UTC)


def told_stages(until: datetime) -> dict[str, Stage]:
    """Return the stages that the history itself concludes."""
    changes = [read_stage(entry) for entry in HISTORY if entry.kind == STAGE]
    return {one.site: one.stage for one in changes if one.at <= until}


def test_the_board_derives_the_stages_of_the_history_from_evidence() -> None:
    board = RolloutBoard(inventory_at(CITY, STORY, END), STORY.evidence)
    for days in (0, 200, 400, 700):
        day = END - timedelta(days=days)
        board.tick(day)
        found = {site: finding.stage for site, finding in board.findings.items()}
        # In the history a campaign ends half a day after its last measurement.
        either = told_stages(day), told_stages(day + timedelta(days=1))
        unlike = {
            site: (stage, either[0].get(site))
            for site, stage in found.items()
            if stage not in {one.get(site, Stage.UNKNOWN) for one in either}
        }
        assert unlike == {}
    assert Stage.VERIFIED in told_stages(END).values()


def test_the_history_contains_only_evidence_and_no_conclusions() -> None:
    assert STAGE not in {entry.kind for entry in STORY.evidence}
    assert [entry.at for entry in STORY.evidence] == sorted(e.at for e in STORY.evidence)


def test_schools_join_with_the_goal_and_keep_their_milestones() -> None:
    first, last = (inventory_at(CITY, STORY, at) for at in (datetime(2018, 1, 9, tzinfo=UTC), END))
    assert len(first.schools) < len(last.schools) == len(CITY.schools)
    assert first.goal is not None
    assert last.goal is not None
    assert last.goal.denominator - first.goal.denominator == len(last.schools) - len(first.schools)
    stones = last.schools[0].sites[0].milestones
    assert [stone.stage for stone in stones] == ["planned", "ordered", "built", "reported"]
    # The page said "ordered on 2024-01-14 by ordered on 2024-01-14 by …".
    assert all(re.fullmatch(r"Los \d+/20\d\d-\d{3}", stone.reference) for stone in stones[:3])


def test_a_year_takes_the_requested_time_and_then_time_is_real() -> None:
    async def main() -> None:
        clock = YearsClock(VirtualClock(), YEARS, 60.0)
        assert clock.now() == datetime(2018, 1, 1, tzinfo=UTC)
        await clock.sleep(120)
        assert abs(clock.now() - datetime(2020, 1, 1, tzinfo=UTC)) < timedelta(days=1)
        await clock.sleep(130)
        assert clock.now() == END + timedelta(seconds=10)
        assert YearsClock(VirtualClock(), YEARS, 0.0).now() == END

    run_virtually(main())


def test_a_step_back_of_the_wall_clock_ends_no_demo_whose_years_have_passed() -> None:
    async def main() -> None:
        real = VirtualClock()
        clock = YearsClock(real, YEARS, 0.0)
        assert clock.now() == END
        real.step = timedelta(seconds=-2)
        assert clock.now() == END - timedelta(seconds=2)

    run_virtually(main())


def test_evidence_comes_on_time_and_every_goal_change_is_reported() -> None:
    taken: list[Entry] = []
    reloads: list[datetime] = []

    async def main() -> None:
        clock = YearsClock(VirtualClock(), YEARS, 60.0)

        def take(entries: Sequence[Entry]) -> None:
            assert all(entry.at <= clock.now() for entry in entries)
            taken.extend(entries)

        async with asyncio.timeout(300):
            await play(STORY, clock, take, lambda: reloads.append(clock.now()))

    run_virtually(main())
    assert taken == list(STORY.evidence)
    assert len(reloads) == len(STORY.scopes) - 1 > 0
