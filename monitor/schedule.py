"""When a check runs: spread over its interval, on time or counted as skipped, never twice at once.

Each check has one task that sleeps until the check is due and runs it, so that a check cannot
overlap itself. The due times are a fixed grid: phase + n x interval, with the phase taken from
the check's id, so neither a restart nor a new school shifts any other check.

Probes end by their own deadline, shortly before their time-out here; one that does not is reported
as a bug of the monitor.

Must not know: what a check measures, or who uses the result.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import traceback
from collections import Counter
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from monitor.inventory.checks import BACK_OFF_KINDS, BACK_OFF_LIMIT_SECONDS, PROBE_SHARE, CheckKind
from monitor.observation import Observation, Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from monitor.clock import Clock
    from monitor.inventory.checks import Check

# Walking a dead device costs its full time-out for nothing; a ping shows when it is back.
BACK_OFF_REASONS = frozenset({Reason.TIMEOUT, Reason.UNREACHABLE})
DEFAULT_CONCURRENCY = 2048
# Checks start in small groups, twice a second: this saves about a fifth of the CPU time of a city's
# cycle, because the process wakes half as often (bench/README.md).
START_TOGETHER_SECONDS = 0.5
# A short interval is still divided into at least this many places.
_FEWEST_STARTS = 20


class CapacityError(ValueError):
    """The checks need more runs at once than are allowed; the message says how many."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a new set of checks changed, as counts of checks."""

    started: int
    stopped: int
    kept: int


class _Alarm:
    """Ends a check's sleep early.

    `hurried` says that the current sleep is to end, or that the next one is to be skipped; `sleep`
    is what a sleeping check awaits.
    """

    __slots__ = ("hurried", "sleep")

    def __init__(self) -> None:
        self.hurried = False
        self.sleep: asyncio.Future[None] | None = None

    def hurry(self) -> None:
        """End the sleep now."""
        self.hurried = True
        if self.sleep is not None:
            _end(self.sleep)


class _Sleepers:
    """Ends all checks' sleeps at their instants, by one timer of the loop.

    With a timer for each, every other timer of the process would cost the loop a dozen comparisons
    in Python; these are of tuples, in C.
    """

    __slots__ = ("_clock", "_due", "_number", "_timer", "_wakes_at")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = math.inf

    def until(self, due: float) -> asyncio.Future[None]:
        """Return a future that is done when the monotonic clock reaches `due`."""
        loop = asyncio.get_running_loop()
        sleep: asyncio.Future[None] = loop.create_future()
        self._number += 1
        heappush(self._due, (due, self._number, sleep))
        if due < self._wakes_at:
            self._wake_at(due, loop)
        return sleep

    def close(self) -> None:
        """Stop the timer; no sleep ends any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._wakes_at = None, math.inf
        self._due.clear()

    def _wake_at(self, due: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_at = due
        self._timer = loop.call_later(due - self._clock.monotonic(), self._wake)

    def _wake(self) -> None:
        # A timer may fire while the clock still reads a little less than it was set to.
        now = max(self._wakes_at, self._clock.monotonic())
        self._timer, self._wakes_at = None, math.inf
        while self._due and self._due[0][0] <= now:
            _end(heappop(self._due)[2])
        if self._due:
            self._wake_at(self._due[0][0], asyncio.get_running_loop())


def _end(sleep: asyncio.Future[None]) -> None:
    if not sleep.done():
        sleep.set_result(None)


@dataclass(slots=True)
class _Entry:
    task: asyncio.Task[None]
    alarm: _Alarm


class Schedule:
    """Runs checks, each at its own pace, until the task that called `run` is cancelled.

    `probe(check, deadline)` runs one check; `sink(observation)` is called with every result,
    on the event loop, and must be quick. `skipped` counts the runs that were not started
    because the one before, or the machine, was late: by kind of check.
    """

    def __init__(
        self,
        clock: Clock,
        probe: Callable[[Check, float], Awaitable[Observation]],
        sink: Callable[[Observation], None],
        concurrency: int = DEFAULT_CONCURRENCY,
    ) -> None:
        self._clock = clock
        self._probe = probe
        self._sink = sink
        self._concurrency = concurrency
        self._slots = asyncio.Semaphore(concurrency)
        self._sleepers = _Sleepers(clock)
        self._entries: dict[Check, _Entry] = {}
        self._by_id: dict[str, Check] = {}
        self._wanted: frozenset[Check] = frozenset()
        self._reconciled: frozenset[Check] = frozenset()
        self._group: asyncio.TaskGroup | None = None
        self.skipped: Counter[CheckKind] = Counter()

    @property
    def checks(self) -> frozenset[Check]:
        """Return the checks that are to run."""
        return self._wanted

    async def run(self) -> None:
        """Run the checks until cancelled; every check has ended when this returns."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                self.reconcile()
                await asyncio.Event().wait()
            finally:
                self._group = None
                self._reconciled = frozenset()
                for entry in self._entries.values():
                    entry.task.cancel()
                self._entries.clear()
                self._sleepers.close()

    def want(self, checks: Iterable[Check]) -> Change:
        """Make these the checks to run from the next `reconcile` on.

        Raises:
            CapacityError: if they cannot all run on time; nothing has changed then.
        """
        wanted = frozenset(checks)
        refuse_overload(wanted, self._concurrency)
        change = Change(
            started=len(wanted - self._wanted),
            stopped=len(self._wanted - wanted),
            kept=len(self._wanted & wanted),
        )
        self._wanted = wanted
        self._by_id = {check.id: check for check in wanted}
        return change

    def hurry(self, check_id: str) -> None:
        """Run a check at once if it is asleep, without moving its grid of due times.

        If it is well then, it does not back off any longer.
        """
        check = self._by_id.get(check_id)
        entry = self._entries.get(check) if check else None
        if entry:
            entry.alarm.hurry()

    def reconcile(self) -> None:
        """Stop the checks that are no longer wanted, and start new ones.

        If an exception interrupts it, the next call does the rest. A call without a change costs
        nothing.
        """
        if self._group is None or self._reconciled is self._wanted:
            return
        for check in self._entries.keys() - self._wanted:
            self._entries.pop(check).task.cancel()
        for check in self._wanted - self._entries.keys():
            alarm = _Alarm()
            task = self._group.create_task(self._keep(check, alarm), name=check.id)
            self._entries[check] = _Entry(task, alarm)
        self._reconciled = self._wanted

    async def _keep(self, check: Check, alarm: _Alarm) -> None:
        grid = first_due(check, self._clock)
        failures = 0
        while True:
            hurried = await self._sleep_until(grid, alarm)
            failures = failures + 1 if await self._take_turn(check) else 0
            if hurried:
                if not failures:
                    # The check may have backed off: its next place on the grid is the nearest one.
                    left = grid - self._clock.monotonic()
                    grid -= max(0, math.ceil(left / check.interval) - 1) * check.interval
                continue
            pause = back_off(check.interval, failures)
            grid += pause
            now = self._clock.monotonic()
            if grid <= now:
                missed = int((now - grid) // check.interval) + 1
                self.skipped[check.kind] += missed
                grid += missed * check.interval

    async def _sleep_until(self, due: float, alarm: _Alarm) -> bool:
        """Return whether the sleep was cut short by `hurry`."""
        if due <= self._clock.monotonic():
            return False
        if not alarm.hurried:
            alarm.sleep = self._sleepers.until(due)
            await alarm.sleep
            alarm.sleep = None
        hurried, alarm.hurried = alarm.hurried, False
        return hurried and self._clock.monotonic() < due

    async def _take_turn(self, check: Check) -> bool:
        """Run a check and hand on what it found; return whether that calls for back-off.

        A function of its own, so that no frame keeps the observation until the next run: the tables
        of all devices of a city take 40 MB.
        """
        async with self._slots:
            observation = await run_once(check, self._probe, self._clock)
        self._sink(observation)
        return _calls_for_back_off(observation)


async def run_once(
    check: Check, probe: Callable[[Check, float], Awaitable[Observation]], clock: Clock
) -> Observation:
    """Return the observation of one run.

    It is unknown, by a bug of ours, if the probe raises or outlives the check's time-out.
    """
    started, begun = clock.now(), clock.monotonic()

    def ours(detail: str) -> Observation:
        duration = clock.monotonic() - begun
        return Observation(check, started, duration, Outcome.UNKNOWN, Reason.BUG, detail)

    try:
        async with asyncio.timeout(check.timeout):
            return await probe(check, begun + check.timeout * PROBE_SHARE)
    except TimeoutError:
        return ours(f"the {check.kind} probe outlived its deadline of {check.timeout:g} s")
    except Exception:  # noqa: BLE001  # a school is never down because we have a bug
        return ours(traceback.format_exc())


def needed_concurrency(checks: Iterable[Check]) -> int:
    """Return how many runs there can be at once if every check takes its full time-out."""
    return math.ceil(math.fsum(check.timeout / check.interval for check in checks))


def refuse_overload(checks: Iterable[Check], allowed: int = DEFAULT_CONCURRENCY) -> None:
    """Check that all these checks can run on time with so many runs at once.

    Raises:
        CapacityError: if they cannot; the message has the figure and the cure.
    """
    needed = needed_concurrency(checks)
    if needed > allowed:
        raise CapacityError(
            f"these checks need up to {needed} runs at once, {allowed} are allowed; "
            "lengthen intervals, shorten time-outs, or allow more with --concurrency"
        )


def phase(check_id: str, interval: float) -> float:
    """Return a check's place within its interval in seconds, the same on every machine."""
    digest = hashlib.blake2b(check_id.encode(), digest_size=8).digest()
    place = int.from_bytes(digest) / 2**64 * interval
    return place - place % min(START_TOGETHER_SECONDS, interval / _FEWEST_STARTS)


def first_due(check: Check, clock: Clock) -> float:
    """Return the next monotonic instant on the check's grid.

    The grid counts from the epoch of the wall clock, which is read once, so a restart keeps it.
    """
    into = (clock.now().timestamp() - phase(check.id, check.interval)) % check.interval
    return clock.monotonic() + check.interval - into


def back_off(interval: float, failures: int) -> float:
    """Return the pause in seconds after so many failures in a row: doubled, up to five minutes.

    It stays a multiple of the interval, so that the check keeps to its grid.
    """
    if failures == 0 or interval >= BACK_OFF_LIMIT_SECONDS:
        return interval
    factor = min(1 << min(failures - 1, 10), int(BACK_OFF_LIMIT_SECONDS // interval))
    return interval * factor


def _calls_for_back_off(observation: Observation) -> bool:
    return (
        observation.check.kind in BACK_OFF_KINDS
        and observation.outcome is Outcome.FAILED
        and observation.reason in BACK_OFF_REASONS
    )
