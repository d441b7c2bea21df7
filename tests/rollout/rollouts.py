"""A small city with a goal, and ledgers of its roll-out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from monitor.inventory.city import (
    Criterion,
    Goal,
    Inventory,
    ReportedEntry,
    ReportedGoal,
    School,
)
from monitor.ledger.chain import GENESIS, link
from monitor.rollout.goal_records import GoalScope, goal_entry
from monitor.rollout.stage_records import StageChange, stage_entry
from tests import build

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.ledger.chain import Entry, Recorded
    from monitor.rollout.goal_records import Unit
    from monitor.rollout.stage import Stage

HOSTILE = '<script>alert("x")</script> | *bold* [a](javascript:b) & `c`'


def listed_school(name: str, sites: int = 1, district: str = "Mitte", lot: str = "Los 1") -> School:
    ids = ("main", *(f"annex-{number}" for number in range(1, sites)))
    places = (build.site(one, lot=lot, programme="Gute Schule 2020") for one in ids)
    named = {"number": "165001", "name": f"Schule {name}", "type": "Grundschule"}
    return build.school(name, *places, district=district, **named)


def city_with_goal(
    *schools: School, unit: Unit = "schools", target: date = date(2022, 12, 31)
) -> Inventory:
    size = len(schools) if unit == "schools" else sum(len(one.sites) for one in schools)
    reported = ReportedGoal(
        "tablets",
        "Tablets",
        "devices",
        "council",
        (ReportedEntry(date(2020, 9, 11), 9000, "news of 2020-09-11"),),
        18000,
        date(2021, 12, 31),
    )
    return build.city(
        *schools,
        goal=Goal("Gute Schule Bochum", Criterion.CONTRACT, target, size, unit, "council 2018/1"),
        reported_goals=(reported,),
    )


def at(year: int, month: int, day: int, hour: int = 12) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def stage(site: str, when: datetime, what: Stage, why: str = "", *evidence: str) -> Entry:
    return stage_entry(StageChange(site, when, what, when, why, evidence))


def goal(when: datetime, denominator: int, *sites: str, unit: Unit = "schools") -> Entry:
    return goal_entry(GoalScope(when, "Gute Schule Bochum", unit, denominator, sites))


class Entries:
    """A ledger in memory: the rows that a file would have, in order of recording."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._recorded = [row.recorded() for row in link(list(entries), 0, GENESIS)]

    def entries(
        self, kind: str, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Recorded]:
        found = [
            one
            for one in self._recorded
            if one.entry.kind == kind
            and (since is None or one.entry.at >= since)
            and (until is None or one.entry.at < until)
        ]
        return iter(sorted(found, key=lambda one: (one.entry.at, one.sequence)))
