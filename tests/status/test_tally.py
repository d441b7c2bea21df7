"""What a school's lines and switches add up to."""

from __future__ import annotations

from datetime import timedelta

from monitor.observation import State
from monitor.status.tally import tallies
from monitor.verdict import Cause, Subject, SubjectKind, Verdict
from monitor.verdict.trouble import Degradation, Trouble
from tests.web.answers import NOW


def line(school: str, site: str = "main") -> Subject:
    return Subject(SubjectKind.UPLINK, school, site, "router")


def switch(school: str, number: int, site: str = "main") -> Subject:
    return Subject(SubjectKind.SWITCH, school, site, f"switch-{number}")


def is_(state: State, minutes: int = 0) -> Verdict:
    return Verdict(state, Cause.ANSWERS, NOW - timedelta(minutes=minutes))


def test_a_school_has_the_state_of_its_worst_line_and_switches_are_separate() -> None:
    found = tallies(
        [
            (line("goethe"), is_(State.UP)),
            (switch("goethe", 1), is_(State.DOWN)),
            (line("goethe", "annex"), is_(State.DOWN, 5)),
            (switch("goethe", 2, "annex"), is_(State.UNKNOWN)),
            (line("goethe", "gym"), is_(State.DOWN, 9)),
            (line("kant"), is_(State.UNKNOWN, 3)),
        ],
        {},
    )
    assert list(found) == ["goethe", "kant"]
    assert found["goethe"].worst == is_(State.DOWN, 5)
    assert (found["goethe"].switches, found["goethe"].switches_down) == (2, 1)
    assert (found["kant"].worst.state, found["kant"].switches) == (State.UNKNOWN, 0)


def test_a_school_is_degraded_since_its_first_trouble_while_lines_are_up() -> None:
    def trouble(minutes: int) -> Degradation:
        since = NOW - timedelta(minutes=minutes)
        return Degradation(Trouble.SERVICE, "website", "", since, "")

    found = tallies(
        [
            (line("goethe"), is_(State.UP)),
            (switch("goethe", 1), is_(State.UP)),
            (line("kant"), is_(State.DOWN)),
            (switch("kant", 1), is_(State.UP)),
        ],
        {
            line("goethe"): (trouble(3),),
            switch("goethe", 1): (trouble(20), trouble(7)),
            switch("kant", 1): (trouble(20),),
        },
    )
    assert found["goethe"].degraded_since == NOW - timedelta(minutes=20)
    assert found["goethe"].is_degraded
    assert not found["kant"].is_degraded
