"""The order and the groups in which schools are listed.

Must not know: HTML, or HTTP.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

from monitor.status.model import Standing

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from monitor.status.model import Finding, SchoolSummary
    from monitor.status.uptime import Bar, Uptime

# By value, because this file must not know how a stage is derived.
FARTHEST_FIRST: Final = (
    "verified",
    "regressed",
    "live_stale",
    "live",
    "reported",
    "built",
    "ordered",
    "planned",
    "unknown",
)
_NUMBER: Final = re.compile(r"([0-9]{1,9})")
TROUBLE_FIRST: Final = (Standing.DOWN, Standing.DEGRADED, Standing.UNKNOWN, Standing.UP)


class Order(StrEnum):
    """The sort order of schools; equal ones are sorted by name."""

    TROUBLE = "trouble"
    NAME = "name"
    SINCE = "since"
    DAY = "day"
    MONTH = "month"

    @classmethod
    def of(cls, wished: str) -> Self:
        """Return an order by its name, the first one for any other text."""
        return cls(wished) if wished in set(cls) else cls("trouble")


@dataclass(frozen=True, slots=True)
class Group:
    """Schools that are listed together; `standing` is None if they are not grouped."""

    standing: Standing | None
    schools: tuple[SchoolSummary, ...]


def groups(
    schools: Sequence[SchoolSummary], uptime: Mapping[str, Uptime], order: Order
) -> tuple[Group, ...]:
    """Return the schools grouped by standing, else in one group; no group is empty."""
    named = sorted(schools, key=lambda one: _by_name(one.name))
    if order is Order.TROUBLE:
        # A school that is online and has a dead switch comes before those that are well.
        named.sort(key=lambda one: not one.switches_down)
        found = (
            Group(standing, tuple(one for one in named if one.standing is standing))
            for standing in TROUBLE_FIRST
        )
        return tuple(group for group in found if group.schools)
    if order is Order.SINCE:
        named.sort(key=lambda one: one.degraded_since or one.since, reverse=True)
    elif order is not Order.NAME:
        named.sort(key=lambda one: _ratio(uptime.get(one.id), order))
    return (Group(None, tuple(named)),) if named else ()


@dataclass(frozen=True, slots=True)
class Alike:
    """Devices of one site that are degraded for the same reasons: the first of them, and all."""

    first: Finding
    devices: tuple[str, ...]


def alike(findings: Iterable[Finding]) -> tuple[Alike, ...]:
    """Return what is degraded, a site's switches with the same reasons as one, in their order.

    `first` is the one that began first; measured values are shown for a single device only.
    """
    found: dict[Hashable, list[Finding]] = {}
    for one in findings:
        reasons = tuple((each.reason, each.check) for each in one.degraded)
        found.setdefault((one.school, one.site, one.kind, reasons), []).append(one)
    return tuple(Alike(_first(same), tuple(one.device for one in same)) for same in found.values())


def _first(same: Sequence[Finding]) -> Finding:
    first = min(same, key=lambda one: min(each.since for each in one.degraded))
    if not same[1:]:
        return first
    degraded = tuple(each.model_copy(update={"detail": ""}) for each in first.degraded)
    return first.model_copy(update={"degraded": degraded})


def common_window(schools: Sequence[SchoolSummary]) -> SchoolSummary | None:
    """Return one of the schools if all of several are in the same maintenance window, else None."""
    windows = {(school.maintenance_ends, school.maintenance_reason) for school in schools}
    is_one = len(windows) == 1 and len(schools) > 1 and schools[0].in_maintenance
    return schools[0] if is_one else None


def stages_of(schools: Sequence[SchoolSummary]) -> list[tuple[str, int]]:
    """Return how many schools are in each stage, the farthest first; nothing if none is known."""
    found = Counter(school.stage.value for school in schools)
    if found.keys() <= {"unknown"}:
        return []
    return [(stage, found[stage]) for stage in FARTHEST_FIRST if found[stage]]


def _by_name(name: str) -> list[str | int]:
    """Return what to sort a name by: School 2 comes before School 10."""
    parts = _NUMBER.split(name.casefold())
    # Every second part is a number.
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]


def _ratio(uptime: Uptime | None, order: Order) -> float:
    """Return a share of time to sort by; unmeasured schools come last."""
    if uptime is None:
        return 2.0
    bar: Bar = uptime.day if order is Order.DAY else uptime.month
    return 2.0 if bar.ratio is None else bar.ratio
