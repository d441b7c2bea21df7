"""The roll-out of each site as sample lines: stage, line, last campaign.

Counts by type, district, lot or programme are joins on `school_info` and `school_site_info`, so no
label is repeated here (docs/rollout.md).

Must not know: how a stage follows from evidence, or where evidence is kept.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final

from monitor.campaigns.evidence import CampaignOutcome, Direction
from monitor.campaigns.rules import counted
from monitor.exposition.metric import SITE, Kind, Metric
from monitor.exposition.text import Blocks
from monitor.inventory.site_key import SiteKey
from monitor.rollout.stage import Stage

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from monitor.campaigns.evidence import Campaign, Judged
    from monitor.rollout.board import RolloutBoard
    from monitor.rollout.stage import StageFinding

ROLLOUT_STAGE: Final = Metric(
    "rollout_stage",
    Kind.STATES,
    "",
    "Stage of a site's connection, one series per stage: 1 for the current one",
    (*SITE, "stage"),
)
ROLLOUT_STAGE_SINCE_TIMESTAMP_SECONDS: Final = Metric(
    "rollout_stage_since_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "When a site's stage was reached, Unix time; absent while unknown",
    SITE,
)
ROLLOUT_VERIFIED_SINCE_TIMESTAMP_SECONDS: Final = Metric(
    "rollout_verified_since_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "When a site was verified, Unix time; absent if it is not",
    SITE,
)

STAGE_METRICS: Final = (
    ROLLOUT_STAGE,
    ROLLOUT_STAGE_SINCE_TIMESTAMP_SECONDS,
    ROLLOUT_VERIFIED_SINCE_TIMESTAMP_SECONDS,
)
ROLLOUT_LINE_RIGHT: Final = Metric(
    "rollout_line_right",
    Kind.GAUGE,
    "",
    "Whether a site's line was the expected one for 24 hours: 1 yes, 0 no, absent if unproven",
    SITE,
)
ROLLOUT_CAMPAIGN_VERDICT: Final = Metric(
    "rollout_campaign_verdict",
    Kind.STATES,
    "",
    "Verdict of a site's last campaign, one series per verdict: 1 for the current one",
    (*SITE, "verdict"),
)
ROLLOUT_CAMPAIGN_MEASUREMENTS: Final = Metric(
    "rollout_campaign_measurements",
    Kind.GAUGE,
    "measurements",
    "Valid measurements in a site's last campaign",
    SITE,
)
ROLLOUT_CAMPAIGN_LAST_MEASUREMENT_TIMESTAMP_SECONDS: Final = Metric(
    "rollout_campaign_last_measurement_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "Start of the last valid measurement in a site's last campaign, Unix time",
    SITE,
)
ROLLOUT_CAMPAIGN_PASSED_TIMESTAMP_SECONDS: Final = Metric(
    "rollout_campaign_passed_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "Start of the last measurement in a site's last passed campaign, Unix time",
    SITE,
)
ROLLOUT_CAMPAIGN_RATE_BITS_PER_SECOND: Final = Metric(
    "rollout_campaign_rate_bits_per_second",
    Kind.GAUGE,
    "bits per second",
    "Rates in a site's last campaign: lowest, median and highest valid measurement, by direction",
    (*SITE, "direction", "statistic"),
)

CAMPAIGN_METRICS: Final = (
    ROLLOUT_CAMPAIGN_VERDICT,
    ROLLOUT_CAMPAIGN_MEASUREMENTS,
    ROLLOUT_CAMPAIGN_LAST_MEASUREMENT_TIMESTAMP_SECONDS,
    ROLLOUT_CAMPAIGN_PASSED_TIMESTAMP_SECONDS,
    ROLLOUT_CAMPAIGN_RATE_BITS_PER_SECOND,
)


def rollout_blocks(board: RolloutBoard) -> dict[str, dict[str, bytes]]:
    """Return school id -> family -> lines for the stage and last campaign of each site."""
    by_school: dict[str, Blocks] = {}
    campaigns, passed = board.campaigns(), board.passed()
    for key, finding in board.findings.items():
        labels = SiteKey.parse(key)
        blocks = by_school.setdefault(labels.school, Blocks())
        _add_stage(blocks, labels, finding)
        day = board.line_day(key)
        right = None if day is None else day.right_line
        blocks.add(ROLLOUT_LINE_RIGHT, labels, None if right is None else int(right))
        if key in passed:
            at = passed[key].timestamp()
            blocks.add(ROLLOUT_CAMPAIGN_PASSED_TIMESTAMP_SECONDS, labels, at)
        if key in campaigns:
            _add_campaign(blocks, labels, *campaigns[key], board.zone)
    return {school: blocks.text() for school, blocks in by_school.items()}


def _add_stage(blocks: Blocks, labels: tuple[str, str], finding: StageFinding) -> None:
    blocks.add_states(ROLLOUT_STAGE, labels, Stage, finding.stage)
    if finding.since is None:
        return
    since = finding.since.timestamp()
    blocks.add(ROLLOUT_STAGE_SINCE_TIMESTAMP_SECONDS, labels, since)
    if finding.stage is Stage.VERIFIED:
        blocks.add(ROLLOUT_VERIFIED_SINCE_TIMESTAMP_SECONDS, labels, since)


def _add_campaign(
    blocks: Blocks, labels: tuple[str, str], campaign: Campaign, judged: Judged, zone: ZoneInfo
) -> None:
    verdict = judged.verdict
    blocks.add_states(ROLLOUT_CAMPAIGN_VERDICT, labels, CampaignOutcome, verdict.outcome)
    blocks.add(ROLLOUT_CAMPAIGN_MEASUREMENTS, labels, verdict.counted)
    if verdict.last is None:
        return
    last = verdict.last.timestamp()
    blocks.add(ROLLOUT_CAMPAIGN_LAST_MEASUREMENT_TIMESTAMP_SECONDS, labels, last)
    measurements = counted(campaign.measurements, zone)
    for way in Direction:
        rates = [rate for one in measurements if (rate := one.rate(way)) is not None]
        figures = {"lowest": min(rates), "median": median(rates), "highest": max(rates)}
        for statistic, bps in figures.items():
            blocks.add(ROLLOUT_CAMPAIGN_RATE_BITS_PER_SECOND, (*labels, way, statistic), bps)
