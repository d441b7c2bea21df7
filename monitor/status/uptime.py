"""How much of the last day and the last 30 days each line was up, from the ledger's minutes.

The ledger is read completely once, and then only new entries, so the bars survive a restart and
add no cost to a request. Minutes that are neither up nor down (unknown, maintenance, outside the
hours of the contract, not recorded) are left out.

Must not know: how it is shown, or colours.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Final

from monitor.availability.minutes import CODES, MinuteClass, minute_of
from monitor.availability.records import MINUTES, SCOPE, read_run, read_scope
from monitor.availability.sla import minute_entries
from monitor.ledger.chain import MalformedEntryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from monitor.availability.records import MinuteRun
    from monitor.ledger.chain import Entry, EntrySource

_HOUR: Final = 60
DAY_HOURS: Final = 24
DAYS: Final = 30
HOURS: Final = DAYS * DAY_HOURS
# A minute is recorded some minutes after its end, and entries of several daemons interleave.
_AGAIN: Final = timedelta(hours=2)
_UP, _DOWN = CODES[MinuteClass.UP], CODES[MinuteClass.DOWN]
_WELL: Final = 0.999
_LATE_MINUTES: Final = 60


class Level(StrEnum):
    """The level of a section of a bar."""

    UP = "up"
    PARTLY = "partly"
    DOWN = "down"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Equal sections side by side: the number of the first and how many there are."""

    level: Level
    first: int
    pieces: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A period in equal sections, the oldest first; `ratio` is None without anything counted.

    `counted` is how many minutes, or runs of a check, that share is of.
    """

    stretches: tuple[Stretch, ...]
    ratio: float | None
    counted: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Uptime:
    """A line's last 24 hours, one section an hour, and last 30 days, one section 24 hours."""

    day: Bar
    month: Bar

    @property
    def is_day_partial(self) -> bool:
        """Return whether more than two hours of the day are not counted."""
        return _is_partial(self.day, DAY_HOURS)

    @property
    def is_month_partial(self) -> bool:
        """Return whether more than two hours of the month are not counted."""
        return _is_partial(self.month, HOURS)


class _Line:
    """Minutes up and down of one site; the index of an hour is its number modulo `HOURS`."""

    __slots__ = ("down", "up")

    def __init__(self) -> None:
        self.up = bytearray(HOURS)
        self.down = bytearray(HOURS)


class UptimeBook:
    """Adds up minutes by site and hour; not thread-safe."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}
        self._newest: int | None = None
        self._next: dict[str, int] = {}

    def read(self, source: EntrySource, now: datetime) -> dict[str, Uptime]:
        """Return the uptime of every site (`school/site`) after reading new entries.

        Raises:
            LedgerError: if the ledger cannot be read.
        """
        hour = minute_of(now) // _HOUR
        # After the clock was set back: minutes that were recorded while it was ahead would hide
        # those recorded since.
        starts_over = self._newest is None or hour < self._newest
        back = timedelta(hours=HOURS)
        if self._newest is not None and not starts_over:
            back = min(_AGAIN + timedelta(hours=hour - self._newest), back)
        # Read before anything is changed: what a failing ledger did not give is read next time.
        entries = tuple(minute_entries(source, now - back, now))
        if starts_over:
            self._lines, self._next, self._newest = {}, {}, None
        self._advance(hour)
        self._add(entries)
        place = (hour + 1) % HOURS
        return {
            site: _uptime(_turned(line.up, place), _turned(line.down, place))
            for site, line in self._lines.items()
        }

    def _advance(self, hour: int) -> None:
        """Clear the slots of the hours that begin."""
        if self._newest is not None:
            for begun in range(max(self._newest + 1, hour - HOURS + 1), hour + 1):
                for line in self._lines.values():
                    line.up[begun % HOURS] = line.down[begun % HOURS] = 0
        self._newest = hour

    def _add(self, entries: Iterable[Entry]) -> None:
        scopes: dict[str, tuple[str, ...]] = {}
        found: Counter[tuple[int, str, str]] = Counter()
        for entry in entries:
            with suppress(MalformedEntryError):  # costs its own minutes only
                if entry.kind == SCOPE:
                    listed = read_scope(entry)
                    scopes[listed.scope] = listed.sites
                elif entry.kind == MINUTES:
                    self._add_run(read_run(entry), found)
        for (hour, scope, codes), minutes in found.items():
            self._count(hour, scopes.get(scope, ()), codes, minutes)

    def _add_run(self, run: MinuteRun, found: Counter[tuple[int, str, str]]) -> None:
        # The first record of a minute counts.
        first = max(run.first, self._next.get(run.scope, run.first))
        end = run.first + run.minutes
        for minute in range(first, end):
            found[minute // _HOUR, run.scope, run.codes] += 1
        self._next[run.scope] = max(first, end)

    def _count(self, hour: int, sites: tuple[str, ...], codes: str, minutes: int) -> None:
        if self._newest is None or not self._newest - HOURS < hour <= self._newest:
            return
        for site, code in zip(sites, codes, strict=False):
            line = self._lines.get(site)
            if line is None:
                line = self._lines[site] = _Line()
            if code == _UP:
                line.up[hour % HOURS] += minutes
            elif code == _DOWN:
                line.down[hour % HOURS] += minutes


def _is_partial(bar: Bar, hours: int) -> bool:
    # The last section is the hour that has begun, and its minutes are recorded some minutes late.
    return 0 < bar.counted < (hours - 1) * _HOUR - _LATE_MINUTES


def weakness(uptime: Uptime) -> tuple[float, float]:
    """Return a sort key for lines; those with the most downtime come first."""
    month, day = uptime.month.ratio, uptime.day.ratio
    return (1.0 if month is None else month, 1.0 if day is None else day)


def _turned(ring: bytearray, place: int) -> bytes:
    return bytes(ring[place:] + ring[:place])


def _uptime(up: bytes, down: bytes) -> Uptime:
    return Uptime(bar_of(up[-DAY_HOURS:], down[-DAY_HOURS:], 1), bar_of(up, down, DAY_HOURS))


def bar_of(up: Sequence[int], down: Sequence[int], size: int) -> Bar:
    """Return counts of equal spans, the oldest first, as a bar; `size` spans make one piece."""
    levels = [
        _level(sum(up[at : at + size]), sum(down[at : at + size])) for at in range(0, len(up), size)
    ]
    stretches, first = [], 0
    for level, same in groupby(levels):
        pieces = len(list(same))
        stretches.append(Stretch(level, first, pieces))
        first += pieces
    counted = sum(up) + sum(down)
    return Bar(tuple(stretches), sum(up) / counted if counted else None, counted)


def _level(up: int, down: int) -> Level:
    if not up + down:
        return Level.NONE
    if not down or up / (up + down) >= _WELL:
        return Level.UP
    return Level.PARTLY if up else Level.DOWN
