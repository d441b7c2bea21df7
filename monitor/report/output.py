"""Formats a roll-out report: HTML to print, Markdown, CSV for a spreadsheet, JSON.

Must not know: how the figures are computed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from monitor.report.page import page, site_name
from monitor.report.report import DIMENSIONS
from monitor.rollout.stage import Stage
from monitor.words.plain import as_json, plain, plain_lines
from monitor.words.report import WORDS
from monitor.words.spreadsheet import csv_table

if TYPE_CHECKING:
    from datetime import date

    from monitor.ledger.chain import Json
    from monitor.report.forecast import Forecast
    from monitor.report.history import Change, Point
    from monitor.report.report import Group, ReportedLine, RolloutReport, SiteLine
    from monitor.words.text import Language

# Characters with a meaning in Markdown, including embedded HTML.
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>#|~&!])")


def to_html(report: RolloutReport, language: Language) -> str:
    """Return the report as one self-contained HTML file, laid out for A4."""
    return _rendered("report.html", report, language)


def to_markdown(report: RolloutReport, language: Language) -> str:
    """Return the report as Markdown with tables (GFM)."""
    return _rendered("report.md", report, language)


def to_csv(report: RolloutReport) -> str:
    """Return one line per site as CSV (RFC 4180), cells safe to open in a spreadsheet."""
    lines = [_site(line) for line in report.sites]
    return csv_table(list(lines[0]) if lines else (), lines)


def to_json(report: RolloutReport) -> str:
    """Return the whole report as JSON; instants and days in ISO 8601, counts with their rows."""
    scope, news = report.scope, report.news
    document: dict[str, Json] = {
        "city": report.city,
        "timezone": report.timezone,
        "as_of": report.as_of.isoformat(),
        "ledger": report.ledger,
        "goal": {
            "name": scope.name,
            "unit": scope.unit,
            "denominator": scope.denominator,
            "row": report.scope_row,
            "source": report.source,
        },
        "now": _point(report.point),
        "forecast": _forecast(report.forecast),
        "quarters": [{"day": day.isoformat(), **_point(point)} for day, point in report.quarters],
        "groups": {name: [_group(group) for group in report.groups[name]] for name in DIMENSIONS},
        "regressions": [_change(one) for one in report.regressions],
        "news": None
        if news is None
        else {
            "since": news.since.isoformat(),
            "before": None if news.before is None else _point(news.before),
            "changes": [_change(one) for one in news.changes],
            "goal": [
                {
                    "at": one.scope.at.isoformat(),
                    "denominator": one.scope.denominator,
                    "unit": one.scope.unit,
                    "left": {site: stage.value for site, stage in one.left.items()},
                    "joined": list(one.joined),
                    "row": one.row,
                }
                for one in news.scopes
            ],
        },
        "reported": [_reported(line) for line in report.reported],
        "sites": [_site(line) for line in report.sites],
    }
    return as_json(document, indent=2) + "\n"


def _rendered(template: str, report: RolloutReport, language: Language) -> str:
    html = template.endswith(".html")
    environment = Environment(
        loader=PackageLoader("monitor.report"),
        autoescape=html,  # noqa: S701  # Markdown's texts go through the filter md
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["md"] = _markdown
    text = environment.get_template(template).render(
        page=page(report, language), words=WORDS[language], language=language
    )
    text = plain_lines(text)
    if html:
        return text
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _markdown(value: object) -> str:
    """Return a text escaped for Markdown, in one line."""
    return _MARKDOWN.sub(r"\\\1", plain(str(value)))


def _site(line: SiteLine) -> dict[str, Json]:
    basis, rows = line.basis, line.measurement_rows
    return {
        "site": line.key,
        "school_number": line.school.number if line.school else "",
        "name": site_name(line),
        "district": line.value("district"),
        "type": line.value("type"),
        "lot": line.value("lot"),
        "programme": line.value("programme"),
        "provider": line.site.uplink.provider if line.site else "",
        "stage": line.stage.value,
        "since": basis.since.isoformat() if basis and basis.since else None,
        "why": basis.why if basis else "",
        "evidence": " ".join(basis.evidence) if basis else "",
        "row": line.change.row if line.change else None,
        "first_measurement_row": rows[0] if rows else None,
        "last_measurement_row": rows[1] if rows else None,
        "measurements": rows[2] if rows else 0,
    }


def _point(point: Point) -> dict[str, Json]:
    return {
        "verified": point.verified,
        "denominator": point.denominator,
        "row": point.row,
        "sites": {stage.value: point.stages[stage] for stage in Stage},
    }


def _forecast(found: Forecast) -> dict[str, Json]:
    return {
        "outlook": found.outlook.value,
        "built": found.built,
        "listed": found.listed,
        "pause_days": found.pause_days,
        "usual_pause_days": found.usual_pause_days,
        "target": _iso(found.target),
        "reached": _iso(found.reached),
        "early_10_percent": _iso(found.early),
        "middle_50_percent": _iso(found.middle),
        "late_90_percent": _iso(found.late),
        "overdue_days": found.overdue_days,
        "expected_delay_days": found.expected_delay_days,
    }


def _group(group: Group) -> dict[str, Json]:
    stages: dict[str, Json] = {stage.value: group.stages[stage] for stage in Stage}
    return {"name": group.name, "sites": group.sites, "stages": stages}


def _change(one: Change) -> dict[str, Json]:
    return {
        "at": one.change.at.isoformat(),
        "site": one.change.site,
        "before": one.before.value,
        "stage": one.change.stage.value,
        "why": one.change.why,
        "evidence": list(one.change.evidence),
        "row": one.row,
    }


def _reported(line: ReportedLine) -> dict[str, Json]:
    goal = line.goal
    return {
        "id": goal.id,
        "name": goal.name,
        "unit": goal.unit,
        "target": goal.target,
        "target_day": _iso(goal.target_day),
        "source": goal.source,
        "entries": [
            {
                "day": one.figure.day.isoformat(),
                "value": one.figure.value,
                "planned": one.figure.planned,
                "source": one.figure.source,
                "row": one.row,
            }
            for one in line.figures
        ],
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
