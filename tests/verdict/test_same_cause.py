"""A lossy line and SNMP failing behind it: one cause, one finding."""

from __future__ import annotations

from dataclasses import replace

from monitor.exposition.degraded import SCHOOL_DEGRADED_SINCE_TIMESTAMP_SECONDS, DegradedRenderer
from monitor.observation import Reason
from monitor.verdict import Trouble
from monitor.verdict.conditions import told
from tests.verdict.runs import ROUTER, SWITCH, Runs

NO_REPLY = (Reason.TIMEOUT, "no reply")


def unread() -> Runs:
    """Return a school whose SNMP has failed for five minutes, with all else healthy."""
    runs = Runs()
    runs.run(600)
    runs.failed = {"interfaces": NO_REPLY}
    runs.run(300)
    return runs


def test_snmp_that_fails_behind_a_lossy_line_is_part_of_the_loss() -> None:
    runs = unread()
    before = runs.conditions.degraded()
    assert list(before) == [ROUTER, SWITCH]
    runs.answered = {"router": 3}
    runs.run(200)
    after = runs.conditions.degraded()
    assert list(after) == [ROUTER]
    [found] = after[ROUTER]
    assert (found.trouble, found.devices) == (Trouble.PACKET_LOSS, ("router", "sw0"))
    assert runs.found(SWITCH) == ()
    # It has joined, not ended.
    assert [(subject, one.trouble, new) for subject, one, new in told(before, after)] == [
        (ROUTER, Trouble.PACKET_LOSS, True)
    ]
    lines = DegradedRenderer().blocks(runs.board, after)["s0"]
    assert lines[SCHOOL_DEGRADED_SINCE_TIMESTAMP_SECONDS.name].count(b"\n") == 1
    assert (
        b'school_switch_degraded{school="s0",site="main",device="sw0"} 0'
        in (lines["school_switch_degraded"])
    )


def test_a_failure_that_outlasts_the_lossy_line_is_its_own_finding() -> None:
    runs = unread()
    runs.answered = {"router": 3}
    runs.run(200)
    runs.answered = {}
    runs.run(400)
    assert runs.troubles() == [Trouble.SNMP]
    assert runs.troubles(SWITCH) == [Trouble.SNMP]


def test_other_troubles_of_a_device_behind_a_lossy_line_are_its_own() -> None:
    runs = unread()
    runs.failed = {**runs.failed, "website": (Reason.STATUS, "status 503")}
    runs.answered = {"router": 3}
    runs.run(300)
    assert runs.troubles() == [Trouble.PACKET_LOSS, Trouble.SERVICE]


def test_a_lossy_switch_does_not_explain_snmp_failures_elsewhere() -> None:
    runs = unread()
    runs.answered = {"sw0": 3}
    runs.run(900)
    assert runs.troubles() == [Trouble.SNMP]
    assert runs.troubles(SWITCH) == [Trouble.PACKET_LOSS, Trouble.SNMP]


def test_the_sentence_names_its_measuring_period() -> None:
    runs = replace(Runs(), answered={"router": 3}, load=0.98)
    runs.run(170)
    [found] = runs.found()
    # Seventeen rounds, ten seconds apart.
    assert found.detail == "40 % of 85 packets lost in 2.7 min, limit 5 %"
    runs.run(250)
    loss, full = runs.found()
    assert "packets lost in 5 min, limit 5 %" in loss.detail
    assert full.trouble is Trouble.LINE_FULL
    assert "rate over 6 min, limit 90 %" in full.detail
    runs.run(600)
    _, full = runs.found()
    assert "rate over 10 min, limit 90 %" in full.detail
