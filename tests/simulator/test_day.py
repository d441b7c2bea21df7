"""The day before the start of a demo: each line has its own chart, with the outages of the past."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.availability.records import Transition, transition_entry
from monitor.daemon.consumers.round_trips import RoundTrips
from monitor.observation import State
from monitor.simulator.day import EVERY, ROUNDS, day_before
from monitor.simulator.echo import ModelledEcho
from monitor.simulator.loopback import loopback_inventory
from tests.simulator.test_echo import JumpingClock
from tests.simulator.test_past import EXAMPLE, NOW, PAST

CITY = loopback_inventory(EXAMPLE, 16100)
DOWN, UP = NOW - timedelta(hours=5, minutes=1), NOW - timedelta(hours=4, minutes=1)


def test_each_line_has_its_own_day_with_the_outages_of_the_past() -> None:
    (school, site), *_ = CITY.sites()
    broken = school.key(site)
    changes = (
        Transition(str(broken), State.DOWN, DOWN, DOWN + timedelta(minutes=1), "no_answer"),
        Transition(str(broken), State.UP, UP, UP + timedelta(minutes=1), "answers"),
    )
    past = replace(PAST, entries=tuple(map(transition_entry, changes)))
    charts = RoundTrips(CITY)
    charts.recall(day_before(CITY, ModelledEcho(CITY, JumpingClock()), past))
    means = set()
    for school, site in CITY.sites():
        key = school.key(site)
        day = charts.history.last_day(key, NOW)
        # The oldest may no longer be within the day.
        assert len(day) in {ROUNDS - 1, ROUNDS}, key
        # As much as since the start: 6 rounds of 5 packets a minute.
        assert {one.packets for one in day} == {EVERY // timedelta(minutes=1) * 6 * 5}
        lost = [one.starts for one in day if one.rtt_seconds is None]
        assert len(lost) == (timedelta(hours=1) / EVERY if key == broken else 0), key
        assert all(DOWN - timedelta(minutes=5) <= at < UP for at in lost), key
        measured = [one.rtt_seconds for one in day if one.rtt_seconds is not None]
        assert all(0.001 < rtt < 0.02 for rtt in measured), key
        means.add(round(sum(measured) / len(measured), 4))
    assert len(means) > 20


def test_the_day_of_a_demo_is_always_the_same() -> None:
    echo = ModelledEcho(CITY, JumpingClock())
    first, again = (next(iter(day_before(CITY, echo, PAST))) for _ in range(2))
    assert first == again
    assert first.started == NOW - timedelta(days=1)
