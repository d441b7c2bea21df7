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
    # Never looked at: whoever asks for the day asks first whether one was given.
    return date.max


class ConnectivityRules(Rules):
    """The goal of connecting schools, measured here."""

    name: Text
    """Name as it stands in reports and labels."""
    criterion: Literal["contract", "gigabit", "per-class"]
    """What a line has to carry: its contract, 1 Gbit/s, 30 Mbit/s a class and 30 more."""
    target: Day
    """Last day on which it is reached in time."""
    denominator: Annotated[int, Field(ge=1, le=100_000)]
    """How many there are, whatever is listed below."""
    unit: Literal["schools", "sites"]
    """What is counted; a school counts when all its sites do."""
    types: Annotated[list[Text], Field(min_length=1)] = Field(default_factory=list)
    """Only schools of these types."""
    schools: Annotated[list[EntryName], Field(min_length=1)] = Field(default_factory=list)
    """Only these schools."""
    source: Text
    """Who set the goal, and where that is written."""


class ReportedEntryRules(Rules):
    """What was reached, or only promised, as somebody reported it."""

    day: Day
    """Day that the figures are of."""
    value: Amount = Field(default_factory=float)
    """What was reached in all until then, in the goal's unit."""
    planned: Amount = Field(default_factory=float)
    """What was promised in all until then (announced, granted); it is not reached by that."""
    source: Text
    """Who says so, and where."""


class ReportedGoalRules(Rules):
    """A goal that others report."""

    id: Slug
    """Short name, unique among the goals; it is the label in metrics."""
    name: Text
    """Name as it stands in reports and labels."""
    unit: Text
    """What is counted, such as tablets or EUR."""
    source: Text
    """Who set the goal, and where that is written."""
    target: Amount = Field(default_factory=float)
    """What is to be reached, where somebody said so."""
    target_day: Day = Field(default_factory=_never)
    """Last day on which the target is reached in time."""
    entries: list[ReportedEntryRules] = Field(default_factory=list)
    """What was reached and promised, days ascending; each with `value`, `planned` or both."""


class GoalsRules(Rules):
    """What the roll-out is held against."""

    connectivity: ConnectivityRules = Field(default_factory=ConnectivityRules.model_construct)
    """The goal that is measured."""
    reported: list[ReportedGoalRules] = Field(default_factory=list)
    """Goals that others report."""
