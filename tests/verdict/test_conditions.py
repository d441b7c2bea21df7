"""From when until when a device that answers is degraded, and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from monitor.inventory.limits import Limits
from monitor.observation import HardwareReading, Outcome, Reason, Sensor, State
from monitor.verdict import Subject, Trouble
from tests.verdict.runs import ROUTER, SWITCH, Runs, hardware, one_school
from tests.verdict.world import moment

REFUSED = (Reason.REFUSED, "connection refused")


def well(**set_: object) -> Runs:
    """Return the school after ten healthy minutes."""
    runs = replace(Runs(), **set_)  # type: ignore[arg-type]  # fields of Runs
    runs.run(600)
    assert runs.conditions.degraded() == {}
    assert runs.changed_at == []
    return runs


def test_a_line_that_loses_packets_is_up_and_degraded_within_two_minutes() -> None:
    runs = well()
    runs.answered = {"router": 3}
    runs.run(120)
    verdict = runs.board.verdict(ROUTER)
    assert verdict is not None
    assert verdict.state is State.UP
    [found] = runs.found()
    assert (found.trouble, found.check, found.part) == (Trouble.PACKET_LOSS, "icmp", "")
    assert "packets lost in 5 min, limit 5 %" in found.detail
    assert 0 <= (found.since - moment(600).instant).total_seconds() <= 40


def test_a_line_recovers_only_once_the_window_has_passed() -> None:
    runs = well()
    runs.answered = {"router": 3}
    runs.run(600)
    [found] = runs.found()
    assert found.detail.startswith("40 % of ")
    runs.answered = {}
    runs.run(200)
    assert runs.troubles() == [Trouble.PACKET_LOSS]
    runs.run(130)
    assert runs.found() == ()
    assert len(runs.changed_at) == 2


def test_losses_near_the_limit_do_not_flap() -> None:
    """One packet in 20 and one in 25 by turns: 5 % and 4 %."""
    runs = well()
    for turn in range(60):
        for step in range(5 if turn % 2 else 4):
            runs.answered = {"router": 3 if turn % 4 == 0 and step == 0 else 4 if step == 0 else 5}
            runs.run(10)
    assert len(runs.changed_at) <= 1


def test_a_single_silent_round_is_not_degradation() -> None:
    runs = well()
    runs.answered = {"router": 0}
    runs.run(10)
    runs.answered = {}
    runs.run(600)
    assert runs.changed_at == []


def test_silent_rounds_between_answered_ones_count_as_loss() -> None:
    """A third of the rounds is lost completely, and the line is never down."""
    runs = well()
    for turn in range(60):
        runs.answered = {} if turn % 3 else {"router": 0}
        runs.run(10)
    assert runs.troubles() == [Trouble.PACKET_LOSS]
    verdict = runs.board.verdict(ROUTER)
    assert verdict is not None
    assert verdict.state is State.UP


def test_an_outage_is_not_degradation_and_its_losses_are_forgotten() -> None:
    runs = well(failed={})
    runs.answered = {"router": 0, "sw0": 0}
    runs.failed = dict.fromkeys(("website", "mail", "interfaces", "hardware"), REFUSED)
    runs.run(1200)
    verdict = runs.board.verdict(ROUTER)
    assert verdict is not None
    assert verdict.state is State.DOWN
    assert runs.conditions.degraded() == {}
    runs.answered, runs.failed = {}, {}
    runs.run(1200)
    assert runs.conditions.degraded() == {}
    assert runs.changed_at == []


@pytest.mark.parametrize("seconds", [120, 1200, 7200])
@pytest.mark.parametrize(
    ("fault", "subject", "trouble"),
    [
        ({"failed": {"website": REFUSED}}, ROUTER, Trouble.SERVICE),
        ({"failed": {"interfaces": REFUSED}}, SWITCH, Trouble.SNMP),
        ({"hardware": hardware(fan=0.0)}, SWITCH, Trouble.HARDWARE),
    ],
)
def test_an_outage_mends_nothing_else(
    fault: dict[str, object], subject: Subject, trouble: Trouble, seconds: float
) -> None:
    """What was found before it is reported again at once, since when it was, until it is well."""
    runs = well(hardware=hardware())
    healthy = {name: getattr(runs, name) for name in fault}
    for name, value in fault.items():
        setattr(runs, name, value)
    runs.run(1200)
    [before] = runs.found(subject)
    assert before.trouble is trouble
    runs.answered = dict.fromkeys(("router", "sw0"), 0)
    changes = list(runs.changed_at)
    runs.run(seconds)
    assert runs.conditions.degraded() == {}
    assert runs.changed_at == changes
    runs.answered = {}
    while (verdict := runs.board.verdict(subject)) is None or verdict.state is not State.UP:
        runs.run(10)
    assert runs.found(subject) == (before,)
    for _ in range(60):
        runs.run(10)
        assert [replace(one, detail=before.detail) for one in runs.found(subject)] == [before]
    for name, value in healthy.items():
        setattr(runs, name, value)
    runs.run(900)
    assert runs.found(subject) == ()


def test_losses_during_our_isolation_degrade_no_device() -> None:
    runs = well()
    for _ in range(3):
        runs.answered = dict.fromkeys(("router", "sw0", "ref0", "ref1", "ref2"), 0)
        runs.failed = dict.fromkeys(("website", "mail", "interfaces", "hardware"), REFUSED)
        runs.run(300)
        assert runs.board.is_isolated
        runs.answered, runs.failed = {}, {}
        runs.run(300)
        assert not runs.board.is_isolated
    assert runs.changed_at == []
    assert runs.conditions.degraded() == {}


@pytest.mark.parametrize(
    ("check", "reason", "detail", "trouble"),
    [
        ("website", Reason.STATUS, "status 503, allowed: 200", Trouble.SERVICE),
        ("mail", Reason.REFUSED, "connection refused", Trouble.SERVICE),
        ("interfaces", Reason.TIMEOUT, "no reply", Trouble.SNMP),
    ],
)
def test_a_check_that_fails_while_pings_are_answered_degrades(
    check: str, reason: Reason, detail: str, trouble: Trouble
) -> None:
    runs = well()
    runs.failed = {check: (reason, detail)}
    runs.run(120)
    assert runs.found() == ()
    runs.run(10)
    [found] = runs.found()
    assert (found.trouble, found.check) == (trouble, check)
    assert found.since == moment(600).instant
    assert found.detail == f"{detail} (failed 3 times in a row)"
    runs.failed = {}
    runs.run(60)
    assert runs.troubles() == [trouble], "one good run may be luck"
    runs.run(60)
    assert runs.found() == ()


def test_a_check_that_fails_occasionally_is_not_reported() -> None:
    runs = well()
    for turn in range(30):
        runs.failed = {"website": REFUSED} if turn % 3 else {}
        runs.run(60)
    assert runs.changed_at == []


def test_our_own_failures_are_not_those_of_the_device() -> None:
    runs = well()
    runs.failed = {"website": (Reason.NO_SOCKET, "no socket")}
    runs.run(1200)
    assert runs.changed_at == []


def test_a_line_down_three_times_in_an_hour_flaps_until_the_hour_is_over() -> None:
    runs = well()
    for _ in range(3):
        runs.answered = {"router": 0}
        runs.run(120)
        runs.answered = {}
        runs.run(120)
    assert runs.troubles() == [Trouble.FLAPPING]
    assert runs.found()[0].detail == "3 outages or more within 60 min"
    runs.run(3600 - 400)
    assert runs.found() == ()


def test_a_full_line_is_averaged_over_ten_minutes() -> None:
    runs = well()
    runs.load = 0.97
    runs.run(300)
    assert runs.found() == ()
    runs.run(420)
    [found] = runs.found()
    assert (found.trouble, found.part) == (Trouble.LINE_FULL, "down")
    assert found.detail.endswith("% of the contracted rate over 10 min, limit 90 %")
    runs.load = 0.1
    runs.run(240)
    assert runs.found() == ()
    assert len(runs.changed_at) == 2


def test_a_line_below_its_contract_is_degraded() -> None:
    runs = well()
    runs.is_slow = True
    runs.run(190)
    assert runs.troubles() == [Trouble.SLOWER_THAN_CONTRACT]
    runs.is_slow = False
    runs.run(120)
    assert runs.found() == ()


@pytest.mark.parametrize(
    ("broken", "trouble", "part", "detail"),
    [
        (hardware(fan=0.0), Trouble.HARDWARE, "fan 2", "fan 2 has failed"),
        (hardware(is_working=False), Trouble.HARDWARE, "inlet", "inlet does not work"),
        (
            hardware(power=3),
            Trouble.HARDWARE,
            "power over Ethernet 1",
            "power over Ethernet 1 is faulty",
        ),
        (hardware(celsius=81.5), Trouble.TEMPERATURE, "inlet", "inlet has 81.5 °C, limit 75 °C"),
    ],
)
def test_hardware_that_fails_shows_with_the_next_reading(
    broken: object, trouble: Trouble, part: str, detail: str
) -> None:
    runs = well(hardware=hardware())
    runs.hardware = broken  # type: ignore[assignment]  # parametrised
    runs.run(310)
    [found] = runs.found(SWITCH)
    assert (found.trouble, found.check, found.part) == (trouble, "hardware", part)
    assert found.detail == detail
    runs.hardware = hardware()
    runs.run(300)
    assert runs.troubles(SWITCH) == [trouble]
    runs.run(300)
    assert runs.found(SWITCH) == ()


def test_a_temperature_near_the_limit_does_not_flap() -> None:
    runs = well(hardware=hardware())
    for turn in range(12):
        runs.hardware = hardware(celsius=74.0 if turn % 2 else 76.0)
        runs.run(300)
    assert runs.troubles(SWITCH) == [Trouble.TEMPERATURE]
    assert len(runs.changed_at) == 1


def test_limits_are_per_device() -> None:
    inventory = one_school(Limits(failed_runs=1), Limits(celsius=30.0))
    runs = Runs(inventory, hardware=hardware())
    runs.run(600)
    assert runs.troubles(SWITCH) == [Trouble.TEMPERATURE]
    runs.failed = {"website": REFUSED}
    runs.run(10)
    assert runs.found()[0].detail == "connection refused"


def test_findings_no_longer_measured_are_no_longer_reported() -> None:
    runs = well()
    runs.failed = {"website": REFUSED}
    runs.run(300)
    assert runs.troubles() == [Trouble.SERVICE]
    runs.failed = {"website": (Reason.NO_SOCKET, "no socket")}
    runs.run(400)
    assert runs.found() == ()


def test_a_reload_keeps_known_findings_and_drops_removed_ones() -> None:
    runs = well()
    runs.failed = {"website": REFUSED, "mail": REFUSED}
    runs.run(300)
    known = runs.conditions.degraded()
    runs.conditions.reconfigure(one_school(), runs.board)
    assert runs.conditions.degraded() == known
    # Other limits: the evidence is judged afresh, and the device is still up.
    runs.inventory = one_school(Limits(failed_runs=4))
    runs.conditions.reconfigure(runs.inventory, runs.board)
    assert runs.conditions.degraded() == {}
    runs.run(250)
    assert runs.troubles() == [Trouble.SERVICE, Trouble.SERVICE]


def test_each_check_keeps_its_last_result() -> None:
    runs = Runs()
    assert [run.started for run in runs.conditions.runs(ROUTER)] == [None] * 4
    runs.run(300)
    runs.failed = {"website": (Reason.STATUS, "status 503")}
    runs.run(130)
    last = {run.check.name: run for run in runs.conditions.runs(ROUTER)}
    assert list(last) == ["icmp", "interfaces", "website", "mail"]
    assert (last["mail"].outcome, last["mail"].since) == (Outcome.OK, moment(0).instant)
    web = last["website"]
    assert (web.outcome, web.reason, web.detail) == (Outcome.FAILED, Reason.STATUS, "status 503")
    assert (web.since, web.started) == (moment(300).instant, moment(420).instant)
    assert web.seconds == pytest.approx(2.0)


def test_the_page_on_verdicts_names_every_reason() -> None:
    page = (Path(__file__).parents[2] / "docs" / "verdicts.md").read_text(encoding="utf-8")
    listed = page[page.index("\nReasons: ") :]
    for trouble in Trouble:
        assert f"\n| `{trouble}` | " in page
        assert f"`{trouble}`" in listed


def test_of_several_parts_with_one_name_a_bad_one_counts() -> None:
    """Some agents give all fans of a stack the same entPhysicalName."""
    runs = well()
    good = Sensor("fan", "rpm", 4000.0, is_working=True)
    bad = replace(good, is_working=False)
    warm = Sensor("inlet", "celsius", 30.0, is_working=True)
    hot = replace(warm, value=90.0)
    sensors = dict(enumerate([bad, good, good, hot, warm, warm]))
    runs.hardware = HardwareReading({}, sensors)
    runs.run(1800)
    assert [(one.trouble, one.part) for one in runs.found(SWITCH)] == [
        (Trouble.HARDWARE, "fan"),
        (Trouble.TEMPERATURE, "inlet"),
    ]
    assert len(runs.changed_at) == 1
    runs.hardware = HardwareReading({}, dict(enumerate([good, good, good, warm, warm, warm])))
    runs.run(1800)
    assert runs.found(SWITCH) == ()
