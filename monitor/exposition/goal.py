"""The city's roll-out as sample lines: sites by stage, the goal, its forecast, reported goals.

Must not know: how a stage follows from evidence, or how the forecast is computed.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from monitor.exposition.metric import Kind, Metric
from monitor.exposition.text import Blocks
from monitor.report.forecast import Outlook
from monitor.rollout.goal_records import configured_scope
from monitor.rollout.progress import progress
from monitor.rollout.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from monitor.inventory.city import Goal, Inventory, ReportedGoal
    from monitor.report.forecast import Forecast
    from monitor.rollout.progress import Progress

_DAY: Final = 86_400

ROLLOUT_SITES: Final = Metric(
    "rollout_sites", Kind.GAUGE, "sites", "Sites of the city by stage", ("stage",)
)
MONITOR_GOAL_EXPORTER: Final = Metric(
    "monitor_goal_exporter",
    Kind.GAUGE,
    "",
    "Whether this daemon is the one that exports the city's goal, forecast, reported goals and "
    "sites by stage: 1 yes, 0 no",
)
ROLLOUT_GOAL_INFO: Final = Metric(
    "rollout_goal_info",
    Kind.INFO,
    "",
    "The goal of connecting schools: its name, criterion, and whether schools or sites count",
    ("name", "criterion", "unit"),
)
ROLLOUT_GOAL_TARGET_TIMESTAMP_SECONDS: Final = Metric(
    "rollout_goal_target_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "End of the last day on which the goal is reached in time, Unix time",
)
ROLLOUT_GOAL_DENOMINATOR: Final = Metric(
    "rollout_goal_denominator",
    Kind.GAUGE,
    "schools or sites",
    "Size of the goal in its own unit",
)
ROLLOUT_GOAL_LISTED: Final = Metric(
    "rollout_goal_listed",
    Kind.GAUGE,
    "schools or sites",
    "How many of them the configuration lists, in the goal's unit",
)
ROLLOUT_GOAL_VERIFIED: Final = Metric(
    "rollout_goal_verified",
    Kind.GAUGE,
    "schools or sites",
    "How many of the goal are verified, in the goal's unit; a school with all its sites",
)
ROLLOUT_REPORTED_INFO: Final = Metric(
    "rollout_reported_info",
    Kind.INFO,
    "",
    "A goal that others report: its name, unit, and who reports the reached and planned values",
    ("goal", "name", "unit", "source", "planned_source"),
)
ROLLOUT_REPORTED_VALUE: Final = Metric(
    "rollout_reported_value",
    Kind.GAUGE,
    "of the goal",
    "Last reported value of a goal; absent without a report",
    ("goal",),
)
ROLLOUT_REPORTED_PLANNED: Final = Metric(
    "rollout_reported_planned",
    Kind.GAUGE,
    "of the goal",
    "Last promised value of a goal (announced, granted), which is not reached by that",
    ("goal",),
)
ROLLOUT_REPORTED_VALUE_TIMESTAMP_SECONDS: Final = Metric(
    "rollout_reported_value_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "Beginning of the day of a goal's last reported value, Unix time",
    ("goal",),
)
ROLLOUT_REPORTED_TARGET: Final = Metric(
    "rollout_reported_target",
    Kind.GAUGE,
    "of the goal",
    "Target of a reported goal; absent if none was announced",
    ("goal",),
)
ROLLOUT_REPORTED_TARGET_TIMESTAMP_SECONDS: Final = Metric(
    "rollout_reported_target_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "End of the last day on which a reported goal is reached in time, Unix time",
    ("goal",),
)

GOAL_METRICS: Final = (
    MONITOR_GOAL_EXPORTER,
    ROLLOUT_GOAL_INFO,
    ROLLOUT_GOAL_TARGET_TIMESTAMP_SECONDS,
    ROLLOUT_GOAL_DENOMINATOR,
    ROLLOUT_GOAL_LISTED,
    ROLLOUT_GOAL_VERIFIED,
    ROLLOUT_REPORTED_INFO,
    ROLLOUT_REPORTED_VALUE,
    ROLLOUT_REPORTED_PLANNED,
    ROLLOUT_REPORTED_VALUE_TIMESTAMP_SECONDS,
    ROLLOUT_REPORTED_TARGET,
    ROLLOUT_REPORTED_TARGET_TIMESTAMP_SECONDS,
)

ROLLOUT_GOAL_BUILT: Final = Metric(
    "rollout_goal_built",
    Kind.GAUGE,
    "schools or sites",
    "How many of the goal have their line, in the goal's unit; a school with all its sites",
)
ROLLOUT_BUILDING_PAUSE_SECONDS: Final = Metric(
    "rollout_building_pause_seconds",
    Kind.GAUGE,
    "seconds",
    "Time since one of the goal last got its line, in whole days; a school counts with its last "
    "site; absent while none did",
)
ROLLOUT_BUILDING_LAST_TIMESTAMP_SECONDS: Final = Metric(
    "rollout_building_last_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "End of the day on which one of the goal last got its line, Unix time; a school counts with "
    "its last site; absent while none did",
)
ROLLOUT_BUILDING_USUAL_PAUSE_SECONDS: Final = Metric(
    "rollout_building_usual_pause_seconds",
    Kind.GAUGE,
    "seconds",
    "90th percentile of the pauses before a delivery; absent with fewer than three",
)
ROLLOUT_FORECAST_OUTLOOK: Final = Metric(
    "rollout_forecast_outlook",
    Kind.STATES,
    "",
    "Forecast status, one series per outlook: 1 for the current one",
    ("outlook",),
)
ROLLOUT_FORECAST_FINISH_TIMESTAMP_SECONDS: Final = Metric(
    "rollout_forecast_finish_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "Day by which that share of futures has all lines built, Unix time; absent if none",
    ("quantile",),
)
ROLLOUT_GOAL_OVERDUE_SECONDS: Final = Metric(
    "rollout_goal_overdue_seconds",
    Kind.GAUGE,
    "seconds",
    "By how much the goal's target is, or at completion was, overdue; 0 if it is not",
)

FORECAST_METRICS: Final = (
    ROLLOUT_GOAL_BUILT,
    ROLLOUT_BUILDING_PAUSE_SECONDS,
    ROLLOUT_BUILDING_LAST_TIMESTAMP_SECONDS,
    ROLLOUT_BUILDING_USUAL_PAUSE_SECONDS,
    ROLLOUT_FORECAST_OUTLOOK,
    ROLLOUT_FORECAST_FINISH_TIMESTAMP_SECONDS,
    ROLLOUT_GOAL_OVERDUE_SECONDS,
)


def exporter_block(*, exports: bool) -> dict[str, bytes]:
    """Return family -> line for whether this daemon exports the city's goal."""
    blocks = Blocks()
    blocks.add(MONITOR_GOAL_EXPORTER, (), int(exports))
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
        blocks.add(ROLLOUT_SITES, (stage,), counts[stage])
    scope = configured_scope(inventory, now)
    if inventory.goal is not None and scope is not None:
        _add_goal(blocks, inventory.goal, progress(scope, stages), zone)
    for reported in inventory.reported_goals:
        _add_reported(blocks, reported, now.astimezone(zone).date(), zone)
    return blocks.text()


def forecast_blocks(found: Forecast | None, zone: ZoneInfo) -> dict[str, bytes]:
    """Return family -> lines for the forecast; empty without a goal."""
    blocks = Blocks()
    if found is None:
        return blocks.text()
    blocks.add_states(ROLLOUT_FORECAST_OUTLOOK, (), Outlook, found.outlook)
    blocks.add(ROLLOUT_GOAL_BUILT, (), found.built)
    if found.pause_days is not None:
        blocks.add(ROLLOUT_BUILDING_PAUSE_SECONDS, (), found.pause_days * _DAY)
        last = _end_of(found.day - timedelta(days=found.pause_days), zone)
        blocks.add(ROLLOUT_BUILDING_LAST_TIMESTAMP_SECONDS, (), last)
    if found.usual_pause_days is not None:
        blocks.add(ROLLOUT_BUILDING_USUAL_PAUSE_SECONDS, (), found.usual_pause_days * _DAY)
    finish = (("0.1", found.early), ("0.5", found.middle), ("0.9", found.late))
    for quantile, day in finish:
        if day is not None:
            end = _end_of(day, zone)
            blocks.add(ROLLOUT_FORECAST_FINISH_TIMESTAMP_SECONDS, (quantile,), end)
    if found.overdue_days is not None:
        blocks.add(ROLLOUT_GOAL_OVERDUE_SECONDS, (), found.overdue_days * _DAY)
    return blocks.text()


def _add_goal(blocks: Blocks, goal: Goal, reached: Progress, zone: ZoneInfo) -> None:
    blocks.add(ROLLOUT_GOAL_INFO, (goal.name, goal.criterion, goal.unit), 1)
    blocks.add(ROLLOUT_GOAL_TARGET_TIMESTAMP_SECONDS, (), _end_of(goal.target, zone))
    blocks.add(ROLLOUT_GOAL_DENOMINATOR, (), reached.denominator)
    blocks.add(ROLLOUT_GOAL_LISTED, (), reached.listed)
    blocks.add(ROLLOUT_GOAL_VERIFIED, (), reached.verified)


def _add_reported(blocks: Blocks, goal: ReportedGoal, today: date, zone: ZoneInfo) -> None:
    known = [entry for entry in goal.entries if entry.day <= today]
    reached = [entry for entry in known if entry.value is not None]
    planned = [entry for entry in known if entry.planned is not None]
    sources = (
        reached[-1].source if reached else goal.source,
        planned[-1].source if planned else "",
    )
    blocks.add(ROLLOUT_REPORTED_INFO, (goal.id, goal.name, goal.unit, *sources), 1)
    blocks.add(ROLLOUT_REPORTED_TARGET, (goal.id,), goal.target)
    if goal.target_day is not None:
        end = _end_of(goal.target_day, zone)
        blocks.add(ROLLOUT_REPORTED_TARGET_TIMESTAMP_SECONDS, (goal.id,), end)
    if planned:
        blocks.add(ROLLOUT_REPORTED_PLANNED, (goal.id,), planned[-1].planned)
    if reached:
        blocks.add(ROLLOUT_REPORTED_VALUE, (goal.id,), reached[-1].value)
        begin = datetime.combine(reached[-1].day, time(), zone).timestamp()
        blocks.add(ROLLOUT_REPORTED_VALUE_TIMESTAMP_SECONDS, (goal.id,), begin)


def _end_of(day: date, zone: ZoneInfo) -> float:
    """Return the Unix time of the end of a local day."""
    return datetime.combine(day + timedelta(days=1), time(), zone).timestamp()
