"""Metrics of how things stand: verdicts, loads, calendar, maintenance, minutes, ledger.

Only declarations; `catalogue.py` gathers them.
"""

from __future__ import annotations

from typing import Final

from monitor.availability.minutes import MinuteClass
from monitor.exposition.metric import Kind, Metric

_SITE: Final = ("school", "site")
_DEVICE: Final = ("school", "site", "device")
_DIRECTION: Final = ("school", "site", "direction")

VERDICT_METRICS: Final = (
    Metric(
        "school_uplink_up",
        Kind.GAUGE,
        "",
        "Verdict on a site's uplink: 1 up, 0 down, absent while unknown",
        _SITE,
    ),
    Metric(
        "school_uplink_state",
        Kind.GAUGE,
        "",
        "Verdict on a site's uplink, one series per state: 1 for the one that holds",
        (*_SITE, "state"),
    ),
    Metric(
        "school_uplink_state_since_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "Since when the verdict on a site's uplink holds, Unix time",
        _SITE,
    ),
    Metric(
        "school_uplink_cause_info",
        Kind.INFO,
        "",
        "Why the verdict on a site's uplink is what it is",
        (*_SITE, "cause"),
    ),
    Metric(
        "school_switch_up",
        Kind.GAUGE,
        "",
        "Verdict on a switch: 1 up, 0 down, absent while unknown (also behind a dead uplink)",
        _DEVICE,
    ),
    Metric(
        "school_switch_state",
        Kind.GAUGE,
        "",
        "Verdict on a switch, one series per state: 1 for the one that holds",
        (*_DEVICE, "state"),
    ),
    Metric(
        "school_switch_state_since_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "Since when the verdict on a switch holds, Unix time",
        _DEVICE,
    ),
    Metric(
        "school_switch_cause_info",
        Kind.INFO,
        "",
        "Why the verdict on a switch is what it is",
        (*_DEVICE, "cause"),
    ),
    Metric(
        "school_provider_outage",
        Kind.GAUGE,
        "",
        "Whether most of a provider's sites fell silent while references answer: 1 yes, 0 no",
        ("provider",),
    ),
    Metric(
        "school_common_outage",
        Kind.GAUGE,
        "",
        "Whether most sites of every provider fell silent together while references answer, so that"
        " verdicts on them are suspended: 1 yes, 0 no",
    ),
    Metric(
        "monitor_isolated",
        Kind.GAUGE,
        "",
        "Whether the monitor is isolated, so that verdicts are suspended: 1 yes, 0 no",
    ),
    Metric(
        "monitor_line_state",
        Kind.GAUGE,
        "",
        "Verdict on the monitor's own line, one series per state: 1 for the one that holds",
        ("state",),
    ),
    Metric(
        "monitor_references_answering",
        Kind.GAUGE,
        "targets",
        "Reference targets outside the schools that answer now",
    ),
)

DEGRADED_METRICS: Final = (
    Metric(
        "school_uplink_degraded",
        Kind.GAUGE,
        "",
        "Whether a site's uplink that is up works badly: 1 yes, 0 no, absent while down or unknown",
        _SITE,
    ),
    Metric(
        "school_switch_degraded",
        Kind.GAUGE,
        "",
        "Whether a switch that is up works badly: 1 yes, 0 no, absent while down or unknown",
        _DEVICE,
    ),
    Metric(
        "school_degraded_since_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "Since when a device that is up works badly, one series for each reason, Unix time",
        (*_DEVICE, "check", "reason", "part"),
    ),
)

LOAD_METRICS: Final = (
    Metric(
        "school_uplink_down_bits_per_second",
        Kind.GAUGE,
        "bits per second",
        "Traffic towards the site between the last two polls of its router; absent if not known",
        _SITE,
    ),
    Metric(
        "school_uplink_up_bits_per_second",
        Kind.GAUGE,
        "bits per second",
        "Traffic from the site between the last two polls of its router; absent if not known",
        _SITE,
    ),
    Metric(
        "school_uplink_measured_over_seconds",
        Kind.GAUGE,
        "seconds",
        "Time between the two polls that the rates are of, by the router's own clock",
        _SITE,
    ),
    Metric(
        "school_uplink_utilisation_ratio",
        Kind.GAUGE,
        "",
        "Traffic against the contracted maximum rate, by direction (down, up): 1 is all of it",
        _DIRECTION,
    ),
    Metric(
        "school_uplink_passive_peak_bits_per_second",
        Kind.GAUGE,
        "bits per second",
        "Largest traffic between two polls since the daemon's start: a lower bound of what the"
        " line can carry, not a measurement of it",
        _DIRECTION,
    ),
    Metric(
        "school_uplink_errors_per_second",
        Kind.GAUGE,
        "packets per second",
        "Packets with errors at the uplink's interface between the last two polls",
        _DIRECTION,
    ),
    Metric(
        "school_uplink_discards_per_second",
        Kind.GAUGE,
        "packets per second",
        "Packets dropped without error at the uplink's interface between the last two polls",
        _DIRECTION,
    ),
    Metric(
        "school_uplink_speed_bits_per_second",
        Kind.GAUGE,
        "bits per second",
        "Speed that the uplink's interface says it has",
        _SITE,
    ),
    Metric(
        "school_uplink_slower_than_contract",
        Kind.GAUGE,
        "",
        "Whether the uplink's interface is slower than the contracted rate: 1 yes, 0 no",
        _SITE,
    ),
    Metric(
        "school_uplink_finding",
        Kind.GAUGE,
        "",
        "What may be wrong with an uplink by its counters: 1 it is, 0 not, absent if not known",
        (*_SITE, "finding"),
    ),
    Metric(
        "school_uplink_unmeasured_info",
        Kind.INFO,
        "",
        "Why the last poll of the router yields no rates; absent if it does",
        (*_SITE, "reason"),
    ),
)

CALENDAR_METRICS: Final = (
    Metric(
        "school_in_lessons",
        Kind.GAUGE,
        "",
        "Whether a school has lessons now, by its type's hours and the holidays: 1 yes, 0 no",
        ("school",),
    ),
    Metric(
        "school_calendar_day",
        Kind.GAUGE,
        "",
        "What kind of day it is in the city, one series per kind: 1 for the one that is",
        ("kind",),
    ),
    Metric(
        "school_calendar_utc_offset_seconds",
        Kind.GAUGE,
        "seconds",
        "How far the city's local time is ahead of UTC now, so that rules can write local times",
    ),
    Metric(
        "school_calendar_ends_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "End of the last day whose school holidays are known, Unix time",
    ),
    Metric(
        "school_calendar_running_out",
        Kind.GAUGE,
        "",
        "Whether school holidays are known for less than 90 days ahead: 1 yes, 0 no",
    ),
    Metric(
        "school_maintenance",
        Kind.GAUGE,
        "",
        "Whether a school is in a maintenance window: 1 yes, 0 no",
        ("school",),
    ),
    Metric(
        "school_maintenance_ends_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "End of the maintenance window that a school is in, Unix time",
        ("school",),
    ),
    Metric(
        "monitor_maintenance_file_healthy",
        Kind.GAUGE,
        "",
        "Whether the windows added by command can be read: 1 yes, 0 no",
    ),
)

ACCOUNT_METRICS: Final = (
    Metric(
        "school_minutes_total",
        Kind.COUNTER,
        "minutes",
        "Minutes of a site accounted for since the daemon's start, by class",
        (*_SITE, "class"),
        known={"class": tuple(MinuteClass)},
    ),
    Metric(
        "school_excuse_minutes",
        Kind.GAUGE,
        "minutes",
        "Minutes of a site that an excuse in force turned into another class: excused (they were"
        " down) or down (they were unknown); `school_minutes_total` keeps them as recorded",
        (*_SITE, "excuse", "into"),
    ),
    Metric(
        "school_excuse_begins_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "When the first minute of an excuse begins, Unix time; of those that ended in the last 400"
        " days, at most the 200 newest",
        ("excuse",),
    ),
    Metric(
        "school_excuse_ends_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "When the last minute of an excuse ends, Unix time",
        ("excuse",),
    ),
    Metric(
        "school_excuse_info",
        Kind.INFO,
        "",
        "An excuse in force and the reason that was given; who decided is in the ledger",
        ("excuse", "note"),
    ),
    Metric(
        "monitor_ledger_healthy",
        Kind.GAUGE,
        "",
        "Whether the ledger can be written: 1 yes, 0 no",
    ),
    Metric(
        "monitor_ledger_recorded_total",
        Kind.COUNTER,
        "entries",
        "Entries made durable since the daemon's start",
    ),
    Metric(
        "monitor_ledger_unrecorded_total",
        Kind.COUNTER,
        "entries",
        "Entries that were refused for good since the daemon's start",
    ),
    Metric(
        "monitor_ledger_waiting",
        Kind.GAUGE,
        "entries",
        "Entries that wait to be made durable",
    ),
    Metric(
        "monitor_ledger_quarantined",
        Kind.GAUGE,
        "",
        "Whether a damaged ledger lies beside the one in use: 1 yes, 0 no",
    ),
    Metric(
        "monitor_ledger_anchor_info",
        Kind.INFO,
        "",
        "The ledger's last row at the start and once a day, for `schulnetz ledger verify --anchor`",
        ("anchor",),
    ),
)
