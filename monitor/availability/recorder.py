"""Turns changes of verdicts into minutes that are final.

A down verdict is confirmed several rounds after the outage began, and states its start. So a minute
is recorded only when the hysteresis can no longer reach back into it: `settle_minutes` after its
end. Minutes that were not monitored (daemon stopped, hung or suspended) are unknown.

Within a minute the state that held for 30 s or more counts: down from 30 s on, up above 30 s,
else unknown. Rounding is even on average, and one lost round of a minute is not an outage.

Must not know: the ledger, verdicts, or the calendar; it is given callables for these.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from monitor.availability.minutes import CODES, MinuteClass, minute_class, minute_of, start_of
from monitor.availability.records import (
    MinuteRun,
    Transition,
    minutes_entry,
    scope_entry,
    scope_id,
    transition_entry,
)
from monitor.observation import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from monitor.ledger.chain import Entry

_MINUTE: Final = timedelta(minutes=1)
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
_MINUTES_OF_HOUR: Final = 60
_MINUTES_OF_DAY: Final = 1440


@dataclass(order=True, frozen=True, slots=True)
class _Change:
    """Sorted by the time a change became known: a later one overrides an earlier one."""

    at: datetime
    since: datetime
    state: State


@dataclass(slots=True)
class _History:
    """A site's state before its open changes, and those changes."""

    base: State = State.UNKNOWN
    known: datetime = _ALWAYS
    changes: list[_Change] = field(default_factory=list)

    def timeline(self) -> list[tuple[datetime, State]]:
        """Return the states in force with their start times, ascending."""
        line = [(_ALWAYS, self.base)]
        for change in self.changes:
            while line and line[-1][0] >= change.since:
                line.pop()
            line.append((change.since, change.state))
        return line

    def latest(self) -> State:
        """Return the state that was reported last."""
        return self.changes[-1].state if self.changes else self.base

    def forget(self, before: datetime) -> None:
        """Merge changes that no open minute depends on into the base."""
        while self.changes and self.changes[0].at <= before:
            change = self.changes.pop(0)
            self.base, self.known = change.state, change.at


class MinuteRecorder:
    """Collects verdicts of sites and yields their settled minutes as ledger entries.

    `in_maintenance` and `in_service_hours` are called with a site and a minute's first instant.
    `tick` must be called at least every `patience`, otherwise the time between counts as unwatched.
    `every_minutes` are recorded together: 1 loses the fewest on a crash, 5 keeps the ledger
    five times smaller.
    """

    def __init__(  # noqa: PLR0913  # four figures that have defaults
        self,
        sites: Sequence[str],
        now: datetime,
        in_maintenance: Callable[[str, datetime], bool],
        in_service_hours: Callable[[str, datetime], bool],
        *,
        settle_minutes: int = 5,
        every_minutes: int = 5,
        patience: timedelta = timedelta(minutes=2),
    ) -> None:
        self._histories = {site: _History() for site in sites}
        self._in_maintenance = in_maintenance
        self._in_service_hours = in_service_hours
        self._settle_minutes = settle_minutes
        self._every_minutes = every_minutes
        self._patience = patience
        self._watched = [(now, now)]
        self._cursor = minute_of(now)
        self._scope_due = 0
        self._counts = {site: Counter[MinuteClass]() for site in sites}
        self.too_late = 0

    @property
    def counts(self) -> Mapping[str, Mapping[MinuteClass, int]]:
        """Return the settled minutes per site and class, for counters."""
        return self._counts

    def reload(
        self,
        sites: Sequence[str],
        in_maintenance: Callable[[str, datetime], bool],
        in_service_hours: Callable[[str, datetime], bool],
    ) -> None:
        """Use another list of sites from the next unsettled minute on; known sites continue."""
        self._histories = {site: self._histories.get(site, _History()) for site in sites}
        self._counts = {site: self._counts.get(site, Counter()) for site in sites}
        self._in_maintenance = in_maintenance
        self._in_service_hours = in_service_hours
        self._scope_due = 0

    def observe(self, transition: Transition) -> Entry:
        """Process a change of a site's verdict, in any order; return the entry that records it.

        A change that became known before a settled one is counted in `too_late`, and so is one
        that reaches back into settled minutes, which are not changed. Its entry has the true times.

        Raises:
            ValueError: if it became known before it began.
        """
        if transition.since > transition.at:
            raise ValueError(
                f"{transition.site}: a verdict known at {transition.at} cannot be in force only "
                f"since {transition.since}"
            )
        history = self._histories.get(transition.site)
        if history is not None:
            if transition.since < start_of(self._cursor):
                self.too_late += 1
            if transition.at >= history.known:
                change = _Change(transition.at, transition.since, transition.state)
                insort(history.changes, change)
        return transition_entry(transition)

    def tick(self, now: datetime) -> tuple[Entry, ...]:
        """Mark the time up to now as watched; return entries for what has settled."""
        self._watch(now)
        end = minute_of(now) - self._settle_minutes
        return self._entries(end - end % self._every_minutes, now)

    def stop(self, now: datetime) -> tuple[Entry, ...]:
        """Return entries for all settled minutes, however few: the recorder ends.

        Later minutes remain unknown: a verdict still open could reach back into them.
        """
        self._watch(now)
        return self._entries(minute_of(now) - self._settle_minutes, now)

    def _entries(self, end: int, now: datetime) -> tuple[Entry, ...]:
        """Return entries for the watched minutes before `end` that have none yet.

        An exception loses no minute: they count as recorded only once all entries are made.
        """
        for history in self._histories.values():
            history.forget(start_of(self._cursor))
        runs: list[MinuteRun] = []
        settled: list[dict[str, MinuteClass]] = []
        cursor, scope_due, scope = self._cursor, self._scope_due, ""
        while (minute := self._next_watched(cursor, end)) is not None:
            scope = scope or scope_id(tuple(self._histories))
            settled.append(self._kinds(minute))
            codes = "".join(CODES[kind] for kind in settled[-1].values())
            runs = _extended(runs, MinuteRun(minute, 1, scope, codes))
            cursor = minute + 1
        if not runs:
            return ()
        entries = [minutes_entry(run) for run in runs]
        if runs[-1].first >= scope_due:
            # Repeated every day, in case the disk rejected one.
            entries.insert(0, scope_entry(tuple(self._histories), now))
            scope_due = runs[-1].first + _MINUTES_OF_DAY
        self._cursor, self._scope_due = cursor, scope_due
        for kinds in settled:
            for site, kind in kinds.items():
                self._counts[site][kind] += 1
        return tuple(entries)

    def _watch(self, now: datetime) -> None:
        start, end = self._watched[-1]
        if now < end:
            self._restart(now)
        elif now - end <= self._patience:
            self._watched[-1] = (start, now)
        else:
            self._watched.append((now, now))
        cursor = start_of(self._cursor)
        self._watched = [span for span in self._watched[:-1] if span[1] > cursor] + [
            self._watched[-1]
        ]

    def _restart(self, now: datetime) -> None:
        """Restart after the wall clock went back: only the current states are still known.

        Recording continues after the minutes already recorded, unless the clock had been more
        than an hour ahead: then nothing would be recorded until it catches up.
        """
        for history in self._histories.values():
            history.base, history.known = history.latest(), now
            history.changes.clear()
        self._watched = [(now, now)]
        if self._cursor - minute_of(now) > _MINUTES_OF_HOUR:
            self._cursor = minute_of(now)
            self._scope_due = 0

    def _next_watched(self, cursor: int, end: int) -> int | None:
        """Return the first minute in `cursor` to `end` that was watched at least in part."""
        for start, stop in self._watched:
            minute = max(cursor, minute_of(start))
            if minute < end and start_of(minute) < stop:
                return minute
        return None

    def _kinds(self, minute: int) -> dict[str, MinuteClass]:
        start = start_of(minute)
        return {
            site: minute_class(
                self._state(history, start),
                in_maintenance=self._in_maintenance(site, start),
                in_service_hours=self._in_service_hours(site, start),
            )
            for site, history in self._histories.items()
        }

    def _state(self, history: _History, start: datetime) -> State:
        held = {state: timedelta() for state in State}
        line = history.timeline()
        ends = [begin for begin, _ in line[1:]] + [start + _MINUTE]
        for (begin, state), end in zip(line, ends, strict=True):
            held[state] += self._watched_within(max(begin, start), min(end, start + _MINUTE))
        if 2 * held[State.DOWN] >= _MINUTE:
            return State.DOWN
        return State.UP if 2 * held[State.UP] > _MINUTE else State.UNKNOWN

    def _watched_within(self, start: datetime, end: datetime) -> timedelta:
        spans = ((max(start, a), min(end, b)) for a, b in self._watched)
        return sum((b - a for a, b in spans if b > a), timedelta())


def _extended(runs: list[MinuteRun], run: MinuteRun) -> list[MinuteRun]:
    """Add a minute: to the last run if it continues, else as a new run.

    A run stays within an hour, and so within a local day and month in every time zone.
    """
    if runs and runs[-1].codes == run.codes and run.first % _MINUTES_OF_HOUR:
        last = runs[-1]
        if last.first + last.minutes == run.first:
            return [*runs[:-1], MinuteRun(last.first, last.minutes + 1, last.scope, last.codes)]
    return [*runs, run]
