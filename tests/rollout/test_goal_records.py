from __future__ import annotations

import pytest

from monitor.ledger.chain import Entry, MalformedEntryError
from monitor.rollout.goal_records import (
    GoalScope,
    configured_scope,
    goal_entry,
    read_goal,
    unrecorded_goal,
)
from monitor.rollout.stage import Stage
from monitor.rollout.stage_records import StageChange, read_stage, stage_entry
from tests.rollout.rollouts import at, city_with_goal, listed_school

CITY = city_with_goal(listed_school("a", sites=2), listed_school("b"))


def test_a_scope_is_read_back_as_it_was_written() -> None:
    scope = GoalScope(at(2020, 1, 1), "Goal", "sites", 3, ("a/main", "b/main"))
    assert read_goal(goal_entry(scope)) == scope


def test_an_unknown_unit_is_malformed() -> None:
    payload = dict(goal_entry(GoalScope(at(2020, 1, 1), "Goal", "sites", 3, ())).payload)
    with pytest.raises(MalformedEntryError, match="unit"):
        read_goal(Entry(at(2020, 1, 1), "goal", "", payload | {"unit": "pupils"}))


def test_an_entry_that_names_no_site_is_malformed() -> None:
    scope = goal_entry(GoalScope(at(2020, 1, 1), "Goal", "sites", 3, ("a/main", "b")))
    with pytest.raises(MalformedEntryError, match="'b' does not name a site"):
        read_goal(scope)
    stage = stage_entry(StageChange("b", at(2020, 1, 1), Stage.LIVE, at(2020, 1, 1), "", ()))
    with pytest.raises(MalformedEntryError, match=r"stage entry at .*: 'b' does not name a site"):
        read_stage(stage)


def test_the_configured_goal_lists_its_sites() -> None:
    scope = configured_scope(CITY, at(2020, 1, 1))
    assert scope is not None
    assert (scope.denominator, scope.sites) == (2, ("a/main", "a/annex-1", "b/main"))


def test_a_goal_is_recorded_once_and_again_when_it_changes() -> None:
    entry = unrecorded_goal(CITY, None, at(2020, 1, 1))
    assert entry is not None
    recorded = read_goal(entry)
    assert unrecorded_goal(CITY, recorded, at(2020, 1, 2)) is None
    grown = city_with_goal(listed_school("a", sites=2), listed_school("b"), listed_school("c"))
    changed = unrecorded_goal(grown, recorded, at(2020, 1, 3))
    assert changed is not None
    assert read_goal(changed).denominator == 3
