"""The goal's scope as ledger entries: an added school changes it from then on, not the past.

Written at the start and whenever it changes, so that past figures are read with the goal of their
day.

Must not know: where entries are kept, or the configuration file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, cast

from monitor.ledger.chain import Entry, Json
from monitor.ledger.payload import Payload
from monitor.rollout.site_names import site_named

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.inventory.city import Inventory

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
        MalformedEntryError: if it is another kind of entry, or malformed.
    """
    payload = Payload(entry, GOAL)
    return GoalScope(
        at=entry.at,
        name=payload.text("name"),
        unit=cast("Unit", payload.one_of("unit", ("schools", "sites"))),
        denominator=payload.integer("denominator"),
        sites=tuple(site_named(entry, one) for one in payload.texts("sites")),
    )


def configured_scope(inventory: Inventory, at: datetime) -> GoalScope | None:
    """Return what the configured goal speaks of, None if there is none."""
    goal = inventory.goal
    if goal is None:
        return None
    schools = (school for school in inventory.schools if goal.covers(school))
    sites = tuple(str(school.key(site)) for school in schools for site in school.sites)
    return GoalScope(at, goal.name, goal.unit, goal.denominator, sites)


def unrecorded_goal(
    inventory: Inventory, recorded: GoalScope | None, now: datetime
) -> Entry | None:
    """Return the entry to append where the configured goal is not the one recorded last."""
    scope = configured_scope(inventory, now)
    if scope is None or (recorded is not None and scope == replace(recorded, at=now)):
        return None
    return goal_entry(scope)
