"""Exposes reclassified minutes, so that boards and pages can show them separately.

`school_minutes_total` counts minutes as recorded, and an excuse is decided days later.

Must not know: how an excuse gets into the ledger, or how minutes are counted.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from monitor.availability.excuse_effect import Effect, effect_by_site
from monitor.availability.excuses import EXCUSE, EXCUSE_WITHDRAWN, read_excuses
from monitor.exposition.availability import excuse_blocks
from monitor.ledger.chain import LedgerError, MalformedEntryError
from monitor.threads import FullError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from monitor.availability.excuses import Excuse
    from monitor.clock import Clock
    from monitor.exposition.store import Exposition
    from monitor.inventory.city import Inventory
    from monitor.inventory.site_key import SiteKey
    from monitor.ledger.ledger import Ledger
    from monitor.ledger.place import LedgerPlace
    from monitor.threads import Threads

    InLessons = Callable[[str, datetime], bool]
    City = Callable[[], tuple[Inventory, InLessons]]

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 60.0
KEPT: Final = timedelta(days=400)
MOST: Final = 200
_OWNER: Final = "excuses"


class ExcuseMetrics:
    """Exposes the excuses in force, with the minutes that each one changed.

    `city` returns the current inventory, and a function that returns whether a school type has
    lessons at an instant.
    """

    def __init__(
        self, ledger: Ledger, place: LedgerPlace, exposition: Exposition, clock: Clock, city: City
    ) -> None:
        self._ledger = ledger
        self._place = place
        self._exposition = exposition
        self._clock = clock
        self._city = city
        self._inventory: Inventory | None = None
        self._known: dict[Excuse, Mapping[SiteKey, Effect]] = {}
        self._schools: frozenset[str] = frozenset()

    @property
    def in_force(self) -> Mapping[Excuse, Mapping[SiteKey, Effect]]:
        """Return the excuses in force with their effect on each site, as of the last minute."""
        return self._known

    async def run(self, threads: Threads) -> None:
        """Look for changes once a minute until cancelled; `threads` read the minutes."""
        while True:
            try:
                await self._renew(threads)
            except (LedgerError, MalformedEntryError, FullError) as error:
                log.warning("the minutes of excuses cannot be updated: %s", error)
            await self._clock.sleep(EVERY_SECONDS)

    async def _renew(self, threads: Threads) -> None:
        inventory, in_lessons = self._city()
        if inventory is not self._inventory:
            self._inventory, self._known = inventory, {}
        now = self._clock.now()
        found = {}
        for excuse in await self._in_force(now):
            effects = self._known.get(excuse)
            # Recorded minutes do not change any more.
            if effects is None or any(one.ahead for one in effects.values()):
                effects = await threads.run(self._effects, excuse, inventory, now, in_lessons)
            found[excuse] = effects
        # After a reload in the meantime, a school may be gone.
        if self._city()[0] is inventory:
            self._known = found
            self._expose()

    async def _in_force(self, now: datetime) -> list[Excuse]:
        kinds = (EXCUSE, EXCUSE_WITHDRAWN)
        entries = [one.entry for kind in kinds for one in await self._ledger.entries(kind)]
        recent = [
            one for one in read_excuses(entries) if one.withdrawn is None and one.ends > now - KEPT
        ]
        return sorted(recent, key=lambda one: one.first)[-MOST:]

    def _effects(
        self, excuse: Excuse, inventory: Inventory, now: datetime, in_lessons: InLessons
    ) -> Mapping[SiteKey, Effect]:
        with self._place.open_reader() as reader:
            return effect_by_site(excuse, reader, inventory, now=now, in_lessons=in_lessons)

    def _expose(self) -> None:
        blocks = excuse_blocks(
            {
                excuse: {site: effect.changed for site, effect in effects.items()}
                for excuse, effects in self._known.items()
            }
        )
        for school in self._schools | blocks.keys():
            self._exposition.replace_blocks(school, _OWNER, blocks.get(school, {}))
        self._schools = frozenset(blocks)
