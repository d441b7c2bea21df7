"""Phases of an attempt, and texts from a peer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.probes.attempt import Attempt, printable


class HandClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 10, 15, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def test_phases_follow_without_a_gap_and_repeat_as_sums() -> None:
    clock = HandClock()
    attempt = Attempt(clock)
    for phase, seconds in (("resolve", 1.0), ("connect", 2.0), ("resolve", 4.0)):
        attempt.begin(phase)
        clock.seconds += seconds
    attempt.stop()
    clock.seconds += 8.0
    attempt.stop()
    assert (attempt.of("resolve"), attempt.of("connect"), attempt.of("tls")) == (5.0, 2.0, 0.0)
    assert attempt.total == pytest.approx(7.0)


@given(st.text(st.characters()))
def test_text_of_a_peer_becomes_printable_and_short(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) <= 129
    assert shown.encode("utf-8").decode("utf-8") == shown
