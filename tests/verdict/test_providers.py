"""Providers that fail: one, all at once, one after another; and how they come back."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.observation import State
from monitor.verdict import HUB, Cause, SubjectKind
from tests.verdict.world import Spells, World, city_of, moment, puts_a_device_down, uplink

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.inventory.checks import Check

FOREVER = 10_000.0
few = settings(max_examples=25)
seeds = st.integers(0, 2**32)


def drawn_phase(seed: int, check: Check) -> float:
    return Random(f"{seed} {check.id}").random()


def dead(schools: Iterable[int], *spells: tuple[float, float]) -> dict[tuple[str, str], Spells]:
    return {(f"s{number}", "router"): spells for number in schools}


def world_of(
    providers: dict[str, int],
    outages: dict[tuple[str, str], Spells],
    seed: int = 1,
    handovers: Sequence[str] = (),
    own_line: Spells = (),
) -> World:
    inventory = city_of(providers, handovers, interval=10.0)
    known = [uplink(number) for number in range(sum(providers.values()))]
    phase = partial(drawn_phase, seed)
    return World(inventory, phase, outages, own_line, answered_before=known)


def told(world: World, kind: SubjectKind) -> list[tuple[str, State]]:
    return [
        (change.subject.device, change.after.state)
        for _, change in world.changes
        if change.subject.kind is kind
    ]


def states(world: World, schools: Iterable[int]) -> set[tuple[State, Cause]]:
    found = [world.board.verdict(uplink(number)) for number in schools]
    return {(one.state, one.cause) for one in found if one is not None}


@few
@given(seeds, st.floats(100, 200), st.integers(6, 10))
def test_most_sites_of_a_provider_are_its_outage_until_recovery(
    seed: int, death: float, lost: int
) -> None:
    world = world_of({"A": 10, "B": 3}, dead(range(lost), (death, death + 400)), seed)
    world.run(death + 60)
    assert world.devices_put_down() == []
    world.run(death + 100)
    assert states(world, range(lost)) == {(State.DOWN, Cause.PROVIDER_OUTAGE)}
    assert set(world.board.provider_outages) == {"A"}
    assert not world.board.is_isolated
    assert world.board.common_outage is None
    [cause] = world.board.root_causes()
    assert (cause.kind, cause.device) == (SubjectKind.PROVIDER, "A")
    world.run(death + 600)
    assert told(world, SubjectKind.PROVIDER) == [("A", State.DOWN), ("A", State.UP)]
    assert told(world, SubjectKind.HUB) == []
    assert states(world, range(13)) == {(State.UP, Cause.ANSWERS)}
    since = [c.after.since for _, c in world.changes if puts_a_device_down(c)]
    assert len(since) == lost


@few
@given(seeds, st.floats(100, 200))
def test_all_providers_at_once_are_one_common_outage_without_blame(seed: int, death: float) -> None:
    world = world_of({"A": 8, "B": 4}, dead(range(12), (death, death + 400)), seed)
    world.run(death + 30)
    assert world.board.common_outage is not None, "at once"
    assert world.board.root_causes() == (HUB,)
    world.run(death + 300)
    assert states(world, range(12)) == {(State.UNKNOWN, Cause.COMMON_OUTAGE)}
    world.run(death + 600)
    assert world.devices_put_down() == []
    assert told(world, SubjectKind.PROVIDER) == []
    assert told(world, SubjectKind.HUB) == [("hub", State.UNKNOWN), ("hub", State.UP)]
    assert states(world, range(12)) == {(State.UP, Cause.ANSWERS)}
    for _, change in world.changes:
        if change.after.cause is Cause.COMMON_OUTAGE and change.subject.kind is SubjectKind.UPLINK:
            late = (change.after.since - change.at).total_seconds()
            assert -30 < late <= 0, "unknown since its own first lost round"


@few
@given(seeds, st.floats(60, 400), st.floats(100, 400))
def test_our_own_line_is_never_mistaken_for_the_hub_or_a_provider(
    seed: int, death: float, length: float
) -> None:
    world = world_of({"A": 6, "B": 3}, {}, seed, ["A"], own_line=[(death, death + length)])
    world.run(death + length + 300)
    assert world.devices_put_down() == []
    assert told(world, SubjectKind.PROVIDER) == []
    assert told(world, SubjectKind.HUB) == []
    assert len(told(world, SubjectKind.MONITOR)) >= 2


@pytest.mark.parametrize("seed", range(5))
def test_a_silent_hand_over_router_means_the_provider_else_the_hub(seed: int) -> None:
    spell = (100.0, 500.0)
    outages = dead(range(8), spell)
    both = world_of({"A": 5, "B": 3}, outages, seed, ["A", "B"])
    both.run(300)
    assert both.board.common_outage is not None
    assert "suspects: our hub" in both.board.common_outage.detail
    assert "or the providers" not in both.board.common_outage.detail
    silent: dict[tuple[str, str], Spells] = {
        **outages,
        ("", "handover-A"): [spell],
        ("", "handover-B"): [spell],
    }
    none = world_of({"A": 5, "B": 3}, silent, seed, ["A", "B"])
    none.run(300)
    assert none.board.common_outage is None
    assert set(none.board.provider_outages) == {"A", "B"}
    assert states(none, range(8)) == {(State.DOWN, Cause.PROVIDER_OUTAGE)}
    mixed = world_of({"A": 5, "B": 3}, {**outages, ("", "handover-A"): [spell]}, seed, ["A"])
    mixed.run(300)
    assert set(mixed.board.provider_outages) == {"A"}
    assert states(mixed, range(5)) == {(State.DOWN, Cause.PROVIDER_OUTAGE)}
    assert states(mixed, range(5, 8)) == {(State.UNKNOWN, Cause.COMMON_OUTAGE)}
    for world in (both, none, mixed):
        world.run(800)
        assert states(world, range(8)) == {(State.UP, Cause.ANSWERS)}
        assert world.board.root_causes() == ()


@pytest.mark.parametrize("seed", range(5))
def test_a_loss_spreading_within_a_minute_is_common_and_later_separate(seed: int) -> None:
    for pause, common in ((40.0, True), (200.0, False)):
        first = dead(range(6), (100.0, FOREVER))
        second = dead(range(6, 10), (100.0 + pause, FOREVER))
        world = world_of({"A": 6, "B": 4}, {**first, **second}, seed)
        world.run(500)
        assert (world.board.common_outage is not None) is common
        assert set(world.board.provider_outages) == (set() if common else {"A", "B"})
        assert bool(world.devices_put_down()) is not common


@pytest.mark.parametrize("seed", range(5))
def test_a_provider_still_down_after_a_common_outage_is_judged_from_then(
    seed: int,
) -> None:
    outages = {**dead(range(6), (100.0, 400.0)), **dead(range(6, 10), (100.0, FOREVER))}
    world = world_of({"A": 6, "B": 4}, outages, seed)
    world.run(700)
    assert world.board.common_outage is None
    assert states(world, range(6)) == {(State.UP, Cause.ANSWERS)}
    assert states(world, range(6, 10)) == {(State.DOWN, Cause.PROVIDER_OUTAGE)}
    began = [c.after.since for _, c in world.changes if puts_a_device_down(c)]
    back = [c.at for _, c in world.changes if c.subject == HUB and c.after.state is State.UP]
    assert (min(began) - back[0]).total_seconds() > -3, "but for the round under way"


@pytest.mark.parametrize("seed", range(5))
def test_lines_that_come_back_in_pieces_are_one_outage(seed: int) -> None:
    outages = {key: [(100.0, 300.0 + 30 * number)] for number, key in enumerate(dead(range(8)))}
    world = world_of({"A": 8, "B": 2}, dict(outages), seed)
    world.run(1000)
    assert told(world, SubjectKind.PROVIDER) == [("A", State.DOWN), ("A", State.UP)]


def test_a_flapping_reference_changes_nothing_while_two_answer() -> None:
    flapping = [(start, start + 20.0) for start in range(90, 900, 40)]
    outages = {**dead(range(8), (200.0, 500.0)), ("", "ref0"): flapping}
    world = world_of({"A": 10, "B": 5}, outages)
    world.run(800)
    assert told(world, SubjectKind.PROVIDER) == [("A", State.DOWN), ("A", State.UP)]
    assert len(told(world, SubjectKind.MONITOR)) == 1, "it came up, and stayed"


def test_one_line_is_no_outage_of_its_provider_and_two_of_three_are() -> None:
    world = world_of({"A": 1, "B": 3, "C": 3}, dead([0, 1, 2], (100.0, FOREVER)))
    world.run(300)
    assert set(world.board.provider_outages) == {"B"}
    assert states(world, [0]) == {(State.DOWN, Cause.NO_ANSWER)}
    assert states(world, [1, 2]) == {(State.DOWN, Cause.PROVIDER_OUTAGE)}


def test_never_seen_sites_and_sites_in_maintenance_are_no_part_of_a_loss() -> None:
    inventory = city_of({"A": 6, "B": 6}, interval=10.0)
    outages = dead(range(4), (-1.0, FOREVER)) | dead([6, 7, 8, 9], (100.0, FOREVER))
    world = World(inventory, partial(drawn_phase, 3), outages)
    world.board.excuse(frozenset({"s6", "s7", "s8", "s9"}))
    world.run(400)
    assert world.board.provider_outages == {}
    assert world.board.common_outage is None
    assert states(world, [6, 7, 8, 9]) == {(State.DOWN, Cause.NO_ANSWER)}


def test_a_restart_during_a_common_outage_knows_schools_from_the_ledger() -> None:
    world = world_of({"A": 6, "B": 6}, dead(range(12), (-1.0, 400.0)))
    world.run(600)
    assert world.devices_put_down() == []
    assert told(world, SubjectKind.HUB) == [("hub", State.UNKNOWN), ("hub", State.UP)]


def test_isolation_supersedes_a_common_outage() -> None:
    outages = dead(range(9), (100.0, 600.0))
    world = world_of({"A": 6, "B": 3}, outages, own_line=[(200.0, 400.0)])
    world.run(250)
    assert world.board.is_isolated
    assert world.board.common_outage is None
    world.run(900)
    assert world.devices_put_down() == []
    assert states(world, range(9)) == {(State.UP, Cause.ANSWERS)}


def test_an_outage_survives_a_reload_and_forgets_removed_sites() -> None:
    world = world_of({"A": 8, "B": 3}, dead(range(8), (100.0, FOREVER)))
    world.run(300)
    world.board.reconfigure(city_of({"A": 5}, interval=10.0), moment(301))
    outage = world.board.provider_outages["A"]
    assert outage.sites == {(f"s{number}", "main") for number in range(5)}
