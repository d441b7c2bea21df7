from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.inventory.city import Switch
from monitor.observation import State
from monitor.verdict import Cause
from monitor.verdict.device import Round, Upstream
from tests.verdict.world import BEGIN, World, icmp, numbered_city, numbered_school, switch, uplink

SWITCHES = 4
REPORTED = 600.0
phases = st.lists(
    st.floats(0, 0.999), min_size=2 * (SWITCHES + 1) + 3, max_size=2 * (SWITCHES + 1) + 3
)
moments = st.floats(130, 250)
lengths = st.floats(250, 500)


def world_of(
    order: list[float], outages: dict[tuple[str, str], list[tuple[float, float]]]
) -> World:
    inventory = numbered_city(schools=2, switches=SWITCHES)
    places = {check.id: index for index, check in enumerate(inventory.checks())}
    return World(inventory, lambda check: order[places[check.id]], outages)


@settings(max_examples=200)
@given(phases, moments, lengths, st.sets(st.integers(0, SWITCHES - 1)))
def test_a_dead_uplink_is_one_cause_and_its_return_no_burst(
    order: list[float], death: float, length: float, still_dead: set[int]
) -> None:
    back = death + length
    outages = {("s0", "router"): [(death, back)]}
    for index in still_dead:
        outages[("s0", f"sw{index}")] = [(death, 10_000.0)]
    world = world_of(order, outages)

    world.run(death + 250)
    assert world.board.root_causes() == (uplink(0),), "one cause while the uplink is dead"
    for index in range(SWITCHES):
        verdict = world.board.verdict(switch(0, index))
        assert verdict is not None
        assert (verdict.state, verdict.cause) == (State.UNKNOWN, Cause.BEHIND_UPLINK)
    assert [subject for _, subject in world.devices_put_down()] == [uplink(0)]
    [(known, _)] = world.devices_put_down()
    assert known - death < 3 * 60 + 60 + 10, "three rounds, and one of a reference"

    world.run(back + REPORTED)
    assert world.board.root_causes() == tuple(switch(0, index) for index in sorted(still_dead))
    held = {subject: when for when, subject in world.devices_put_down()}
    assert set(held) == {uplink(0)} | {switch(0, index) for index in still_dead}
    assert len(world.devices_put_down()) == len(held), "each counted against it once"
    up_again = next(
        when
        for when, change in world.changes
        if change.subject == uplink(0) and change.after.state is State.UP and when > known
    )
    for index in still_dead:
        assert held[switch(0, index)] <= up_again + 60 + 5, "down within one cycle"
    assert {verdict.state for verdict in world.board.verdicts.values()} <= {State.UP, State.DOWN}
    assert world.board.monitor.state is State.UP


@settings(max_examples=50)
@given(phases, moments, st.integers(0, SWITCHES - 1))
def test_only_the_dead_switch_is_down(order: list[float], death: float, index: int) -> None:
    world = world_of(order, {("s1", f"sw{index}"): [(death, death + 400)]})
    world.run(death + 300)
    assert world.board.root_causes() == (switch(1, index),)
    verdict = world.board.verdict(switch(1, index))
    assert verdict is not None
    late = (verdict.since - BEGIN) / timedelta(seconds=1) - death
    assert -1 <= late <= 60, "down since its first silent round"
    world.run(death + 700)
    assert world.board.root_causes() == ()


@settings(max_examples=50)
@given(order=phases, dead=st.sets(st.integers(0, SWITCHES - 1)), is_cut=st.booleans())
def test_a_restart_invents_nothing(order: list[float], dead: set[int], *, is_cut: bool) -> None:
    outages = {("s0", f"sw{index}"): [(-1.0, 10_000.0)] for index in dead}
    if is_cut:
        outages[("s0", "router")] = [(-1.0, 10_000.0)]
    world = world_of(order, outages)
    world.run(119)
    assert world.devices_put_down() == [], "no device is down before three silent rounds"
    world.run(600)
    expected = (uplink(0),) if is_cut else tuple(switch(0, index) for index in sorted(dead))
    assert world.board.root_causes() == expected


def rarely_asked_uplink(outages: dict[tuple[str, str], list[tuple[float, float]]]) -> World:
    """An uplink asked at 0, 120, 240 s and so on, its switch every 10 s from 6 s on."""
    base = numbered_school(0, 0, interval=120.0)
    box = Switch("sw0", "10.0.0.10", (icmp(10.0),))
    site = replace(base.sites[0], switches=(box,))
    inventory = replace(numbered_city(0, 0), schools=(replace(base, sites=(site,)),))
    phases = {"router": 0.0, "sw0": 0.6}
    return World(inventory, lambda check: phases.get(check.target.device, 0.1), outages)


def test_an_outage_between_two_uplink_rounds_does_not_put_a_switch_down() -> None:
    world = rarely_asked_uplink({("s0", "router"): [(150.0, 239.5)]})
    world.run(600)
    assert world.devices_put_down() == []


def test_a_dead_switch_is_down_after_two_rounds_of_a_rarely_pinged_uplink() -> None:
    world = rarely_asked_uplink({("s0", "sw0"): [(150.0, 9e9)]})
    world.run(359)
    assert world.devices_put_down() == []
    world.run(362)
    assert [subject for _, subject in world.devices_put_down()] == [switch(0, 0)]


def test_a_silent_switch_is_not_behind_an_uplink_that_is_back() -> None:
    order = [0.5] * (2 * (SWITCHES + 1) + 3)
    order[0] = 0.49  # the uplink's first good round is not over when the switch is asked
    world = world_of(order, {("s0", "router"): [(200, 600)], ("s0", "sw0"): [(200, 9e9)]})
    world.run(600)
    seen = [change for _, change in world.changes if change.subject == switch(0, 0)]
    assert seen[-1].after.cause is Cause.BEHIND_UPLINK
    world.run(900)
    later = [change.after.cause for _, change in world.changes if change.subject == switch(0, 0)]
    assert later[len(seen) :] == [Cause.UNPROVEN, Cause.NO_ANSWER]


@pytest.mark.parametrize(
    ("answering_from", "asked", "proves"),
    [(10.0, 60.0, True), (21.0, 60.0, False), (10.0, 22.0, False), (None, 60.0, False)],
)
def test_uplink_answers_before_and_after_prove_a_silence(
    answering_from: float | None, asked: float, *, proves: bool
) -> None:
    assert Upstream(answering_from, asked).proves(Round(20.0, 23.0)) is proves
