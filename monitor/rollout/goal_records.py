"""The goal's scope as ledger entries: an added school changes it from then on, not the past.

Written at the start and whenever it changes, so that past figures are read with the goal of their
day.

Must not know: where entries are kept, or the configuration file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from monitor.ledger.codec import Codec
from monitor.rollout.site_names import site_named

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.inventory.city import Inventory
    from monitor.ledger.chain import Entry

GOAL: Final = "goal"

Unit = Literal["schools", "sites"]


@dataclass(frozen=True, slots=True)
class GoalScope:
    """From `at` on, the goal is `denominator` of `unit`; `sites` are its `school/site`s."""

    at: datetime
    name: str
    unit: Unit
    denominator: int
    sites: tuple[str, ...]


_GOAL: Final = Codec(GOAL, GoalScope)
goal_entry: Final = _GOAL.entry


def read_goal(entry: Entry) -> GoalScope:
    """Return the goal's scope of an entry.

    Raises:
        MalformedEntryError: if it is another kind of entry, or malformed.
    """
    scope = _GOAL.read(entry)
    return replace(scope, sites=tuple(site_named(entry, one) for one in scope.sites))


def configured_scope(inventory: Inventory, at: datetime) -> GoalScope | None:
    """Return the scope of the configured goal, None if there is none."""
    goal = inventory.goal
    if goal is None:
        return None
    schools = (school for school in inventory.schools if goal.covers(school))
    sites = tuple(str(school.key(site)) for school in schools for site in school.sites)
    return GoalScope(at, goal.name, goal.unit, goal.denominator, sites)


def unrecorded_goal(
    inventory: Inventory, recorded: GoalScope | None, now: datetime
) -> Entry | None:
    """Return the entry to append if the configured goal is not the last recorded one."""
    scope = configured_scope(inventory, now)
    if scope is None or (recorded is not None and scope == replace(recorded, at=now)):
        return None
    return goal_entry(scope)
