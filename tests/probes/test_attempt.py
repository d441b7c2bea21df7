"""Phases of an attempt, and texts from a peer."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.inventory.checks import TcpOptions
from monitor.observation import TcpReading
from monitor.probes.attempt import Attempt, observe, printable
from monitor.probes.context import ProbeContext
from monitor.probes.resolve import resolve
from monitor.words.plain import plain
from tests.build import check
from tests.probes.support import THREADS, NoTransport


class HandClock:
    """A clock that moves only when a test moves it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 10, 15, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def test_phases_have_no_gaps_and_repeated_ones_add_up() -> None:
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
def test_text_from_a_peer_is_made_printable_and_short(text: str) -> None:
    shown = printable(text)
    assert plain(shown) == shown
    assert len(shown) <= 129
    assert shown.encode("utf-8").decode("utf-8") == shown


async def test_a_cancellation_at_the_very_end_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = HandClock()
    loop = asyncio.get_running_loop()
    ends: list[asyncio.Future[Any]] = []

    def end(*_: object, **__: object) -> asyncio.Future[Any]:
        ends.append(loop.create_future())
        return ends[-1]

    async def work() -> None:
        await end()

    monkeypatch.setattr(loop, "run_in_executor", end)
    context = ProbeContext(clock, 10.0, NoTransport(), NoTransport(), THREADS)
    for job in (
        observe(
            check(TcpOptions(9)), context, Attempt(clock), work(), lambda: TcpReading("", None, 9)
        ),
        resolve("schule.example", clock, 10.0, THREADS.names),
    ):
        task = loop.create_task(job)
        for _ in range(5):
            await asyncio.sleep(0)
        ends.pop().set_result([(socket.AF_INET, 0, 0, "", ("127.0.0.1", 0))])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
