"""When a site got its line: milestones, then the first live day, never a campaign."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from monitor.inventory.city import Milestone
from monitor.report.building import SETTLING, connected, course_of
from monitor.report.forecast import Outlook
from monitor.report.history import read_history
from monitor.report.outlook import forecast_now
from monitor.rollout.goal_records import configured_scope
from monitor.rollout.stage import Stage
from tests.rollout.rollouts import Entries, at, city_with_goal, goal, listed_school, stage

if TYPE_CHECKING:
    from monitor.inventory.city import Inventory, MilestoneStage, School
    from monitor.ledger.chain import Entry
    from monitor.report.forecast import Course

BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = at(2020, 1, 6)
TODAY = date(2021, 12, 31)


def word(one: School, day: date, what: MilestoneStage = "built") -> School:
    """Return a school with a milestone at its first site."""
    first, *others = one.sites
    stone = Milestone(what, day, "acceptance")
    return replace(one, sites=(replace(first, milestones=(*first.milestones, stone)), *others))


def course(city: Inventory, *entries: Entry) -> Course:
    scope = configured_scope(city, BEGIN)
    assert scope is not None
    begun = goal(BEGIN, scope.denominator, *scope.sites, unit=scope.unit)
    history = read_history(Entries([begun, *entries]))
    return course_of(history, city, scope, TODAY, BERLIN)


def days(found: Course) -> list[tuple[date, int]]:
    return [(step.day, step.change) for step in found.built]


def test_the_built_milestone_is_the_event_not_a_later_stage() -> None:
    city = city_with_goal(word(listed_school("a"), date(2020, 5, 4)), listed_school("b"))
    found = course(
        city,
        stage("a/main", at(2020, 8, 1), Stage.LIVE),
        stage("a/main", at(2020, 9, 1), Stage.VERIFIED),
    )
    assert (days(found), found.before) == ([(date(2020, 5, 4), 1)], 0)


def test_without_a_milestone_it_is_the_first_live_day() -> None:
    found = course(
        city_with_goal(listed_school("a"), listed_school("b")),
        stage("a/main", at(2020, 8, 1), Stage.LIVE),
        stage("a/main", at(2020, 8, 3), Stage.VERIFIED),
        stage("a/main", at(2021, 3, 1), Stage.LIVE),
    )
    assert (days(found), found.before) == ([(date(2020, 8, 1), 1)], 0)


@pytest.mark.parametrize(
    "corrected",
    [
        word(listed_school("a"), date(2020, 5, 4), "ordered"),
        word(listed_school("a"), TODAY + timedelta(days=1)),
    ],
    ids=["taken back", "moved to a later day"],
)
def test_a_milestone_that_was_corrected_does_not_count_although_it_is_recorded(
    corrected: School,
) -> None:
    found = course(
        city_with_goal(corrected),
        stage("a/main", at(2020, 6, 2), Stage.BUILT),
        stage("a/main", at(2020, 6, 3), Stage.ORDERED),
    )
    assert (days(found), found.before) == ([], 0)


def test_without_its_milestone_a_site_recorded_as_built_counts_from_its_first_live_day() -> None:
    found = course(
        city_with_goal(listed_school("a")),
        stage("a/main", at(2020, 6, 2), Stage.BUILT),
        stage("a/main", at(2020, 8, 1), Stage.LIVE),
    )
    assert days(found) == [(date(2020, 8, 1), 1)]


def test_a_campaign_proves_that_a_line_exists_but_not_since_when() -> None:
    found = course(
        city_with_goal(listed_school("a")), stage("a/main", at(2020, 8, 1), Stage.VERIFIED)
    )
    assert (days(found), found.before) == ([], 1)


def test_lines_connected_before_monitoring_are_done_but_no_event() -> None:
    built = word(listed_school("a"), date(2019, 6, 1))
    live = stage("b/main", BEGIN + timedelta(days=1), Stage.LIVE)
    found = course(city_with_goal(built, listed_school("b"), listed_school("c")), live)
    assert (days(found), found.before) == ([], 2)


def test_live_within_the_first_week_of_monitoring_means_connected_before() -> None:
    city = city_with_goal(listed_school("a"), listed_school("b"))
    early = stage("a/main", BEGIN + SETTLING, Stage.LIVE)
    late = stage("b/main", BEGIN + SETTLING + timedelta(days=1), Stage.LIVE)
    found = course(city, early, late)
    assert (days(found), found.before) == ([(date(2020, 1, 14), 1)], 1)


def test_a_site_that_joins_later_is_monitored_from_then_on() -> None:
    city = city_with_goal(listed_school("a"), listed_school("b"))
    joined = at(2021, 3, 1)
    history = read_history(
        Entries(
            [
                goal(BEGIN, 1, "a/main"),
                goal(joined, 2, "a/main", "b/main"),
                stage("b/main", joined + timedelta(days=1), Stage.LIVE),
            ]
        )
    )
    found = course_of(history, city, history.scopes[-1].scope, TODAY, BERLIN)
    assert (days(found), found.before) == ([], 1)


def test_a_school_is_built_once_its_last_site_is() -> None:
    city = city_with_goal(word(listed_school("a", sites=2), date(2020, 5, 4)), listed_school("b"))
    assert days(course(city)) == []
    found = course(city, stage("a/annex-1", at(2020, 9, 9), Stage.LIVE))
    assert days(found) == [(date(2020, 9, 9), 1)]


def test_a_provider_report_does_not_count_as_built() -> None:
    city = city_with_goal(word(listed_school("a"), date(2020, 5, 4), "reported"))
    history = read_history(Entries([goal(BEGIN, 1, "a/main")]))
    assert connected(history, city, history.scopes[-1].scope, TODAY, BERLIN) == {}


def test_a_future_milestone_does_not_count_yet() -> None:
    city = city_with_goal(word(listed_school("a"), TODAY + timedelta(days=1)))
    assert (days(course(city)), course(city).before) == ([], 0)


def eighty_two() -> tuple[Inventory, list[Entry]]:
    """Return the city of the case, 60 of 82 connected before, and its ledger to the end.

    Campaigns at 5 a week for 12 weeks verify the 60; then a line is built every four weeks.
    """
    schools = [listed_school(f"s{number}") for number in range(82)]
    sites = [f"{one.id}/main" for one in schools]
    entries = [goal(BEGIN, 82, *sites)]
    for number, site in enumerate(sites[:60]):
        when = BEGIN + timedelta(weeks=number // 5 + 1)
        entries.append(stage(site, when, Stage.VERIFIED, "", f"campaign:{site}"))
    for number, site in enumerate(sites[60:]):
        when = BEGIN + timedelta(weeks=16 + 4 * number)
        entries.append(stage(site, when, Stage.LIVE))
        entries.append(stage(site, when + timedelta(days=9), Stage.VERIFIED))
    return city_with_goal(*schools), sorted(entries, key=lambda entry: entry.at)


def test_a_backlog_of_campaigns_allows_no_forecast_in_week_12() -> None:
    city, entries = eighty_two()
    found = forecast_now(Entries(entries), city, BEGIN + timedelta(weeks=12, days=1))
    assert found is not None
    assert (found.outlook, found.verified, found.built) == (Outlook.TOO_LITTLE_EVIDENCE, 60, 60)


def test_the_slow_remainder_is_forecast_by_its_own_pace() -> None:
    city, entries = eighty_two()
    truth = (BEGIN + timedelta(weeks=16 + 4 * 21)).date()
    for week in (45, 61, 77):
        found = forecast_now(Entries(entries), city, BEGIN + timedelta(weeks=week))
        assert found is not None
        assert found.early is not None
        assert found.late is not None
        assert found.early <= truth <= found.late, week


def test_a_goal_of_82_with_80_listed_is_out_of_reach() -> None:
    city, _ = eighty_two()
    goal_of_82 = city.goal
    listed = replace(city, schools=city.schools[:80], goal=goal_of_82)
    found = forecast_now(Entries([]), listed, BEGIN)
    assert found is not None
    assert (found.outlook, found.listed, found.denominator) == (Outlook.UNREACHABLE, 80, 82)
