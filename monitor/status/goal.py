"""The progress of the goal for display.

Must not know: HTTP, pages, the daemon, or how a forecast is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.inventory.city import ExpectedLine
from monitor.rollout.goal_records import configured_scope
from monitor.rollout.progress import progress
from monitor.status.model import GoalStatus

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.report.outlook import CityView


def goal_status(city: CityView, now: datetime) -> GoalStatus | None:
    """Return the progress of the goal, None if none is configured."""
    goal, found = city.inventory.goal, city.forecast
    if goal is None:
        return None
    scope = configured_scope(city.inventory, now)
    assert scope is not None  # noqa: S101  # there is a goal
    reached = progress(scope, city.stages or {})
    return GoalStatus(
        name=goal.name,
        criterion=goal.criterion,
        unit=goal.unit,
        target=goal.target,
        denominator=reached.denominator,
        listed=reached.listed,
        verified=None if city.stages is None else reached.verified,
        source=goal.source,
        is_evidence_configured=any(
            site.milestones or site.uplink.expected != ExpectedLine()
            for _, site in city.inventory.sites()
        ),
        built=found.built if found else None,
        outlook=found.outlook if found else None,
        early=found.early if found else None,
        middle=found.middle if found else None,
        late=found.late if found else None,
        pause_days=found.pause_days if found else None,
    )
