"""Applies another configuration while the daemon runs: completely or not at all.

Must not know: what follows from a configuration; the consumers do.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import ExitStack
from typing import TYPE_CHECKING

from monitor.daemon.settings import REFUSALS
from monitor.daemon.swap import Swap
from monitor.inventory.changes import (
    changes_between,
    counted_schools,
    refuse_loss_of_end,
    refuse_loss_of_schools,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.daemon.consumers.traps import TrapListener
    from monitor.daemon.parts import Parts
    from monitor.daemon.pipeline import Pipeline
    from monitor.daemon.settings import Loaded, Settings
    from monitor.inventory.city import Inventory
    from monitor.schedule import Change, Schedule
    from monitor.snmp.traps import TrapReceiver

log = logging.getLogger(__name__)
audit = logging.getLogger("monitor.audit")


class Reloads:
    """Holds the current configuration, `loaded`, and replaces it.

    `rejected_since` is when the first of the last reloads was refused, None if the last succeeded.

    Raises:
        CapacityError: if the checks of the first one cannot all run on time.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # the parts that take over a configuration
        self,
        settings: Settings,
        loaded: Loaded,
        load: Callable[[], Loaded],
        parts: Parts,
        pipeline: Pipeline,
        schedule: Schedule,
    ) -> None:
        self._settings = settings
        self._load = load
        self._parts = parts
        self._pipeline = pipeline
        self._schedule = schedule
        self._wanted = asyncio.Event()
        self._trigger = ""
        self._callers: deque[tuple[str, asyncio.Future[bool]]] = deque()
        self._outdated: list[TrapReceiver] = []
        self.traps: TrapListener | None = None
        self.loaded = loaded
        self.rejected_since: datetime | None = None
        change = schedule.want(loaded.inventory.checks())
        parts.own.count_reload(parts.clock.now(), successful=True)
        audit.info(_applied(loaded.inventory, change))

    def request(self, trigger: str) -> None:
        """Reload the configuration; requests during a reload are merged."""
        self._trigger = trigger
        self._wanted.set()

    async def reload(self, trigger: str) -> bool:
        """Have the configuration reloaded by `run`; return whether it was applied.

        The log says why not. `trigger` is what requested it. If the caller is cancelled, a reload
        that has begun still runs to its end; one that has not is dropped.
        """
        applied: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._callers.append((trigger, applied))
        self._wanted.set()
        return await applied

    async def run(self) -> None:
        """Reload whenever it is requested, until cancelled, as are callers that still wait then."""
        try:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                if self._trigger:
                    trigger, self._trigger = self._trigger, ""
                    await self._reload(trigger)
                await self._reload_for_callers()
        finally:
            for _, applied in self._callers:
                applied.cancel()

    async def _reload_for_callers(self) -> None:
        while self._callers:
            trigger, applied = self._callers[0]
            if not applied.done():
                was_applied = await self._reload(trigger)
                if not applied.done():
                    applied.set_result(was_applied)
            self._callers.popleft()

    async def _reload(self, trigger: str) -> bool:
        """Reload the configuration; keep the current one if anything is wrong with the new one.

        The web configuration file is reloaded, too, and applied or rejected independently.
        """
        house = self._parts.threads.house
        if (web := self._parts.web_file) is not None:
            await web.look(house, anyway=True)
        before = self.loaded
        try:
            # A file that is slow to reject must not delay the probes.
            loaded = await house.run(self._load)
            # Of the whole file, so that all shards decide alike.
            refuse_loss_of_end(before.whole, loaded.whole)
            if not self._settings.allow_fewer_schools:
                refuse_loss_of_schools(before.whole, loaded.whole)
            words = changes_between(before.inventory, loaded.inventory)
            await self._take_over(loaded)
        except REFUSALS as error:
            # The file's own errors are complete; a traceback would hide them.
            self._refuse(trigger, before, error)
            return False
        except Exception as error:  # noqa: BLE001  # whatever it is, the old configuration is intact
            self._refuse(trigger, before, error, bug=error)
            return False
        self.rejected_since = None
        old, new = before.digest[:12], loaded.digest[:12]
        audit.info("reload by %s: configuration %s to %s; %s", trigger, old, new, words)
        return True

    async def _take_over(self, loaded: Loaded) -> None:
        """Build everything that depends on the new configuration, then put it in place at once."""
        traps, swap = self.traps, Swap()
        senders = await traps.look_up(loaded.inventory) if traps is not None else None
        # Nothing below waits: until the commit the old state is in force, after it the new one.
        renewed = swap.twin(traps) if traps is not None else None
        outdated = traps.receiver if traps is not None else None
        with ExitStack() as undo:
            undo.callback(_close_new, renewed, outdated)
            change = swap.twin(self._schedule).want(loaded.inventory.checks())
            swap.twin(self._parts.snmp).credentials = loaded.credentials
            swap.twin(self._parts.own).count_reload(self._parts.clock.now(), successful=True)
            self._pipeline.reconfigure(loaded, swap)
            swap.twin(self).loaded = loaded
            # The look-up above waits; from here on, an error must close the new receiver.
            if renewed is not None and senders is not None:
                renewed.reconfigure(senders, swap.twin(self._parts.snmp), swap)
            # Without a commit, it finds nothing to do.
            asyncio.get_running_loop().call_soon(self._schedule.reconcile)
            line = _applied(loaded.inventory, change)
            swap.commit()
            undo.pop_all()
        audit.info(line)
        if outdated is not None:
            self._outdated.append(outdated)
            self.close_outdated()

    def _refuse(
        self, trigger: str, before: Loaded, error: Exception, bug: Exception | None = None
    ) -> None:
        now = self._parts.clock.now()
        self.rejected_since = self.rejected_since or now
        self._parts.own.count_reload(now, successful=False)
        audit.error(
            "configuration not reloaded by %s; keeping the previous one (%s): %s%s",
            trigger,
            before.digest[:12],
            f"a bug of the monitor: {type(error).__name__}: " if bug else "",
            error,
            exc_info=bug,
        )

    def close_outdated(self) -> None:
        """Close the receivers of traps from before the last reload; housekeeping retries it."""
        try:
            for outdated in tuple(self._outdated):
                outdated.close()
                self._outdated.remove(outdated)
        except Exception:  # the new configuration is in force, whatever happens to the old
            log.exception("the previous receiver of traps cannot be closed")


def _close_new(renewed: TrapListener | None, outdated: TrapReceiver | None) -> None:
    """Close the receiver of traps of a configuration that does not come into force."""
    if renewed is not None and renewed.receiver not in (None, outdated):
        renewed.receiver.close()


def _applied(inventory: Inventory, change: Change) -> str:
    return (
        f"configuration applied: {counted_schools(inventory)}; checks: "
        f"{change.started} started, {change.stopped} stopped, {change.kept} kept"
    )
