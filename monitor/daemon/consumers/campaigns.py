"""Runs measuring campaigns in the daemon: from requests to tests to ledger entries.

Connects the campaigns' rules to the verdicts, the uplinks' counters and the ledger.

Must not know: when a test may run, or how a line is measured.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from monitor.calendar.school_days import SchoolCalendar
from monitor.campaigns.load import OctetReading, octets_of
from monitor.campaigns.runner import KINDS, CampaignRunner, Surroundings
from monitor.daemon.consumer import Consumer
from monitor.daemon.consumers.requests import obey_requests
from monitor.inventory.checks import CheckKind, InterfacesOptions, Role
from monitor.observation import DeviceReading, Outcome, State
from monitor.throughput.measure import measure
from monitor.verdict import Subject

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from monitor.campaigns.requests import Request, RequestFile
    from monitor.clock import Clock
    from monitor.daemon.consumers.verdicts import Verdicts
    from monitor.daemon.swap import Swap
    from monitor.inventory.checks import Check
    from monitor.inventory.city import Inventory
    from monitor.ledger.chain import Entry
    from monitor.ledger.ledger import Ledger
    from monitor.observation import Observation
    from monitor.threads import ProbeThreads


class Campaigns(Consumer):
    """The campaigns of a city, while `run` runs; `record` receives their entries."""

    def __init__(  # noqa: PLR0913, PLR0917  # the parts that it joins
        self,
        inventory: Inventory,
        verdicts: Verdicts,
        record: Callable[[Sequence[Entry]], None],
        clock: Clock,
        probe: Callable[[Check], Awaitable[Observation]],
        threads: ProbeThreads,
    ) -> None:
        self._verdicts = verdicts
        self._record = record
        self._threads = threads
        self._clock = clock
        self._probe = probe
        self._runner: CampaignRunner | None = None
        self._inventory = inventory
        self._uplinks = _uplinks_of(inventory)

    def reconfigure(self, inventory: Inventory, swap: Swap) -> None:
        """Use another inventory; the runner of the campaigns is changed through the swap."""
        self._inventory = inventory
        self._uplinks = _uplinks_of(inventory)
        if self._runner is not None:
            lessons = SchoolCalendar(inventory.calendar)
            swap.twin(self._runner).reconfigure(inventory, lessons)

    async def run(self, ledger: Ledger, requests: RequestFile) -> None:
        """Carry out requests and tests until cancelled."""
        kept = [one for kind in KINDS for one in await ledger.entries(kind)]
        kept.sort(key=lambda one: one.sequence)

        around = Surroundings(
            clock=self._clock,
            lessons=self._verdicts.calendar,
            measure=partial(measure, threads=self._threads),
            read_octets=self._read_octets,
            submit=self._record,
            maintenance_until=self._maintenance_until,
            uplink=self._uplink_state,
        )
        # A reload may have come while the ledger was read.
        self._runner = CampaignRunner(self._inventory, around, [one.entry for one in kept])
        async with asyncio.TaskGroup() as group:
            group.create_task(self._runner.run(), name="campaign tests")
            obeying = obey_requests(requests, partial(_obey, self._runner), self._clock)
            group.create_task(obeying, name="campaign requests")

    async def _read_octets(self, site: str) -> OctetReading | None:
        check = self._uplinks.get(site)
        if check is None:
            return None
        observation = await self._probe(check)
        reading, options = observation.values, check.options
        if not isinstance(reading, DeviceReading) or not isinstance(options, InterfacesOptions):
            return None
        if observation.outcome is not Outcome.OK:
            return None
        return octets_of(reading, options.uplink_interface, self._clock.monotonic())

    def _maintenance_until(self, school: str, at: datetime) -> datetime | None:
        window = self._verdicts.maintenance.active(school, at)
        return window.ends if window else None

    def _uplink_state(self, site: str) -> State:
        check = self._uplinks.get(site)
        verdict = self._verdicts.board.verdict(Subject.of(check.target)) if check else None
        return verdict.state if verdict else State.UNKNOWN


async def _obey(runner: CampaignRunner, requests: Sequence[Request]) -> dict[Request, str]:
    return {request: f"campaign: {why}" for request, why in runner.obey(requests).items()}


def _uplinks_of(inventory: Inventory) -> dict[str, Check]:
    return {
        str(check.target.site_key): check
        for check in inventory.checks()
        if check.kind is CheckKind.INTERFACES and check.target.role is Role.UPLINK
    }
