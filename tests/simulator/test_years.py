from __future__ import annotations

from collections import Counter
from zoneinfo import ZoneInfo

import pytest

from monitor.campaigns.book import CampaignBook
from monitor.campaigns.evidence import Direction
from monitor.campaigns.layers import PAYLOAD_OF_WIRE
from monitor.campaigns.records import campaigns_from, read_measurement
from monitor.ledger.chain import require_valid
from monitor.report.history import read_history, regressions
from monitor.rollout.stage import Stage, stage_of
from monitor.rollout.stage_records import read_stage
from monitor.simulator.years import rollout_history
from monitor.words.details import in_german
from tests.rollout.rollouts import Entries, city_with_goal, listed_school

CITY = city_with_goal(
    *(listed_school(f"school-{number}", sites=1 + number % 2) for number in range(24))
)


def test_every_figure_changes_over_the_years() -> None:
    entries = list(rollout_history(CITY, 2018, 2023, seed=1))
    require_valid(entries)
    history = read_history(Entries(entries))
    assert history.points[0].verified == 0
    assert history.points[-1].verified > 15
    assert history.points[-1].denominator == 24 > history.points[0].denominator
    assert regressions(history.changes)
    assert {change.change.stage for change in history.changes} == set(Stage) - {Stage.UNKNOWN}
    assert history.reported


def test_entries_are_ordered_and_stay_within_their_years() -> None:
    instants = [entry.at for entry in rollout_history(CITY, 2018, 2020, seed=1)]
    assert instants == sorted(instants)
    assert (instants[0].year, instants[-1].year) == (2018, 2020)


def test_stages_come_in_a_possible_order() -> None:
    order = (Stage.PLANNED, Stage.ORDERED, Stage.BUILT, Stage.REPORTED, Stage.LIVE)
    history = read_history(Entries(rollout_history(CITY, 2018, 2023, seed=2)))
    seen: Counter[str] = Counter()
    for change in history.changes:
        place = seen[change.change.site]
        if place < len(order):
            assert change.change.stage is order[place]
        seen[change.change.site] += 1


def test_every_reason_has_its_german() -> None:
    entries = [one for one in rollout_history(CITY, 2018, 2023, seed=1) if one.kind == "stage"]
    reasons = {read_stage(one).why for one in entries}
    assert len(reasons) > 100
    assert [why for why in reasons if in_german(why) is None] == []


def test_measurements_are_valid() -> None:
    entries = rollout_history(CITY, 2018, 2021, seed=3)
    tests = [read_measurement(entry) for entry in entries if entry.kind == "measurement"]
    assert len(tests) > 300
    assert not [test for test in tests if test.invalidities()]


def test_no_test_measures_more_than_ethernet_carries() -> None:
    entries = list(rollout_history(CITY, 2018, 2021, seed=3))
    evidence = [one for one in entries if one.kind in {"campaign", "measurement"}]
    rates = [
        one.carried(direction) / campaign.owed(direction).maximum_bps
        for campaign in campaigns_from(evidence)
        for one in campaign.measurements
        for direction in Direction
    ]
    assert 0.9 < max(rates) <= PAYLOAD_OF_WIRE


def test_the_stages_that_rest_on_campaigns_are_those_of_the_daemon() -> None:
    entries = list(rollout_history(CITY, 2018, 2021, seed=3))
    book = CampaignBook(CITY)
    book.take(entries)
    checked = 0
    for entry in entries:
        if entry.kind != "stage":
            continue
        change = read_stage(entry)
        if change.stage not in {Stage.VERIFIED, Stage.REGRESSED, Stage.LIVE_STALE}:
            continue
        found = stage_of((), (), book.judged(change.site), change.at, ZoneInfo("Europe/Berlin"))
        assert (change.stage, change.since) == (found.stage, found.since)
        assert change.evidence == found.evidence
        if change.stage is not Stage.REGRESSED:  # of its reasons, only one is told
            assert change.why == found.why
        checked += 1
    assert checked > 20


def test_a_milestone_is_recorded_on_its_local_day() -> None:
    zone = ZoneInfo("Europe/Berlin")
    entries = rollout_history(CITY, 2018, 2023, seed=1)
    for change in (read_stage(one) for one in entries if one.kind == "stage"):
        for proof in change.evidence:
            if not proof.startswith("milestone:"):
                continue
            day = proof.split("/")[1]
            assert day == change.since.astimezone(zone).date().isoformat(), change


def test_the_same_seed_gives_the_same_history() -> None:
    assert list(rollout_history(CITY, 2018, 2019, seed=4)) == list(
        rollout_history(CITY, 2018, 2019, seed=4)
    )


def test_years_that_end_before_they_start_are_refused() -> None:
    with pytest.raises(ValueError, match="end before they begin"):
        list(rollout_history(CITY, 2020, 2019))
