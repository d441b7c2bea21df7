"""The shape of the `goals` section: every key, its type, its default.

Must not know: positions, or rules across keys.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from monitor.config.shape.base import Rules
from monitor.config.shape.fields import Amount, Day, EntryName, Slug, Text


def _never() -> date:
    # Never used: callers first check whether a day was given.
    return date.max


class ConnectivityRules(Rules):
    """The goal of connecting schools, measured here."""

    name: Text
    """Name for reports and labels."""
    criterion: Literal["contract", "gigabit", "per-class"]
    """Rate that a line must carry: its contract, 1 Gbit/s, or 30 Mbit/s per class plus 30 more."""
    target: Day
    """Last day on which the goal is reached in time."""
    denominator: Annotated[int, Field(ge=1, le=100_000)]
    """Size of the goal, whatever is listed below."""
    unit: Literal["schools", "sites"]
    """What is counted; a school counts if all its sites do."""
    types: Annotated[list[Text], Field(min_length=1)] = Field(default_factory=list)
    """Only schools of these types."""
    schools: Annotated[list[EntryName], Field(min_length=1)] = Field(default_factory=list)
    """Only these schools."""
    source: Text
    """Who set the goal, and the document."""


class ReportedEntryRules(Rules):
    """A reported or promised figure."""

    day: Day
    """Day of the figures."""
    value: Amount = Field(default_factory=float)
    """Total reached by that day, in the goal's unit."""
    planned: Amount = Field(default_factory=float)
    """Total promised by that day (announced, granted); it is not reached by that."""
    source: Text
    """Who reports it, and where."""


class ReportedGoalRules(Rules):
    """A goal that others report."""

    id: Slug
    """Short name, unique among the goals; it is the label in metrics."""
    name: Text
    """Name for reports and labels."""
    unit: Text
    """What is counted, such as tablets or EUR."""
    source: Text
    """Who set the goal, and the document."""
    target: Amount = Field(default_factory=float)
    """Value to be reached, if one was announced."""
    target_day: Day = Field(default_factory=_never)
    """Last day on which the target is reached in time."""
    entries: list[ReportedEntryRules] = Field(default_factory=list)
    """Reported and promised figures, days ascending; each with `value`, `planned` or both."""


class GoalsRules(Rules):
    """The goals of the roll-out."""

    connectivity: ConnectivityRules = Field(default_factory=ConnectivityRules.model_construct)
    """The goal that is measured."""
    reported: list[ReportedGoalRules] = Field(default_factory=list)
    """Goals that others report."""
