"""Formats an SLA report: CSV for a spreadsheet, JSON, and how its figures were computed.

The JSON explains them, as the table does, so that it can be sent to the provider.

Must not know: how the figures are computed, apart from those sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from monitor.availability.minutes import minutes_of_day, start_of
from monitor.availability.sla import month_days
from monitor.words import sla as words
from monitor.words.plain import as_json
from monitor.words.spreadsheet import csv_table

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.availability.excuses import Excuse
    from monitor.availability.sla import Outage, SiteSla, SlaReport
    from monitor.ledger.chain import Json
    from monitor.words.text import Language


def method(report: SlaReport, language: Language = "en") -> tuple[str, ...]:
    """Return how the figures were computed: a sentence for each thing that occurs in the month."""
    total = report.total
    is_recorded = bool(total.counted or total.unknown)
    listed = [
        text.of(language) for name, text in words.LISTED_CLASSES.items() if getattr(total, name)
    ]
    said = (
        words.COUNTED.of(language) if is_recorded else "",
        words.DOWN.of(language) if total.down else "",
        words.LISTED.of(language).format(classes=", ".join(listed)) if listed else "",
        words.BEFORE.of(language) if total.before and is_recorded else "",
        *(_rules(report, language) if total.down or total.unknown else ()),
        words.EXCUSED.of(language) if report.excuses else "",
    )
    return tuple(filter(None, said))


def _rules(report: SlaReport, language: Language) -> tuple[str, ...]:
    """Return the rules by which losses were attributed, as sentences."""
    rule, before = words.RULE.of(language), words.RULE_BEFORE.of(language)
    if report.rule_from is None:
        return (before,)
    if report.rule_from > start_of(
        minutes_of_day(month_days(report.month)[0], ZoneInfo(report.timezone)).start
    ):
        since = local(report, report.rule_from)
        return (
            words.UNTIL.of(language).format(at=since, rule=before),
            words.FROM.of(language).format(at=since, rule=rule),
        )
    return (rule,)


def to_json(report: SlaReport) -> str:
    """Return the whole report as JSON: sites, days, outages, method; instants in ISO 8601."""
    total = report.total
    document: dict[str, Json] = {
        "city": report.city,
        "month": report.month,
        "timezone": report.timezone,
        "provider": report.provider,
        "generated": report.generated.astimezone(ZoneInfo(report.timezone)).isoformat(),
        "ledger": report.ledger,
        "ledger_problem": report.problem,
        "method": list(method(report)),
        "complete": total.ahead == 0,
        "unknown_share": report.unknown_share,
        "excuses": [_excuse_object(report, one) for one in report.excuses],
        "sites": [_site_object(report, site) for site in report.sites],
    }
    return as_json(document, indent=2) + "\n"


def to_csv(report: SlaReport) -> str:
    """Return one line per site as CSV (RFC 4180), cells safe to open in a spreadsheet."""
    lines = [_site_cells(report, site) for site in report.sites]
    return csv_table(list(lines[0]) if lines else (), lines)


_CONTRACT_COLUMNS: Final = (
    "provider",
    "contract_reference",
    "contract_hours",
    "contract_availability",
)
_OUTAGE_COLUMNS: Final = (
    "school",
    "school_name",
    "site",
    "provider",
    "contract_reference",
    "begins",
    "ends",
    "minutes",
    "reason",
    "detail",
    "followed_by",
    "down_since",
)


def outages_to_csv(report: SlaReport) -> str:
    """Return one line per outage as CSV (RFC 4180), cells safe to open in a spreadsheet."""
    lines: list[dict[str, Json]] = [
        {
            "school": site.school.id,
            "school_name": site.school.name,
            "site": site.site.id,
            **_contract_cells(site, "provider", "contract_reference"),
            "begins": local(report, outage.begins),
            "ends": local(report, outage.ends),
            "minutes": outage.minutes,
            "reason": outage.reason,
            "detail": outage.detail,
            "followed_by": outage.followed_by,
            "down_since": local(report, outage.since or outage.begins),
        }
        for site in report.sites
        for outage in site.outages
    ]
    return csv_table(_OUTAGE_COLUMNS, lines)


_EXCUSE_COLUMNS: Final = (
    "excuse",
    "decided",
    "by",
    "reason",
    "provider",
    "sites",
    "begins",
    "ends",
    "minutes",
    "into",
    "withdrawn",
    "withdrawn_by",
    "withdrawn_reason",
)


def excuses_to_csv(report: SlaReport) -> str:
    """Return one line per excuse as CSV (RFC 4180), cells safe to open in a spreadsheet."""
    lines: list[dict[str, Json]] = [
        {**_excuse_cells(report, one), "sites": " ".join(one.sites)} for one in report.excuses
    ]
    return csv_table(_EXCUSE_COLUMNS, lines)


def _excuse_cells(report: SlaReport, one: Excuse) -> dict[str, str | int]:
    back = one.withdrawn
    return {
        "excuse": one.id,
        "decided": local(report, one.at),
        "by": one.by,
        "reason": one.reason,
        "provider": one.provider,
        "begins": local(report, one.begins),
        "ends": local(report, one.ends),
        "minutes": report.turned.get(one.id, 0),
        "into": one.into,
        "withdrawn": local(report, back.at) if back else "",
        "withdrawn_by": back.by if back else "",
        "withdrawn_reason": back.reason if back else "",
    }


def _excuse_object(report: SlaReport, one: Excuse) -> dict[str, Json]:
    return {**_excuse_cells(report, one), "sites": list(one.sites)}


def _contract_cells(site: SiteSla, *columns: str) -> dict[str, Json]:
    """Return the columns about the contract, which are empty without one."""
    contract = site.site.uplink.contract
    if contract is None:
        return {**dict.fromkeys(columns), **({"provider": ""} if "provider" in columns else {})}
    cells: dict[str, Json] = {
        "provider": contract.provider,
        "contract_reference": contract.reference,
        "contract_hours": contract.hours,
        "contract_availability": contract.availability,
    }
    return {name: cells[name] for name in columns}


def _site_cells(report: SlaReport, site: SiteSla) -> dict[str, Json]:
    total = site.total
    return {
        "month": report.month,
        "timezone": report.timezone,
        "school": site.school.id,
        "school_number": site.school.number,
        "school_name": site.school.name,
        "site": site.site.id,
        **_contract_cells(site, *_CONTRACT_COLUMNS),
        "up_minutes": total.up,
        "down_minutes": total.down,
        "unknown_minutes": total.unknown,
        "maintenance_minutes": total.maintenance,
        "outside_minutes": total.outside,
        "ahead_minutes": total.ahead,
        "before_minutes": total.before,
        "excused_minutes": total.excused,
        "charged_minutes": site.charged,
        "availability": _rounded(total.availability),
        "availability_if_unknown_was_down": _rounded(total.availability_at_worst),
        "availability_if_unknown_was_up": _rounded(total.availability_at_best),
        "verdict": site.verdict.value,
        "certain": "yes" if site.certain else "no",
        "whole_month": "yes" if total.is_whole else "no",
        "recorded_share": _rounded(total.recorded_share),
        "allowed_down_minutes": site.allowed_down_minutes,
        "left_down_minutes": site.left_down_minutes,
        "outages": len(site.outages),
        "generated": local(report, report.generated),
        "ledger": report.ledger,
    }


def _site_object(report: SlaReport, site: SiteSla) -> dict[str, Json]:
    cells: dict[str, Json] = dict(_site_cells(report, site))
    for name in ("month", "timezone", "generated", "ledger"):
        del cells[name]
    cells["certain"] = site.certain
    cells["whole_month"] = site.total.is_whole
    cells["outages"] = [_outage_object(report, outage) for outage in site.outages]
    cells["days"] = [
        {
            "day": day.day.isoformat(),
            "up": day.account.up,
            "down": day.account.down,
            "unknown": day.account.unknown,
            "maintenance": day.account.maintenance,
            "outside": day.account.outside,
            "ahead": day.account.ahead,
            "before": day.account.before,
            "excused": day.account.excused,
        }
        for day in site.days
    ]
    return cells


def _outage_object(report: SlaReport, outage: Outage) -> dict[str, Json]:
    return {
        "begins": local(report, outage.begins),
        "ends": local(report, outage.ends),
        "minutes": outage.minutes,
        "reason": outage.reason,
        "detail": outage.detail,
        "followed_by": outage.followed_by,
        "down_since": local(report, outage.since or outage.begins),
    }


def local(report: SlaReport, at: datetime) -> str:
    """Return an instant in the city's local time, with its offset."""
    return at.astimezone(ZoneInfo(report.timezone)).isoformat(sep=" ", timespec="seconds")


def _rounded(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 6)
