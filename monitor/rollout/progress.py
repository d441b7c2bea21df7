"""How far the goal is reached: verified sites or schools against the goal's own number.

Must not know: how a site became verified, metrics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.rollout.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.inventory import Goal, Inventory
    from monitor.rollout.stage import StageFinding


@dataclass(frozen=True, slots=True)
class Progress:
    """Verified of `denominator`; `listed` is how many the configuration has. All in the unit."""

    verified: int
    listed: int
    denominator: int

    @property
    def ratio(self) -> float:
        """Return verified / denominator."""
        return self.verified / self.denominator


def progress(goal: Goal, inventory: Inventory, findings: Mapping[str, StageFinding]) -> Progress:
    """Return how far a goal is reached, by findings per `school/site`.

    A school is verified when all of its sites are. Live (stale) is not verified.
    """
    schools = [school for school in inventory.schools if goal.covers(school)]
    sites = [
        [_is_verified(f"{one.id}/{site.id}", findings) for site in one.sites] for one in schools
    ]
    if goal.unit == "sites":
        flat = [verified for of_school in sites for verified in of_school]
        return Progress(sum(flat), len(flat), goal.denominator)
    return Progress(sum(map(all, sites)), len(sites), goal.denominator)


def _is_verified(site: str, findings: Mapping[str, StageFinding]) -> bool:
    finding = findings.get(site)
    return finding is not None and finding.stage is Stage.VERIFIED
