"""The last day of round-trip times, in intervals of five minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.inventory.checks import CheckKind, Role
from monitor.observation import EchoRound, Observation, Outcome, Reason
from monitor.status.history import RoundTripHistory
from monitor.web.picture import chart
from tests import build
from tests.integration.running import Town
from tests.modelled import inventory_of

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.status.model import RoundTrip

NOW = datetime(2022, 3, 7, 10, 30, tzinfo=UTC)


def last_day(folder: Path, *minutes: int) -> tuple[RoundTrip, ...]:
    """Return the last day at `NOW` of a line that was pinged at these minutes from there on."""
    town = inventory_of(folder, Town(161, {"voede": 1}))
    [ping] = [
        check
        for check in town.checks()
        if check.kind is CheckKind.ICMP and check.target.role is Role.UPLINK
    ]
    history = RoundTripHistory(town)
    for number in minutes:
        started = NOW + timedelta(minutes=number)
        values = EchoRound("192.0.2.1", 1, (0.01,))
        history.observe(Observation(ping, started, 0.1, Outcome.OK, Reason.NONE, "", values))
    return history.last_day(ping.target.site_key, NOW)


def begins(found: tuple[RoundTrip, ...]) -> list[int]:
    return [int((one.starts - NOW).total_seconds()) // 60 for one in found]


def test_rounds_of_five_minutes_are_one_interval(tmp_path: Path) -> None:
    assert begins(last_day(tmp_path, -1445, -10, -9, -4, 0)) == [-10, -5, 0]


def test_a_clock_set_back_continues_in_the_newest_interval(tmp_path: Path) -> None:
    assert begins(last_day(tmp_path, -10, 0, -5, -4)) == [-10, 0]


def test_intervals_of_a_clock_that_was_far_ahead_are_dropped(tmp_path: Path) -> None:
    assert begins(last_day(tmp_path, -10, 2880, 2885, -5, 0)) == [-10, -5, 0]


ROUNDS = st.lists(
    st.tuples(st.integers(0, 86_000), st.integers(1, 50), st.floats(0, 1)), min_size=1, max_size=60
)


@given(ROUNDS)
@settings(max_examples=50)
def test_the_loss_of_a_day_is_the_share_of_all_packets(
    rounds: list[tuple[int, int, float]],
) -> None:
    town = build.city(build.school("goethe"))
    ping = build.check()
    history = RoundTripHistory(town)
    sent = lost = 0
    for seconds, packets, share in sorted(rounds):
        answered = round(packets * share)
        started = NOW - timedelta(seconds=86_000 - seconds)
        values = EchoRound("192.0.2.1", packets, (0.01,) * answered)
        history.observe(Observation(ping, started, 0.1, Outcome.OK, values=values))
        sent, lost = sent + packets, lost + packets - answered
    day = chart(history.last_day(ping.target.site_key, NOW))
    assert day is not None
    assert day.loss == pytest.approx(100 * lost / sent)
    assert day.since == NOW - timedelta(seconds=86_000 - min(rounds)[0])
    assert day.mean is None or day.mean == pytest.approx(10)
