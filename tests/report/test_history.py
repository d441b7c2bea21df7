from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from monitor.ledger.chain import Entry, MalformedEntryError
from monitor.report.forecast import Step
from monitor.report.history import read_history, regressions
from monitor.rollout.stage import Stage
from tests.rollout.rollouts import Entries, at, goal, stage

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_school_is_verified_when_all_its_sites_are() -> None:
    history = read_history(
        Entries(
            [
                goal(at(2020, 1, 1), 2, "a/main", "a/annex", "b/main"),
                stage("a/main", at(2020, 2, 1), Stage.VERIFIED),
                stage("b/main", at(2020, 3, 1), Stage.VERIFIED),
                stage("a/annex", at(2020, 4, 1), Stage.VERIFIED),
            ]
        )
    )
    assert [point.verified for point in history.points] == [0, 0, 1, 2]
    assert [point.stages[Stage.VERIFIED] for point in history.points] == [0, 1, 2, 3]
    assert [point.row for point in history.points] == [1, 2, 3, 4]


def test_sites_are_counted_if_the_goal_says_so() -> None:
    history = read_history(
        Entries(
            [
                goal(at(2020, 1, 1), 3, "a/main", "a/annex", unit="sites"),
                stage("a/main", at(2020, 2, 1), Stage.VERIFIED),
            ]
        )
    )
    assert (history.points[-1].verified, history.points[-1].denominator) == (1, 3)


def test_stale_and_regressed_do_not_count_as_verified() -> None:
    history = read_history(
        Entries(
            [
                goal(at(2020, 1, 1), 1, "a/main"),
                stage("a/main", at(2020, 2, 1), Stage.VERIFIED),
                stage("a/main", at(2020, 8, 1), Stage.LIVE_STALE),
                stage("a/main", at(2020, 9, 1), Stage.VERIFIED),
                stage("a/main", at(2020, 10, 1), Stage.REGRESSED),
            ]
        )
    )
    assert [point.verified for point in history.points] == [0, 1, 0, 1, 0]
    assert [change.row for change in regressions(history.changes)] == [3, 5]


def test_an_added_school_changes_the_goal_but_not_the_past() -> None:
    history = read_history(
        Entries(
            [
                goal(at(2020, 1, 1), 1, "a/main"),
                stage("a/main", at(2020, 2, 1), Stage.VERIFIED),
                goal(at(2020, 3, 1), 2, "a/main", "b/main"),
            ]
        )
    )
    before = history.point(at(2020, 2, 28))
    assert before is not None
    assert (before.verified, before.denominator) == (1, 1)
    assert (history.points[-1].verified, history.points[-1].denominator) == (1, 2)
    assert history.steps(BERLIN) == (
        [Step(date(2020, 2, 1), 1)],
        [Step(date(2020, 1, 1), 1), Step(date(2020, 3, 1), 1)],
    )


def test_events_after_the_given_time_are_ignored() -> None:
    entries = Entries(
        [
            goal(at(2020, 1, 1), 1, "a/main"),
            stage("a/main", at(2020, 2, 1), Stage.VERIFIED),
        ]
    )
    assert read_history(entries, at(2020, 2, 1)).points[-1].verified == 0
    assert read_history(entries, at(2020, 2, 1, 13)).points[-1].verified == 1


def test_before_the_first_entry_there_is_no_point() -> None:
    history = read_history(Entries([goal(at(2020, 1, 1), 1, "a/main")]))
    assert history.point(at(2019, 12, 31)) is None


def test_an_entry_recorded_late_is_ordered_by_its_own_time() -> None:
    history = read_history(
        Entries(
            [
                goal(at(2020, 1, 1), 1, "a/main"),
                stage("a/main", at(2020, 3, 1), Stage.VERIFIED),
                stage("a/main", at(2020, 2, 1), Stage.LIVE),
            ]
        )
    )
    assert history.stages()["a/main"].change.stage is Stage.VERIFIED
    assert history.changes[-1].before is Stage.LIVE


def test_a_malformed_entry_is_refused() -> None:
    entries = Entries([Entry(at(2020, 1, 1), "goal", "", {"name": "x"})])
    with pytest.raises(MalformedEntryError, match="goal entry of the city"):
        read_history(entries)
