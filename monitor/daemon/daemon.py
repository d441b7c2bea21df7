"""Runs the monitor: wires the parts that were opened for it, and stops them.

Must not decide anything itself: what an observation means, is said elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
import math
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.availability.excuse_requests import EXCUSES_FILE, ExcuseFile
from monitor.campaigns.requests import FILE_NAME, RequestFile
from monitor.daemon.consumers.campaigns import Campaigns
from monitor.daemon.consumers.excuse_metrics import ExcuseMetrics
from monitor.daemon.consumers.excuses import obey_excuses
from monitor.daemon.consumers.goal import CityGoal, recorded_goal
from monitor.daemon.consumers.traps import TrapDesk, open_traps
from monitor.daemon.garbage import keep_what_is_there, rare_collections
from monitor.daemon.settings import REFUSALS, Loaded, Settings, TrapAddressError
from monitor.daemon.swap import Swap
from monitor.daemon.systemd import STOPPING, Supervisor
from monitor.inventory.changes import changes_between, refuse_loss_of_schools
from monitor.inventory.checks import CheckKind
from monitor.observation import Outcome, Reason, State
from monitor.probes.context import ProbeContext
from monitor.probes.registry import PROBES
from monitor.rollout.stage import Stage
from monitor.schedule import Schedule
from monitor.status.build import Sources
from monitor.status.history import RoundTripHistory
from monitor.verdict import SubjectKind
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from monitor.daemon.parts import Parts
    from monitor.inventory.checks import Check
    from monitor.inventory.city import Inventory
    from monitor.ledger.chain import Entry
    from monitor.ledger.place import LedgerPlace
    from monitor.observation import Observation
    from monitor.schedule import Change
    from monitor.snmp.traps import TrapReceiver
    from monitor.threads import Threads
    from monitor.verdict import Subject, Verdict
    from monitor.verdict.trouble import Degradation

log = logging.getLogger(__name__)
audit = logging.getLogger("monitor.audit")

LAG_SAMPLE_SECONDS = 0.1
HOUSEKEEPING_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Status:
    """Where things stand, for a person who watches: counts since the daemon's start.

    `down` is what has to be repaired, `findings` all that is not up, `degraded` what works badly.
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
        """Return the names of what has to be repaired."""
        return tuple(map(str, self.down))


class Daemon:
    """The running monitor. Built by `open_daemon`; `run` does the work until told to stop.

    Raises:
        CapacityError: if the checks cannot all run on time.
    """

    def __init__(
        self, settings: Settings, loaded: Loaded, load: Callable[[], Loaded], parts: Parts
    ) -> None:
        self._settings = settings
        self._load = load
        self._clock = parts.clock
        self._rollout_clock = parts.rollout_clock or parts.clock
        self._parts = parts
        self._schedule = Schedule(parts.clock, self._probe, self._observed, settings.concurrency)
        self._skipped_before = dict.fromkeys(CheckKind, 0)
        self._outcomes: dict[str, Outcome] = {}
        self._awaited: set[str] = set()
        self._polls = 0
        self.inventory = loaded.inventory
        self.port = 0
        self._reload_wanted = asyncio.Event()
        self._trigger = ""
        self._digest = ""
        self._campaigns = Campaigns(parts.watch, parts.clock, self.probe_now, parts.threads.probes)
        self.traps: TrapDesk | None = None
        self._history = RoundTripHistory(loaded.inventory)
        self._goal = CityGoal(
            loaded.city or loaded.inventory,
            parts.watch.rollout,
            parts.ledger,
            parts.exposition,
            parts.clock,
            is_shard=loaded.city is not None,
            rollout_clock=parts.rollout_clock,
        )
        self._reloading = asyncio.Lock()
        self._outdated: list[TrapReceiver] = []
        swap = Swap()
        change = self._prepare(loaded, swap)
        swap.commit()
        audit.info(_applied(loaded.inventory, change))

    async def run(self, stop: asyncio.Event, supervisor: Supervisor | None = None) -> None:
        """Probe until `stop` is set; when this returns, every check has ended.

        `supervisor` is told that the daemon is alive as long as checks end, and when it stops.
        """
        supervisor = supervisor or Supervisor({})
        requests = RequestFile(self._settings.state_directory / FILE_NAME)
        campaigns = self._campaigns.run(self.inventory, self._parts.ledger, requests)
        excuses = ExcuseFile(self._settings.state_directory / EXCUSES_FILE)
        turned_over = obey_excuses(self._parts.ledger, excuses, self._clock)
        watchdog = supervisor.feed(self._clock, lambda: self._polls, self._longest_pause)
        goal = self._goal.run(
            self._settings.ledger_place, self._parts.threads.house, self._settings.forecast_seconds
        )
        with ExitStack() as stack:
            # However it ends, the minutes that are known are kept.
            stack.callback(self._parts.watch.stop)
            stack.enter_context(rare_collections(len(self._schedule.checks)))
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._schedule.run(), name="schedule"),
                    group.create_task(self._sample_lag(), name="loop lag"),
                    group.create_task(self._keep_house(), name="housekeeping"),
                    group.create_task(self._reload_on_request(), name="reload"),
                    group.create_task(self._settle(), name="settle"),
                    group.create_task(goal, name="goal"),
                    group.create_task(campaigns, name="campaigns"),
                    group.create_task(turned_over, name="excuses"),
                    group.create_task(self._expose_excuses(), name="excuse metrics"),
                    group.create_task(watchdog, name="watchdog"),
                ]
                if (web := self._parts.web_file) is not None:
                    watching = web.watch(self._parts.threads.house)
                    tasks.append(group.create_task(watching, name="web file"))
                await stop.wait()
                supervisor.tell(STOPPING)
                for task in tasks:
                    task.cancel()

    def request_reload(self, trigger: str) -> None:
        """Have the configuration read again; requests while one is under way become one."""
        self._trigger = trigger
        self._reload_wanted.set()

    async def reload(self, trigger: str = "HTTP") -> bool:
        """Read the configuration again; keep the one that runs if anything is wrong with it.

        Returns whether it was applied; the log says why not. `trigger` is what asked for it. The
        web configuration file is read, too; it is applied or rejected apart from the other.
        """
        if (web := self._parts.web_file) is not None:
            await web.look(self._parts.threads.house, anyway=True)
        async with self._reloading:
            before, old = self.inventory, self._digest
            try:
                # A file made to be slow to refuse must not hold up the probes.
                loaded = await self._parts.threads.house.run(self._load)
                if not self._settings.allow_fewer_schools:
                    refuse_loss_of_schools(before, loaded.inventory)
                words = changes_between(before, loaded.inventory)
                await self._take_over(loaded)
            except REFUSALS as error:
                # The file's own errors say all there is to know; a traceback would bury them.
                self._refuse(trigger, old, error)
                return False
            except Exception as error:  # noqa: BLE001  # whatever it is, the old world is whole
                self._refuse(trigger, old, error, bug=error)
                return False
            digest = self._digest[:12]
            audit.info("reload by %s: configuration %s to %s; %s", trigger, old[:12], digest, words)
            return True

    def _refuse(
        self, trigger: str, digest: str, error: Exception, bug: Exception | None = None
    ) -> None:
        self._parts.own.count_reload(self._clock.now(), successful=False)
        audit.error(
            "configuration not reloaded by %s, the one before (%s) keeps running: %s%s",
            trigger,
            digest[:12],
            f"a bug of the monitor: {type(error).__name__}: " if bug else "",
            error,
            exc_info=bug,
        )

    async def _take_over(self, loaded: Loaded) -> None:
        """Build all that follows from another configuration, then put it in place at once."""
        traps, swap = self.traps, Swap()
        senders = await traps.look_up(loaded.inventory) if traps is not None else None
        # From here on nothing waits: until the commit the old world stands, after it the new one.
        desk = swap.twin(traps) if traps is not None else None
        outdated = traps.receiver if traps is not None else None
        try:
            change = self._prepare(loaded, swap)
            swap.twin(self._parts.watch).reconfigure(loaded.inventory, swap)
            swap.twin(self._goal).reconfigure(loaded.city or loaded.inventory)
            swap.twin(self._campaigns).reconfigure(loaded.inventory, swap)
            swap.twin(self._history).reconfigure(loaded.inventory)
            if desk is not None and senders is not None:
                desk.reconfigure(senders, swap.twin(self._parts.snmp), swap)
            # Without a commit it finds nothing to do.
            asyncio.get_running_loop().call_soon(self._schedule.reconcile)
            line = _applied(loaded.inventory, change)
            swap.commit()
        except BaseException:
            if desk is not None and desk.receiver not in (None, outdated):
                desk.receiver.close()
            raise
        audit.info(line)
        if outdated is not None:
            self._outdated.append(outdated)
            self._close_outdated()

    def _close_outdated(self) -> None:
        """Close what received traps before the last reload; housekeeping tries it again."""
        try:
            for outdated in tuple(self._outdated):
                outdated.close()
                self._outdated.remove(outdated)
        except Exception:  # the new world stands, whatever becomes of the old one
            log.exception("the receiver of traps of before the reload does not close")

    def _prepare(self, loaded: Loaded, swap: Swap) -> Change:
        """Have the daemon's own parts take over another configuration with that swap.

        Raises:
            CapacityError: if its checks cannot all run on time.
        """
        inventory, parts = loaded.inventory, self._parts
        change = swap.twin(self._schedule).want(inventory.checks())
        swap.twin(parts.snmp).credentials = loaded.credentials
        exposition = swap.twin(parts.exposition)
        exposition.unshare()
        exposition.set_inventory(inventory)
        own = swap.twin(parts.own)
        own.count_inventory(inventory)
        own.count_reload(self._clock.now(), successful=True)
        swap.twin(self).hold(loaded)
        return change

    def hold(self, loaded: Loaded) -> None:
        """Go on with another configuration; outcomes of checks that stay are kept."""
        wanted = {check.id for check in loaded.inventory.checks()}
        self._outcomes = {id_: seen for id_, seen in self._outcomes.items() if id_ in wanted}
        # Kept by hand: who asks whether the daemon is ready need not log in.
        self._awaited = {
            check.id
            for check in loaded.inventory.checks()
            if check.kind is not CheckKind.HARDWARE and check.id not in self._outcomes
        }
        self.inventory = loaded.inventory
        self._digest = loaded.digest

    def status(self) -> Status:
        """Return where things stand."""
        board = self._parts.watch.board
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
            devices_answered=sum(self._outcomes.get(one.id) is Outcome.OK for one in reads),
            polls=self._polls,
            down=board.root_causes(),
            findings=findings,
            degraded=self._parts.watch.conditions.degraded(),
        )

    def not_ready(self) -> str:
        """Return why the daemon is not ready yet, empty when it is.

        What tells nothing of up and down runs so seldom that nobody waits for it.
        """
        missing = len(self._awaited)
        return f"{count_of(missing, 'check has', 'checks have')} not run yet" if missing else ""

    async def take_traps(self, place: tuple[str, int], stack: AsyncExitStack) -> None:
        """Take traps at an address until the stack is closed.

        Raises:
            TrapAddressError: if the address cannot be had; the message names the cure.
        """
        parts = self._parts
        try:
            desk = await stack.enter_async_context(
                open_traps(
                    place,
                    parts.exposition,
                    parts.clock,
                    self._schedule.hurry,
                    parts.threads.probes,
                )
            )
        except OSError as error:
            raise TrapAddressError(
                f"cannot take traps on {place[0]}:{place[1]}: {error.strerror}; ports below 1024 "
                "need CAP_NET_BIND_SERVICE, and no other receiver may hold the port"
            ) from None
        await desk.listen(self.inventory, parts.snmp)
        parts.own.count_drops_of("trap", lambda: desk.drops)
        self.traps = desk

    async def begin_goal(self) -> None:
        """Say in the ledger what the goal is, if that is news to it."""
        self._goal.begin(await recorded_goal(self._parts.ledger))

    def record(self, entries: Sequence[Entry]) -> None:
        """Take evidence of the roll-out that was found elsewhere."""
        self._parts.watch.record(entries)

    @property
    def verified_sites(self) -> int:
        """Return how many sites are verified now."""
        findings = self._parts.watch.rollout.findings.values()
        return sum(finding.stage is Stage.VERIFIED for finding in findings)

    @property
    def scheme(self) -> str:
        """Return by which scheme the pages are reached: http or https."""
        web = self._parts.web_file
        return "http" if web is None or web.tls_context() is None else "https"

    @property
    def readers(self) -> Threads:
        """Return the threads in which pages and API read the ledger."""
        return self._parts.threads.readers

    @property
    def ledger_place(self) -> LedgerPlace:
        """Return where the ledger can be read."""
        return self._settings.ledger_place

    @property
    def sources(self) -> Sources:
        """Return where all that one reads of the city stands."""
        watch = self._parts.watch
        return Sources(
            self.inventory,
            watch.board,
            watch.conditions,
            watch.rollout,
            watch.meters,
            watch.calendar,
            watch.maintenance,
            self._history,
            self._goal.view,
        )

    def now(self) -> datetime:
        """Return the present instant."""
        return self._clock.now()

    async def probe_now(self, check: Check) -> Observation:
        """Run one check now, beside the schedule; nothing is recorded."""
        return await self._probe(check, self._clock.monotonic() + check.timeout)

    async def _probe(self, check: Check, deadline: float) -> Observation:
        context = ProbeContext(
            self._clock,
            deadline,
            self._parts.echo,
            self._parts.snmp,
            self._parts.threads.probes,
        )
        return await PROBES[check.kind](check, context)

    def _observed(self, observation: Observation) -> None:
        check = observation.check
        if observation.reason is Reason.BUG:
            log.error("%s: a bug of the monitor: %s", check.id, observation.detail)
        before = self._outcomes.get(check.id)
        self._outcomes[check.id] = observation.outcome
        self._awaited.discard(check.id)
        self._polls += 1
        self._parts.own.count_run(observation)
        self._parts.exposition.observe(observation)
        self._parts.watch.observe(observation)
        self._history.observe(observation)
        if check.kind is CheckKind.ICMP and observation.outcome is Outcome.OK:
            self._welcome_back(check, before)

    def _welcome_back(self, ping: Check, before: Outcome | None) -> None:
        """A device that answers again need not wait for its walk's back-off to end."""
        if before is Outcome.FAILED:
            self._schedule.hurry(f"{ping.id.removesuffix(ping.name)}{CheckKind.INTERFACES}")

    async def _expose_excuses(self) -> None:
        parts, place = self._parts, self._settings.ledger_place
        found = ExcuseMetrics(
            parts.ledger,
            place,
            parts.exposition,
            parts.clock,
            lambda: (self.inventory, parts.watch.calendar.in_lessons),
        )
        await found.run(parts.threads.house)

    async def _sample_lag(self) -> None:
        while True:
            due = self._clock.monotonic() + LAG_SAMPLE_SECONDS
            await self._clock.sleep(LAG_SAMPLE_SECONDS)
            self._parts.own.loop_lag.observe(max(0.0, self._clock.monotonic() - due))

    async def _settle(self) -> None:
        """Take what has been built by the end of the first cycle out of garbage collection."""
        while self.not_ready():
            await self._clock.sleep(HOUSEKEEPING_SECONDS)
        keep_what_is_there()

    async def _keep_house(self) -> None:
        while True:
            await self._clock.sleep(HOUSEKEEPING_SECONDS)
            self._parts.exposition.expire()
            self._parts.watch.tick()
            self._goal.tick()
            self._schedule.reconcile()
            self._close_outdated()
            for kind, skipped in self._schedule.skipped.items():
                self._parts.own.count_skipped(kind, skipped - self._skipped_before[kind])
                self._skipped_before[kind] = skipped

    def _longest_pause(self) -> float:
        """Return how long nothing may end: the most frequent check's run after the next."""
        checks = self._schedule.checks
        return min((2 * check.interval + check.timeout for check in checks), default=math.inf)

    async def _reload_on_request(self) -> None:
        while True:
            await self._reload_wanted.wait()
            self._reload_wanted.clear()
            await self.reload(self._trigger)


def _applied(inventory: Inventory, change: Change) -> str:
    return (
        f"configuration applied: {count_of(len(inventory.schools), 'school')}; checks: "
        f"{change.started} started, {change.stopped} stopped, {change.kept} kept"
    )
