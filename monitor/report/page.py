"""A report as the texts and numbers of a page, in one language, for any template.

Must not know: HTML, Markdown, or how a number is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from monitor.report.chart import Chart, draw
from monitor.report.forecast import Outlook
from monitor.report.report import DIMENSIONS
from monitor.rollout.stage import Stage
from monitor.words.details import in_german
from monitor.words.plural import days_of
from monitor.words.report import WORDS
from monitor.words.terms import STAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from markupsafe import Markup

    from monitor.report.history import Change, Point
    from monitor.report.report import Dimension, Group, ReportedLine, RolloutReport, SiteLine
    from monitor.words.text import Language

_NOTHING: Final = "–"
_MOST_NAMES: Final = 12
"""Sites that are named in a sentence, so that a large import does not fill a page."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the outlook; `late` ones are shown with emphasis."""

    text: str
    late: bool = False


Line = dict[str, str | int | list[int]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of groups by one dimension."""

    title: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Page:
    """All texts of a template; tables are lines with a text or number per column."""

    title: str
    as_of: str
    headline: str
    bar_percent: str
    goal: str
    source: str
    outlook: list[Sentence]
    chart: Markup
    quarters: list[Line]
    news_title: str
    news_text: list[str]
    news: list[Line]
    regressions_text: str
    open_regressions: list[Line]
    all_regressions: list[Line]
    stage_names: list[str]
    groups: list[Table]
    reported: list[Line]
    rows: str
    sites: list[Line]
    ledger: str


def page(report: RolloutReport, language: Language) -> Page:
    """Return the report in the words of a language."""
    return _Writer(report, language).page()


def stage_name(stage: Stage, language: Language) -> str:
    """Return the name of a stage."""
    return STAGES[stage].of(language)


def site_name(line: SiteLine) -> str:
    """Return the display name of a site: the school's name, and the site's if it has several."""
    if line.school is None or line.site is None:
        return line.key
    if len(line.school.sites) == 1:
        return line.school.name
    return f"{line.school.name} ({line.site.id})"


class _Writer:
    """Writes one report; holds the data that all sentences need."""

    def __init__(self, report: RolloutReport, language: Language) -> None:
        self._report = report
        self._language: Language = language
        self._words = WORDS[language]
        self._zone = ZoneInfo(report.timezone)
        self._unit = self._words[report.scope.unit]
        # A column of zeros has no information.
        self._stages = [stage for stage in Stage if report.point.stages[stage]]
        self._names = {line.key: site_name(line) for line in report.sites}

    def page(self) -> Page:
        report, words = self._report, self._words
        point = report.point
        at = report.as_of.astimezone(self._zone)
        return Page(
            title=words["title"].format(city=report.city),
            as_of=words["as_of"].format(
                day=self._day(at.date()), time=f"{at:%H:%M:%S}", zone=report.timezone
            ),
            headline=words[_key("headline", point.verified, point.denominator)].format(
                verified=point.verified,
                denominator=point.denominator,
                unit=self._unit,
                percent=self._percent(point.verified, point.denominator),
            ),
            bar_percent=f"{min(100, 100 * point.verified / max(1, point.denominator)):.1f}",
            goal=self._goal(),
            source=report.source,
            outlook=list(self._outlook()),
            chart=self._chart(),
            quarters=[self._quarter(day, point) for day, point in report.quarters],
            news_title=self._news_title(),
            news_text=list(self._news_text()),
            news=self._changes(report.news.changes if report.news else ()),
            regressions_text=words["regressions_text"].format(
                open=len(report.open_regressions), all=len(report.regressions)
            ),
            open_regressions=self._changes(report.open_regressions),
            all_regressions=self._changes(report.regressions),
            stage_names=[stage_name(stage, self._language) for stage in self._stages],
            groups=[
                Table(words[dimension], self._groups(dimension))
                for dimension in DIMENSIONS
                if any(group.name for group in report.groups[dimension])
            ],
            reported=[line for one in report.reported for line in self._reported(one)],
            rows=self._rows(),
            sites=[self._site(line) for line in report.sites],
            ledger=words["ledger"].format(ledger=report.ledger or _NOTHING),
        )

    def _day(self, day: date) -> str:
        return f"{day:%d.%m.%Y}" if self._language == "de" else day.isoformat()

    def _local_day(self, at: datetime) -> str:
        return self._day(at.astimezone(self._zone).date())

    def _percent(self, part: int, whole: int) -> str:
        return self._number(f"{100 * part / whole:.1f}") if whole else _NOTHING

    def _number(self, text: str) -> str:
        return text.translate(str.maketrans(",.", ".,")) if self._language == "de" else text

    def _goal(self) -> str:
        scope, target = self._report.scope, self._report.forecast.target
        if not self._report.has_goal:
            return self._words["no_goal_text"]
        key = "goal_text" if target else "goal_text_undated"
        return self._words[key].format(
            name=scope.name,
            denominator=scope.denominator,
            unit=self._unit,
            target=self._day(target) if target else "",
        )

    def _outlook(self) -> Iterator[Sentence]:
        found, words = self._report.forecast, self._words
        key = f"outlook_{found.outlook.value}"
        if found.outlook is Outlook.EXPECTED and found.late is None:
            key += "_open"
        days = {
            name: self._day(day) if day else words["never"]
            for name, day in (
                ("early", found.early),
                ("middle", found.middle),
                ("late", found.late),
                ("reached", found.reached),
            )
        }
        if found.overdue_days:
            late = "reached_late" if found.outlook is Outlook.REACHED else "overdue"
            days_late = days_of(found.overdue_days, self._language, is_dative=late == "overdue")
            yield Sentence(words[late].format(days=days_late), late=True)
        counts = {"denominator": found.denominator, "listed": found.listed, "built": found.built}
        said = days | counts | {"unit": self._unit, "pause": found.pause_days or 0}
        said["usual"] = found.usual_pause_days or 0
        stands = found.outlook in {Outlook.STALLED, Outlook.UNREACHABLE, Outlook.NO_END_IN_SIGHT}
        key_of_count = _key("built_count", found.built, found.denominator)
        yield Sentence(words[key_of_count].format_map(said))
        yield Sentence(words[key].format_map(said), late=stands)
        delay = found.expected_delay_days
        if delay:
            key = "delay" if delay > 0 else "ahead"
            yield Sentence(
                words[key].format(days=days_of(abs(delay), self._language)), late=delay > 0
            )

    def _chart(self) -> Markup:
        report, words, found = self._report, self._words, self._report.forecast
        curve = [(point.at.astimezone(self._zone).date(), point) for point in report.curve]
        today = report.as_of.astimezone(self._zone).date()
        description = words["chart_description"].format(
            first=self._day(curve[0][0] if curve else today),
            last=self._day(today),
            verified=report.point.verified,
            denominator=report.point.denominator,
            unit=self._unit,
        )
        outlook = None
        if found.early and found.middle:
            outlook = (found.early, found.middle, found.late)
        return draw(
            Chart(
                verified=_thinned((day, point.verified) for day, point in curve),
                denominator=_thinned((day, point.denominator) for day, point in curve),
                today=today,
                target=found.target,
                outlook=outlook,
                built=found.built,
                words={**words, "title": words["burn_up"], "description": description},
            )
        )

    def _quarter(self, day: date, point: Point) -> Line:
        return {
            "day": self._day(day),
            "verified": point.verified,
            "denominator": point.denominator,
            "share": self._percent(point.verified, point.denominator),
            "row": point.row,
        }

    def _news_title(self) -> str:
        news = self._report.news
        if news is None:
            return self._words["news_untitled"]
        return self._words["news"].format(day=self._local_day(news.since))

    def _news_text(self) -> Iterator[str]:
        news, words, point = self._report.news, self._words, self._report.point
        if news is None:
            yield words["news_first"]
            return
        yield words["news_numbers"].format(
            before=news.before.verified if news.before else 0,
            after=point.verified,
            goal_before=news.before.denominator if news.before else 0,
            goal_after=point.denominator,
        )
        for one in news.scopes:
            sentence = words["news_goal" if one.is_resized else "news_list"].format(
                denominator=one.scope.denominator,
                unit=words[one.scope.unit],
                day=self._local_day(one.scope.at),
            )
            left = (
                f"{self._names.get(site, site)} ({stage_name(stage, self._language)})"
                for site, stage in one.left.items()
            )
            joined = (self._names.get(site, site) for site in one.joined)
            yield " ".join(
                [
                    f"{sentence} ({words['row']} {one.row}).",
                    *self._listed("news_left", left),
                    *self._listed("news_joined", joined),
                ]
            )

    def _listed(self, key: str, names: Iterable[str]) -> Iterator[str]:
        known = list(names)
        if known:
            more = len(known) - _MOST_NAMES
            shown = ", ".join(known[:_MOST_NAMES])
            if more > 0:
                shown += self._words["news_more"].format(count=more)
            yield self._words[key].format(names=shown)

    def _changes(self, changes: Iterable[Change]) -> list[Line]:
        return [
            {
                "day": self._local_day(one.change.at),
                "name": self._names.get(one.change.site, one.change.site),
                "before": stage_name(one.before, self._language),
                "stage": stage_name(one.change.stage, self._language),
                "why": self._why(one.change.why),
                "row": one.row,
            }
            for one in changes
        ]

    def _why(self, recorded: str) -> str:
        """Return a recorded sentence in the page's language, as recorded if it has no German."""
        german = in_german(recorded) if self._language == "de" else None
        return german or recorded

    def _groups(self, dimension: Dimension) -> list[Line]:
        return [self._group(group) for group in self._report.groups[dimension]]

    def _group(self, group: Group) -> Line:
        return {
            "name": group.name or self._words["not_assigned"],
            "sites": group.sites,
            "numbers": [group.stages[stage] for stage in self._stages],
            "share": self._percent(group.verified, group.sites),
        }

    def _reported(self, line: ReportedLine) -> Iterator[Line]:
        goal = line.goal
        target = self._amount(goal.target)
        if goal.target is not None and goal.target_day is not None:
            target += f" ({self._day(goal.target_day)})"
        common: Line = {"name": goal.name, "target": target, "unit": goal.unit}
        if not line.figures:
            unknown = dict.fromkeys(("day", "value", "planned", "row"), _NOTHING)
            yield {**common, **unknown, "source": goal.source}
        for one in line.figures:
            yield {
                **common,
                "day": self._day(one.figure.day),
                "value": self._amount(one.figure.value),
                "planned": self._amount(one.figure.planned),
                "source": one.figure.source,
                "row": one.row,
            }

    def _amount(self, value: float | None) -> str:
        return _NOTHING if value is None else self._number(f"{value:,.10g}")

    def _rows(self) -> str:
        words, row = self._words, self._report.scope_row
        key = "goal_configured" if row is None else "goal_row"
        counted = words["count_row"].format(row=self._report.point.row)
        return f"{words[key].format(row=row)} {counted}"

    def _site(self, line: SiteLine) -> Line:
        change, basis, rows = line.change, line.basis, line.measurement_rows
        tests = ""
        if rows is not None:
            first, last, number = rows
            tests = self._words["tests"].format(tests=number, first=first, last=last)
        return {
            "name": self._names[line.key],
            "key": line.key,
            "stage": stage_name(line.stage, self._language),
            "since": self._local_day(basis.since) if basis and basis.since else _NOTHING,
            "why": self._why(basis.why) if basis else _NOTHING,
            "tests": tests,
            "row": change.row if change else _NOTHING,
        }


def _key(key: str, reached: int, denominator: int) -> str:
    """Return the word for a count of the goal: more than the goal is not "4 of 3"."""
    return f"{key}_more" if reached > denominator else key


def _thinned(numbers: Iterable[tuple[date, int]]) -> list[tuple[date, int]]:
    """Return only the changes, one number a day."""
    kept: dict[date, int] = {}
    last: int | None = None
    for day, number in numbers:
        if number != last:
            kept[day] = number
            last = number
    return list(kept.items())
