"""A restart while devices are degraded: unchanged troubles keep their start, others do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.inventory.limits import Limits
from monitor.observation import Outcome, Reason, State
from monitor.verdict import Subject, Trouble
from tests.verdict.runs import ROUTER, SWITCH, Runs, hardware, one_school
from tests.verdict.world import moment

REFUSED = (Reason.REFUSED, "connection refused")
HEALTHY: dict[str, object] = {
    "answered": {},
    "failed": {},
    "hardware": hardware(),
    "load": 0.1,
    "is_slow": False,
    "has_errors": False,
}
FAULTS = [
    pytest.param(ROUTER, {"answered": {"router": 4}}, Trouble.PACKET_LOSS, id="loss"),
    pytest.param(ROUTER, {"failed": {"website": REFUSED}}, Trouble.SERVICE, id="service"),
    pytest.param(ROUTER, {"failed": {"interfaces": REFUSED}}, Trouble.SNMP, id="snmp"),
    pytest.param(ROUTER, {"load": 0.97}, Trouble.LINE_FULL, id="full"),
    pytest.param(ROUTER, {"has_errors": True}, Trouble.LINE_ERRORS, id="errors"),
    pytest.param(ROUTER, {"is_slow": True}, Trouble.SLOWER_THAN_CONTRACT, id="slow"),
    pytest.param(SWITCH, {"hardware": hardware(fan=0.0)}, Trouble.HARDWARE, id="fan"),
    pytest.param(SWITCH, {"hardware": hardware(celsius=81.0)}, Trouble.TEMPERATURE, id="hot"),
]


def broken(**fault: object) -> Runs:
    """Return the school after ten good minutes and twenty with a fault."""
    runs = Runs(hardware=hardware())
    runs.run(600)
    assert not dict(runs.conditions.held())
    for name, value in fault.items():
        setattr(runs, name, value)
    runs.run(1200)
    return runs


@pytest.mark.parametrize(("subject", "fault", "trouble"), FAULTS)
def test_a_trouble_found_again_keeps_its_start(
    subject: Subject, fault: dict[str, object], trouble: Trouble
) -> None:
    runs = broken(**fault)
    known = [one for one in runs.found(subject) if one.trouble is trouble]
    assert known
    for off in (30.0, 90_000.0):
        runs = runs.restarted(off)
        # Nothing is reported about a device before it has answered, and nothing is forgotten
        # meanwhile.
        assert runs.conditions.degraded() == {}
        for _ in range(80):
            runs.run(10)
            verdict = runs.board.verdict(subject)
            assert verdict is not None
            assert (trouble in runs.troubles(subject)) is (verdict.state is State.UP)
            held = dict(runs.conditions.held())[subject].degraded
            assert set(known).issubset({replace(one, detail=known[0].detail) for one in held})
        found = [one for one in runs.found(subject) if one.trouble is trouble]
        assert [one.since for one in found] == [one.since for one in known]


def test_a_restart_during_an_outage_forgets_nothing() -> None:
    runs = broken(failed={"website": REFUSED})
    [known] = runs.found()
    runs.answered = {"router": 0, "sw0": 0}
    runs.run(600)
    runs = runs.restarted(30.0)
    runs.run(7200)
    assert runs.conditions.degraded() == {}
    runs.answered = {}
    runs.run(120)
    [found] = runs.found()
    assert found.since == known.since


@pytest.mark.parametrize(("subject", "fault", "trouble"), FAULTS)
def test_a_trouble_that_is_gone_has_no_start(
    subject: Subject, fault: dict[str, object], trouble: Trouble
) -> None:
    runs = broken(**fault).restarted(600.0, **HEALTHY)
    restarted = runs.now
    # It holds until its check has run again; a window must be half full for that.
    runs.run(310)
    for _ in range(120):
        assert runs.conditions.degraded() == {}
        runs.run(10)
    assert not dict(runs.conditions.held())
    # The next one is another.
    for name, value in fault.items():
        setattr(runs, name, value)
    runs.run(1200)
    [found] = [one for one in runs.found(subject) if one.trouble is trouble]
    assert found.since > moment(restarted).instant


def test_another_reason_starts_when_it_is_found() -> None:
    runs = broken(failed={"website": REFUSED})
    [known] = runs.found()
    runs = runs.restarted(60.0, failed={"mail": REFUSED})
    restarted = moment(runs.now).instant
    runs.run(600)
    [found] = runs.found()
    assert (known.check, found.check) == ("website", "mail")
    assert found.since >= restarted


def test_losses_between_the_two_limits_continue_across_a_restart() -> None:
    """Three packets in a hundred: too few to start a trouble, too many to end one."""
    runs = broken(answered={"router": 4})
    [known] = runs.found()
    again, fresh = runs.restarted(10.0), Runs()
    for one in (again, fresh):
        for step in range(60):
            one.answered = {"router": 4 if step % 6 == 0 else 5}
            one.run(10)
    assert [one.since for one in again.found()] == [known.since]
    assert fresh.found() == ()


def test_a_line_that_flapped_flaps_until_the_hour_is_over() -> None:
    runs = Runs()
    runs.run(600)
    for _ in range(3):
        runs.answered = {"router": 0}
        runs.run(120)
        runs.answered = {}
        runs.run(120)
    [known] = runs.found()
    assert known.trouble is Trouble.FLAPPING
    runs = runs.restarted(60.0)
    runs.run(60)
    assert [(one.trouble, one.since) for one in runs.found()] == [(known.trouble, known.since)]
    runs.run(3600 - 300)
    assert runs.found() == ()
    assert not dict(runs.conditions.held())


def test_an_earlier_failure_is_not_forgotten_while_the_line_is_down() -> None:
    runs = broken(failed={"website": REFUSED})
    [known] = runs.found()
    runs = runs.restarted(60.0, answered={"router": 0})
    runs.run(300)
    assert runs.found() == ()
    runs.answered = {}
    runs.run(300)
    assert [one.since for one in runs.found()] == [known.since]


def test_a_trouble_no_check_decides_on_is_forgotten() -> None:
    runs = broken(failed={"website": REFUSED})
    runs = runs.restarted(60.0, failed={"website": (Reason.NO_SOCKET, "no socket")})
    runs.run(800)
    assert dict(runs.conditions.held())
    runs.run(300)
    assert not dict(runs.conditions.held())


def test_one_good_run_of_two_does_not_end_a_trouble() -> None:
    runs = broken(failed={"website": REFUSED})
    [known] = runs.found()
    runs = runs.restarted(60.0, failed={})
    runs.run(60)
    assert runs.found() == ()
    runs.failed = {"website": REFUSED}
    runs.run(300)
    assert [one.since for one in runs.found()] == [known.since]


def test_limits_of_the_new_configuration_apply() -> None:
    runs = broken(hardware=hardware(celsius=81.0))
    runs = runs.restarted(60.0, inventory=one_school(Limits(celsius=100.0)))
    runs.run(700)
    assert runs.conditions.degraded() == {}
    assert not dict(runs.conditions.held())


def test_a_check_has_failed_since_before_the_restart() -> None:
    runs = broken(failed={"website": REFUSED})
    before = {run.check.name: run.since for run in runs.conditions.runs(ROUTER)}
    runs = runs.restarted(60.0)
    runs.run(120)
    after = {run.check.name: run for run in runs.conditions.runs(ROUTER)}
    assert after["website"].outcome is Outcome.FAILED
    assert after["website"].since == before["website"]
    assert after["mail"].since == moment(1860.0).instant
    runs = runs.restarted(60.0, failed={})
    runs.run(120)
    [web] = [run for run in runs.conditions.runs(ROUTER) if run.check.name == "website"]
    assert web.since is not None
    assert web.since > moment(1860.0).instant


def test_a_clock_set_back_starts_nothing_in_the_future() -> None:
    runs = broken(failed={"website": REFUSED})
    runs = runs.restarted(-1200.0)
    started = moment(runs.now).instant
    runs.run(300)
    [found] = runs.found()
    assert started <= found.since <= moment(runs.now).instant
