"""The roll-out board: from ledger entries and observed lines to the stages of all sites.

It processes every relevant entry, from the ledger at the start and then as they are made, and
returns entries to append: changes of lines and of stages, reported figures. The stages depend only
on the entries, so a restart changes none.

Must not know: the ledger's file, the clock, probes, metrics.
"""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from monitor.availability.minutes import minute_of
from monitor.availability.records import MINUTES, SCOPE, read_run, read_scope
from monitor.campaigns.book import CampaignBook
from monitor.campaigns.records import CAMPAIGN, MEASUREMENT
from monitor.inventory.city import Criterion, ExpectedLine
from monitor.rollout.line import is_live
from monitor.rollout.line_records import (
    LINE,
    LINE_DAY,
    line_day_entry,
    line_entry,
    read_line,
    read_line_day,
)
from monitor.rollout.line_watch import LineWatch
from monitor.rollout.stage import Stage, StageFinding, stage_of
from monitor.rollout.stage_records import (
    REPORTED_GOAL,
    STAGE,
    ReportedFigure,
    StageChange,
    read_reported,
    read_stage,
    reported_entry,
    reported_figure,
    stage_entry,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.campaigns.evidence import Campaign, Judged, LineDay
    from monitor.inventory.city import Inventory, School, Site
    from monitor.ledger.chain import Entry, Past
    from monitor.rollout.line import Identity

# Kinds whose whole past is needed, and how far back the minutes are.
_HISTORY: Final = (CAMPAIGN, MEASUREMENT, STAGE, LINE, LINE_DAY, REPORTED_GOAL)
_MINUTES_BACK: Final = timedelta(days=14)


class RolloutBoard:
    """Keeps the evidence of every site, and the stages derived from it."""

    def __init__(self, inventory: Inventory, memory: Iterable[Entry] = ()) -> None:
        self._lines: dict[str, LineWatch] = {}
        self._recorded_days: dict[str, LineDay] = {}
        self._recorded_stages: dict[str, StageChange] = {}
        self._figures: set[ReportedFigure] = set()
        self._scopes: dict[str, tuple[str, ...]] = {}
        self._campaigns = CampaignBook(inventory)
        self._findings: dict[str, StageFinding] = {}
        self._minute: int | None = None
        self.reconfigure(inventory)
        self.take(memory)

    def reconfigure(self, inventory: Inventory) -> None:
        """Use another inventory; the evidence of a site is kept."""
        self._inventory = inventory
        self._zone = ZoneInfo(inventory.calendar.timezone)
        self._sites = {str(school.key(site)): (school, site) for school, site in inventory.sites()}
        self._lines = {
            key: self._lines[key].expecting(site.uplink.expected)
            if key in self._lines
            else LineWatch(key, site.uplink.expected)
            for key, (_, site) in self._sites.items()
        }
        self._campaigns = copy(self._campaigns)
        self._campaigns.reconfigure(inventory)
        self._minute = None

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone of the city's days."""
        return self._zone

    @property
    def findings(self) -> Mapping[str, StageFinding]:
        """Return the stage of each `school/site` as of the last `tick`."""
        return self._findings

    def campaigns(self) -> dict[str, tuple[Campaign, Judged]]:
        """Return the last campaign of each `school/site` that has one, with its result."""
        return self._campaigns.latest()

    def passed(self) -> dict[str, datetime]:
        """Return when the last passed campaign of each `school/site` ended (UTC)."""
        return self._campaigns.passed()

    def line_day(self, site: str) -> LineDay | None:
        """Return the latest 24 hours of the line of a `school/site`, None before any minute."""
        line = self._lines.get(site)
        return line.day() if line is not None else None

    def take(self, entries: Iterable[Entry]) -> None:
        """Process entries that are being appended to the ledger; other kinds are ignored.

        Raises:
            MalformedEntryError: if an entry has an invalid payload.
        """
        taken = tuple(entries)
        for entry in taken:
            self._take(entry)
        if self._campaigns.take(taken):
            self._minute = None

    def see(self, site: str, seen: Identity, at: datetime) -> tuple[Entry, ...]:
        """Process the identity seen at a `school/site`; return the entries to append."""
        line = self._lines.get(site)
        change = line.see(seen, at) if line is not None else None
        if change is None:
            return ()
        self._minute = None
        return (line_entry(change),)

    def tick(self, now: datetime) -> tuple[Entry, ...]:
        """Advance the time; return the entries to append. Cheap unless there is news."""
        minute = minute_of(now)
        if minute == self._minute:
            return ()
        self._minute = minute
        entries = list(self._unrecorded_figures(now))
        found: dict[str, StageFinding] = {}
        for key, (school, site) in self._sites.items():
            day = self._lines[key].day()
            entries.extend(self._unrecorded_day(day))
            finding = found[key] = self._stage(key, school, site, day, now)
            recorded = self._recorded_stages.get(key)
            if (recorded.stage if recorded else Stage.UNKNOWN) is not finding.stage:
                since = min(finding.since or now, now)
                change = StageChange(key, now, finding.stage, since, finding.why, finding.evidence)
                self._recorded_stages[key] = change
                entries.append(stage_entry(change))
        self._findings = found
        return tuple(entries)

    def _stage(
        self, key: str, school: School, site: Site, day: LineDay | None, now: datetime
    ) -> StageFinding:
        days = [one for one in (self._recorded_days.get(key), day) if one is not None]
        judged = self._campaigns.judged(key)
        expected = site.uplink.expected != ExpectedLine()
        finding = stage_of(
            site.milestones, days, judged, now, self._zone, is_line_expected=expected
        )
        goal = self._inventory.goal
        if goal is None or goal.criterion is not Criterion.PER_CLASS or school.classes is not None:
            return finding
        why = (
            f"{finding.why}; cannot be verified: the number of the school's classes is not "
            "configured"
        )
        return StageFinding(finding.stage, finding.since, why, finding.evidence)

    def _take(self, entry: Entry) -> None:
        if entry.kind == SCOPE:
            scope = read_scope(entry)
            self._scopes[scope.scope] = scope.sites
        elif entry.kind == MINUTES:
            run = read_run(entry)
            for key, code in zip(self._scopes.get(run.scope, ()), run.codes, strict=False):
                if key in self._lines:
                    self._lines[key].minutes(run.first, code.encode() * run.minutes)
        elif entry.kind == LINE and entry.subject in self._lines:
            self._lines[entry.subject].restore(read_line(entry))
        elif entry.kind == LINE_DAY:
            day = read_line_day(entry)
            self._recorded_days[day.site] = day
        elif entry.kind == STAGE:
            change = read_stage(entry)
            self._recorded_stages[change.site] = change
        elif entry.kind == REPORTED_GOAL:
            self._figures.add(read_reported(entry))

    def _unrecorded_day(self, day: LineDay | None) -> tuple[Entry, ...]:
        """Return the entry of 24 hours whose result differs from the recorded one."""
        if day is None:
            return ()
        live, recorded = is_live(day), self._recorded_days.get(day.site)
        if live is None or (recorded is not None and is_live(recorded) is live):
            return ()
        self._recorded_days[day.site] = day
        return (line_day_entry(day),)

    def _unrecorded_figures(self, now: datetime) -> tuple[Entry, ...]:
        """Return the entries of reported figures that the ledger does not have yet."""
        new = [
            figure
            for goal in self._inventory.reported_goals
            for entry in goal.entries
            if datetime.combine(entry.day, time(), UTC) <= now
            and (figure := reported_figure(goal.id, entry)) not in self._figures
        ]
        self._figures.update(new)
        return tuple(map(reported_entry, new))


async def remembered(past: Past, now: datetime) -> list[Entry]:
    """Return the recorded entries that a board starts with.

    Raises:
        LedgerError: if the ledger cannot be read.
    """
    found = [one for kind in _HISTORY for one in await past.entries(kind)]
    for kind in (SCOPE, MINUTES):
        found.extend(await past.entries(kind, since=now - _MINUTES_BACK))
    return [one.entry for one in found]
