"""The roll-out as sample lines: stages, last campaigns, the goal, reported goals.

Must not know: how a stage follows from evidence, where evidence is kept.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time, timedelta
from statistics import median
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from monitor.campaigns.evidence import CampaignOutcome, Direction
from monitor.campaigns.rules import counted
from monitor.exposition.text import Blocks
from monitor.report.forecast import Outlook
from monitor.rollout.goal_records import configured_scope
from monitor.rollout.progress import progress
from monitor.rollout.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from monitor.campaigns.evidence import Campaign, Judged
    from monitor.inventory.city import Goal, Inventory, ReportedGoal
    from monitor.report.forecast import Forecast
    from monitor.rollout.board import RolloutBoard
    from monitor.rollout.progress import Progress
    from monitor.rollout.stage import StageFinding


_DAY: Final = 86_400


def rollout_blocks(board: RolloutBoard) -> dict[str, dict[str, bytes]]:
    """Return school id -> family -> lines for the stage and last campaign of each site."""
    by_school: dict[str, Blocks] = {}
    campaigns, passed = board.campaigns(), board.passed()
    for key, finding in board.findings.items():
        school, _, site = key.partition("/")
        blocks = by_school.setdefault(school, Blocks())
        labels = (school, site)
        _add_stage(blocks, labels, finding)
        day = board.line_day(key)
        right = None if day is None else day.right_line
        blocks.add("rollout_line_right", labels, None if right is None else int(right))
        if key in passed:
            at = passed[key].timestamp()
            blocks.add("rollout_campaign_passed_timestamp_seconds", labels, at)
        if key in campaigns:
            _add_campaign(blocks, labels, *campaigns[key], board.zone)
    return {school: blocks.text() for school, blocks in by_school.items()}


def exporter_block(*, exports: bool) -> dict[str, bytes]:
    """Return family -> line for whether this daemon exports the city's goal."""
    blocks = Blocks()
    blocks.add("monitor_goal_exporter", (), int(exports))
    return blocks.text()


def goal_blocks(
    inventory: Inventory, stages: Mapping[str, Stage], now: datetime
) -> dict[str, bytes]:
    """Return family -> lines for counts by stage, the goal and the reported goals.

    `stages` has each `school/site` of the city.
    """
    blocks = Blocks()
    zone = ZoneInfo(inventory.calendar.timezone)
    counts = Counter(stages.values())
    for stage in Stage:
        blocks.add("rollout_sites", (stage,), counts[stage])
    scope = configured_scope(inventory, now)
    if inventory.goal is not None and scope is not None:
        _add_goal(blocks, inventory.goal, progress(scope, stages), zone)
    for reported in inventory.reported_goals:
        _add_reported(blocks, reported, now.astimezone(zone).date(), zone)
    return blocks.text()


def forecast_blocks(found: Forecast | None, zone: ZoneInfo) -> dict[str, bytes]:
    """Return family -> lines for the forecast; nothing where there is no goal."""
    blocks = Blocks()
    if found is None:
        return blocks.text()
    blocks.add_states("rollout_forecast_outlook", (), Outlook, found.outlook)
    blocks.add("rollout_goal_built", (), found.built)
    if found.pause_days is not None:
        blocks.add("rollout_building_pause_seconds", (), found.pause_days * _DAY)
        last = _end_of(found.day - timedelta(days=found.pause_days), zone)
        blocks.add("rollout_building_last_timestamp_seconds", (), last)
    if found.usual_pause_days is not None:
        blocks.add("rollout_building_usual_pause_seconds", (), found.usual_pause_days * _DAY)
    finish = (("0.1", found.early), ("0.5", found.middle), ("0.9", found.late))
    for quantile, day in finish:
        if day is not None:
            family = "rollout_forecast_finish_timestamp_seconds"
            blocks.add(family, (quantile,), _end_of(day, zone))
    if found.overdue_days is not None:
        blocks.add("rollout_goal_overdue_seconds", (), found.overdue_days * _DAY)
    return blocks.text()


def _add_stage(blocks: Blocks, labels: tuple[str, str], finding: StageFinding) -> None:
    blocks.add_states("rollout_stage", labels, Stage, finding.stage)
    if finding.since is None:
        return
    since = finding.since.timestamp()
    blocks.add("rollout_stage_since_timestamp_seconds", labels, since)
    if finding.stage is Stage.VERIFIED:
        blocks.add("rollout_verified_since_timestamp_seconds", labels, since)


def _add_campaign(
    blocks: Blocks, labels: tuple[str, str], campaign: Campaign, judged: Judged, zone: ZoneInfo
) -> None:
    verdict = judged.verdict
    blocks.add_states("rollout_campaign_verdict", labels, CampaignOutcome, verdict.outcome)
    blocks.add("rollout_campaign_measurements", labels, verdict.counted)
    if verdict.last is None:
        return
    last = verdict.last.timestamp()
    blocks.add("rollout_campaign_last_measurement_timestamp_seconds", labels, last)
    measurements = counted(campaign.measurements, zone)
    for way in Direction:
        rates = [rate for one in measurements if (rate := one.rate(way)) is not None]
        figures = {"lowest": min(rates), "median": median(rates), "highest": max(rates)}
        for statistic, bps in figures.items():
            blocks.add("rollout_campaign_rate_bits_per_second", (*labels, way, statistic), bps)


def _add_goal(blocks: Blocks, goal: Goal, reached: Progress, zone: ZoneInfo) -> None:
    blocks.add("rollout_goal_info", (goal.name, goal.criterion, goal.unit), 1)
    blocks.add("rollout_goal_target_timestamp_seconds", (), _end_of(goal.target, zone))
    blocks.add("rollout_goal_denominator", (), reached.denominator)
    blocks.add("rollout_goal_listed", (), reached.listed)
    blocks.add("rollout_goal_verified", (), reached.verified)


def _add_reported(blocks: Blocks, goal: ReportedGoal, today: date, zone: ZoneInfo) -> None:
    known = [entry for entry in goal.entries if entry.day <= today]
    reached = [entry for entry in known if entry.value is not None]
    planned = [entry for entry in known if entry.planned is not None]
    sources = (
        reached[-1].source if reached else goal.source,
        planned[-1].source if planned else "",
    )
    blocks.add("rollout_reported_info", (goal.id, goal.name, goal.unit, *sources), 1)
    blocks.add("rollout_reported_target", (goal.id,), goal.target)
    if goal.target_day is not None:
        end = _end_of(goal.target_day, zone)
        blocks.add("rollout_reported_target_timestamp_seconds", (goal.id,), end)
    if planned:
        blocks.add("rollout_reported_planned", (goal.id,), planned[-1].planned)
    if reached:
        blocks.add("rollout_reported_value", (goal.id,), reached[-1].value)
        begin = datetime.combine(reached[-1].day, time(), zone).timestamp()
        blocks.add("rollout_reported_value_timestamp_seconds", (goal.id,), begin)


def _end_of(day: date, zone: ZoneInfo) -> float:
    """Return the Unix time of a local day's end."""
    return datetime.combine(day + timedelta(days=1), time(), zone).timestamp()
