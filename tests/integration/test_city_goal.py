"""Shards and their leader: real ledgers in PostgreSQL, on virtual time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.daemon.consumers.goal import READ_SECONDS, STALE_SECONDS, CityGoal, recorded_goal
from monitor.daemon.swap import Swap
from monitor.exposition.store import Exposition
from monitor.inventory.city import Milestone
from monitor.inventory.shard import Shard
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from monitor.ledger.postgres import postgres_place
from monitor.rollout.board import RolloutBoard, remembered
from monitor.rollout.city import SharedPast
from monitor.rollout.goal_records import GOAL, configured_scope
from monitor.rollout.progress import progress
from monitor.rollout.stage import Stage
from monitor.threads import open_daemon_threads
from monitor.verdict import Moment
from tests.campaigns.evidence import START, entries_of, passing
from tests.exposition.support import exact_names, scrape
from tests.integration.postgres import running_postgres
from tests.rollout.rollouts import city_with_goal, listed_school
from tests.virtual_time import VirtualClock, run_virtually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from monitor.inventory.city import Inventory
    from monitor.ledger.chain import Entry
    from monitor.ledger.place import LedgerPlace
    from tests.integration.postgres import PostgresServer

pytestmark = pytest.mark.integration

NOW = START + timedelta(days=5)
BUILT = Milestone("built", date(2022, 2, 1), "protocol 3")
LINES = 12
TAKEN_OVER_SECONDS = 60
# Every metric about the whole city.
CITY = ("rollout_goal", "rollout_reported", "rollout_forecast", "rollout_building", "rollout_sites")

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def city_of(names: tuple[str, ...]) -> Inventory:
    """Return a city whose goal is two schools more than it lists; three of four are built."""
    schools = [
        replace(one, sites=tuple(replace(site, milestones=(BUILT,)) for site in one.sites))
        if number % 4
        else one
        for number, one in enumerate(map(listed_school, names))
    ]
    found = city_with_goal(*schools)
    assert found.goal is not None
    return replace(found, goal=replace(found.goal, denominator=len(names) + 2))


WHOLE = city_of(tuple(f"school-{number}" for number in range(LINES)))
PARTS = [Shard(number, 2).of(WHOLE) for number in (1, 2)]


def verified(one: str) -> list[Entry]:
    """Return the evidence that verifies a school's line."""
    measured = passing(f"campaign-{one}")
    moved = tuple(replace(each, site=f"{one}/main") for each in measured.measurements)
    return entries_of(replace(measured, site=f"{one}/main", measurements=moved))


@dataclass
class Running:
    """The part of a daemon that knows the goal, with what it needs."""

    goal: CityGoal
    board: RolloutBoard
    ledger: Ledger
    exposition: Exposition

    async def figures(self) -> Figures:
        """Return the city metrics it exports."""
        samples = exact_names(await scrape(self.exposition))
        return {key: one for key, one in samples.items() if key[0].startswith(CITY)}

    async def exports(self) -> bool:
        """Return whether it claims to export, which must match what it exposes."""
        samples = exact_names(await scrape(self.exposition))
        (said,) = (one for (name, _), one in samples.items() if name == "monitor_goal_exporter")
        assert bool(await self.figures()) is bool(said)
        return bool(said)


@asynccontextmanager
async def running(
    place: LedgerPlace, whole: Inventory, part: Inventory | None = None
) -> AsyncIterator[Running]:
    """Run that part of a daemon; without `part` it monitors the whole city."""
    clock = VirtualClock(NOW)
    async with Ledger.open(place, clock) as ledger:
        exposition = Exposition(clock)
        board = RolloutBoard(part or whole)
        goal = CityGoal(whole, board, ledger, exposition, clock, is_shard=part is not None)
        goal.begin(await recorded_goal(ledger))

        async def keep_house() -> None:
            while True:
                ledger.submit(board.tick(clock.now()))
                goal.tick(Moment(clock.monotonic(), clock.now()))
                await clock.sleep(5)

        with open_daemon_threads() as threads:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(keep_house()),
                    group.create_task(goal.run(place, threads.house, 3600.0)),
                ]
                try:
                    yield Running(goal, board, ledger, exposition)
                finally:
                    for task in tasks:
                        task.cancel()


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with running_postgres() as one:
        yield one


def end_session(server: PostgresServer, writer: int) -> None:
    """End the session of a writer's ledger at the server, unnoticed by that writer."""
    key = f"hashtextextended('schulnetz ledger {writer}', 0)"
    server.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "  # noqa: S608  # the test's own
        f"AND (classid::bigint << 32 | objid::bigint) = {key}"
    )


async def exporters(*ones: Running) -> list[bool]:
    return [await one.exports() for one in ones]


def knows(one: Running) -> bool:
    """Return whether it knows the city's stages."""
    return one.goal.view.stages is not None


async def passed(seconds: float, *ones: Running) -> float:
    """Let this much time pass; two never export. Return the last second at which none exported."""
    silent = 0.0
    for second in range(int(seconds)):
        await asyncio.sleep(1)
        now = await exporters(*ones)
        assert sum(now) <= 1, f"two export after {second} s"
        if not any(now):
            silent = second + 1.0
    return silent


def test_two_shards_export_once_what_one_daemon_would(
    server: PostgresServer, tmp_path: Path
) -> None:
    async def story() -> None:
        async with running(SqlitePlace(tmp_path / "whole.sqlite"), WHOLE) as alone:
            await asyncio.sleep(300)
            expected = await alone.figures()
        assert len(expected) > 20
        assert expected["rollout_goal_denominator", frozenset()] == LINES + 2
        places = [postgres_place(server.url, str(number)) for number in (1, 2)]
        async with (
            running(places[0], WHOLE, PARTS[0]) as one,
            running(places[1], WHOLE, PARTS[1]) as two,
        ):
            assert await passed(120, one, two) <= TAKEN_OVER_SECONDS
            first = await exporters(one, two)
            leader, other = (one, two) if first[0] else (two, one)
            assert await leader.figures() == expected
            assert leader.goal.view.stages == other.goal.view.stages
            assert leader.goal.view.forecast == other.goal.view.forecast
            assert other.goal.view.forecast is not None

            # A verification by the other shard counts within the read interval plus a minute.
            theirs = PARTS[0 if first[1] else 1].schools[0].id
            evidence = verified(theirs)
            other.board.take(evidence)
            await passed(READ_SECONDS + 75, one, two)
            for each in (leader, other):
                stages = each.goal.view.stages
                assert stages is not None
                assert stages[f"{theirs}/main"] is Stage.VERIFIED
            found = await leader.figures()
            assert found["rollout_goal_verified", frozenset()] == 1
            goals = [entry for each in (one, two) for entry in await each.ledger.entries(GOAL)]
            assert len(goals) == 1, "the goal is recorded once"
            scope = configured_scope(WHOLE, NOW)
            assert scope is not None
            assert set(goals[0].entry.payload["sites"]) == set(scope.sites)  # type: ignore[arg-type]
            assert progress(scope, leader.goal.view.stages or {}).verified == 1

    run_virtually(story())


def test_a_leader_that_loses_its_session_is_replaced_within_a_minute(
    server: PostgresServer,
) -> None:
    async def story() -> None:
        places = [postgres_place(server.url, str(number)) for number in (1, 2)]
        async with running(places[0], WHOLE, PARTS[0]) as one:
            await passed(60, one)
            assert await exporters(one) == [True]
            async with running(places[1], WHOLE, PARTS[1]) as two:
                await passed(60, one, two)
                assert await exporters(one, two) == [True, False]
                before = await one.figures()
                end_session(server, 1)
                assert await passed(5, one, two) == 5, "it stops exporting at its next query"
                rest = await passed(TAKEN_OVER_SECONDS - 5, one, two)
                assert sum(await exporters(one, two)) == 1, f"silent for {rest + 5} s"
                after = [await each.figures() for each in (one, two)]
                assert before in after
                await passed(120, one, two)
                end_session(server, 1)
                end_session(server, 2)
                await passed(TAKEN_OVER_SECONDS, one, two)
                assert sum(await exporters(one, two)) == 1

    run_virtually(story())


def test_without_the_database_exports_stop_and_pages_expire_in_5_minutes(
    server: PostgresServer,
) -> None:
    async def story() -> None:
        async with running(postgres_place(server.url, "1"), WHOLE, PARTS[0]) as one:
            await passed(60, one)
            assert await exporters(one) == [True]
            server.stop()
            await asyncio.sleep(5)
            assert await exporters(one) == [False]
            assert knows(one), "pages still show what was read"
            await asyncio.sleep(STALE_SECONDS + READ_SECONDS)
            assert not knows(one)
            assert one.goal.view.forecast is None
            server.start()
            await passed(TAKEN_OVER_SECONDS + READ_SECONDS, one)
            assert await exporters(one) == [True]

    run_virtually(story())


def test_a_school_moved_to_another_shard_keeps_its_evidence(server: PostgresServer) -> None:
    async def story() -> None:
        clock = VirtualClock(NOW)
        moved = PARTS[0].schools[0].id
        async with Ledger.open(postgres_place(server.url, "1"), clock) as ledger:
            await ledger.append(verified(moved))
        place = postgres_place(server.url, "3")
        async with Ledger.open(place, clock) as ledger:
            assert await remembered(ledger, NOW) == []
            with open_daemon_threads() as threads:
                past = SharedPast(place.shared, threads.house)
                board = RolloutBoard(WHOLE, await remembered(past, NOW))
            board.tick(NOW)
            assert board.findings[f"{moved}/main"].stage is Stage.VERIFIED

    run_virtually(story())


def test_a_shard_with_its_own_ledger_file_exports_no_goal_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with running(SqlitePlace(tmp_path / "l.sqlite"), WHOLE, PARTS[0]) as one:
            await asyncio.sleep(120)
            assert await exporters(one) == [False]
            assert one.goal.view.stages is None

    run_virtually(story())
    assert "--ledger postgresql://" in caplog.text


def test_a_reload_renews_the_goal_and_its_forecast_together(tmp_path: Path) -> None:
    """The forecast was renewed by the hour only: for so long, more were built than listed."""

    def counts(figures: Figures) -> list[float]:
        return [figures[f"rollout_goal_{one}", frozenset()] for one in ("built", "listed")]

    async def story() -> None:
        async with running(SqlitePlace(tmp_path / "ledger.sqlite"), WHOLE) as one:
            await asyncio.sleep(300)
            assert counts(await one.figures()) == [9, LINES]
            # One built school leaves, and another one's milestone is taken back.
            _, _, back, *others = WHOLE.schools
            back = replace(back, sites=tuple(replace(each, milestones=()) for each in back.sites))
            smaller = replace(WHOLE, schools=(WHOLE.schools[0], back, *others))
            swap = Swap()
            swap.twin(one.board).reconfigure(smaller)
            swap.twin(one.goal).reconfigure(smaller, swap)
            swap.commit()
            await asyncio.sleep(15)
            assert counts(await one.figures()) == [7, LINES - 1]
            assert one.goal.view.forecast is not None
            assert one.goal.view.forecast.built == 7
            assert one.goal.view.forecast.listed == LINES - 1

    run_virtually(story())
