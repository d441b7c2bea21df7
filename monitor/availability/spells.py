"""Joins the changes of a site's verdict into outages, across restarts of the monitor.

A change is recorded with what the rounds prove that the monitor has seen itself: after a restart,
and after a time in which it could not know, a dead line is recorded as down once more. Down before
and after, with only unknown in between, is one outage, which began the first time.

Must not know: where entries are kept, minutes, or how anything is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from monitor.observation import State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.availability.records import Transition

# How far back to search for the beginning of a spell.
MEMORY: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Spell:
    """A line that was down since `begins`; `ends` is None while it lasts.

    `reason` and `detail` are those of the first verdict.
    """

    begins: datetime
    ends: datetime | None
    reason: str
    detail: str


def down_spells(transitions: Iterable[Transition]) -> list[Spell]:
    """Return one site's outages by their beginning, from its changes in the order of `at`.

    An outage ends when the line comes up, or when its state becomes unknown and is not down again
    before it is up.
    """
    spells: list[Spell] = []
    may_go_on = False
    for one in _in_force(transitions):
        if one.state is State.DOWN and may_go_on:
            spells[-1] = replace(spells[-1], ends=None)
        elif one.state is State.DOWN:
            spells.append(Spell(one.since, None, one.reason, one.detail))
            may_go_on = True
        else:
            if spells and spells[-1].ends is None:
                spells[-1] = replace(spells[-1], ends=one.since)
            may_go_on &= one.state is State.UNKNOWN
    return spells


def last_known(transitions: Iterable[Transition]) -> dict[str, Transition]:
    """Return each site's last verdict that was not unknown, as of the beginning of its spell.

    Accepts the changes of all sites in the order they became known. A down state continues
    through unknown; an up state does not, because an outage may have been missed.
    """
    known: dict[str, Transition] = {}
    unknown: set[str] = set()
    for one in transitions:
        if one.state is State.UNKNOWN:
            unknown.add(one.site)
            continue
        before = known.get(one.site)
        may_go_on = one.state is State.DOWN or one.site not in unknown
        if before is None or before.state is not one.state or not may_go_on:
            known[one.site] = one
        unknown.discard(one.site)
    return known


def _in_force(transitions: Iterable[Transition]) -> list[Transition]:
    """Return the changes without those that a later one with an earlier beginning has undone."""
    line: list[Transition] = []
    for one in transitions:
        while line and line[-1].since >= one.since:
            line.pop()
        line.append(one)
    return line
