"""The rule across a site's milestones: each stage once, in order, days ascending.

Must not know: what a milestone is used for.
"""

from __future__ import annotations

from itertools import pairwise
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
    for index, (before, stone) in enumerate(pairwise(milestones), start=1):
        mark = mark_of(root, (*path, "milestones", index))
        if _STAGES.index(stone.stage) <= _STAGES.index(before.stage):
            findings.add(
                mark,
                f"{stone.stage} is listed after {before.stage}",
                f"allowed: each stage once, in the order {', '.join(_STAGES)}",
            )
        elif stone.day < before.day:
            findings.add(
                mark,
                f"the day of {stone.stage} ({stone.day}) is before the day of {before.stage} "
                f"({before.day})",
                "allowed: days in the order of the stages",
            )
