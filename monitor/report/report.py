"""The roll-out report: how many are connected, since when, with evidence and forecast.

A pure function from the ledger at an instant and the inventory to a report; `monitor.report.output`
formats it. Every number refers to the ledger's rows.

Must not know: files, formats, languages.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

from monitor.inventory.city import ExpectedLine
from monitor.report.evidence import read_evidence
from monitor.report.history import History, Point, read_history, regressions
from monitor.report.outlook import forecast_from
from monitor.report.records import REPORT, HandedOut, read_report, report_entry
from monitor.rollout.goal_records import GoalScope, configured_scope
from monitor.rollout.stage import Stage, stage_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.inventory.city import Inventory, ReportedGoal, School, Site
    from monitor.ledger.chain import Entry, EntrySource
    from monitor.report.evidence import CampaignRows, Evidence
    from monitor.report.forecast import Forecast
    from monitor.report.history import Change, Reported, Scope
    from monitor.rollout.stage import StageFinding

Dimension = Literal["district", "type", "lot", "programme"]
DIMENSIONS: Final[tuple[Dimension, ...]] = ("district", "type", "lot", "programme")
_MONTHS_A_QUARTER: Final = 3


@dataclass(frozen=True, slots=True)
class SiteLine:
    """One site of the goal: its identity, its stage, why, and the ledger rows that prove it.

    `school` is None for a site that is no longer configured. `change` is when the stage was
    recorded, None if the ledger has none, and `basis` what it rests on at the report's instant, or
    what a site without a stage lacks.
    """

    key: str
    school: School | None
    site: Site | None
    change: Change | None
    basis: StageFinding | None = None
    measurement_rows: CampaignRows | None = None

    @property
    def stage(self) -> Stage:
        """Return the site's stage."""
        return self.change.change.stage if self.change else Stage.UNKNOWN

    def value(self, dimension: Dimension) -> str:
        """Return the site's value in a dimension; empty if not configured."""
        if self.school is None or self.site is None:
            return ""
        if dimension == "district":
            return self.school.district
        if dimension == "type":
            return self.school.type
        return self.site.lot if dimension == "lot" else self.site.programme


@dataclass(frozen=True, slots=True)
class Group:
    """How many sites of one district, type, lot or programme are at each stage."""

    name: str
    sites: int
    stages: Mapping[Stage, int]

    @property
    def verified(self) -> int:
        """Return how many are verified."""
        return self.stages[Stage.VERIFIED]


@dataclass(frozen=True, slots=True)
class ReportedLine:
    """A goal that others report, and its figures in the ledger, by day."""

    goal: ReportedGoal
    figures: tuple[Reported, ...]


@dataclass(frozen=True, slots=True)
class News:
    """The changes since `since`: the point then, changes of stages and of the goal."""

    since: datetime
    before: Point | None
    changes: tuple[Change, ...]
    scopes: tuple[Scope, ...]


@dataclass(frozen=True, slots=True)
class RolloutReport:
    """The state as known at `as_of`.

    `ledger` has the anchors of the ledger's end when it was read. `quarters` is the state
    at the end of each quarter and at `as_of`.
    """

    city: str
    timezone: str
    as_of: datetime
    ledger: str
    scope: GoalScope
    scope_row: int | None
    source: str
    point: Point
    forecast: Forecast
    curve: tuple[Point, ...]
    quarters: tuple[tuple[date, Point], ...]
    sites: tuple[SiteLine, ...]
    groups: Mapping[Dimension, tuple[Group, ...]]
    regressions: tuple[Change, ...]
    news: News | None
    reported: tuple[ReportedLine, ...]

    @property
    def has_goal(self) -> bool:
        """Return whether a goal is named; without one, all listed sites are counted."""
        return bool(self.scope.name)

    @property
    def open_regressions(self) -> tuple[Change, ...]:
        """Return the regressions that have not been recovered."""
        now = {line.change.row for line in self.sites if line.change}
        return tuple(change for change in self.regressions if change.row in now)


def rollout_report(
    source: EntrySource,
    inventory: Inventory,
    as_of: datetime,
    *,
    since: datetime | None = None,
    ledger: str = "",
) -> RolloutReport:
    """Return the report of the roll-out as known at an instant, that instant included.

    `since` is where the news begins; without it, at the last report issued before.

    Raises:
        ValueError: if `since` is later than `as_of`.
        LedgerError: if the ledger cannot be read.
    """
    if since is not None and since > as_of:
        raise ValueError(f"the news would begin at {since:%Y-%m-%d}, after {as_of:%Y-%m-%d}")
    zone = ZoneInfo(inventory.calendar.timezone)
    until = as_of + timedelta(milliseconds=1)
    configured = configured_scope(inventory, as_of) or _all_sites(inventory, as_of)
    history = read_history(source, until, configured)
    scope = history.scopes[-1].scope if history.scopes else configured
    empty = Point(as_of, 0, dict.fromkeys(Stage, 0), 0, scope.denominator)
    point = history.point(as_of) or empty
    sites = _sites(read_evidence(source, inventory, until), inventory, history, scope, as_of)
    return RolloutReport(
        city=inventory.city,
        timezone=inventory.calendar.timezone,
        as_of=as_of,
        ledger=ledger,
        scope=scope,
        scope_row=history.scopes[-1].row if history.scopes else None,
        source=inventory.goal.source if inventory.goal else "",
        point=point,
        forecast=forecast_from(history, inventory, as_of, scope),
        curve=history.points,
        quarters=tuple(_quarters(history, as_of, zone)),
        sites=sites,
        groups={dimension: _groups(sites, dimension) for dimension in DIMENSIONS},
        regressions=tuple(regressions(_of_goal(history.changes, scope))),
        news=_news(source, history, scope, since, as_of),
        reported=tuple(_reported(inventory, history)),
    )


def record(report: RolloutReport) -> Entry:
    """Return the ledger's entry of an issued report."""
    point = report.point
    return report_entry(
        HandedOut(report.as_of, point.verified, point.denominator, point.row, report.ledger)
    )


def end_of(day: date, timezone: str) -> datetime:
    """Return the last instant (to the millisecond, UTC) of a local day.

    Raises:
        ValueError: if the calendar has no next day.
    """
    try:
        midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(timezone))
        return midnight.astimezone(UTC) - timedelta(milliseconds=1)
    except OverflowError:
        raise ValueError(f"{day} is beyond the calendar; name an earlier day") from None


def _sites(
    evidence: Evidence,
    inventory: Inventory,
    history: History,
    scope: GoalScope,
    as_of: datetime,
) -> tuple[SiteLine, ...]:
    configured = {str(school.key(site)): (school, site) for school, site in inventory.sites()}
    stages, zone = history.stages(), ZoneInfo(inventory.calendar.timezone)
    lines = []
    for key in scope.sites:
        school, site = configured.get(key, (None, None))
        change = stages.get(key)
        basis = evidence.basis(change.change, as_of) if change else _lacking(site, as_of, zone)
        rows = evidence.rows_of(basis) if basis else None
        lines.append(SiteLine(key, school, site, change, basis, rows))
    return tuple(lines)


def _lacking(site: Site | None, at: datetime, zone: ZoneInfo) -> StageFinding | None:
    """Return what a site without a stage in the ledger lacks; None if that is not known."""
    if site is None:
        return None
    expected = site.uplink.expected != ExpectedLine()
    found = stage_of(site.milestones, (), (), at, zone, is_line_expected=expected)
    return found if found.stage is Stage.UNKNOWN else None


def _groups(sites: Iterable[SiteLine], dimension: Dimension) -> tuple[Group, ...]:
    by_name: dict[str, list[SiteLine]] = {}
    for line in sites:
        by_name.setdefault(line.value(dimension), []).append(line)
    # Sites without a value come last.
    names = sorted(by_name, key=lambda name: (not name, name.casefold()))
    return tuple(
        Group(
            name,
            len(by_name[name]),
            {stage: sum(line.stage is stage for line in by_name[name]) for stage in Stage},
        )
        for name in names
    )


def _all_sites(inventory: Inventory, at: datetime) -> GoalScope:
    """Return what a report without a goal counts: every listed site, under no name."""
    sites = tuple(str(school.key(site)) for school, site in inventory.sites())
    return GoalScope(at, "", "sites", len(sites), sites)


def _of_goal(changes: Iterable[Change], scope: GoalScope) -> list[Change]:
    wanted = frozenset(scope.sites)
    return [change for change in changes if change.change.site in wanted]


def _news(
    source: EntrySource,
    history: History,
    scope: GoalScope,
    since: datetime | None,
    as_of: datetime,
) -> News | None:
    if since is None:
        # A report of the same instant is this one, issued again.
        last = [read_report(one.entry) for one in source.entries(REPORT, None, as_of)]
        if not last:
            return None
        since = last[-1].at
    changes = (one for one in _of_goal(history.changes, scope) if one.change.at > since)
    scopes = (one for one in history.scopes if one.scope.at > since)
    return News(since, history.point(since), tuple(changes), tuple(scopes))


def _reported(inventory: Inventory, history: History) -> Iterable[ReportedLine]:
    for goal in inventory.reported_goals:
        figures = (one for one in history.reported if one.figure.goal == goal.id)
        # A corrected figure has two rows; the later one counts.
        latest = {one.figure.day: one for one in sorted(figures, key=lambda one: one.row)}
        yield ReportedLine(goal, tuple(latest[day] for day in sorted(latest)))


def _quarters(history: History, as_of: datetime, zone: ZoneInfo) -> Iterable[tuple[date, Point]]:
    if not history.points:
        return
    day = history.points[0].at.astimezone(zone).date()
    today = as_of.astimezone(zone).date()
    year, quarter = day.year, (day.month - 1) // _MONTHS_A_QUARTER
    while True:
        quarter += 1
        year, quarter = (year + 1, 0) if quarter == 12 // _MONTHS_A_QUARTER else (year, quarter)
        last = date(year, quarter * _MONTHS_A_QUARTER + 1, 1) - timedelta(days=1)
        if last >= today:
            break
        point = history.point(end_of(last, str(zone)))
        if point is not None:
            yield last, point
    yield today, history.points[-1]
