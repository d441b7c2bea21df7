"""Stages, campaigns and goals as samples that promtool accepts."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.config import load
from monitor.exposition.catalogue import CATALOGUE, GROUPS
from monitor.exposition.goal import exporter_block, forecast_blocks, goal_blocks
from monitor.exposition.rollout import rollout_blocks
from monitor.report.forecast import Forecast, Outlook
from monitor.rollout.board import RolloutBoard
from tests.campaigns.evidence import (
    OTHER,
    RIGHT,
    SITE,
    START,
    entries_of,
    failing,
    minutes,
    passing,
)

if TYPE_CHECKING:
    from monitor.inventory.city import Inventory
    from monitor.rollout.stage import Stage

NOW = START + timedelta(days=5)
FAMILIES = {
    metric.name
    for heading in ("Stages of the roll-out, and campaigns", "Goals")
    for metric in GROUPS[heading]
}
Samples = dict[tuple[str, ...], float]


@pytest.fixture(scope="module")
def city() -> Inventory:
    return load(Path(__file__).parents[1] / "config" / "corpus" / "good" / "goals-and-line.yaml")


@pytest.fixture
def board(city: Inventory) -> RolloutBoard:
    """Return a board with one verified site on the right line, one unknown."""
    board = RolloutBoard(city, entries_of(passing()))
    board.see(SITE, RIGHT, START)
    board.take(minutes(START + timedelta(minutes=1), "u?", 1440))
    board.see(SITE, RIGHT, NOW)
    board.tick(NOW)
    return board


def samples(*parts: dict[str, bytes]) -> Samples:
    found: Samples = {}
    for blocks in parts:
        for text in blocks.values():
            for metric in text_string_to_metric_families(text.decode()):
                for sample in metric.samples:
                    found[sample.name, *sample.labels.values()] = sample.value
    return found


def stages_of(board: RolloutBoard) -> dict[str, Stage]:
    return {site: finding.stage for site, finding in board.findings.items()}


def everything(board: RolloutBoard, city: Inventory) -> Samples:
    return samples(
        exporter_block(exports=True),
        *rollout_blocks(board).values(),
        goal_blocks(city, stages_of(board), NOW),
    )


def test_verified_site_shows_its_stage_its_start_and_its_last_campaign(
    board: RolloutBoard, city: Inventory
) -> None:
    found = everything(board, city)
    site = ("first-school", "main")
    end = passing().measurements[-1].at.timestamp()
    assert found["rollout_stage", *site, "verified"] == 1
    assert found["rollout_stage", *site, "live"] == 0
    assert found["rollout_stage_since_timestamp_seconds", *site] == end
    assert found["rollout_verified_since_timestamp_seconds", *site] == end
    assert found["rollout_line_right", *site] == 1
    assert found["rollout_campaign_verdict", *site, "passed"] == 1
    assert found["rollout_campaign_verdict", *site, "failed"] == 0
    assert found["rollout_campaign_measurements", *site] == 30
    assert found["rollout_campaign_last_measurement_timestamp_seconds", *site] == end
    assert found["rollout_campaign_rate_bits_per_second", *site, "down", "median"] == 940e6
    assert found["rollout_campaign_rate_bits_per_second", *site, "up", "lowest"] == 935e6


def test_unknown_facts_about_a_site_are_absent(board: RolloutBoard, city: Inventory) -> None:
    found = everything(board, city)
    of_other = {key[0]: value for key, value in found.items() if key[1:2] == ("second-school",)}
    assert set(of_other) == {"rollout_stage"}
    assert found["rollout_stage", *OTHER.split("/"), "unknown"] == 1


def test_line_other_than_the_expected_one_is_zero(city: Inventory) -> None:
    board = RolloutBoard(city)
    board.see(SITE, replace(RIGHT, sys_name="dsl"), START)
    board.take(minutes(START, "u?", 5))
    board.tick(NOW)
    assert everything(board, city)["rollout_line_right", "first-school", "main"] == 0


def test_regressed_site_is_no_longer_verified_since(city: Inventory) -> None:
    later = START + timedelta(days=10)
    board = RolloutBoard(city, [*entries_of(passing()), *entries_of(failing("c2", later))])
    board.tick(later + timedelta(days=5))
    found = everything(board, city)
    site = ("first-school", "main")
    assert found["rollout_stage", *site, "regressed"] == 1
    assert ("rollout_verified_since_timestamp_seconds", *site) not in found
    assert found["rollout_campaign_verdict", *site, "failed"] == 1


def test_a_later_failed_campaign_does_not_change_when_the_last_one_passed(city: Inventory) -> None:
    later = START + timedelta(days=10)
    board = RolloutBoard(city, [*entries_of(passing()), *entries_of(failing("c2", later))])
    board.tick(later + timedelta(days=5))
    found = everything(board, city)
    site = ("first-school", "main")
    passed = found["rollout_campaign_passed_timestamp_seconds", *site]
    assert passed == passing().measurements[-1].at.timestamp()
    assert found["rollout_campaign_last_measurement_timestamp_seconds", *site] > passed


def test_goal_has_its_target_denominator_and_verified_count(
    board: RolloutBoard, city: Inventory
) -> None:
    found = everything(board, city)
    assert found["rollout_sites", "verified"] == 1
    assert found["rollout_sites", "unknown"] == 1
    assert found["rollout_sites", "regressed"] == 0
    assert found["rollout_goal_info", "Broadband for all schools", "contract", "schools"] == 1
    end = datetime(2022, 12, 31, 23, tzinfo=UTC).timestamp()  # midnight in Berlin
    assert found["rollout_goal_target_timestamp_seconds",] == end
    assert found["rollout_goal_denominator",] == 82
    assert found["rollout_goal_listed",] == 2
    assert found["rollout_goal_verified",] == 1


def test_reported_goals_show_the_last_value_until_today(
    board: RolloutBoard, city: Inventory
) -> None:
    found = everything(board, city)
    assert found["rollout_reported_value", "tablets"] == 12000.5
    assert found["rollout_reported_target", "tablets"] == 18000
    target = datetime(2021, 12, 31, 23, tzinfo=UTC).timestamp()
    assert found["rollout_reported_target_timestamp_seconds", "tablets"] == target
    assert found["rollout_reported_info", "posts", "Posts", "posts", "council 3", ""] == 1
    assert ("rollout_reported_value", "posts") not in found
    assert ("rollout_reported_target", "posts") not in found
    assert found["rollout_reported_planned", "tablets"] == 20000
    assert ("rollout_reported_planned", "posts") not in found
    promised = samples(goal_blocks(city, stages_of(board), datetime(2020, 10, 1, tzinfo=UTC)))
    assert promised["rollout_reported_planned", "tablets"] == 18000
    assert ("rollout_reported_value", "tablets") not in promised, "planned is not reached"
    sources = ("council 2", "press")
    assert promised["rollout_reported_info", "tablets", "Tablets", "tablets", *sources] == 1
    early = samples(goal_blocks(city, stages_of(board), datetime(2021, 1, 1, tzinfo=UTC)))
    assert early["rollout_reported_value", "tablets"] == 9000
    day = datetime(2020, 12, 30, 23, tzinfo=UTC).timestamp()
    assert early["rollout_reported_value_timestamp_seconds", "tablets"] == day


def test_city_without_goals_has_only_stage_counts(city: Inventory) -> None:
    bare = replace(city, goal=None, reported_goals=())
    board = RolloutBoard(bare)
    board.tick(NOW)
    assert set(goal_blocks(bare, stages_of(board), NOW)) == {"rollout_sites"}


def test_exactly_the_declared_families_are_exported(board: RolloutBoard, city: Inventory) -> None:
    assert {key[0] for key in everything(board, city)} == FAMILIES


def test_a_forecast_is_a_range_of_days_with_the_delay_of_the_goal() -> None:
    day = date(2022, 6, 30)
    found = Forecast(
        day,
        Outlook.EXPECTED,
        verified=59,
        built=61,
        listed=82,
        denominator=82,
        target=date(2021, 12, 31),
        early=date(2023, 3, 10),
        middle=date(2023, 11, 11),
        late=None,
        overdue_days=181,
        pause_days=12,
        usual_pause_days=40,
    )
    shown = samples(forecast_blocks(found, ZoneInfo("Europe/Berlin")))
    assert shown["rollout_forecast_outlook", "expected"] == 1
    assert shown["rollout_forecast_outlook", "no goal"] == 0
    end = datetime(2023, 3, 11, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    assert shown["rollout_forecast_finish_timestamp_seconds", "0.1"] == end
    assert ("rollout_forecast_finish_timestamp_seconds", "0.9") not in shown
    assert shown["rollout_goal_built",] == 61
    assert shown["rollout_building_pause_seconds",] == 12 * 86_400
    last = found.day - timedelta(days=11)  # the end of the day twelve days ago
    midnight = datetime.combine(last, time(), ZoneInfo("Europe/Berlin"))
    assert shown["rollout_building_last_timestamp_seconds",] == midnight.timestamp()
    assert shown["rollout_building_usual_pause_seconds",] == 40 * 86_400
    assert shown["rollout_goal_overdue_seconds",] == 181 * 86_400
    assert {key[0] for key in shown} == {metric.name for metric in GROUPS["Forecast"]}
    assert forecast_blocks(None, ZoneInfo("Europe/Berlin")) == {}


@pytest.mark.integration
def test_promtool_accepts_the_rollout_metrics(board: RolloutBoard, city: Inventory) -> None:
    promtool = shutil.which("promtool")
    assert promtool, "apt-get install prometheus"
    by_family: dict[str, bytes] = {}
    for blocks in (*rollout_blocks(board).values(), goal_blocks(city, stages_of(board), NOW)):
        for family, text in blocks.items():
            by_family[family] = by_family.get(family, b"") + text
    page = b"".join(CATALOGUE[family].header + text for family, text in by_family.items())
    done = subprocess.run(
        [promtool, "check", "metrics"], input=page, capture_output=True, check=False
    )
    # Line rates are in bit/s on purpose, like the contracts they are compared with.
    complaints = [line for line in done.stderr.splitlines() if b'instead of "bits"' not in line]
    assert complaints == []
