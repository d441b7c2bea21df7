from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.observation import State
from monitor.verdict import MONITOR, Cause
from tests.verdict.world import Spells, World, numbered_city, uplink

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHOOLS = 9
seeds = st.integers(0, 2**32)
slowly = settings(max_examples=100)


def world_of(
    seed: int,
    own_line: Spells = (),
    outages: Mapping[tuple[str, str], Spells] | None = None,
    references: int = 3,
) -> World:
    random = Random(seed)
    inventory = numbered_city(SCHOOLS, switches=1, references=references)
    return World(inventory, lambda _: random.random(), outages or {}, own_line)


def isolations(world: World) -> list[tuple[float, bool]]:
    return [
        (when, change.after.cause is Cause.ISOLATED)
        for when, change in world.changes
        if change.subject == MONITOR and Cause.ISOLATED in {change.before.cause, change.after.cause}
    ]


@slowly
@given(seeds, st.floats(120, 300), st.floats(100, 400))
def test_a_dead_line_of_our_own_puts_no_school_down_even_on_return(
    seed: int, death: float, length: float
) -> None:
    world = world_of(seed, own_line=[(death, death + length)])
    world.run(death + 65)
    assert world.board.is_isolated
    assert world.board.root_causes() == (MONITOR,)
    for subject, verdict in world.board.verdicts.items():
        assert (verdict.state, verdict.cause) == (State.UNKNOWN, Cause.ISOLATED), str(subject)
    world.run(death + length + 600)
    assert world.devices_put_down() == []
    [(_, began), (ended, goes_on)] = isolations(world)
    assert (began, goes_on) == (True, False), "no flapping"
    assert ended - (death + length) >= 120, "two rounds of a reference, then a calm cycle"
    assert {verdict.state for verdict in world.board.verdicts.values()} == {State.UP}


@settings(max_examples=50)
@given(seeds, st.floats(120, 300), st.floats(100, 400), st.integers(5, SCHOOLS))
def test_losing_most_schools_with_one_reference_left_puts_none_down(
    seed: int, death: float, length: float, lost: int
) -> None:
    dead: Spells = [(death, death + length)]
    outages = {(f"s{number}", "router"): dead for number in range(lost)}
    outages |= {("", "ref0"): dead, ("", "ref1"): dead}
    world = world_of(seed, outages=outages)
    world.run(death + 70)
    assert world.board.is_isolated
    world.run(death + length + 600)
    assert world.devices_put_down() == []
    assert isolations(world)[-1][1] is False
    assert {verdict.state for verdict in world.board.verdicts.values()} == {State.UP}


@settings(max_examples=50)
@given(seeds, st.floats(120, 300), st.integers(1, 4))
def test_fewer_than_half_lost_are_down_individually(seed: int, death: float, lost: int) -> None:
    outages = {(f"s{number}", "router"): [(death, 10_000.0)] for number in range(lost)}
    world = world_of(seed, outages=outages)
    world.run(death + 300)
    assert world.board.root_causes() == tuple(uplink(number) for number in range(lost))


def test_a_school_failing_when_our_line_died_does_not_stay_down() -> None:
    """Its third silent round is the first after the line died, before any round of a reference."""
    for seed in range(60):
        outages: dict[tuple[str, str], Spells] = {("s0", "router"): [(100.0, 10_000.0)]}
        world = world_of(seed, own_line=[(230.0, 600.0)], outages=outages)
        world.run(600)
        for when, subject in world.devices_put_down():
            assert when < 233, f"seed {seed}: {subject} was declared down over a dead line"


def test_a_restart_during_isolation_puts_no_school_down() -> None:
    for seed in range(20):
        world = world_of(seed, own_line=[(-1.0, 400.0)])
        world.run(1200)
        assert world.devices_put_down() == []
        assert {verdict.state for verdict in world.board.verdicts.values()} == {State.UP}


def test_schools_that_never_answered_do_not_isolate_the_monitor() -> None:
    outages = {(f"s{number}", "router"): [(-1.0, 10_000.0)] for number in range(7)}
    world = world_of(3, outages=outages)
    world.run(600)
    assert not world.board.is_isolated
    assert world.board.root_causes() == tuple(uplink(number) for number in range(7))


def test_two_of_three_references_dead_is_not_isolation() -> None:
    outages: dict[tuple[str, str], Spells] = {
        ("", "ref0"): [(100.0, 10_000.0)],
        ("", "ref1"): [(100.0, 10_000.0)],
        ("s2", "router"): [(200.0, 10_000.0)],
    }
    world = world_of(5, outages=outages)
    world.run(500)
    assert world.board.references() == (1, 3)
    assert world.board.root_causes() == (uplink(2),)


def test_the_first_failing_round_is_forgotten_with_the_isolation() -> None:
    """A school still dead after the return needs all its rounds again, then is down on its own."""
    for seed in range(20):
        outages: dict[tuple[str, str], Spells] = {("s4", "router"): [(150.0, 10_000.0)]}
        world = world_of(seed, own_line=[(150.0, 500.0)], outages=outages)
        world.run(1200)
        ended = isolations(world)[-1][0]
        [(when, subject)] = world.devices_put_down()
        assert subject == uplink(4)
        assert when >= ended + 60
