"""The schedule on virtual time: hours of checks in milliseconds."""

from __future__ import annotations

import asyncio
import itertools
import math
import weakref
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.inventory.checks import (
    BACK_OFF_LIMIT_SECONDS,
    Check,
    CheckKind,
    InterfacesOptions,
    SnmpAccess,
)
from monitor.observation import DeviceReading, Observation, Outcome, Reason
from monitor.schedule import (
    START_TOGETHER_SECONDS,
    CapacityError,
    Change,
    Schedule,
    back_off,
    first_due,
    needed_concurrency,
    phase,
)
from tests import build
from tests.virtual_time import VirtualClock, VirtualTimeLoop, run_virtually

if TYPE_CHECKING:
    from collections.abc import Iterable


def ping(school: str, interval: float = 10.0, timeout: float = 8.0) -> Check:
    return build.check(school=school, interval=interval, timeout=timeout)


def walk(school: str, interval: float = 60.0, timeout: float = 20.0) -> Check:
    options = InterfacesOptions(SnmpAccess("2c", "devices"))
    return build.check(options, school=school, interval=interval, timeout=timeout)


class Network:
    """A probe that takes a set time per school and records when it ran and how many ran at once."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.takes: defaultdict[str, float] = defaultdict(float)
        self.answers: dict[str, tuple[Outcome, Reason]] = {}
        self.starts: defaultdict[str, list[float]] = defaultdict(list)
        self.running: Counter[str] = Counter()
        self.most = 0
        self.observations: list[Observation] = []

    async def probe(self, check: Check, deadline: float) -> Observation:
        school = check.target.school
        assert deadline < self.clock.monotonic() + check.timeout
        assert self.running[school] == 0, f"{school} is probed twice at once"
        self.running[school] += 1
        self.most = max(self.most, self.running.total())
        self.starts[school].append(self.clock.monotonic())
        started, begun = self.clock.now(), self.clock.monotonic()
        try:
            await self.clock.sleep(self.takes[school])
        finally:
            self.running[school] -= 1
        outcome, reason = self.answers.get(school, (Outcome.OK, Reason.NONE))
        return Observation(check, started, self.clock.monotonic() - begun, outcome, reason)

    def schedule(self, concurrency: int = 100) -> Schedule:
        return Schedule(self.clock, self.probe, self.observations.append, concurrency)


def set_checks(schedule: Schedule, checks: Iterable[Check]) -> Change:
    """Run these checks, as a reload does."""
    change = schedule.want(checks)
    schedule.reconcile()
    return change


async def run_for(schedule: Schedule, seconds: float) -> None:
    task = asyncio.create_task(schedule.run())
    await asyncio.sleep(seconds)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_checks_keep_their_pace_and_their_phase() -> None:
    async def main() -> None:
        network = Network(VirtualClock())
        schedule = network.schedule()
        set_checks(schedule, (ping(f"school-{n}") for n in range(20)))
        await run_for(schedule, 100.5)
        for school, starts in network.starts.items():
            assert len(starts) == 10, school
            steps = {round(b - a, 6) for a, b in itertools.pairwise(starts)}
            assert steps == {10.0}, school
        assert schedule.skipped.total() == 0

    run_virtually(main())


STEP = 0.0007


class CoarseClock(VirtualClock):
    """A clock with coarse steps, on which a timer can fire just before its time."""

    def monotonic(self) -> float:
        return math.floor(super().monotonic() / STEP) * STEP


def test_a_timer_one_clock_step_early_causes_no_extra_run() -> None:
    async def main() -> None:
        network = Network(CoarseClock())
        schedule = network.schedule()
        set_checks(schedule, [ping("voede")])
        async with asyncio.timeout(101):
            await run_for(schedule, 100.5)
        assert len(network.starts["voede"]) == 10
        assert schedule.skipped.total() == 0

    run_virtually(main())


class Table(dict[int, int]):
    """Rows whose garbage collection can be observed."""


def test_observations_are_not_kept_until_the_next_run() -> None:
    async def main() -> None:
        clock = VirtualClock()
        tables: list[weakref.ref[Table]] = []

        async def probe(check: Check, deadline: float) -> Observation:
            table = Table({1: 1})
            tables.append(weakref.ref(table))
            reading = DeviceReading("", "", "", 0, {"ifOperStatus": table}, 1, 1)
            return Observation(
                check, clock.now(), deadline, Outcome.OK, Reason.NONE, values=reading
            )

        schedule = Schedule(clock, probe, lambda _: None, 10)
        set_checks(schedule, [walk("a")])
        running = asyncio.create_task(schedule.run())
        await asyncio.sleep(150.0)
        assert len(tables) in {2, 3}
        assert [table() for table in tables] == [None] * len(tables)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    run_virtually(main())


def test_starts_are_spread_across_the_interval() -> None:
    phases = [phase(f"school-{n}/main/router/icmp", 60.0) for n in range(1_000)]
    per_second = Counter(int(value) for value in phases)
    assert set(per_second) == set(range(60))
    assert max(per_second.values()) <= 3 * 1_000 / 60


def test_checks_start_in_small_groups() -> None:
    ids = [f"school-{n}/main/router/icmp" for n in range(1_000)]
    places = Counter(phase(one, 60.0) for one in ids)
    assert all(place % START_TOGETHER_SECONDS == 0 for place in places)
    assert len(places) > 100
    assert max(places.values()) < 20, "a group is not a burst"
    short = {phase(one, 1.0) for one in ids}
    assert len(short) == 20
    assert all(0 <= place < 1.0 for place in short)


def test_a_restart_finds_the_same_grid_again() -> None:
    async def main() -> None:
        clock = VirtualClock()
        check = ping("school")
        before = first_due(check, clock)
        await clock.sleep(3.7)
        after = first_due(check, clock)
        distance = (after - before) % check.interval
        assert min(distance, check.interval - distance) == pytest.approx(0, abs=1e-4)

    run_virtually(main())


def test_a_slow_check_never_overlaps_and_its_missed_runs_are_counted() -> None:
    async def main() -> None:
        network = Network(VirtualClock())
        network.takes["slow"] = 7.5
        schedule = network.schedule()
        set_checks(schedule, [ping("slow", interval=10.0), ping("quick", interval=10.0)])
        task = asyncio.create_task(schedule.run())
        await asyncio.sleep(50)
        assert schedule.skipped.total() == 0
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.block(35.0)
        await asyncio.sleep(15)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert schedule.skipped[CheckKind.ICMP] >= 4
        phase_of = {round(start % 10.0, 6) for start in network.starts["quick"]}
        # All runs except the one delayed by the stall itself keep to the grid.
        assert len(phase_of) <= 2

    run_virtually(main())


def test_a_probe_that_outlives_its_deadline_is_our_bug_not_the_schools() -> None:
    async def main() -> None:
        network = Network(VirtualClock())
        network.takes["stuck"] = 1_000
        schedule = network.schedule()
        set_checks(schedule, [ping("stuck")])
        await run_for(schedule, 30)
        outcomes = {(seen.outcome, seen.reason) for seen in network.observations}
        assert outcomes == {(Outcome.UNKNOWN, Reason.BUG)}
        assert network.observations[0].duration == pytest.approx(8.0)

    run_virtually(main())


def test_an_exception_in_a_probe_is_unknown_and_stops_no_other_check() -> None:
    async def main() -> None:
        network = Network(VirtualClock())

        async def probe(check: Check, deadline: float) -> Observation:
            if check.target.school == "bad":
                raise ZeroDivisionError("a bug")
            return await network.probe(check, deadline)

        schedule = Schedule(network.clock, probe, network.observations.append)
        set_checks(schedule, [ping("bad"), ping("good")])
        await run_for(schedule, 30.5)
        by_school = defaultdict(list)
        for seen in network.observations:
            by_school[seen.check.target.school].append(seen)
        assert {seen.reason for seen in by_school["bad"]} == {Reason.BUG}
        assert "ZeroDivisionError: a bug" in by_school["bad"][0].detail
        assert {seen.outcome for seen in by_school["good"]} == {Outcome.OK}
        assert len(by_school["good"]) == len(by_school["bad"]) == 3

    run_virtually(main())


def test_reload_keeps_unchanged_checks_undisturbed() -> None:
    async def main() -> None:
        network = Network(VirtualClock())
        network.takes["kept"] = 5.0
        schedule = network.schedule()
        set_checks(schedule, [ping("kept"), ping("removed"), ping("changed")])
        task = asyncio.create_task(schedule.run())
        await asyncio.sleep(40)
        changed = replace(ping("changed"), interval=20.0)
        change = set_checks(schedule, [ping("kept"), changed, ping("added")])
        assert (change.started, change.stopped, change.kept) == (2, 2, 1)
        removed_at = asyncio.get_running_loop().time()
        await asyncio.sleep(40)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert max(network.starts["removed"]) <= removed_at
        assert min(network.starts["added"]) >= removed_at
        kept = network.starts["kept"]
        assert {round(b - a, 6) for a, b in itertools.pairwise(kept)} == {10.0}

    run_virtually(main())


def test_walks_of_a_dead_device_back_off_but_pings_do_not() -> None:
    async def main() -> None:
        network = Network(VirtualClock())
        network.answers["dead"] = (Outcome.FAILED, Reason.TIMEOUT)
        schedule = network.schedule()
        set_checks(schedule, [walk("dead"), walk("alive")])
        await run_for(schedule, 3_600)
        assert len(network.starts["alive"]) == 60
        assert 12 <= len(network.starts["dead"]) <= 16
        phases = {round(start % 60, 4) for start in network.starts["dead"]}
        assert len(phases) == 1, "a backed-off walk keeps to its grid"

        pings = Network(VirtualClock())
        pings.answers["dead"] = (Outcome.FAILED, Reason.TIMEOUT)
        schedule = pings.schedule()
        set_checks(schedule, [ping("dead")])
        await run_for(schedule, 600.5)
        assert len(pings.starts["dead"]) == 60

    run_virtually(main())


def test_hurry_runs_a_waiting_check_at_once_and_keeps_its_grid() -> None:
    async def main() -> None:
        network = Network(VirtualClock())
        schedule = network.schedule()
        check = walk("school", interval=300.0)
        set_checks(schedule, [check])
        task = asyncio.create_task(schedule.run())
        await asyncio.sleep(301)
        first = network.starts["school"][0]
        now = asyncio.get_running_loop().time()
        schedule.hurry(check.id)
        schedule.hurry("nobody/at/all/icmp")
        await asyncio.sleep(299)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert network.starts["school"] == [first, now, pytest.approx(first + 300)]

    run_virtually(main())


def test_a_device_that_is_back_is_polled_at_its_pace_again() -> None:
    async def main() -> None:
        network = Network(VirtualClock())
        network.answers["back"] = (Outcome.FAILED, Reason.TIMEOUT)
        schedule = network.schedule()
        check = walk("back")
        set_checks(schedule, [check])
        task = asyncio.create_task(schedule.run())
        await asyncio.sleep(3_600)
        network.answers.clear()
        now = asyncio.get_running_loop().time()
        schedule.hurry(check.id)
        await asyncio.sleep(301)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        starts = network.starts["back"]
        hurried, *regular = [start for start in starts if start >= now]
        assert hurried == now
        assert len(regular) == 5
        assert {round((start - starts[0]) % 60, 6) for start in regular} <= {0.0, 60.0}
        assert all(after - before <= 60 for before, after in itertools.pairwise([now, *regular]))

    run_virtually(main())


def test_concurrency_is_bounded_and_too_little_of_it_is_refused() -> None:
    async def main() -> None:
        network = Network(VirtualClock())
        checks = [ping(f"school-{n}") for n in range(50)]
        for check in checks:
            network.takes[check.target.school] = 7.0
        needed = needed_concurrency(checks)
        assert needed == 40
        with pytest.raises(CapacityError, match="40 runs at once, 39 are allowed"):
            set_checks(network.schedule(concurrency=39), checks)
        schedule = network.schedule(concurrency=needed)
        set_checks(schedule, checks)
        await run_for(schedule, 200)
        assert network.most <= needed

    run_virtually(main())


def test_a_step_of_the_wall_clock_moves_no_check() -> None:
    async def main() -> None:
        clock = VirtualClock()
        network = Network(clock)
        schedule = network.schedule()
        set_checks(schedule, [ping("school")])
        task = asyncio.create_task(schedule.run())
        for hours in (1, -1, 0):
            await asyncio.sleep(50)
            clock.step = timedelta(hours=hours)
        await asyncio.sleep(50.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        starts = network.starts["school"]
        assert len(starts) == 20
        assert {round(b - a, 6) for a, b in itertools.pairwise(starts)} == {10.0}

    run_virtually(main())


@given(interval=st.floats(1, 1_000), failures=st.integers(0, 10_000))
def test_back_off_is_a_multiple_of_the_interval_and_bounded(interval: float, failures: int) -> None:
    pause = back_off(interval, failures)
    assert pause >= interval
    assert pause <= max(interval, BACK_OFF_LIMIT_SECONDS)
    assert (pause / interval) == pytest.approx(round(pause / interval))
