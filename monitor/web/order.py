"""The order and the groups in which schools are listed.

Must not know: HTML, or HTTP.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

from monitor.status.model import Standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.status.model import SchoolSummary
    from monitor.status.uptime import Bar, Uptime

# By their values: what a stage is found from is not known here.
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
    named = sorted(schools, key=lambda one: one.name.casefold())
    if order is Order.TROUBLE:
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


def stages_of(schools: Sequence[SchoolSummary]) -> list[tuple[str, int]]:
    """Return how many schools are in each stage, the farthest first; nothing if none is known."""
    found = Counter(school.stage.value for school in schools)
    if found.keys() <= {"unknown"}:
        return []
    return [(stage, found[stage]) for stage in FARTHEST_FIRST if found[stage]]


def _ratio(uptime: Uptime | None, order: Order) -> float:
    """Return a share of time to sort by; unmeasured schools come last."""
    if uptime is None:
        return 2.0
    bar: Bar = uptime.day if order is Order.DAY else uptime.month
    return 2.0 if bar.ratio is None else bar.ratio
