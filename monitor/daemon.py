"""Builds, wires and stops the parts of the running monitor: the one place that knows them all.

Must not decide anything itself: what an observation means, is said elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor import __version__
from monitor.exposition.blackbox import blackbox_text
from monitor.exposition.gate import ScrapeGate
from monitor.exposition.own import OwnMetrics
from monitor.exposition.store import Exposition
from monitor.inventory import CheckKind, Engine, Role, checks_of_school
from monitor.observation import Outcome, Reason
from monitor.probes.context import ProbeContext
from monitor.probes.registry import PROBES
from monitor.probes.snmp_transport import SnmpReaders
from monitor.schedule import DEFAULT_CONCURRENCY, CapacityError, Schedule
from monitor.snmp.client import SnmpClient
from monitor.snmp.read import NativeReader
from monitor.snmp.reference import PysnmpReader
from monitor.web.app import serve
from monitor.web.view import UnknownTargetError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from monitor.clock import Clock
    from monitor.config import Secret
    from monitor.inventory import Check, Inventory
    from monitor.observation import Observation
    from monitor.probes.context import EchoTransport

log = logging.getLogger(__name__)

LAG_SAMPLE_SECONDS = 0.05
HOUSEKEEPING_SECONDS = 5.0
# A configuration that lost more than a fifth of its schools was cut off, not edited.
LARGEST_LOSS_OF_SCHOOLS = 0.2


class StateDirectoryError(OSError):
    """The state directory cannot be written; the message names the cure."""


class ReloadRefusedError(ValueError):
    """The new configuration is valid but not plausible; the message names the cure."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line decides; everything else stands in the configuration."""

    state_directory: Path
    host: str = "127.0.0.1"
    port: int = 9822
    concurrency: int = DEFAULT_CONCURRENCY
    allow_fewer_schools: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that was read whole: the inventory and the secrets that it names."""

    inventory: Inventory
    credentials: Mapping[str, Secret]


@dataclass(frozen=True, slots=True)
class Status:
    """Where things stand, for a person who watches: counts since the daemon's start."""

    schools: int
    schools_up: int
    devices: int
    devices_answered: int
    polls: int
    checks_due: int


class Daemon:
    """The running monitor. Built by `open_daemon`; `run` does the work until told to stop."""

    def __init__(
        self,
        settings: Settings,
        load: Callable[[], Loaded],
        clock: Clock,
        echo: EchoTransport,
        snmp: SnmpReaders,
        own: OwnMetrics,
    ) -> None:
        self._settings = settings
        self._load = load
        self._clock = clock
        self._echo = echo
        self._snmp = snmp
        self._own = own
        self.exposition = Exposition(clock, own)
        self._schedule = Schedule(clock, self._probe, self._observed, settings.concurrency)
        self._skipped_before = dict.fromkeys(CheckKind, 0)
        self._outcomes: dict[str, Outcome] = {}
        self._polls = 0
        self._loaded: Loaded | None = None
        self.port = 0

    @property
    def inventory(self) -> Inventory:
        """Return what is being watched.

        Raises:
            RuntimeError: before the first configuration was applied.
        """
        if self._loaded is None:
            raise RuntimeError("no configuration was applied yet")
        return self._loaded.inventory

    async def run(self, stop: asyncio.Event) -> None:
        """Probe until `stop` is set; when this returns, every check has ended."""
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._schedule.run(), name="schedule"),
                group.create_task(self._sample_lag(), name="loop lag"),
                group.create_task(self._keep_house(), name="housekeeping"),
            ]
            await stop.wait()
            for task in tasks:
                task.cancel()

    def apply(self, loaded: Loaded) -> None:
        """Watch another configuration from now on, or change nothing.

        Raises:
            CapacityError: if its checks cannot all run on time.
        """
        change = self._schedule.set_checks(loaded.inventory.checks())
        self._snmp.credentials = loaded.credentials
        self.exposition.set_inventory(loaded.inventory)
        wanted = {check.id for check in self._schedule.checks}
        self._outcomes = {id_: seen for id_, seen in self._outcomes.items() if id_ in wanted}
        self._loaded = loaded
        self._own.count_reload(self._clock.now(), successful=True)
        log.info(
            "configuration applied: %d schools; checks: %d started, %d stopped, %d kept",
            len(loaded.inventory.schools),
            change.started,
            change.stopped,
            change.kept,
        )

    def reload(self) -> bool:
        """Read the configuration again; keep the one that runs if anything is wrong with it.

        Returns whether it was applied; the log says why not.
        """
        try:
            loaded = self._load()
            self._refuse_loss_of_schools(loaded.inventory)
            self.apply(loaded)
        except (ValueError, OSError) as error:
            # ConfigError, CapacityError and ReloadRefusedError are ValueErrors.
            self._own.count_reload(self._clock.now(), successful=False)
            log.error("configuration not reloaded, the one before keeps running: %s", error)
            return False
        return True

    def status(self) -> Status:
        """Return where things stand."""
        inventory = self.inventory
        devices = answered = schools_up = 0
        for school in inventory.schools:
            up = True
            for site in school.sites:
                hosts = [site.uplink.device, *(switch.name for switch in site.switches)]
                devices += len(hosts)
                prefix = f"{school.id}/{site.id}/"
                answered += sum(
                    self._outcomes.get(f"{prefix}{host}/interfaces") is Outcome.OK for host in hosts
                )
                up &= self._outcomes.get(f"{prefix}{site.uplink.device}/icmp") is Outcome.OK
            schools_up += up
        return Status(
            schools=len(inventory.schools),
            schools_up=schools_up,
            devices=devices,
            devices_answered=answered,
            polls=self._polls,
            checks_due=len(self._schedule.checks),
        )

    def not_ready(self) -> str:
        """Return why the daemon is not ready yet, empty when it is."""
        missing = sum(check.id not in self._outcomes for check in self._schedule.checks)
        return f"{missing} checks have not run yet" if missing else ""

    async def probe_now(self, check: Check) -> Observation:
        """Run one check now, beside the schedule; nothing is recorded."""
        return await self._probe(check, self._clock.monotonic() + check.timeout)

    async def _probe(self, check: Check, deadline: float) -> Observation:
        context = ProbeContext(self._clock, deadline, self._echo, self._snmp)
        return await PROBES[check.kind](check, context)

    def _observed(self, observation: Observation) -> None:
        check = observation.check
        if observation.reason is Reason.BUG:
            log.error("%s: a bug of the monitor: %s", check.id, observation.detail)
        before = self._outcomes.get(check.id)
        self._outcomes[check.id] = observation.outcome
        self._polls += 1
        self._own.count_run(observation)
        self.exposition.observe(observation)
        if check.kind is CheckKind.ICMP and observation.outcome is Outcome.OK:
            self._welcome_back(check, before)

    def _welcome_back(self, ping: Check, before: Outcome | None) -> None:
        """A device that answers again need not wait for its walk's back-off to end."""
        if before is Outcome.FAILED:
            self._schedule.hurry(f"{ping.id.removesuffix(ping.name)}{CheckKind.INTERFACES}")

    async def _sample_lag(self) -> None:
        while True:
            due = self._clock.monotonic() + LAG_SAMPLE_SECONDS
            await self._clock.sleep(LAG_SAMPLE_SECONDS)
            self._own.loop_lag.observe(max(0.0, self._clock.monotonic() - due))

    async def _keep_house(self) -> None:
        while True:
            await self._clock.sleep(HOUSEKEEPING_SECONDS)
            self.exposition.expire()
            for kind, skipped in self._schedule.skipped.items():
                self._own.count_skipped(kind, skipped - self._skipped_before[kind])
                self._skipped_before[kind] = skipped

    def _refuse_loss_of_schools(self, inventory: Inventory) -> None:
        before, after = len(self.inventory.schools), len(inventory.schools)
        if self._settings.allow_fewer_schools or after >= before * (1 - LARGEST_LOSS_OF_SCHOOLS):
            return
        raise ReloadRefusedError(
            f"the new configuration has {after} schools instead of {before}; "
            "if that is meant, restart with --allow-fewer-schools"
        )


@asynccontextmanager
async def open_daemon(
    settings: Settings,
    load: Callable[[], Loaded],
    clock: Clock,
    open_echo: Callable[[], AbstractAsyncContextManager[EchoTransport]],
) -> AsyncIterator[Daemon]:
    """Build the daemon, listen, and close everything again when the context ends.

    Raises:
        StateDirectoryError, AddressInUseError, CapacityError: each a line with its cure.
        Whatever `load` and `open_echo` raise.
    """
    loaded = load()
    prepare_state_directory(settings.state_directory)
    own = OwnMetrics(__version__)
    async with AsyncExitStack() as stack:
        echo = await stack.enter_async_context(open_echo())
        client = await stack.enter_async_context(SnmpClient())
        pysnmp = await stack.enter_async_context(PysnmpReader())
        readers = {Engine.NATIVE: NativeReader(client), Engine.PYSNMP: pysnmp}
        snmp = SnmpReaders(readers, loaded.credentials)
        own.count_drops_of("snmp", lambda: client.drops)
        daemon = Daemon(settings, load, clock, echo, snmp, own)
        daemon.apply(loaded)
        gate = stack.enter_context(ScrapeGate(daemon.exposition, clock))
        view = _View(daemon, gate)
        daemon.port = await stack.enter_async_context(serve(view, settings.host, settings.port))
        yield daemon


def prepare_state_directory(path: Path) -> None:
    """Make the state directory if it is missing, and see that it can be written.

    Raises:
        StateDirectoryError: if it cannot.
    """
    problem = ""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        problem = error.strerror or str(error)
    if problem:
        raise StateDirectoryError(
            f"cannot keep state in {path}: {problem}; name a writable folder with --state-dir"
        )


class _View:
    """What the web sees of the daemon."""

    def __init__(self, daemon: Daemon, gate: ScrapeGate) -> None:
        self._daemon = daemon
        self._gate = gate

    def knows_school(self, school_id: str) -> bool:
        return self._daemon.inventory.school(school_id) is not None

    def metrics(self, school_id: str | None, *, gzip: bool) -> AsyncIterator[bytes]:
        return self._gate.body(school_id, gzip=gzip)

    def not_ready(self) -> str:
        return self._daemon.not_ready()

    async def probe(self, target: str, module: str) -> str:
        check = find_check(self._daemon.inventory, target, module)
        observation = await self._daemon.probe_now(check)
        return blackbox_text(observation)


def find_check(inventory: Inventory, target: str, module: str) -> Check:
    """Return a site's check of that name: `school` or `school/site`, at its uplink.

    Raises:
        UnknownTargetError: if there is no such site or no such check; nothing free is probed.
    """
    school_id, _, site_id = target.partition("/")
    school = inventory.school(school_id)
    if school is None:
        raise UnknownTargetError(f"no school {school_id!r} is configured")
    checks = [
        check
        for check in checks_of_school(school)
        if check.target.role is Role.UPLINK and site_id in ("", check.target.site)
    ]
    if not checks:
        sites = ", ".join(site.id for site in school.sites)
        raise UnknownTargetError(f"school {school_id} has no site {site_id!r}, only {sites}")
    for check in checks:
        if check.name == module:
            return check
    names = ", ".join(dict.fromkeys(check.name for check in checks))
    raise UnknownTargetError(f"{target} has no check {module!r}, only {names}")
