"""What an excuse would change in the account, by the minutes that the ledger has now.

Must not know: terminals, how an excuse gets into the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.rollout.availability import AHEAD, MISSING, minute_of, settle_missing
from monitor.rollout.excuses import turn_over
from monitor.rollout.records import read_minutes
from monitor.rollout.sla import SETTLE_MINUTES, minute_entries, owed_hours

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.inventory import Inventory
    from monitor.rollout.chain import EntrySource
    from monitor.rollout.excuses import Excuse


@dataclass(frozen=True, slots=True)
class Effect:
    """Minutes of all sites of an excuse: those it would change, and those not recorded yet."""

    changed: int
    ahead: int


def effect_of(
    excuse: Excuse,
    source: EntrySource,
    inventory: Inventory,
    *,
    now: datetime,
    in_lessons: Callable[[str, datetime], bool],
) -> Effect:
    """Return what an excuse that shares no minute with another one would change.

    Raises:
        LedgerError: if the ledger cannot be read.
    """
    zone, span = ZoneInfo(inventory.calendar.timezone), range(excuse.first, excuse.stop)
    columns = read_minutes(list(minute_entries(source, excuse.begins, excuse.ends)), span)
    horizon, lessons = minute_of(now) - SETTLE_MINUTES, cache(in_lessons)
    changed = ahead = 0
    for school in inventory.schools:
        for site in school.sites:
            key = f"{school.id}/{site.id}"
            if key not in excuse.sites:
                continue
            hours = owed_hours(school, site, lessons, zone)
            codes = settle_missing(columns.get(key, MISSING * len(span)), span, horizon, hours)
            turned = turn_over(codes, span, key, (excuse,))
            changed += turned.excused + turned.charged
            ahead += codes.count(AHEAD)
    return Effect(changed, ahead)
