"""From the `goals` section to the goals, and the rules across their keys.

Must not know: YAML, pydantic's errors, or sites.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.config.tree.places import mark_of
from monitor.inventory.city import Criterion, Goal, ReportedEntry, ReportedGoal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.shape.goals import GoalsRules, ReportedEntryRules, ReportedGoalRules
    from monitor.config.tree.problems import Findings
    from monitor.config.tree.text import Node
    from monitor.inventory.city import School


def goal_of(
    goals: GoalsRules, schools: Sequence[School], root: Node, findings: Findings
) -> Goal | None:
    """Return the measured goal, None if there is none; add a problem for each mistake."""
    if "connectivity" not in goals.model_fields_set:
        return None
    rules = goals.connectivity
    goal = Goal(
        name=rules.name,
        criterion=Criterion(rules.criterion),
        target=rules.target,
        denominator=rules.denominator,
        unit=rules.unit,
        source=rules.source,
        types=tuple(rules.types),
        schools=tuple(rules.schools),
    )
    _check_classes(goal, schools, root, findings)
    return goal


def reported_goals_of(
    goals: GoalsRules, root: Node, findings: Findings
) -> tuple[ReportedGoal, ...]:
    """Return the goals that others report; add a problem for days out of order."""
    found = []
    for index, rules in enumerate(goals.reported):
        _check_days(rules, index, root, findings)
        _check_figures(rules, index, root, findings)
        found.append(
            ReportedGoal(
                id=rules.id,
                name=rules.name,
                unit=rules.unit,
                source=rules.source,
                entries=tuple(map(_entry, rules.entries)),
                target=rules.target if "target" in rules.model_fields_set else None,
                target_day=rules.target_day if "target_day" in rules.model_fields_set else None,
            )
        )
    return tuple(found)


def _entry(rules: ReportedEntryRules) -> ReportedEntry:
    given = rules.model_fields_set
    return ReportedEntry(
        rules.day,
        rules.value if "value" in given else None,
        rules.source,
        rules.planned if "planned" in given else None,
    )


def _check_classes(goal: Goal, schools: Sequence[School], root: Node, findings: Findings) -> None:
    """Reject a goal per class if no school has a number of classes.

    A single school without the figure is not a mistake: it is shown as not verifiable.
    """
    covered = [school for school in schools if goal.covers(school)]
    counts = [school.classes for school in covered if school.classes is not None]
    if len(findings):
        return  # the school with the figure may have been left out
    if goal.criterion is Criterion.PER_CLASS and covered and not counts:
        findings.add(
            mark_of(root, ("goals", "connectivity", "criterion")),
            "no school has a number of classes",
            "set classes at the schools, or choose contract or gigabit",
        )


def _check_figures(rules: ReportedGoalRules, index: int, root: Node, findings: Findings) -> None:
    for number, entry in enumerate(rules.entries):
        if not {"value", "planned"} & entry.model_fields_set:
            findings.add(
                mark_of(root, ("goals", "reported", index, "entries", number)),
                "the entry has no value",
                "set value to what was reached, or planned to what was promised",
            )


def _check_days(rules: ReportedGoalRules, index: int, root: Node, findings: Findings) -> None:
    for number, (before, entry) in enumerate(
        zip(rules.entries, rules.entries[1:], strict=False), start=1
    ):
        if entry.day <= before.day:
            findings.add(
                mark_of(root, ("goals", "reported", index, "entries", number, "day")),
                f"{entry.day} is not after {before.day}, the day of the entry above",
                "allowed: days ascending",
            )
