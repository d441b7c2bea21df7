"""Availability minutes and the ledger's health as sample lines.

Must not know: how minutes are classified, or where the ledger is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.availability.minutes import MinuteClass
from monitor.exposition.metric import SITE, Kind, Metric
from monitor.exposition.text import Blocks
from monitor.inventory.site_key import SiteKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.availability.excuses import Excuse
    from monitor.ledger.health import LedgerHealth

SCHOOL_MINUTES_TOTAL: Final = Metric(
    "school_minutes_total",
    Kind.COUNTER,
    "minutes",
    "Minutes of a site recorded since the daemon's start, by class",
    (*SITE, "class"),
    known={"class": tuple(MinuteClass)},
)
SCHOOL_EXCUSE_MINUTES: Final = Metric(
    "school_excuse_minutes",
    Kind.GAUGE,
    "minutes",
    "Minutes of a site that an excuse in force reclassified as excused (recorded as down) or "
    "down (recorded as unknown); `school_minutes_total` keeps them as recorded",
    (*SITE, "excuse", "into"),
)
SCHOOL_EXCUSE_BEGINS_TIMESTAMP_SECONDS: Final = Metric(
    "school_excuse_begins_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "When the first minute of an excuse begins, Unix time; for at most the 200 newest excuses"
    " of the last 400 days",
    ("excuse",),
)
SCHOOL_EXCUSE_ENDS_TIMESTAMP_SECONDS: Final = Metric(
    "school_excuse_ends_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "When the last minute of an excuse ends, Unix time",
    ("excuse",),
)
SCHOOL_EXCUSE_INFO: Final = Metric(
    "school_excuse_info",
    Kind.INFO,
    "",
    "An excuse in force and its reason; the ledger names who decided",
    ("excuse", "note"),
)
MONITOR_LEDGER_HEALTHY: Final = Metric(
    "monitor_ledger_healthy",
    Kind.GAUGE,
    "",
    "Whether the last write to the ledger, one every 5 minutes, succeeded: 1 yes, 0 no",
)
MONITOR_LEDGER_RECORDED_TOTAL: Final = Metric(
    "monitor_ledger_recorded_total",
    Kind.COUNTER,
    "entries",
    "Entries stored durably since the daemon's start",
)
MONITOR_LEDGER_UNRECORDED_TOTAL: Final = Metric(
    "monitor_ledger_unrecorded_total",
    Kind.COUNTER,
    "entries",
    "Entries permanently rejected since the daemon's start",
)
MONITOR_LEDGER_WAITING: Final = Metric(
    "monitor_ledger_waiting", Kind.GAUGE, "entries", "Entries waiting to be stored"
)
MONITOR_LEDGER_QUARANTINED: Final = Metric(
    "monitor_ledger_quarantined",
    Kind.GAUGE,
    "",
    "Whether the note or file of an earlier ledger that failed or was lost is there: 1 yes, 0 no",
)
MONITOR_LEDGER_ANCHOR_INFO: Final = Metric(
    "monitor_ledger_anchor_info",
    Kind.INFO,
    "",
    "The ledger's last row at the start and once a day, for `schulnetz ledger verify --anchor`",
    ("anchor",),
)

ACCOUNT_METRICS: Final = (
    SCHOOL_MINUTES_TOTAL,
    SCHOOL_EXCUSE_MINUTES,
    SCHOOL_EXCUSE_BEGINS_TIMESTAMP_SECONDS,
    SCHOOL_EXCUSE_ENDS_TIMESTAMP_SECONDS,
    SCHOOL_EXCUSE_INFO,
    MONITOR_LEDGER_HEALTHY,
    MONITOR_LEDGER_RECORDED_TOTAL,
    MONITOR_LEDGER_UNRECORDED_TOTAL,
    MONITOR_LEDGER_WAITING,
    MONITOR_LEDGER_QUARANTINED,
    MONITOR_LEDGER_ANCHOR_INFO,
)


# The class that an excuse's `into` gives a minute in the report.
INTO_CLASS: Final = {"unknown": "excused", "down": "down"}


def availability_blocks(
    counts: Mapping[str, Mapping[MinuteClass, int]],
) -> dict[str, dict[str, bytes]]:
    """Return school id -> family -> lines for minutes by class of each `school/site`."""
    by_school: dict[str, Blocks] = {}
    for key, minutes in counts.items():
        site = SiteKey.parse(key)
        blocks = by_school.setdefault(site.school, Blocks())
        blocks.add_counts(SCHOOL_MINUTES_TOTAL, site, minutes)
    return {school: blocks.text() for school, blocks in by_school.items()}


def excuse_blocks(
    minutes: Mapping[Excuse, Mapping[SiteKey, int]],
) -> dict[str, dict[str, bytes]]:
    """Return school id -> family -> lines for excuses in force and their minutes by `school/site`.

    Series that belong to no school, such as the start of an excuse, are under an empty id.
    """
    of_all = Blocks()
    by_school: dict[str, Blocks] = {"": of_all}
    for excuse, by_site in minutes.items():
        of_all.add(SCHOOL_EXCUSE_INFO, (excuse.id, excuse.reason), 1)
        name = (excuse.id,)
        of_all.add(SCHOOL_EXCUSE_BEGINS_TIMESTAMP_SECONDS, name, excuse.begins.timestamp())
        of_all.add(SCHOOL_EXCUSE_ENDS_TIMESTAMP_SECONDS, name, excuse.ends.timestamp())
        for site, changed in by_site.items():
            blocks = by_school.setdefault(site.school, Blocks())
            into = INTO_CLASS[excuse.into]
            blocks.add(SCHOOL_EXCUSE_MINUTES, (*site, excuse.id, into), changed)
    return {school: blocks.text() for school, blocks in by_school.items()}


def ledger_blocks(health: LedgerHealth) -> dict[str, bytes]:
    """Return family -> lines for the ledger's health."""
    blocks = Blocks()
    blocks.add(MONITOR_LEDGER_HEALTHY, (), int(health.healthy))
    blocks.add(MONITOR_LEDGER_RECORDED_TOTAL, (), health.recorded)
    blocks.add(MONITOR_LEDGER_UNRECORDED_TOTAL, (), health.unrecorded)
    blocks.add(MONITOR_LEDGER_WAITING, (), health.waiting)
    blocks.add(MONITOR_LEDGER_QUARANTINED, (), int(bool(health.quarantined)))
    if health.anchor is not None:
        blocks.add(MONITOR_LEDGER_ANCHOR_INFO, (str(health.anchor),), 1)
    return blocks.text()
