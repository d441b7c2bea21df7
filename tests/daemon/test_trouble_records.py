"""The troubles of a device as a ledger entry, and back."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.daemon.trouble_records import read_trouble, trouble_entry, troubles_of
from monitor.ledger.chain import MalformedEntryError, require_valid
from monitor.observation import State
from monitor.verdict import Cause, Degradation, Remembered, Subject, SubjectKind, Trouble, Verdict

AT = datetime(2026, 11, 25, 8, tzinfo=UTC)
SWITCH = Subject(SubjectKind.SWITCH, "goethe", "main", "switch-01")


def found(trouble: Trouble, part: str = "", detail: str = "why") -> Degradation:
    return Degradation(trouble, "hardware", part, AT - timedelta(hours=1), detail)


def test_written_troubles_are_read_back() -> None:
    random.seed(17)
    for _ in range(100):
        down = (
            Verdict(State.DOWN, Cause.NO_ANSWER, AT, "no reply") if random.random() < 0.5 else None
        )
        some = random.sample(list(Trouble), random.randrange(len(Trouble)))
        falls = tuple(AT - timedelta(minutes=n) for n in range(random.randrange(4)))
        known = Remembered(down, tuple(found(one, "Lüfter ½") for one in some), falls)
        entry = trouble_entry(SWITCH, known, AT)
        require_valid([entry])
        assert read_trouble(entry) == (SWITCH, known)


def test_a_device_with_a_thousand_problems_fits_into_one_entry() -> None:
    many = [
        found(Trouble.HARDWARE, f"\U0001f4a9 {number} " * 15, "\udce9" * 9999)
        for number in range(1000)
    ]
    monster = found(Trouble.HARDWARE, "x" * 100_000)
    entry = trouble_entry(SWITCH, Remembered(degraded=(monster, *many)), AT)
    require_valid([entry])
    _, known = read_trouble(entry)
    assert [one.part for one in known.degraded] == [one.part for one in many[:50]]


def test_a_reason_unknown_to_this_version_is_left_out() -> None:
    entry = trouble_entry(SWITCH, Remembered(degraded=(found(Trouble.HARDWARE),)), AT)
    problems: Any = entry.payload["problems"]
    [problem] = problems
    newer = dict(problem, reason="haunted")
    payload = {**entry.payload, "problems": [newer, problem], "moon": "full"}
    _, known = read_trouble(replace(entry, payload=payload))
    assert known.degraded == (found(Trouble.HARDWARE),)


def test_an_unreadable_entry_affects_only_its_own_device(
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = replace(SWITCH, device="switch-02")
    gone = replace(SWITCH, school="gone")
    wrong = Remembered(degraded=(found(Trouble.HARDWARE),))
    entries = [trouble_entry(one, wrong, AT) for one in (SWITCH, other, gone)]
    entries[0] = replace(entries[0], payload={**entries[0].payload, "kind": "moon"})
    assert troubles_of(entries, {SWITCH, other}) == {other: wrong}
    assert "trouble entry of goethe/main/switch-01" in caplog.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "moon"),
        ("kind", None),
        ("problems", {}),
        ("problems", [7]),
        ("problems", [{"reason": "down"}]),
        ("falls", 7),
        ("falls", ["x"]),
    ],
)
def test_a_malformed_entry_is_refused_with_its_place(field: str, value: Any) -> None:
    entry = trouble_entry(SWITCH, Remembered(degraded=(found(Trouble.HARDWARE),)), AT)
    broken = replace(entry, payload={**entry.payload, field: value})
    with pytest.raises(MalformedEntryError, match="trouble entry of goethe/main/switch-01"):
        read_trouble(broken)
    with pytest.raises(MalformedEntryError):
        read_trouble(replace(entry, kind="stage"))
