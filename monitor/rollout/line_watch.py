"""Tracks one site's line: its latest 24 hours of minutes, and which line it is.

Minutes of maintenance and outside the contract's hours are skipped: the window reaches back until
it has 1440 others. Minutes without a record are unknown.

Must not know: the ledger, other sites, stages.
"""

from __future__ import annotations

from array import array
from copy import copy
from typing import TYPE_CHECKING, Final

from monitor.availability.minutes import CODES, MinuteClass, start_of
from monitor.campaigns.evidence import LineDay
from monitor.rollout.line import NO_EXPECTATION, WINDOW_MINUTES, Identity, expectation, right_line
from monitor.rollout.line_records import LineChange

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.inventory.city import ExpectedLine

_UP: Final = CODES[MinuteClass.UP].encode()
_DOWN: Final = CODES[MinuteClass.DOWN].encode()
_UNKNOWN: Final = CODES[MinuteClass.UNKNOWN].encode()
_OWED: Final = frozenset(_UP + _DOWN + _UNKNOWN)
_CLOCK_STEP_MINUTES: Final = 60
_LEFT_OUT: Final = frozenset((CODES[MinuteClass.MAINTENANCE] + CODES[MinuteClass.OUTSIDE]).encode())


class LineWatch:
    """Collects a site's minutes and sightings; `day` evaluates them."""

    __slots__ = (
        "_change",
        "_codes",
        "_expected",
        "_last",
        "_minutes",
        "_part_seen",
        "_seen",
        "site",
    )

    def __init__(self, site: str, expected: ExpectedLine) -> None:
        self.site = site
        self._expected = expected
        self._codes = bytearray()
        self._minutes = array("q")
        self._last: int | None = None
        self._seen = Identity()
        self._part_seen: dict[str, datetime] = {}
        self._change: LineChange | None = None

    def expecting(self, expected: ExpectedLine) -> LineWatch:
        """Return the watch with the current expectation; another expectation restarts it."""
        if expected == self._expected:
            return self
        other = copy(self)
        other.expect(expected)
        return other

    def expect(self, expected: ExpectedLine) -> None:
        """Restart with another expectation."""
        self._expected = expected
        self._change = None

    def restore(self, change: LineChange) -> None:
        """Restore the last recorded change of the line, if it was about this expectation."""
        if change.expected == expectation(self._expected):
            self._change = change

    def minutes(self, first: int, codes: bytes) -> None:
        """Process one class per minute, from minute `first` on; known minutes are kept."""
        if self._last is not None and self._last - first > _CLOCK_STEP_MINUTES:
            # The clock had been ahead: those records would block all the following ones.
            self._codes.clear()
            self._minutes, self._last = array("q"), None
        if self._last is not None:
            codes, first = codes[max(0, self._last + 1 - first) :], max(first, self._last + 1)
            # Minutes without a record.
            for minute in range(max(self._last + 1, first - WINDOW_MINUTES), first):
                self._add(minute, _UNKNOWN[0])
        if not codes:
            return
        for place, code in enumerate(codes):
            self._add(first + place, code if code in _OWED or code in _LEFT_OUT else _UNKNOWN[0])
        self._last = first + len(codes) - 1
        surplus = len(self._codes) - WINDOW_MINUTES
        if surplus > 0:
            del self._codes[:surplus]
            del self._minutes[:surplus]

    def see(self, seen: Identity, at: datetime) -> LineChange | None:
        """Process the identity seen; return a change to the expected line, or to another one."""
        parts = {name: getattr(seen, name) for name in Identity.__slots__}
        known = {name: part for name, part in parts.items() if part is not None}
        kept = {name: getattr(self._seen, name) for name in Identity.__slots__}
        self._seen = Identity(**{**kept, **known})
        self._part_seen.update(dict.fromkeys(known, at))
        right, why = right_line(self._expected, self._seen)
        if right is None or (self._change is not None and self._change.right is right):
            return None
        self._change = LineChange(self.site, at, right, expectation(self._expected), why)
        return self._change

    def day(self) -> LineDay | None:
        """Return the latest 24 hours, None before the first minute."""
        if not self._codes:
            return None
        since, until = start_of(self._minutes[0]), start_of(self._minutes[-1] + 1)
        answered = self._codes.count(_UP)
        right, line = self._line(since)
        counted = answered + self._codes.count(_DOWN)
        return LineDay(self.site, since, until, answered, counted, right, line)

    def _line(self, since: datetime) -> tuple[bool | None, str]:
        """Return whether the line was the right one all the time since an instant."""
        asked = [name for name in Identity.__slots__ if getattr(self._expected, name)]
        if not asked:
            return None, NO_EXPECTATION
        change = self._change
        if change is None:
            _, why = right_line(self._expected, self._seen)
            return None, why
        if not change.right:
            return False, change.why
        if change.at > since:
            return None, f"the right line since {change.at:%Y-%m-%d %H:%M} UTC only"
        unseen = [
            name for name in asked if name not in self._part_seen or self._part_seen[name] < since
        ]
        if unseen:
            return None, f"{', '.join(unseen)} of the line was not seen in the 24 hours"
        return True, change.why

    def _add(self, minute: int, code: int) -> None:
        if code in _OWED:
            self._codes.append(code)
            self._minutes.append(minute)
