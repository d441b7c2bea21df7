"""A demo starts with a past: stages of every kind, a forecast, a month of minutes with outages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from monitor.availability.records import TRANSITION, Transition, read_transition
from monitor.cli.common import read_inventory
from monitor.ledger.reader import open_reader
from monitor.ledger.store import open_store
from monitor.observation import State
from monitor.report.forecast import Outlook
from monitor.report.outlook import forecast_now
from monitor.rollout.board import RolloutBoard
from monitor.rollout.stage import Stage
from monitor.simulator.past import DAYS, past_of
from monitor.status.uptime import Level, UptimeBook

NOW = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
EXAMPLE = read_inventory(Path("config/schools.yaml"))
PAST = past_of(EXAMPLE, NOW)


def test_the_past_is_ordered_before_now_and_reproducible() -> None:
    instants = [entry.at for entry in PAST.entries]
    assert instants == sorted(instants)
    assert instants[-1] < NOW
    assert past_of(EXAMPLE, NOW) == PAST


def test_the_board_derives_stages_of_every_kind_from_it() -> None:
    board = RolloutBoard(PAST.inventory(EXAMPLE), PAST.entries)
    board.tick(NOW)
    stages = [finding.stage for finding in board.findings.values()]
    assert {Stage.VERIFIED, Stage.REGRESSED, Stage.LIVE} < set(stages)
    assert 0.5 < stages.count(Stage.VERIFIED) / len(stages) < 0.95


def test_its_goal_is_late_and_covers_the_existing_schools() -> None:
    goal = PAST.inventory(EXAMPLE).goal
    assert goal is not None
    assert (goal.target, goal.denominator) == (date(2025, 12, 31), len(EXAMPLE.schools))
    assert goal.source == "simulated", "simulated data is not presented as the city's own"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a real ledger with the past."""
    path = tmp_path_factory.mktemp("past") / "ledger.sqlite"
    store = open_store(path, NOW)
    try:
        store.append(store.link(PAST.entries))
    finally:
        store.close()
    return path


def test_the_remainder_has_a_forecast(ledger: Path) -> None:
    with open_reader(ledger) as reader:
        found = forecast_now(reader, PAST.inventory(EXAMPLE), NOW)
    assert found is not None
    assert found.outlook is Outlook.EXPECTED
    assert found.early is not None
    assert found.early > NOW.date()


def test_every_line_has_a_month_and_some_have_outages(ledger: Path) -> None:
    with open_reader(ledger) as reader:
        found = UptimeBook().read(reader, NOW)
    assert found.keys() == {str(school.key(site)) for school, site in EXAMPLE.sites()}
    for uptime in found.values():
        (first, *_) = uptime.month.stretches
        assert first.level is not Level.NONE
        assert uptime.month.ratio is not None
        assert uptime.month.ratio > 0.99
    whole = [site for site, uptime in found.items() if uptime.month.ratio == 1]
    assert 0.5 < len(whole) / len(found) < 0.9


def test_all_lines_are_up_at_the_end_and_outages_are_as_long_as_their_minutes(
    ledger: Path,
) -> None:
    last: dict[str, Transition] = {}
    down: dict[str, timedelta] = {}
    for entry in PAST.entries:
        if entry.kind == TRANSITION:
            change = read_transition(entry)
            before = last.get(change.site)
            last[change.site] = change
            if before is not None and before.state is State.DOWN:
                down[change.site] = change.since - before.since
    assert {change.state for change in last.values()} == {State.UP}
    with open_reader(ledger) as reader:
        found = UptimeBook().read(reader, NOW)
    minutes = DAYS * 1440
    for site, lasted in down.items():
        ratio = found[site].month.ratio
        assert ratio is not None
        assert (1 - ratio) * minutes == pytest.approx(lasted.total_seconds() / 60, rel=0.01)
