"""The goal of the whole city: kept up to date, recorded, and exported by exactly one daemon.

A daemon that monitors every school counts its own stages. A shard counts its own schools by its
own stages, and the others by what their daemons recorded in the shared database, which also elects
the daemon that exports. Pages show the same figures.

Must not know: how a stage or a forecast is computed, or HTTP.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from monitor.availability.minutes import minute_of
from monitor.clock import pause
from monitor.daemon.consumer import Consumer
from monitor.exposition.goal import exporter_block, forecast_blocks, goal_blocks
from monitor.ledger.chain import LedgerError
from monitor.ledger.leadership import ASK_SECONDS, Leadership
from monitor.report.outlook import CityView, forecast_now
from monitor.rollout.city import read_city
from monitor.rollout.goal_records import GOAL, read_goal, unrecorded_goal
from monitor.rollout.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime
    from typing import Protocol

    from monitor.clock import Clock
    from monitor.daemon.swap import Swap
    from monitor.exposition.store import Exposition
    from monitor.inventory.city import Inventory
    from monitor.ledger.ledger import Ledger
    from monitor.ledger.place import LedgerPlace, SharedLedger
    from monitor.ledger.reading import Reading
    from monitor.report.forecast import Forecast
    from monitor.rollout.board import RolloutBoard
    from monitor.rollout.city import CityRecord
    from monitor.rollout.goal_records import GoalScope
    from monitor.threads import Threads
    from monitor.verdict import Moment

    class _Readable(Protocol):
        def open_reader(self) -> AbstractContextManager[Reading]: ...


log = logging.getLogger(__name__)

READ_SECONDS: Final = 30.0
"""How often a shard reads the other shards' records."""
STALE_SECONDS: Final = 300.0
"""After this long without reading them, a shard's view of the city is stale."""
LOOK_SECONDS: Final = 1.0
FORECAST_DELAY_SECONDS: Final = 5.0
_OWNER: Final = "goal"
_FORECAST: Final = "forecast"


async def recorded_goal(ledger: Ledger) -> GoalScope | None:
    """Return the last goal in a ledger, None if it has none.

    Raises:
        LedgerError: if it cannot be read.
    """
    goals = await ledger.entries(GOAL)
    return read_goal(goals[-1].entry) if goals else None


class CityGoal(Consumer):
    """The city's goal as this daemon knows it, and whether this daemon exports it.

    `inventory` is the whole city's, `board` is that of the schools that this daemon monitors.
    """

    def __init__(  # noqa: PLR0913  # the parts that it joins
        self,
        inventory: Inventory,
        board: RolloutBoard,
        ledger: Ledger,
        exposition: Exposition,
        clock: Clock,
        *,
        is_shard: bool = False,
        rollout_clock: Clock | None = None,
    ) -> None:
        self._inventory = inventory
        self._board = board
        self._ledger = ledger
        self._exposition = exposition
        self._clock = clock
        self._rollout_clock = rollout_clock or clock
        self._is_shard = is_shard
        self._leadership = Leadership()
        self._others: Mapping[str, Stage] = {}
        self._read_at: float | None = None
        self._recorded: GoalScope | None = None
        self._forecast: Forecast | None = None
        self._exports: bool | None = None
        self._shown = 0
        self._is_news = False
        self._outdated = asyncio.Event()

    def begin(self, recorded: GoalScope | None) -> None:
        """Record the goal in the ledger if it is new; a shard reads the others first."""
        self._recorded = recorded
        self._record()

    def reconfigure(self, inventory: Inventory, _: Swap) -> None:
        """Use another configuration of the whole city."""
        self._inventory = inventory
        self._shown = 0
        self._is_news = True

    @property
    def view(self) -> CityView:
        """Return the current view of the city."""
        if self._is_shard and not self._knows_others():
            return CityView(self._inventory, None)
        return CityView(self._inventory, self._stages(), self._forecast)

    def tick(self, _: Moment) -> None:
        """Expose changes, once a minute and whenever the exporter changes."""
        self._look()

    def _look(self) -> None:
        if self._is_news:
            self._is_news = False
            self._record()
            self._outdated.set()
        exports = not self._is_shard or (
            self._knows_others() and self._leadership.speaks(self._clock.monotonic())
        )
        now = self._rollout_clock.now()
        minute = minute_of(now)
        if exports is self._exports and minute == self._shown:
            return
        if self._is_shard and exports is not bool(self._exports):
            how = "from now on" if exports else "no longer"
            log.info("this daemon exports the city's goal %s", how)
        self._exports, self._shown = exports, minute
        blocks = exporter_block(exports=exports)
        if exports:
            blocks |= goal_blocks(self._inventory, self._stages(), now)
        self._exposition.replace_blocks("", _OWNER, blocks)
        self._expose_forecast()

    async def run(self, place: LedgerPlace, threads: Threads, forecast_seconds: float) -> None:
        """Keep the view up to date until cancelled; `threads` read the ledgers."""
        shared = place.shared if self._is_shard else None
        if self._is_shard and shared is None:
            log.warning(
                "a shard with its own ledger does not know the city's goal, and exports none; "
                "give all shards one database with --ledger postgresql://..."
            )
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._renew_forecast(shared or place, threads, forecast_seconds))
            if shared is not None:
                group.create_task(self._read(shared, threads))
                group.create_task(self._ask())
                group.create_task(self._keep_looking())

    def _knows_others(self) -> bool:
        """Return whether the other shards' records were read recently."""
        read_at = self._read_at
        return read_at is not None and self._clock.monotonic() < read_at + STALE_SECONDS

    def _stages(self) -> Mapping[str, Stage]:
        """Return the stage of each `school/site`: ours as evaluated, others' as recorded."""
        ours = {site: finding.stage for site, finding in self._board.findings.items()}
        if not self._is_shard:
            return ours
        sites = (str(school.key(site)) for school, site in self._inventory.sites())
        others = {site: self._others.get(site, Stage.UNKNOWN) for site in sites}
        return others | ours

    def _record(self) -> None:
        """Record the goal if it differs from the last recorded one; among shards, by the leader."""
        if self._is_shard and (self._read_at is None or not self._leadership.holds):
            return
        entry = unrecorded_goal(self._inventory, self._recorded, self._rollout_clock.now())
        if entry is not None:
            self._ledger.submit([entry])
            self._recorded = read_goal(entry)

    def _take(self, found: CityRecord, asked: float) -> None:
        self._others, self._read_at = found.stages, asked
        # The records may be older than our own latest ones.
        if found.goal and (self._recorded is None or found.goal.at >= self._recorded.at):
            self._recorded = found.goal
        self._record()
        self._shown = 0
        self._look()

    async def _read(self, shared: SharedLedger, threads: Threads) -> None:
        while True:
            asked = self._clock.monotonic()
            try:
                self._take(await threads.run(read_city, shared), asked)
            except LedgerError as error:
                log.warning("the other shards' stages cannot be read: %s", error)
            await self._clock.sleep(READ_SECONDS)

    async def _ask(self) -> None:
        while True:
            asked = self._clock.monotonic()
            try:
                leads = await self._ledger.lead()
            except LedgerError as error:
                if self._leadership.holds:
                    log.warning("cannot determine whether this daemon is the leader: %s", error)
                leads = False
            if leads:
                self._leadership.granted(asked, self._clock.monotonic())
                self._record()
            else:
                self._leadership.withheld()
            self._look()
            await self._clock.sleep(ASK_SECONDS)

    async def _keep_looking(self) -> None:
        """End an expired lead in time, even while the database does not answer."""
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            self._look()

    async def _renew_forecast(self, source: _Readable, threads: Threads, seconds: float) -> None:
        """Renew the forecast at intervals, and soon after a reload.

        The history is read in a separate thread, after a delay in which the ledger writes the
        goal and the stages that the reload changed.
        """

        def found(inventory: Inventory, now: datetime) -> Forecast | None:
            with source.open_reader() as reader:
                return forecast_now(reader, inventory, now)

        while True:
            await self._clock.sleep(FORECAST_DELAY_SECONDS)
            self._outdated.clear()
            try:
                self._forecast = await threads.run(
                    found, self._inventory, self._rollout_clock.now()
                )
                self._expose_forecast()
            except LedgerError as error:
                log.warning("no forecast: %s", error)
            await pause(self._clock, seconds, self._outdated)

    def _expose_forecast(self) -> None:
        zone = ZoneInfo(self._inventory.calendar.timezone)
        blocks = forecast_blocks(self._forecast, zone) if self._exports else {}
        self._exposition.replace_blocks("", _FORECAST, blocks)
