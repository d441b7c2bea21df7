"""How often each check succeeded and failed in each hour of the last day; lost at a restart.

Prometheus keeps the history; this is for readers without access to it. Memory is bounded: two
small numbers an hour for each check.

Must not know: who shows it.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from monitor.observation import Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.inventory.city import Inventory
    from monitor.observation import Observation

HOURS: Final = 24
_HOUR_SECONDS: Final = 3600
_MOST: Final = 65_535  # of an array of unsigned shorts


class _Day:
    """The runs of one check; an hour's place is its number modulo `HOURS`."""

    __slots__ = ("failed", "newest", "ok")

    def __init__(self) -> None:
        self.ok = array("H", bytes(2 * HOURS))
        self.failed = array("H", bytes(2 * HOURS))
        self.newest = 0

    def advance(self, hour: int) -> None:
        """Empty the places of the hours that have begun.

        If the clock was set back by an hour at most, the newest hour goes on until it catches up.
        Otherwise it had been wrong, and the hours that have not come yet are emptied.
        """
        if self.newest - hour > 1:
            self._empty(hour + 1, self.newest)
            self.newest = hour
        self._empty(self.newest + 1, hour)
        self.newest = max(self.newest, hour)

    def _empty(self, first: int, last: int) -> None:
        for hour in range(max(first, last - HOURS + 1), last + 1):
            self.ok[hour % HOURS] = self.failed[hour % HOURS] = 0


class OutcomeHistory:
    """Counts the outcomes of checks by the hour. Unknown ones are not counted."""

    def __init__(self, inventory: Inventory) -> None:
        self._days: dict[str, _Day] = {}
        self.reconfigure(inventory)

    def reconfigure(self, inventory: Inventory) -> None:
        """Apply another inventory; checks that stay keep their day."""
        self._days = {check.id: self._days.get(check.id) or _Day() for check in inventory.checks()}

    def observe(self, observation: Observation) -> None:
        """Count one run of a check."""
        day = self._days.get(observation.check.id)
        if day is None or observation.outcome is Outcome.UNKNOWN:
            return
        hour = int(observation.started.timestamp()) // _HOUR_SECONDS
        if hour != day.newest:
            day.advance(hour)
        counts = day.ok if observation.outcome is Outcome.OK else day.failed
        place = day.newest % HOURS
        counts[place] = min(_MOST, counts[place] + 1)

    def last_day(self, check: str, now: datetime) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return how many runs succeeded and how many failed, by hour; this hour is the last of 24.

        Both are empty if it has not run in that time.
        """
        day = self._days.get(check)
        if day is None:
            return (), ()
        day.advance(int(now.timestamp()) // _HOUR_SECONDS)
        if not any(day.ok) and not any(day.failed):
            return (), ()
        first = (day.newest + 1) % HOURS
        return (
            (*day.ok[first:], *day.ok[:first]),
            (*day.failed[first:], *day.failed[:first]),
        )
