"""Runs the monitor: wires the parts that were opened for it, and stops them.

Must not decide anything itself: the meaning of an observation is defined elsewhere.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.availability.excuse_requests import EXCUSES_FILE, ExcuseFile
from monitor.campaigns.requests import FILE_NAME, RequestFile
from monitor.daemon.consumers.excuse_metrics import ExcuseMetrics
from monitor.daemon.consumers.excuses import obey_excuses
from monitor.daemon.consumers.goal import recorded_goal
from monitor.daemon.consumers.traps import open_traps
from monitor.daemon.garbage import keep_what_is_there, rare_collections
from monitor.daemon.reload import Reloads
from monitor.daemon.settings import TrapAddressError
from monitor.daemon.systemd import STOPPING, Supervisor
from monitor.inventory.checks import CheckKind
from monitor.observation import Outcome, State
from monitor.rollout.stage import Stage
from monitor.schedule import Schedule
from monitor.status.build import Sources
from monitor.verdict import Moment, SubjectKind
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
    from contextlib import AsyncExitStack
    from datetime import datetime
    from typing import Any

    from monitor.daemon.consumers.traps import TrapListener
    from monitor.daemon.parts import Parts
    from monitor.daemon.pipeline import Pipeline
    from monitor.daemon.settings import Loaded, Settings
    from monitor.inventory.checks import Check
    from monitor.inventory.city import Inventory
    from monitor.ledger.chain import Entry
    from monitor.ledger.place import LedgerPlace
    from monitor.observation import Observation
    from monitor.threads import Threads
    from monitor.verdict import Subject, Verdict
    from monitor.verdict.trouble import Degradation

LAG_SAMPLE_SECONDS = 0.1
HOUSEKEEPING_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Status:
    """The current state, for display: counts since the daemon's start.

    `down` are the devices to repair, `findings` all verdicts, `degraded` the degraded devices.
    """

    schools: int
    schools_up: int
    devices: int
    devices_answered: int
    polls: int
    down: tuple[Subject, ...]
    findings: Mapping[Subject, Verdict]
    degraded: Mapping[Subject, tuple[Degradation, ...]]

    @property
    def root_causes(self) -> tuple[str, ...]:
        """Return the names of the devices to repair."""
        return tuple(map(str, self.down))


class Daemon:
    """The running monitor. Built by `open_daemon`; `run` does the work until it is stopped.

    Raises:
        CapacityError: if the checks cannot all run on time.
    """

    def __init__(
        self,
        settings: Settings,
        loaded: Loaded,
        load: Callable[[], Loaded],
        parts: Parts,
        pipeline: Pipeline,
    ) -> None:
        self._settings = settings
        self._clock = parts.clock
        self._parts = parts
        self._pipeline = pipeline
        self._schedule = Schedule(parts.clock, parts.probe, self._observed, settings.concurrency)
        self._excuses = ExcuseMetrics(
            parts.ledger, settings.ledger_place, parts.exposition, parts.clock, self._city
        )
        self._skipped_before = dict.fromkeys(CheckKind, 0)
        self._reloads = Reloads(settings, loaded, load, parts, pipeline, self._schedule)
        self.port = 0

    async def run(self, stop: asyncio.Event, supervisor: Supervisor | None = None) -> None:
        """Probe until `stop` is set; when this returns, every check has ended.

        `supervisor` is notified as long as checks complete, and when the daemon stops.
        """
        supervisor = supervisor or Supervisor({})
        with ExitStack() as stack:
            # However it ends, the known minutes are recorded.
            stack.callback(lambda: self._pipeline.stop(self._moment()))
            stack.enter_context(rare_collections(len(self._schedule.checks)))
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(work, name=name)
                    for name, work in self._work(supervisor).items()
                ]
                await stop.wait()
                supervisor.tell(STOPPING)
                for task in tasks:
                    task.cancel()

    def _work(self, supervisor: Supervisor) -> dict[str, Coroutine[Any, Any, None]]:
        """Return the concurrent tasks, by name."""
        parts, folder = self._parts, self._settings.state_directory
        house, ledger, place = parts.threads.house, parts.ledger, self._settings.ledger_place
        pipeline, requests = self._pipeline, RequestFile(folder / FILE_NAME)
        work = {
            "schedule": self._schedule.run(),
            "loop lag": self._sample_lag(),
            "housekeeping": self._keep_house(),
            "reload": self._reloads.run(),
            "settle": self._settle(),
            "goal": pipeline.goal.run(place, house, self._settings.forecast_seconds),
            "campaigns": pipeline.campaigns.run(ledger, requests),
            "excuses": obey_excuses(ledger, ExcuseFile(folder / EXCUSES_FILE), parts.clock),
            "excuse metrics": self._excuses.run(house),
            "watchdog": supervisor.feed(
                parts.clock, lambda: pipeline.runs.polls, self._longest_pause
            ),
        }
        if (web := parts.web_file) is not None:
            work["web file"] = web.watch(house)
        return work

    def _observed(self, observation: Observation) -> None:
        check = observation.check
        before = self._pipeline.runs.outcome(check.id)
        self._pipeline.observe(observation, self._moment())
        if check.kind is CheckKind.ICMP and observation.outcome is Outcome.OK:
            self._welcome_back(check, before)

    def _welcome_back(self, ping: Check, before: Outcome | None) -> None:
        """Poll a device at once when it answers again, without waiting for its back-off to end."""
        if before is Outcome.FAILED:
            self._schedule.hurry(f"{ping.id.removesuffix(ping.name)}{CheckKind.INTERFACES}")

    async def _keep_house(self) -> None:
        while True:
            await self._clock.sleep(HOUSEKEEPING_SECONDS)
            self._pipeline.tick(self._moment())
            self._schedule.reconcile()
            self._reloads.close_outdated()
            for kind, skipped in self._schedule.skipped.items():
                self._parts.own.count_skipped(kind, skipped - self._skipped_before[kind])
                self._skipped_before[kind] = skipped

    async def _sample_lag(self) -> None:
        while True:
            due = self._clock.monotonic() + LAG_SAMPLE_SECONDS
            await self._clock.sleep(LAG_SAMPLE_SECONDS)
            self._parts.own.loop_lag.observe(max(0.0, self._clock.monotonic() - due))

    async def _settle(self) -> None:
        """Exclude everything that exists at the end of the first cycle from garbage collection."""
        while self.not_ready():
            await self._clock.sleep(HOUSEKEEPING_SECONDS)
        keep_what_is_there()

    def _longest_pause(self) -> float:
        """Return the longest regular pause between checks: two of the shortest intervals."""
        checks = self._schedule.checks
        return min((2 * check.interval + check.timeout for check in checks), default=math.inf)

    def _moment(self) -> Moment:
        return Moment(self._clock.monotonic(), self._clock.now())

    def _city(self) -> tuple[Inventory, Callable[[str, datetime], bool]]:
        return self.inventory, self._pipeline.verdicts.calendar.in_lessons

    def request_reload(self, trigger: str) -> None:
        """Reload the configuration; requests during a reload are merged."""
        self._reloads.request(trigger)

    async def reload(self, user: str = "") -> bool:
        """Reload the configuration for a user who asked by HTTP; return whether it was applied.

        The log says why not, and who asked; `user` is empty for a client with a certificate alone.
        """
        by = f"user {user}" if user else "a client with a certificate"
        return await self._reloads.reload(f"HTTP ({by})")

    async def take_traps(self, place: tuple[str, int], stack: AsyncExitStack) -> None:
        """Receive traps at an address until the stack is closed.

        Raises:
            TrapAddressError: if the address is not available; the message names the remedy.
        """
        parts, hurry = self._parts, self._schedule.hurry
        opened = open_traps(place, parts.exposition, parts.clock, hurry, parts.threads.probes)
        try:
            listener = await stack.enter_async_context(opened)
        except (OSError, UnicodeError) as error:
            # Names that the IDNA codec refuses never reach the resolver.
            why = error.strerror if isinstance(error, OSError) else "invalid host name"
            raise TrapAddressError(
                f"cannot receive traps on {place[0]}:{place[1]}: {why}; ports below "
                "1024 need CAP_NET_BIND_SERVICE, and no other receiver may hold the port"
            ) from None
        await listener.listen(self.inventory, parts.snmp)
        parts.own.count_drops_of("trap", lambda: listener.drops)
        self._reloads.traps = listener

    async def begin_goal(self) -> None:
        """Record the goal in the ledger if it is new.

        Raises:
            LedgerError: if the last recorded goal cannot be read.
        """
        self._pipeline.goal.begin(await recorded_goal(self._parts.ledger))

    def recall(self, earlier: Iterable[Observation]) -> None:
        """Take pings from before the start, for the charts of round-trip times.

        Call it before `run`: the charts must grow in chronological order.
        """
        self._pipeline.round_trips.recall(earlier)

    def record(self, entries: Sequence[Entry]) -> None:
        """Process evidence of the roll-out from elsewhere."""
        self._pipeline.stages.record(entries)

    async def probe_now(self, check: Check) -> Observation:
        """Run one check now, outside the schedule; nothing is recorded."""
        return await self._parts.probe_now(check)

    def now(self) -> datetime:
        """Return the current time."""
        return self._clock.now()

    def not_ready(self) -> str:
        """Return why the daemon is not ready yet, empty if it is."""
        missing = self._pipeline.runs.missing
        return f"{count_of(missing, 'check has', 'checks have')} not run yet" if missing else ""

    def config_rejected_since(self) -> datetime | None:
        """Return since when the configuration has been rejected on reload; None if it is not."""
        return self._reloads.rejected_since

    def web_config_rejected_since(self) -> datetime | None:
        """Return since when the web configuration file has been rejected; None if it is not."""
        web = self._parts.web_file
        return None if web is None else web.rejected_since()

    def status(self) -> Status:
        """Return the current state."""
        board, runs = self._pipeline.verdicts.board, self._pipeline.runs
        findings = dict(board.findings())
        not_up = {
            subject.school
            for subject, verdict in findings.items()
            if subject.kind is SubjectKind.UPLINK and verdict.state is not State.UP
        }
        reads = [check for check in self._schedule.checks if check.kind is CheckKind.INTERFACES]
        return Status(
            schools=len(self.inventory.schools),
            schools_up=len(self.inventory.schools) - len(not_up),
            devices=len(reads),
            devices_answered=sum(runs.outcome(one.id) is Outcome.OK for one in reads),
            polls=runs.polls,
            down=board.root_causes(),
            findings=findings,
            degraded=self._pipeline.verdicts.conditions.degraded(),
        )

    @property
    def sources(self) -> Sources:
        """Return the sources of the displayed data."""
        pipeline, verdicts = self._pipeline, self._pipeline.verdicts
        return Sources(
            self.inventory,
            verdicts.board,
            verdicts.conditions,
            pipeline.stages.rollout,
            pipeline.uplinks.meters,
            verdicts.calendar,
            verdicts.maintenance,
            pipeline.round_trips.history,
            pipeline.round_trips.equipment,
            pipeline.round_trips.outcomes,
            pipeline.goal.view,
            self._parts.ledger.health,
            self._excuses.in_force,
        )

    @property
    def inventory(self) -> Inventory:
        """Return the current inventory."""
        return self._reloads.loaded.inventory

    @property
    def traps(self) -> TrapListener | None:
        """Return the receiver of traps, None if there is none."""
        return self._reloads.traps

    @property
    def verified_sites(self) -> int:
        """Return how many sites are verified now."""
        findings = self._pipeline.stages.rollout.findings.values()
        return sum(finding.stage is Stage.VERIFIED for finding in findings)

    @property
    def scheme(self) -> str:
        """Return the scheme of the pages: http or https."""
        web = self._parts.web_file
        return "http" if web is None or web.tls_context() is None else "https"

    @property
    def readers(self) -> Threads:
        """Return the threads in which pages and API read the ledger."""
        return self._parts.threads.readers

    @property
    def ledger_place(self) -> LedgerPlace:
        """Return the place of the ledger, for reading."""
        return self._settings.ledger_place
