"""What the goal speaks of, as ledger entries: a school added moves this line, not the past.

Written at the start and whenever it changes, so that a figure of the past is read with the
goal of its day.

Must not know: where entries are kept, how the goal is configured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

from monitor.rollout.chain import Entry, Json
from monitor.rollout.payload import Payload

if TYPE_CHECKING:
    from datetime import datetime

GOAL: Final = "goal"

Unit = Literal["schools", "sites"]


@dataclass(frozen=True, slots=True)
class GoalScope:
    """From `at` on the goal is `denominator` of a unit, and these are its `school/site`s."""

    at: datetime
    name: str
    unit: Unit
    denominator: int
    sites: tuple[str, ...]


def goal_entry(scope: GoalScope) -> Entry:
    """Return the entry of what the goal speaks of from an instant on."""
    payload: dict[str, Json] = {
        "name": scope.name,
        "unit": scope.unit,
        "denominator": scope.denominator,
        "sites": list(scope.sites),
    }
    return Entry(scope.at, GOAL, "", payload)


def read_goal(entry: Entry) -> GoalScope:
    """Return the goal's scope of an entry.

    Raises:
        MalformedEntryError: if the entry is none.
    """
    payload = Payload(entry, GOAL)
    return GoalScope(
        at=entry.at,
        name=payload.text("name"),
        unit=cast("Unit", payload.one_of("unit", ("schools", "sites"))),
        denominator=payload.integer("denominator"),
        sites=payload.texts("sites"),
    )
