"""Metrics of the roll-out: stages, campaigns, the goal, reported goals.

Only declarations; `catalogue.py` gathers them. Counts by type, district, lot or programme are
joins on `school_info` and `school_site_info`, so no label stands here twice (docs/rollout.md).
"""

from __future__ import annotations

from typing import Final

from monitor.exposition.metric import Kind, Metric

_SITE: Final = ("school", "site")

STAGE_METRICS: Final = (
    Metric(
        "rollout_stage",
        Kind.STATES,
        "",
        "How far a site's connection is, one series per stage: 1 for the one that holds",
        (*_SITE, "stage"),
    ),
    Metric(
        "rollout_stage_since_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "Since when a site's stage holds, Unix time; absent while unknown",
        _SITE,
    ),
    Metric(
        "rollout_verified_since_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "Since when a site is verified, Unix time; absent where it is not",
        _SITE,
    ),
    Metric("rollout_sites", Kind.GAUGE, "sites", "Sites of the city by stage", ("stage",)),
    Metric(
        "rollout_line_right",
        Kind.GAUGE,
        "",
        "Whether a site's line was the expected one for 24 hours: 1 yes, 0 no, absent unproven",
        _SITE,
    ),
)

CAMPAIGN_METRICS: Final = (
    Metric(
        "rollout_campaign_verdict",
        Kind.STATES,
        "",
        "What a site's last campaign shows, one series per verdict: 1 for the one that holds",
        (*_SITE, "verdict"),
    ),
    Metric(
        "rollout_campaign_measurements",
        Kind.GAUGE,
        "measurements",
        "Measurements of a site's last campaign that count",
        _SITE,
    ),
    Metric(
        "rollout_campaign_last_measurement_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "When the last measurement that counts of a site's last campaign began, Unix time",
        _SITE,
    ),
    Metric(
        "rollout_campaign_passed_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "When the last measurement of a site's last passed campaign began, Unix time",
        _SITE,
    ),
    Metric(
        "rollout_campaign_rate_bits_per_second",
        Kind.GAUGE,
        "bits per second",
        "Rates of a site's last campaign: lowest, median and highest of what counts, by direction",
        (*_SITE, "direction", "statistic"),
    ),
)

GOAL_METRICS: Final = (
    Metric(
        "monitor_goal_exporter",
        Kind.GAUGE,
        "",
        "Whether this daemon is the one that exports the city's goal, forecast, reported goals and "
        "sites by stage: 1 yes, 0 no",
    ),
    Metric(
        "rollout_goal_info",
        Kind.INFO,
        "",
        "The goal of connecting schools: its name, criterion, and whether schools or sites count",
        ("name", "criterion", "unit"),
    ),
    Metric(
        "rollout_goal_target_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "End of the last day on which the goal is reached in time, Unix time",
    ),
    Metric(
        "rollout_goal_denominator",
        Kind.GAUGE,
        "schools or sites",
        "How many the goal speaks of, in its own unit",
    ),
    Metric(
        "rollout_goal_listed",
        Kind.GAUGE,
        "schools or sites",
        "How many of the goal the configuration lists, in the goal's unit",
    ),
    Metric(
        "rollout_goal_verified",
        Kind.GAUGE,
        "schools or sites",
        "How many of the goal are verified, in the goal's unit; a school with all its sites",
    ),
    Metric(
        "rollout_reported_info",
        Kind.INFO,
        "",
        "A goal that others report: its name, unit, who says what was reached, who what is planned",
        ("goal", "name", "unit", "source", "planned_source"),
    ),
    Metric(
        "rollout_reported_value",
        Kind.GAUGE,
        "of the goal",
        "What was last reported as reached of a goal; absent without a report",
        ("goal",),
    ),
    Metric(
        "rollout_reported_planned",
        Kind.GAUGE,
        "of the goal",
        "What was last promised of a goal (announced, granted), and is not reached by that",
        ("goal",),
    ),
    Metric(
        "rollout_reported_value_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "Beginning of the day that the last reported value of a goal is of, Unix time",
        ("goal",),
    ),
    Metric(
        "rollout_reported_target",
        Kind.GAUGE,
        "of the goal",
        "Target of a reported goal; absent where none was announced",
        ("goal",),
    ),
    Metric(
        "rollout_reported_target_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "End of the last day on which a reported goal is reached in time, Unix time",
        ("goal",),
    ),
)

FORECAST_METRICS: Final = (
    Metric(
        "rollout_goal_built",
        Kind.GAUGE,
        "schools or sites",
        "How many of the goal have their line, in the goal's unit; a school with all its sites",
    ),
    Metric(
        "rollout_building_pause_seconds",
        Kind.GAUGE,
        "seconds",
        "Since when no line was built, in whole days; absent while none was built",
    ),
    Metric(
        "rollout_building_last_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "End of the day on which the last line was built, Unix time; absent while none was built",
    ),
    Metric(
        "rollout_building_usual_pause_seconds",
        Kind.GAUGE,
        "seconds",
        "What nine in ten pauses before a delivery did not exceed; absent with fewer than three",
    ),
    Metric(
        "rollout_forecast_outlook",
        Kind.STATES,
        "",
        "Forecast status, one series per outlook: 1 for the one that holds",
        ("outlook",),
    ),
    Metric(
        "rollout_forecast_finish_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "Day by which that share of futures has all lines built, Unix time; absent if none",
        ("quantile",),
    ),
    Metric(
        "rollout_goal_overdue_seconds",
        Kind.GAUGE,
        "seconds",
        "By how much the goal's target is past, or was when the goal was reached; 0 if it is not",
    ),
)
