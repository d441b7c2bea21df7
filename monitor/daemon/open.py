"""Opens the daemon's parts, each one after those that it needs, and closes them again.

Must not decide anything itself: the meaning of an observation is defined elsewhere.
"""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from monitor import __version__
from monitor.availability.records import RULE
from monitor.calendar.maintenance import MaintenanceBook
from monitor.daemon.consumers.minutes import warn_of_kill
from monitor.daemon.daemon import Daemon
from monitor.daemon.parts import Parts
from monitor.daemon.pipeline import build_pipeline
from monitor.exposition.gate import ScrapeGate
from monitor.exposition.own import OwnMetrics
from monitor.exposition.store import Exposition
from monitor.inventory.checks import Engine
from monitor.ledger.ledger import Ledger
from monitor.probes.snmp_transport import SnmpReaders
from monitor.rollout.city import SharedPast
from monitor.snmp.client import SnmpClient
from monitor.snmp.on_demand import PysnmpOnDemand
from monitor.snmp.read import NativeReader, Reader
from monitor.state.directory import prepare_state_directory
from monitor.state.shard_note import note_shard
from monitor.status.view import DaemonView
from monitor.threads import open_daemon_threads
from monitor.web.access_file import WebFile
from monitor.web.app import Listen, Unchanging, serve
from monitor.web.returning import FILE_NAME as LOGINS_FILE
from monitor.web.returning import Returning
from monitor.web.tls import Audience, WebAccess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from monitor.clock import Clock
    from monitor.daemon.settings import Loaded, Settings
    from monitor.probes.context import EchoTransport

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_daemon(
    settings: Settings,
    load: Callable[[], Loaded],
    clock: Clock,
    open_echo: Callable[[], AbstractAsyncContextManager[EchoTransport]],
    rollout_clock: Clock | None = None,
) -> AsyncIterator[Daemon]:
    """Build the daemon, listen, and close everything again when the context ends.

    `rollout_clock` gives the roll-out a different time, for a demo of years.

    Raises:
        WebFileError, StrangersError, StateDirectoryError, LedgerError, TrapAddressError,
            AddressInUseError, CapacityError: each one line with its remedy; the first two before
            anything is changed.
        Whatever `load` and `open_echo` raise.
    """
    loaded = load()
    own = OwnMetrics(__version__)
    web_file = _web_file(settings, clock, own)
    prepare_state_directory(settings.state_directory)
    _note_shard(settings, loaded)
    async with AsyncExitStack() as stack:
        threads = stack.enter_context(open_daemon_threads())
        echo = await stack.enter_async_context(open_echo())
        client = await stack.enter_async_context(SnmpClient())
        pysnmp = await stack.enter_async_context(PysnmpOnDemand(threads.probes.chores))
        readers: dict[Engine, Reader] = {Engine.NATIVE: NativeReader(client), Engine.PYSNMP: pysnmp}
        snmp = SnmpReaders(readers, loaded.credentials)
        own.count_drops_of("snmp", lambda: client.drops)
        own.count_drops_of("icmp", lambda: echo.drops)
        own.count_left_out(lambda: snmp.left_out)
        own.tell_time(clock.now)
        ledger = await stack.enter_async_context(Ledger.open(settings.ledger_place, clock))
        exposition = Exposition(clock, own)
        shared = settings.ledger_place.shared if loaded.city is not None else None
        past = ledger if shared is None else SharedPast(shared, threads.house)
        parts = Parts(clock, echo, snmp, own, exposition, ledger, threads, rollout_clock, web_file)
        maintenance = MaintenanceBook(settings.state_directory, loaded.inventory)
        if ledger.health.was_killed:
            await warn_of_kill(ledger, clock.now())
        pipeline = await build_pipeline(loaded, parts, maintenance, past)
        pipeline.minutes.begin(clock.now(), has_rule=bool(await ledger.entries(RULE)))
        daemon = Daemon(settings, loaded, load, parts, pipeline)
        await daemon.begin_goal()
        if settings.traps is not None:
            await daemon.take_traps(settings.traps, stack)
        gate = stack.enter_context(ScrapeGate(exposition, clock))
        view = DaemonView(daemon, gate)
        listen = _listen(settings, daemon, web_file)
        own.count_refusals(lambda: listen.refused)
        daemon.port = await stack.enter_async_context(serve(view, listen))
        yield daemon


def _note_shard(settings: Settings, loaded: Loaded) -> None:
    try:
        note_shard(settings.state_directory, loaded.inventory.shard)
    except OSError as error:
        # Commands only lose a check by it.
        log.warning("the shard is not noted in the state directory: %s", error.strerror)


def _web_file(settings: Settings, clock: Clock, own: OwnMetrics) -> WebFile | None:
    """Return the web configuration file, None without one; refuse access without a login."""
    audience = Audience(settings.host, settings.without_login, settings.reload_by_http)
    if settings.web_config is None:
        audience.refuse_strangers(WebAccess())
        return None

    def count(successful: bool) -> None:  # noqa: FBT001  # the only argument
        own.count_web_reload(clock.now(), successful=successful)

    web_file = WebFile(settings.web_config, clock, audience, count)
    own.export_certificate_end(web_file.certificate_end)
    return web_file


def _listen(settings: Settings, daemon: Daemon, web_file: WebFile | None) -> Listen:
    return Listen(
        settings.host,
        settings.port,
        web_file or Unchanging(WebAccess()),
        settings.host_names,
        settings.without_login,
        daemon.reload if settings.reload_by_http else None,
        returning=Returning(settings.state_directory / LOGINS_FILE),
    )
