"""The rule across a site's milestones: each stage once, in order, days ascending.

Must not know: what a milestone is used for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.config.tree.places import mark_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.shape.layout import Location
    from monitor.config.shape.rules import MilestoneRules
    from monitor.config.tree.problems import Findings
    from monitor.config.tree.text import Node

_STAGES = ("planned", "ordered", "built", "reported")


def check_milestones(
    milestones: Sequence[MilestoneRules], path: Location, root: Node, findings: Findings
) -> None:
    """Add a problem for each milestone of the site at `path` that is out of order."""
    before = None
    for index, stone in enumerate(milestones):
        if before is not None and (
            _STAGES.index(stone.stage) <= _STAGES.index(before.stage) or stone.day < before.day
        ):
            findings.add(
                mark_of(root, (*path, "milestones", index)),
                f"{stone.stage} ({stone.day}) comes after {before.stage} ({before.day})",
                f"allowed: each stage once, in the order {', '.join(_STAGES)}, days ascending",
            )
        before = stone
