"""What an excuse changes in the SLA figures, by the minutes recorded so far.

Must not know: terminals, or how an excuse gets into the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.availability.excuses import turn_over
from monitor.availability.minutes import AHEAD, MISSING, minute_of, settle_missing
from monitor.availability.records import begun, read_minutes
from monitor.availability.sla import SETTLE_MINUTES, minute_entries, owed_hours

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.availability.excuses import Excuse
    from monitor.inventory.city import Inventory
    from monitor.inventory.site_key import SiteKey
    from monitor.ledger.chain import EntrySource


@dataclass(frozen=True, slots=True)
class Effect:
    """Minutes of an excuse: those it would change, and those not recorded yet."""

    changed: int = 0
    ahead: int = 0

    def __add__(self, other: Effect) -> Effect:
        return Effect(self.changed + other.changed, self.ahead + other.ahead)


def effect_of(
    excuse: Excuse,
    source: EntrySource,
    inventory: Inventory,
    *,
    now: datetime,
    in_lessons: Callable[[str, datetime], bool],
) -> Effect:
    """Return the effect of an excuse on all its sites together; it overlaps no other excuse.

    Raises:
        LedgerError: if the ledger cannot be read.
    """
    by_site = effect_by_site(excuse, source, inventory, now=now, in_lessons=in_lessons)
    return sum(by_site.values(), Effect())


def effect_by_site(
    excuse: Excuse,
    source: EntrySource,
    inventory: Inventory,
    *,
    now: datetime,
    in_lessons: Callable[[str, datetime], bool],
) -> dict[SiteKey, Effect]:
    """Return the effect of an excuse on each of its sites in the inventory.

    Raises:
        LedgerError: if the ledger cannot be read.
    """
    zone, span = ZoneInfo(inventory.calendar.timezone), range(excuse.first, excuse.stop)
    entries = list(minute_entries(source, excuse.begins, excuse.ends))
    columns = read_minutes(entries, span)
    watched = begun(entries, columns, span)
    horizon, lessons = minute_of(now) - SETTLE_MINUTES, cache(in_lessons)
    effects = {}
    for school, site in inventory.sites():
        name = str(school.key(site))
        if name not in excuse.sites:
            continue
        hours = owed_hours(school, site, lessons, zone)
        since = watched.get(name, span.stop)
        codes = settle_missing(columns.get(name, MISSING * len(span)), span, horizon, hours, since)
        turned = turn_over(codes, span, name, (excuse,))
        effect = Effect(turned.excused + turned.charged, codes.count(AHEAD))
        effects[school.key(site)] = effect
    return effects
