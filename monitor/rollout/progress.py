"""Counts the goal's units that meet a condition, relative to the goal's own number.

All figures of the goal are counted here: metrics, API, report and forecast.

Must not know: how a site became verified or built, metrics, the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.inventory.site_key import SiteKey
from monitor.rollout.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.rollout.goal_records import GoalScope


@dataclass(frozen=True, slots=True)
class Progress:
    """Verified of `denominator`; `listed` is how many are configured. All in the goal's unit."""

    verified: int
    listed: int
    denominator: int

    @property
    def ratio(self) -> float:
        """Return verified / denominator."""
        return self.verified / self.denominator


def units(scope: GoalScope) -> dict[str, list[str]]:
    """Return the goal's units, each with its `school/site`s: a school has all of its own."""
    found: dict[str, list[str]] = {}
    for site in scope.sites:
        unit = site if scope.unit == "sites" else SiteKey.parse(site).school
        found.setdefault(unit, []).append(site)
    return found


def progress(scope: GoalScope, stages: Mapping[str, Stage]) -> Progress:
    """Return the progress of a goal, by the stage of each `school/site`.

    A school is verified when all of its sites are. Live (stale) is not verified.
    """
    of_unit = units(scope)
    verified = sum(
        all(stages.get(site) is Stage.VERIFIED for site in sites) for sites in of_unit.values()
    )
    return Progress(verified, len(of_unit), scope.denominator)
