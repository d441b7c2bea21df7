"""Writes an SLA report down: a table for the terminal, CSV for a spreadsheet, JSON.

Each form says how the figures came about, so that it can be sent to the provider as it is.

Must not know: how the figures came about beyond those sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from rich.console import Group
from rich.table import Table
from rich.text import Text

from monitor.plain import as_json, plain
from monitor.rollout.spreadsheet import csv_table

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import RenderableType

    from monitor.rollout.chain import Json
    from monitor.rollout.sla import Outage, SiteSla, SlaReport

METHOD: Final = (
    (
        "Availability is up / (up + down), in minutes. A minute is down when the line was down for "
        "30 s of it or more; up when it was up for more than 30 s; otherwise unknown."
    ),
    (
        "The line is down after several consecutive rounds without any answer of its router, and "
        "counts as down from the first of them."
    ),
    (
        "Not counted, but listed: minutes in announced maintenance, outside the contract's hours, "
        "and unknown ones (the monitor did not run, or its own line was dead)."
    ),
    (
        "If all reference targets outside the schools were silent too, nothing is held against "
        "any line."
    ),
)


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
        "method": list(METHOD),
        "complete": total.ahead == 0,
        "unknown_share": report.unknown_share,
        "sites": [_site_object(report, site) for site in report.sites],
    }
    return as_json(document, indent=2) + "\n"


def to_csv(report: SlaReport) -> str:
    """Return one line per site as CSV (RFC 4180), cells safe to open in a spreadsheet."""
    lines = [_site_cells(report, site) for site in report.sites]
    return csv_table(list(lines[0]) if lines else (), lines)


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
)


def outages_to_csv(report: SlaReport) -> str:
    """Return one line per outage as CSV (RFC 4180), cells safe to open in a spreadsheet."""
    lines: list[dict[str, Json]] = [
        {
            "school": site.school.id,
            "school_name": site.school.name,
            "site": site.site.id,
            "provider": site.site.uplink.contract.provider,
            "contract_reference": site.site.uplink.contract.reference,
            "begins": _local(report, outage.begins),
            "ends": _local(report, outage.ends),
            "minutes": outage.minutes,
            "reason": outage.reason,
            "detail": outage.detail,
            "followed_by": outage.followed_by,
        }
        for site in report.sites
        for outage in site.outages
    ]
    return csv_table(_OUTAGE_COLUMNS, lines)


def to_table(report: SlaReport) -> RenderableType:
    """Return the report for a terminal: the sites, their outages, the method."""
    provider = f", {report.provider}" if report.provider else ""
    state = "" if report.total.ahead == 0 else ", month not over"
    parts: list[RenderableType] = [
        _text(f"{report.city}: availability {report.month}{provider}{state}"),
        _site_table(report),
    ]
    if any(site.outages for site in report.sites):
        parts.append(_outage_table(report))
    parts.extend(_text(sentence) for sentence in METHOD)
    parts.append(_text(f"Unknown: {report.unknown_share:.2%} of the minutes owed."))
    source = f" Ledger: {report.ledger}." if report.ledger else ""
    generated = _local(report, report.generated)
    parts.append(_text(f"Local time of {report.timezone}; made at {generated}.{source}"))
    return Group(*parts)


def _site_table(report: SlaReport) -> Table:
    table = Table()
    table.add_column("Site", overflow="fold")
    table.add_column("Provider", overflow="fold")
    for name in ("Up", "Down", "Unknown", "Maint.", "Outside", "Owed %", "Is %", "Min. left"):
        table.add_column(name, justify="right")
    table.add_column("Contract")
    for site in report.sites:
        total, contract = site.total, site.site.uplink.contract
        counts = (total.up, total.down, total.unknown, total.maintenance, total.outside)
        verdict = site.verdict.value if site.certain else f"{site.verdict.value} (open)"
        table.add_row(
            _text(f"{site.school.name} ({site.school.id}/{site.site.id})"),
            _text(contract.provider),
            *map(str, counts),
            _percent(contract.availability),
            _percent(total.availability),
            str(site.left_down_minutes),
            verdict,
        )
    table.caption = "(open): unknown minutes could change it"
    return table


def _outage_table(report: SlaReport) -> Table:
    table = Table(title="Outages")
    for name in ("Site", "Begins", "Ends", "Minutes", "Reason", "Then"):
        table.add_column(name, justify="right" if name == "Minutes" else "left", overflow="fold")
    for site in report.sites:
        for outage in site.outages:
            table.add_row(
                _text(f"{site.school.id}/{site.site.id}"),
                _local(report, outage.begins),
                _local(report, outage.ends),
                str(outage.minutes),
                _text(f"{outage.reason} {outage.detail}".strip()),
                _text(outage.followed_by),
            )
    return table


def _site_cells(report: SlaReport, site: SiteSla) -> dict[str, Json]:
    total, contract = site.total, site.site.uplink.contract
    return {
        "month": report.month,
        "timezone": report.timezone,
        "school": site.school.id,
        "school_number": site.school.number,
        "school_name": site.school.name,
        "site": site.site.id,
        "provider": contract.provider,
        "contract_reference": contract.reference,
        "contract_hours": contract.hours,
        "contract_availability": contract.availability,
        "up_minutes": total.up,
        "down_minutes": total.down,
        "unknown_minutes": total.unknown,
        "maintenance_minutes": total.maintenance,
        "outside_minutes": total.outside,
        "ahead_minutes": total.ahead,
        "availability": _rounded(total.availability),
        "availability_if_unknown_was_down": _rounded(total.availability_at_worst),
        "availability_if_unknown_was_up": _rounded(total.availability_at_best),
        "verdict": site.verdict.value,
        "certain": "yes" if site.certain else "no",
        "allowed_down_minutes": site.allowed_down_minutes,
        "left_down_minutes": site.left_down_minutes,
        "outages": len(site.outages),
        "generated": _local(report, report.generated),
        "ledger": report.ledger,
    }


def _site_object(report: SlaReport, site: SiteSla) -> dict[str, Json]:
    cells: dict[str, Json] = dict(_site_cells(report, site))
    for name in ("month", "timezone", "generated", "ledger"):
        del cells[name]
    cells["certain"] = site.certain
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
        }
        for day in site.days
    ]
    return cells


def _outage_object(report: SlaReport, outage: Outage) -> dict[str, Json]:
    return {
        "begins": _local(report, outage.begins),
        "ends": _local(report, outage.ends),
        "minutes": outage.minutes,
        "reason": outage.reason,
        "detail": outage.detail,
        "followed_by": outage.followed_by,
    }


def _text(value: str) -> Text:
    # A Text is never read as markup.
    return Text(plain(value))


def _local(report: SlaReport, at: datetime) -> str:
    return at.astimezone(ZoneInfo(report.timezone)).isoformat(sep=" ", timespec="seconds")


def _percent(ratio: float | None) -> str:
    return "–" if ratio is None else f"{100 * ratio:.3f}"


def _rounded(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 6)
