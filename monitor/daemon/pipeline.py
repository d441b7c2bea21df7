"""From observations to verdicts, and on to the ledger, the exposition and the pages.

Lists the consumers in the order in which they are called. Nothing here waits: the ledger writes
in the background.

Must not know: probes, the schedule, HTTP, or how any rule decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.availability.records import TRANSITION
from monitor.availability.spells import MEMORY
from monitor.daemon.consumers.campaigns import Campaigns
from monitor.daemon.consumers.goal import CityGoal
from monitor.daemon.consumers.links import Links
from monitor.daemon.consumers.minutes import Minutes
from monitor.daemon.consumers.round_trips import RoundTrips
from monitor.daemon.consumers.runs import Runs
from monitor.daemon.consumers.samples import Samples
from monitor.daemon.consumers.stages import Stages
from monitor.daemon.consumers.troubles import Troubles, devices_of
from monitor.daemon.consumers.uplinks import Uplinks
from monitor.daemon.consumers.verdict_output import VerdictOutput
from monitor.daemon.consumers.verdicts import Memory, Verdicts
from monitor.daemon.trouble_records import TROUBLE, troubles_of
from monitor.rollout import board
from monitor.rollout.board import RolloutBoard

if TYPE_CHECKING:
    from monitor.calendar.maintenance import MaintenanceBook
    from monitor.clock import Clock
    from monitor.daemon.consumer import Consumer
    from monitor.daemon.parts import Parts
    from monitor.daemon.settings import Loaded
    from monitor.daemon.swap import Swap
    from monitor.exposition.store import Exposition
    from monitor.inventory.city import Inventory
    from monitor.ledger.chain import Past
    from monitor.observation import Observation
    from monitor.verdict import Moment


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The consumers of a daemon, in order; those whose results others read also by name.

    A reload changes their contents, but not the set of consumers.
    """

    consumers: tuple[Consumer, ...]
    runs: Runs
    verdicts: Verdicts
    minutes: Minutes
    uplinks: Uplinks
    stages: Stages
    round_trips: RoundTrips
    campaigns: Campaigns
    goal: CityGoal

    def reconfigure(self, loaded: Loaded, swap: Swap) -> None:
        """Let the twins of all consumers use another configuration."""
        for consumer in self.consumers:
            # Of a shard's consumers, only the goal uses the whole city.
            inventory = loaded.whole if consumer is self.goal else loaded.inventory
            swap.twin(consumer).reconfigure(inventory, swap)

    def observe(self, observation: Observation, moment: Moment) -> None:
        """Let all consumers process an observation that just ended."""
        for consumer in self.consumers:
            consumer.observe(observation, moment)

    def tick(self, moment: Moment) -> None:
        """Called every few seconds as time passes."""
        for consumer in self.consumers:
            consumer.tick(moment)

    def stop(self, moment: Moment) -> None:
        """Record the known minutes before the end; no observation may follow."""
        try:
            self.tick(moment)
        finally:
            self.minutes.stop(moment.instant)


def build_judges(
    inventory: Inventory,
    clock: Clock,
    maintenance: MaintenanceBook,
    exposition: Exposition,
    memory: Memory | None = None,
) -> tuple[Verdicts, Uplinks]:
    """Return the consumers that judge without recording: all that a shell command needs."""
    verdicts = Verdicts(inventory, clock, maintenance, memory)
    return verdicts, Uplinks(inventory, verdicts, exposition)


async def build_pipeline(
    loaded: Loaded, parts: Parts, maintenance: MaintenanceBook, past: Past
) -> Pipeline:
    """Return the consumers of a configuration, with the records in `past`.

    Raises:
        LedgerError: if the records cannot be read.
    """
    inventory, clock, exposition, ledger = (
        loaded.inventory,
        parts.clock,
        parts.exposition,
        parts.ledger,
    )
    rollout_clock = parts.rollout_clock or clock
    now = clock.now()
    rollout = RolloutBoard(inventory, await board.remembered(past, now))
    troubles = troubles_of(await past.latest(TROUBLE), devices_of(inventory))
    memory = Memory(await past.entries(TRANSITION, since=now - MEMORY), troubles)
    verdicts, uplinks = build_judges(inventory, clock, maintenance, exposition, memory)
    minutes = Minutes(inventory, verdicts, rollout, ledger, exposition, now)
    stages = Stages(inventory, rollout, ledger, exposition, rollout_clock)
    runs, round_trips = Runs(inventory, parts.own), RoundTrips(inventory)
    campaigns = Campaigns(
        inventory, verdicts, stages.record, clock, parts.probe_now, parts.threads.probes
    )
    goal = CityGoal(
        loaded.whole,
        rollout,
        ledger,
        exposition,
        clock,
        is_shard=loaded.city is not None,
        rollout_clock=parts.rollout_clock,
    )
    # Called in this order at each observation, tick and reload. The order matters where a comment
    # says so; a consumer without dependencies belongs at the end.
    consumers: tuple[Consumer, ...] = (
        runs,
        # Before all that expose: on a reload it drops the series of removed schools.
        Samples(inventory, exposition),
        # Before all that use its changes and its calendar.
        verdicts,
        # Both before the output: the ledger comes first.
        minutes,
        Troubles(verdicts, ledger, troubles),
        VerdictOutput(inventory, verdicts, exposition),
        uplinks,
        Links(inventory, exposition),
        # After the minutes: settled ones are evidence.
        stages,
        round_trips,
        campaigns,
        # After the stages: it counts them.
        goal,
    )
    return Pipeline(
        consumers, runs, verdicts, minutes, uplinks, stages, round_trips, campaigns, goal
    )
