from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.inventory.checks import (
    Check,
    CheckKind,
    InterfacesOptions,
    Role,
    SnmpAccess,
)
from monitor.inventory.city import Inventory, Switch
from monitor.observation import DeviceReading, EchoRound, Observation, Outcome, Reason, State
from monitor.verdict import MONITOR, Cause, Change, Moment, Verdict, VerdictBoard
from monitor.verdict.answer import Answer, answer_of
from tests.build import plan
from tests.verdict.world import (
    BEGIN,
    World,
    echo,
    icmp,
    moment,
    numbered_city,
    numbered_school,
    puts_a_device_down,
    switch,
    uplink,
)

SNMP = plan(InterfacesOptions(SnmpAccess("2c", "ro")))


def check_of(inventory: Inventory, device: str, name: str = "icmp") -> Check:
    return next(
        check
        for check in inventory.checks()
        if check.target.device == device and check.name == name
    )


def failed(check: Check, reason: Reason, detail: str = "") -> Observation:
    outcome = Outcome.UNKNOWN if reason in {Reason.NO_SOCKET, Reason.NOT_RUN} else Outcome.FAILED
    return Observation(check, BEGIN, 2.8, outcome, reason, detail)


def state_of(board: VerdictBoard) -> tuple[State, Cause]:
    verdict = board.verdict(uplink(0))
    assert verdict is not None
    return verdict.state, verdict.cause


class Talk:
    """One school and three references that always answer; passes observations to the board."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.board = VerdictBoard(inventory, moment(0))
        self.now = 0.0

    def round(self, observation: Observation) -> list[Change]:
        """Advance by a minute, with reference rounds around an observation of the city."""
        self.now += 50
        changes = list(self.board.observe(observation, moment(self.now)))
        self.now += 10
        for number in range(3):
            answered = echo(check_of(self.inventory, f"ref{number}"), answered=5, duration=0.8)
            changes += self.board.observe(answered, moment(self.now))
        return [change for change in changes if change.subject != MONITOR]


def test_a_router_that_never_answered_is_silent_before_it_is_down() -> None:
    talk = Talk(numbered_city(1, 0))
    silent = echo(check_of(talk.inventory, "router"), answered=0, duration=2.8)
    found = talk.board.verdict(uplink(0))
    assert (found.detail if found else "") == "no full round yet"
    said = []
    while (found := talk.board.verdict(uplink(0))) is not None and found.state is State.UNKNOWN:
        talk.round(silent)
        said.append(found.detail)
    assert said[0] == "no full round yet"
    assert len(said) >= 3
    assert set(said[1:]) == {"no answer, but not yet for long enough"}


def test_an_uplink_is_unknown_then_up_then_down_after_three_rounds_then_up_after_two() -> None:
    talk = Talk(numbered_city(1, 0))
    router = check_of(talk.inventory, "router")
    good, bad = echo(router, answered=5, duration=0.8), echo(router, answered=0, duration=2.8)
    assert state_of(talk.board) == (State.UNKNOWN, Cause.STARTING)
    seen = []
    for observation in (good, bad, bad, good, bad, bad, bad, good, bad, good, good):
        talk.round(observation)
        seen.append(state_of(talk.board)[0].value)
    up, down = "up", "down"
    assert seen == [up, up, up, up, up, up, down, down, down, down, up]


def test_down_counts_from_the_first_silent_round_with_its_detail() -> None:
    talk = Talk(numbered_city(1, 0))
    router = check_of(talk.inventory, "router")
    talk.round(echo(router, answered=5, duration=0.8))
    for _ in range(3):
        changes = talk.round(echo(router, answered=0, duration=2.8))
    [change] = changes
    assert change.after.since == BEGIN + timedelta(seconds=60 + 50 - 2.8)
    assert change.at == BEGIN + timedelta(seconds=240)
    assert change.after.detail == "no reply to 5 packets"
    assert puts_a_device_down(change)


def test_a_dead_device_has_one_sentence_and_a_living_one_those_of_its_other_checks() -> None:
    talk = Talk(numbered_city(1, 0))
    router = check_of(talk.inventory, "router")
    page = replace(router, kind=CheckKind.HTTP, name="website")
    subject = uplink(0)

    def detail() -> str:
        verdict = talk.board.verdict(subject)
        assert verdict is not None
        return verdict.detail

    talk.round(echo(router, answered=5, duration=0.8))
    talk.board.observe(failed(page, Reason.TIMEOUT, "no answer in 10 s"), moment(60))
    assert detail() == "website: no answer in 10 s"
    for _ in range(3):
        talk.round(echo(router, answered=0, duration=2.8))
        talk.board.observe(failed(page, Reason.TIMEOUT, "no answer in 10 s"), moment(talk.now))
    assert detail() == "no reply to 5 packets"


@given(
    between=st.lists(st.sampled_from([Reason.NO_SOCKET, Reason.NOT_RUN]), max_size=2),
    is_down=st.booleans(),
)
def test_our_own_failures_count_neither_for_nor_against(
    between: list[Reason], *, is_down: bool
) -> None:
    talk = Talk(numbered_city(1, 0))
    router = check_of(talk.inventory, "router")
    bad = echo(router, answered=0, duration=2.8)
    talk.round(echo(router, answered=5, duration=0.8))
    for _ in range(3 if is_down else 2):
        for reason in between:
            assert talk.round(failed(router, reason)) == []
        talk.round(bad)
    assert state_of(talk.board)[0] is (State.DOWN if is_down else State.UP)


def test_three_intervals_without_a_usable_round_are_unknown_with_a_cause() -> None:
    talk = Talk(numbered_city(1, 1))
    router = check_of(talk.inventory, "router")
    talk.round(echo(router, answered=5, duration=0.8))
    for _ in range(3):
        talk.round(failed(router, Reason.NO_SOCKET, "no ping socket"))
    talk.board.tick(moment(50 + 179))
    assert state_of(talk.board) == (State.UP, Cause.ANSWERS)
    talk.board.tick(moment(50 + 181))
    assert state_of(talk.board) == (State.UNKNOWN, Cause.NO_DATA)
    verdict = talk.board.verdict(uplink(0))
    assert verdict is not None
    assert verdict.detail == "not measured for 181 s: no ping socket"


def test_silence_before_our_own_pause_does_not_count_after_it() -> None:
    talk = Talk(numbered_city(1, 0))
    router = check_of(talk.inventory, "router")
    bad = echo(router, answered=0, duration=2.8)
    talk.round(echo(router, answered=5, duration=0.8))
    talk.round(bad)
    talk.round(bad)
    talk.now += 600  # stopped, continued; no tick came before the next round's end
    talk.round(bad)
    assert state_of(talk.board)[0] is not State.DOWN
    talk.round(bad)
    talk.round(bad)
    assert state_of(talk.board)[0] is State.DOWN


@settings(max_examples=30)
@given(st.integers(0, 2**16), st.sampled_from([-3600, 3600, -600, 1]))
def test_a_step_of_the_wall_clock_changes_no_verdict(seed: int, step: int) -> None:
    inventory = numbered_city(2, 2)
    phases = {check.id: (index * seed % 97) / 100 for index, check in enumerate(inventory.checks())}
    world = World(inventory, lambda check: phases[check.id], {("s0", "router"): [(200, 500)]})
    stepped = World(inventory, lambda check: phases[check.id], {("s0", "router"): [(200, 500)]})

    class Stepping(VerdictBoard):
        """The same board, given wall-clock times that are off from second 150 on."""

        def observe(self, observation: Observation, now: Moment) -> tuple[Change, ...]:
            return super().observe(observation, _stepped(now, step))

        def tick(self, now: Moment) -> tuple[Change, ...]:
            return super().tick(_stepped(now, step))

    stepped.board = Stepping(inventory, moment(0))
    world.run(900)
    stepped.run(900)
    assert [(when, c.subject, c.after.state) for when, c in world.changes] == [
        (when, c.subject, c.after.state) for when, c in stepped.changes
    ]


def _stepped(now: Moment, step: int) -> Moment:
    off = timedelta(seconds=step if now.monotonic > 1150 else 0)
    return Moment(now.monotonic, now.instant + off)


def test_snmp_silent_while_ping_answers_is_up_and_reported() -> None:
    base = numbered_school(0, 0)
    router = replace(base.sites[0].uplink, checks=(SNMP, icmp()))
    inventory = replace(
        numbered_city(0, 0),
        schools=(replace(base, sites=(replace(base.sites[0], uplink=router),)),),
    )
    talk = Talk(inventory)
    talk.round(echo(check_of(inventory, "router"), answered=5, duration=0.8))
    for _ in range(5):
        talk.round(failed(check_of(inventory, "router", "interfaces"), Reason.TIMEOUT, "no reply"))
        talk.round(echo(check_of(inventory, "router"), answered=3, duration=2.8))
    verdict = talk.board.verdict(uplink(0))
    assert verdict is not None
    assert (verdict.state, verdict.detail) == (State.UP, "interfaces: no reply")


def test_a_device_without_ping_is_judged_by_snmp() -> None:
    base = numbered_school(0, 0)
    boxes = (Switch("sw0", "10.0.0.10", (SNMP,)),)
    site = replace(base.sites[0], switches=boxes)
    inventory = replace(numbered_city(0, 0), schools=(replace(base, sites=(site,)),))
    talk = Talk(inventory)
    box, router = check_of(inventory, "sw0", "interfaces"), check_of(inventory, "router")
    for _ in range(4):
        talk.round(failed(box, Reason.TIMEOUT, "no reply"))
        talk.round(echo(router, answered=5, duration=0.8))
    verdict = talk.board.verdict(switch(0, 0))
    assert verdict is not None
    assert verdict.state is State.DOWN
    talk.round(failed(box, Reason.AUTHENTICATION, "wrong community"))
    talk.round(failed(box, Reason.AUTHENTICATION, "wrong community"))
    verdict = talk.board.verdict(switch(0, 0))
    assert verdict is not None
    assert (verdict.state, verdict.detail) == (State.UP, "interfaces: wrong community")


def test_a_rarely_checked_switch_is_unknown_from_uplink_death_to_its_round() -> None:
    base = numbered_school(0, 0)
    box = Switch("sw0", "10.0.0.10", (icmp(1200.0),))
    inventory = replace(
        numbered_city(0, 0),
        schools=(replace(base, sites=(replace(base.sites[0], switches=(box,)),)),),
    )
    outages = {("s0", "router"): [(300.0, 600.0)]}
    world = World(inventory, lambda check: 0.1 if check.target.device != "sw0" else 0.05, outages)

    def found() -> tuple[State, Cause]:
        verdict = world.board.verdict(switch(0, 0))
        assert verdict is not None
        return verdict.state, verdict.cause

    world.run(299)
    assert found() == (State.UP, Cause.ANSWERS)
    world.run(550)
    assert found() == (State.UNKNOWN, Cause.BEHIND_UPLINK)
    world.run(900)
    assert state_of(world.board) == (State.UP, Cause.ANSWERS)
    assert found() == (State.UNKNOWN, Cause.UNPROVEN), "it has not been checked since"
    world.run(1265)
    assert found() == (State.UP, Cause.ANSWERS)


def test_an_uplink_without_proof_waits_and_then_is_unknown() -> None:
    """The references are not measured at all: down requires them to be up."""
    inventory = numbered_city(1, 0)
    board = VerdictBoard(inventory, moment(0))
    router = check_of(inventory, "router")
    board.observe(echo(router, answered=5, duration=0.8), moment(10))
    for minute in range(1, 8):
        board.observe(echo(router, answered=0, duration=2.8), moment(60 * minute))
        board.tick(moment(60 * minute + 1))
        assert state_of(board)[0] is not State.DOWN
    assert state_of(board) == (State.UNKNOWN, Cause.UNPROVEN)
    assert board.monitor.cause is Cause.NO_DATA


@pytest.mark.parametrize(
    ("reason", "answer"),
    [
        (Reason.TIMEOUT, Answer.SILENT),
        (Reason.UNREACHABLE, Answer.SILENT),
        (Reason.REFUSED, Answer.ANSWERED),
        (Reason.STATUS, Answer.ANSWERED),
        (Reason.CERTIFICATE, Answer.ANSWERED),
        (Reason.MALFORMED, Answer.ANSWERED),
        (Reason.RESOLVE, Answer.NOTHING),
        (Reason.CLOCK_STEP, Answer.NOTHING),
    ],
)
def test_any_answer_proves_the_path(reason: Reason, answer: Answer) -> None:
    check = check_of(numbered_city(1, 0), "router")
    assert answer_of(Observation(check, BEGIN, 1.0, Outcome.FAILED, reason)) is answer


def test_partial_answers_prove_the_path() -> None:
    check = check_of(numbered_city(1, 0), "router")
    lossy = Observation(check, BEGIN, 2.8, Outcome.FAILED, Reason.LOSS)
    lossy_round = replace(lossy, values=EchoRound("10.0.0.1", 5, (0.01,)))
    assert answer_of(lossy_round) is Answer.ANSWERED
    half_read = DeviceReading("", "", "", None, {}, requests=3, varbinds=20)
    timed_out = Observation(check, BEGIN, 2.8, Outcome.FAILED, Reason.TIMEOUT)
    assert answer_of(replace(timed_out, values=half_read)) is Answer.ANSWERED
    assert answer_of(replace(timed_out, duration=61.0)) is Answer.NOTHING, "we were stopped"


def test_an_unresolvable_name_points_to_our_own_line() -> None:
    reference = check_of(numbered_city(1, 0), "ref0")
    assert reference.target.role is Role.REFERENCE
    observation = Observation(reference, BEGIN, 1.0, Outcome.FAILED, Reason.RESOLVE)
    assert answer_of(observation) is Answer.SILENT


def test_a_reload_keeps_verdicts_drops_removed_and_adds_new_devices() -> None:
    talk = Talk(numbered_city(2, 1))
    talk.round(echo(check_of(talk.inventory, "router"), answered=5, duration=0.8))
    kept = talk.board.verdict(uplink(0))
    larger = numbered_city(3, 1)
    talk.board.reconfigure(
        replace(larger, schools=(larger.schools[0], larger.schools[2])), moment(70)
    )
    assert talk.board.verdict(uplink(0)) == kept
    assert talk.board.verdict(uplink(1)) is None
    assert talk.board.verdict(uplink(2)) == Verdict(
        State.UNKNOWN, Cause.STARTING, moment(70).instant, "no full round yet"
    )
    gone = next(check for check in talk.inventory.checks() if check.target.school == "s1")
    assert talk.board.observe(echo(gone, answered=0, duration=2.8), moment(80)) == ()


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.floats(700, 1300), st.floats(5, 1500))
@example(8, 700.0, 85.0)  # between two rounds of the uplink, over many of a switch
def test_switches_are_never_blamed_for_an_uplink_outage_at_any_interval(
    seed: int, death: float, length: float
) -> None:
    """Uplinks asked every 20 to 120 s, switches every 10 to 300 s, outages of any length."""
    inventory = numbered_city(3, 0)
    schools = []
    for number in range(3):
        base = numbered_school(
            number, 0, interval=(20.0, 60.0, 120.0, 30.0)[(seed >> 2 * number) % 4]
        )
        boxes = tuple(
            Switch(f"sw{index}", f"10.{number}.0.{10 + index}", (icmp(pace),))
            for index, pace in enumerate((10.0, 45.0, 60.0, 300.0))
        )
        schools.append(replace(base, sites=(replace(base.sites[0], switches=boxes),)))
    inventory = replace(inventory, schools=tuple(schools))
    phases = {
        check.id: (seed * 7919 + index * 104_729) % 1009 / 1010
        for index, check in enumerate(inventory.checks())
    }
    outages = {("s1", "router"): [(death, death + length)]}
    world = World(inventory, lambda check: phases[check.id], outages)
    world.run(death + length + 1500)
    assert {subject for _, subject in world.devices_put_down()} <= {uplink(1)}
    assert world.board.root_causes() == ()
    assert {verdict.state for verdict in world.board.verdicts.values()} == {State.UP}
