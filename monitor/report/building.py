"""When each of the goal's units got its line, from the configuration and the ledger.

A line is built on the day of its milestone `built` or, without one, on the first day that was live.
A campaign shows a line's throughput, not when it was delivered: a site with nothing but campaigns
has been connected since an unknown day. So have sites that were connected before they were
monitored: they are done, but not events.

Must not know: forecasts, files, formats.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from monitor.report.forecast import Course, Step
from monitor.rollout.progress import units
from monitor.rollout.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, tzinfo

    from monitor.inventory.city import Inventory
    from monitor.report.history import History
    from monitor.rollout.goal_records import GoalScope
    from monitor.rollout.stage_records import StageChange

# Live takes 24 hours of minutes, and an outage or a restart in the first days delays it.
SETTLING: Final = timedelta(days=7)
"""A site that is live this soon after the monitoring began was connected before."""

_MEASURED: Final = frozenset({Stage.VERIFIED, Stage.LIVE_STALE, Stage.REGRESSED})


@dataclass(frozen=True, slots=True)
class Connected:
    """A site that has its line; `day` is None if unknown, or before monitoring began."""

    day: date | None


def course_of(
    history: History, inventory: Inventory, scope: GoalScope, today: date, zone: tzinfo
) -> Course:
    """Return the course of a goal's roll-out until a day, for the forecast."""
    verified, sizes = history.steps(zone)
    sites = connected(history, inventory, scope, today, zone)
    before = 0
    days: Counter[date] = Counter()
    of_units = units(scope)
    for of_unit in of_units.values():
        known = [sites[site] for site in of_unit if site in sites]
        if len(known) < len(of_unit):
            continue
        last = max((one.day for one in known if one.day is not None), default=None)
        if last is None:
            before += 1
        else:
            days[last] += 1
    return Course(
        verified=tuple(verified),
        scope=tuple(sizes) if history.points else (Step(today, scope.denominator),),
        built=tuple(Step(day, count) for day, count in sorted(days.items())),
        begin=history.points[0].at.astimezone(zone).date() if history.points else today,
        before=before,
        listed=len(of_units),
    )


def connected(
    history: History, inventory: Inventory, scope: GoalScope, today: date, zone: tzinfo
) -> dict[str, Connected]:
    """Return the sites of a goal that have their line by a day, by `school/site`."""
    milestones = _milestones(inventory, today)
    changes: dict[str, list[StageChange]] = {}
    for one in history.changes:
        changes.setdefault(one.change.site, []).append(one.change)
    watched = _watched_since(history, scope, today, zone)
    found = {}
    for site in scope.sites:
        line = _connected(milestones.get(site), changes.get(site, ()), watched[site], zone)
        if line is not None:
            found[site] = line
    return found


def _connected(
    milestone: date | None, changes: Iterable[StageChange], watched: date, zone: tzinfo
) -> Connected | None:
    first: dict[Stage, date] = {}
    for change in changes:
        first.setdefault(change.stage, change.since.astimezone(zone).date())
    if milestone is not None:
        return Connected(milestone if milestone > watched else None)
    live = first.get(Stage.LIVE)
    if live is not None:
        return Connected(live if live > watched + SETTLING else None)
    return Connected(None) if _MEASURED & first.keys() else None


def _milestones(inventory: Inventory, today: date) -> Mapping[str, date]:
    """Return the day of the first milestone `built` of each site that has one by then."""
    return {
        str(school.key(site)): min(days)
        for school, site in inventory.sites()
        if (
            days := [
                stone.day
                for stone in site.milestones
                if stone.stage == "built" and stone.day <= today
            ]
        )
    }


def _watched_since(
    history: History, scope: GoalScope, today: date, zone: tzinfo
) -> Mapping[str, date]:
    """Return the day from which each site was watched: when the ledger first named it.

    If it names no goal, the first entry of all counts.
    """
    begin = history.points[0].at.astimezone(zone).date() if history.points else today
    named = [(one.scope.at, site) for one in history.scopes for site in one.scope.sites]
    named += [(one.change.at, one.change.site) for one in history.changes]
    since: dict[str, date] = {} if history.scopes else dict.fromkeys(scope.sites, begin)
    for at, site in sorted(named):
        since.setdefault(site, at.astimezone(zone).date())
    return {site: since.get(site, begin) for site in scope.sites}
