"""The last day of each check, by hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.observation import Observation, Outcome, Reason
from monitor.status.outcomes import HOURS, OutcomeHistory
from tests.integration.running import Town
from tests.modelled import inventory_of

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.inventory.checks import Check
    from monitor.inventory.city import Inventory

NOW = datetime(2022, 3, 7, 10, 30, tzinfo=UTC)


@pytest.fixture
def town(tmp_path: Path) -> Inventory:
    return inventory_of(tmp_path, Town(161, {"voede": 1, "goethe": 2}, switches=1))


def run(check: Check, outcome: Outcome, hours_ago: float = 0.0) -> Observation:
    started = NOW - timedelta(hours=hours_ago)
    reason = Reason.NONE if outcome is Outcome.OK else Reason.TIMEOUT
    return Observation(check, started, 0.1, outcome, reason, "")


def test_runs_are_counted_hourly_without_unknown_ones(town: Inventory) -> None:
    one, other, *_ = town.checks()
    history = OutcomeHistory(town)
    for outcome, hours_ago in (
        (Outcome.FAILED, 30),
        (Outcome.OK, 23),
        (Outcome.OK, 2),
        (Outcome.FAILED, 2),
        (Outcome.UNKNOWN, 1),
        (Outcome.OK, 0),
        (Outcome.OK, 0),
    ):
        history.observe(run(one, outcome, hours_ago))
    ok, failed = history.last_day(one.id, NOW)
    assert ok == (1, *(0,) * 20, 1, 0, 2)
    assert failed == (*(0,) * 21, 1, 0, 0)
    assert history.last_day(other.id, NOW) == ((), ())
    # Time passes without a run.
    ok, failed = history.last_day(one.id, NOW + timedelta(hours=3))
    assert ok == (*(0,) * 18, 1, 0, 2, 0, 0, 0)
    assert history.last_day(one.id, NOW + timedelta(hours=HOURS)) == ((), ())


def test_a_clock_set_back_continues_in_the_newest_hour(town: Inventory) -> None:
    one, *_ = town.checks()
    history = OutcomeHistory(town)
    history.observe(run(one, Outcome.OK))
    history.observe(run(one, Outcome.OK, 1))
    ok, _ = history.last_day(one.id, NOW)
    assert ok[-1] == 2
    assert sum(ok) == 2


def test_hours_of_a_clock_that_was_far_ahead_are_dropped(town: Inventory) -> None:
    one, *_ = town.checks()
    history = OutcomeHistory(town)
    for hours_ago in (3, 2, -48, 2, 1, 0):
        history.observe(run(one, Outcome.OK, hours_ago))
    assert history.last_day(one.id, NOW)[0] == (*(0,) * 21, 1, 1, 1)
    # A reader notices it before the next run.
    history.observe(run(one, Outcome.FAILED, -48))
    assert history.last_day(one.id, NOW) == ((), ())


def test_hours_before_a_clock_that_was_some_hours_ahead_are_kept(town: Inventory) -> None:
    one, *_ = town.checks()
    history = OutcomeHistory(town)
    for hours_ago in (3, -5, 2):
        history.observe(run(one, Outcome.OK, hours_ago))
    assert history.last_day(one.id, NOW)[0] == (*(0,) * 20, 1, 1, 0, 0)


def test_a_reload_keeps_the_last_day_of_remaining_checks(town: Inventory) -> None:
    stays, goes = town.schools
    kept, dropped = (
        [one for one in town.checks() if one.target.school == s.id] for s in (stays, goes)
    )
    history = OutcomeHistory(town)
    for check in (kept[0], dropped[0]):
        history.observe(run(check, Outcome.OK))
    history.reconfigure(replace(town, schools=(stays,)))
    assert sum(history.last_day(kept[0].id, NOW)[0]) == 1
    history.reconfigure(town)
    assert history.last_day(dropped[0].id, NOW) == ((), ())
