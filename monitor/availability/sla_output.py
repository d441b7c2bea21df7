"""Formats an SLA report: a table for the terminal, CSV for a spreadsheet, JSON.

The table and the JSON explain how the figures were computed, so they can be sent to the provider.

Must not know: how the figures are computed, apart from those sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from rich.console import Group
from rich.text import Text

from monitor.availability.minutes import minutes_of_day, start_of
from monitor.availability.sla import Verdict, month_days
from monitor.words.plain import as_json, plain
from monitor.words.spreadsheet import csv_table
from monitor.words.table import Column, Kind, Table
from monitor.words.terms import NO_CONTRACT

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import RenderableType

    from monitor.availability.excuses import Excuse
    from monitor.availability.sla import Outage, SiteSla, SlaReport
    from monitor.ledger.chain import Json

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
)
# Whose loss a loss is: by which rule the month's verdicts were reached, as it stood then.
_RULE: Final = (
    "While all reference targets outside the schools were silent, or most lines with fewer than "
    "two references answering, nothing is held against any line. With two answering, a loss within "
    "one provider is that provider's, however many lines it takes. When most lines of every "
    "provider fell silent together, the minutes are unknown, except where a provider's own "
    "hand-over router was silent, too."
)
_RULE_BEFORE: Final = (
    "If all reference targets outside the schools were silent too, or more than half of all lines "
    "fell silent at once, whosever they were, nothing is held against any line."
)
_EXCUSES: Final = (
    "A person may reclassify minutes afterwards, down → excused or unknown → down, with a "
    "reason; the record of the minutes stays as it was. Excused minutes count neither up nor down."
)


def method(report: SlaReport) -> tuple[str, ...]:
    """Return how the figures came about, in sentences that are true of the month."""
    rules: tuple[str, ...] = (_RULE,)
    if report.rule_from is None:
        rules = (_RULE_BEFORE,)
    elif report.rule_from > start_of(
        minutes_of_day(month_days(report.month)[0], _zone(report)).start
    ):
        since = _local(report, report.rule_from)
        rules = (f"Until {since}: {_RULE_BEFORE}", f"From {since} on: {_RULE}")
    return (*METHOD, *rules, *((_EXCUSES,) if report.excuses else ()))


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
)


def outages_to_csv(report: SlaReport) -> str:
    """Return one line per outage as CSV (RFC 4180), cells safe to open in a spreadsheet."""
    lines: list[dict[str, Json]] = [
        {
            "school": site.school.id,
            "school_name": site.school.name,
            "site": site.site.id,
            **_contract_cells(site, "provider", "contract_reference"),
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


def to_table(report: SlaReport) -> RenderableType:
    """Return the report for a terminal: the sites, their outages, the method."""
    provider = f", {report.provider}" if report.provider else ""
    state = "" if report.total.ahead == 0 else ", month not over"
    parts: list[RenderableType] = [
        _text(f"{report.city}: availability {report.month}{provider}{state}"),
        _site_table(report),
        _text("(open): unknown minutes could change it"),
    ]
    if any(site.verdict is Verdict.NO_CONTRACT for site in report.sites):
        parts.append(_text(f"{NO_CONTRACT.en}."))
    if any(site.outages for site in report.sites):
        parts.append(_outage_table(report))
    if report.excuses:
        parts.append(_excuse_table(report))
    parts.append(_text(""))
    parts.extend(_text(sentence) for sentence in method(report))
    parts.append(_text(f"Unknown: {100 * report.unknown_share:.2f} % of the minutes owed."))
    generated = _local(report, report.generated)
    parts.append(_text(f"Local time of {report.timezone}; made at {generated}."))
    return Group(*parts)


def _site_table(report: SlaReport) -> Table:
    turned = ("Excused", "Charged") if report.excuses else ()
    figures = ("Up", "Down", "Unknown", "Maint.", "Outside", *turned)
    table = Table(
        Column("Site", Kind.TEXT, leads=True),
        Column("Provider", Kind.TEXT, leads=True),
        *(Column(name, Kind.NUMBER) for name in (*figures, "Owed %", "Is %", "Min. left")),
        Column("Contract"),
    )
    for site in report.sites:
        total, contract = site.total, site.site.uplink.contract
        counts = (total.up, total.down, total.unknown, total.maintenance, total.outside)
        verdict = site.verdict.value if site.certain else f"{site.verdict.value} (open)"
        table.add(
            f"{site.school.name} ({site.key})",
            site.site.uplink.provider,
            *map(str, counts),
            *((str(total.excused), str(site.charged)) if turned else ()),
            _percent(contract.availability if contract else None),
            _percent(total.availability),
            "–" if site.left_down_minutes is None else str(site.left_down_minutes),
            verdict,
        )
    return table


def _outage_table(report: SlaReport) -> Table:
    table = Table(
        Column("Site", Kind.TEXT, leads=True),
        Column("Begins"),
        Column("Ends"),
        Column("Minutes", Kind.NUMBER),
        Column("Reason", Kind.TEXT, leads=True),
        Column("Then", Kind.TEXT),
        title="Outages",
    )
    for site in report.sites:
        for outage in site.outages:
            table.add(
                str(site.key),
                _local(report, outage.begins),
                _local(report, outage.ends),
                str(outage.minutes),
                f"{outage.reason} {outage.detail}".strip(),
                outage.followed_by,
            )
    return table


def _excuse_cells(report: SlaReport, one: Excuse) -> dict[str, str | int]:
    back = one.withdrawn
    return {
        "excuse": one.id,
        "decided": _local(report, one.at),
        "by": one.by,
        "reason": one.reason,
        "provider": one.provider,
        "begins": _local(report, one.begins),
        "ends": _local(report, one.ends),
        "minutes": one.minutes,
        "into": one.into,
        "withdrawn": _local(report, back.at) if back else "",
        "withdrawn_by": back.by if back else "",
        "withdrawn_reason": back.reason if back else "",
    }


def _excuse_object(report: SlaReport, one: Excuse) -> dict[str, Json]:
    return {**_excuse_cells(report, one), "sites": list(one.sites)}


def _excuse_table(report: SlaReport) -> Table:
    table = Table(
        Column("Excuse"),
        Column("Sites", Kind.TEXT, leads=True),
        Column("From"),
        Column("Until"),
        Column("Into"),
        Column("By", Kind.TEXT, leads=True),
        Column("Why", Kind.TEXT, leads=True),
        title="Minutes reclassified by a person",
    )
    for one in report.excuses:
        why = one.reason
        if one.withdrawn is not None:
            back = one.withdrawn
            why += f"; withdrawn {_local(report, back.at)} by {back.by}: {back.reason}"
        whose = one.provider or ", ".join(one.sites)
        begins, ends = _local(report, one.begins), _local(report, one.ends)
        table.add(one.id, whose, begins, ends, one.into, one.by, why)
    return table


def _contract_cells(site: SiteSla, *columns: str) -> dict[str, Json]:
    """Return those of the columns on the contract, which are empty without one."""
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
        "excused_minutes": total.excused,
        "charged_minutes": site.charged,
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
            "excused": day.account.excused,
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


def _zone(report: SlaReport) -> ZoneInfo:
    return ZoneInfo(report.timezone)


def _local(report: SlaReport, at: datetime) -> str:
    return at.astimezone(_zone(report)).isoformat(sep=" ", timespec="seconds")


def _percent(ratio: float | None) -> str:
    return "–" if ratio is None else f"{100 * ratio:.3f}"


def _rounded(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 6)
