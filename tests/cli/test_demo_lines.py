"""What the demo prints about verdicts: each change once, with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.cli.demo_control import Broken, Faults
from monitor.cli.demo_lines import Changes, degraded_words
from monitor.config import load
from monitor.daemon.daemon import Status
from monitor.observation import State
from monitor.shipped import EXAMPLE_CITY, shipped
from monitor.simulator.city import CityError
from monitor.simulator.faults import parse_fault
from monitor.verdict import Cause, Subject, SubjectKind, Verdict
from monitor.verdict.trouble import Degradation, Trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 11, 25, 9, 5, 7, tzinfo=UTC)
LINE = Subject(SubjectKind.UPLINK, "goethe", "main", "router")
FINE = Status(1, 1, 1, 1, 7, (), {LINE: Verdict(State.UP, Cause.ANSWERS, NOW)}, {})
LOSS = Degradation(Trouble.PACKET_LOSS, "icmp", "", NOW, "33.8 % of 80 packets lost")


def said(changes: Changes, status: Status) -> list[str]:
    return list(changes.lines(status, NOW))


def test_down_and_recovery_are_printed_once_with_the_reason() -> None:
    changes = Changes.from_now()
    lost = Verdict(State.DOWN, Cause.NO_ANSWER, NOW, "no reply")
    down = replace(FINE, down=(LINE,), findings={LINE: lost})
    assert said(changes, FINE) == []
    assert said(changes, down) == ["09:05:07 down: uplink goethe/main/router (no_answer): no reply"]
    assert said(changes, down) == []
    assert said(changes, FINE) == [
        "09:05:07 no longer down: uplink goethe/main/router is up (answers)"
    ]


def test_degraded_and_recovery_are_printed_with_the_reason() -> None:
    changes = Changes.from_now()
    lossy = replace(FINE, degraded={LINE: (LOSS,)})
    about = "uplink goethe/main/router (packet_loss icmp): 33.8 % of 80 packets lost"
    assert said(changes, lossy) == [f"09:05:07 degraded: {about}"]
    assert said(changes, replace(lossy, degraded={LINE: (replace(LOSS, detail="34 %"),)})) == []
    assert said(changes, FINE) == [
        f"09:05:07 no longer degraded: {about.replace('33.8 % of 80 packets lost', '34 %')}"
    ]


def test_the_status_line_names_a_few_degraded_devices() -> None:
    assert degraded_words(FINE) == ""
    lines = [replace(LINE, school=f"s{number}") for number in range(5)]
    many = replace(FINE, degraded=dict.fromkeys(lines, (LOSS, LOSS)))
    assert degraded_words(many) == (
        "degraded: uplink s0/main/router (packet_loss), uplink s1/main/router (packet_loss), "
        "uplink s2/main/router (packet_loss) and 2 more"
    )


async def test_a_fault_that_begins_while_the_city_ends_raises_nothing() -> None:
    async def act(_: Sequence[str]) -> None:
        raise CityError("the city has ended")

    inventory = load(shipped(EXAMPLE_CITY))
    fault = parse_fault("isolated", inventory)
    await Broken((fault,), after=0.001).begin(Faults(inventory, (), act))
