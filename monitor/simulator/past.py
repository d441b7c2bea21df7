"""The past of a demo: years of a roll-out up to now, and the last month's outages.

The roll-out is late: its goal was due at the end of the previous year, and the remaining lines are
built at the earlier pace. The goal is all configured schools, so that there is a forecast.

Must not know: the ledger's place, the daemon, or pages.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Final

from monitor.availability.minutes import CODES, MinuteClass, minute_of, start_of
from monitor.availability.records import (
    MinuteRun,
    Transition,
    minutes_entry,
    rule_entry,
    scope_entry,
    scope_id,
    transition_entry,
)
from monitor.observation import State
from monitor.rollout.line_records import LINE_DAY
from monitor.rollout.stage import Stage
from monitor.rollout.stage_records import latest_stages
from monitor.simulator.play import Story, inventory_at, story_of
from monitor.simulator.years import rollout_history

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.inventory.city import Inventory
    from monitor.ledger.chain import Entry

SOURCE: Final = "simulated"
YEARS_BEFORE: Final = 4
DAYS: Final = 30
_SEEDS: Final = 12
_TOLD: Final = frozenset({Stage.VERIFIED, Stage.REGRESSED, Stage.LIVE})
_OUTAGE_SHARE: Final = 0.3
_LONGEST_MINUTES: Final = 240
# The recorder writes no longer runs either.
_RUN_MINUTES: Final = 60
_UP: Final = CODES[MinuteClass.UP]
_DOWN: Final = CODES[MinuteClass.DOWN]


@dataclass(frozen=True, slots=True)
class Past:
    """The events before an instant: the ledger's entries by time, and people's statements."""

    at: datetime
    entries: tuple[Entry, ...]
    story: Story
    due: date

    def inventory(self, inventory: Inventory) -> Inventory:
        """Return a configuration with the story's milestones and its goal."""
        return inventory_at(_due(inventory, self.due), self.story, self.at)


def past_of(inventory: Inventory, at: datetime) -> Past:
    """Return the past of a city at an instant, always the same for the same city and instant.

    Of several roll-outs, it is the first that ends with sites in stages of all kinds.
    """
    due = date(at.year - 1, 12, 31)
    city = _due(inventory, due)
    history: list[Entry] = []
    for seed in range(_SEEDS if city.goal is not None else 0):
        # Lines of next year are not built yet.
        whole = rollout_history(city, at.year - YEARS_BEFORE, at.year + 1, seed)
        history = [entry for entry in whole if entry.at < at]
        if {change.stage for change in latest_stages(history).values()} >= _TOLD:
            break
    month = _month(inventory, at)
    story = story_of(history)
    # The other evidence is in the history already.
    days = [entry for entry in story.evidence if entry.kind == LINE_DAY]
    entries = sorted([*history, *days, *month], key=lambda entry: entry.at)
    return Past(at, tuple(entries), replace(story, evidence=()), due)


def _due(inventory: Inventory, due: date) -> Inventory:
    """Return the inventory with its goal due on that day, of the schools that are listed."""
    goal = inventory.goal
    if goal is None:
        return inventory
    schools = [school for school in inventory.schools if goal.covers(school)]
    listed = len(schools) if goal.unit == "schools" else sum(len(one.sites) for one in schools)
    return replace(
        inventory, goal=replace(goal, target=due, denominator=max(1, listed), source=SOURCE)
    )


def _month(inventory: Inventory, at: datetime) -> Iterator[Entry]:
    """Yield a month's minutes and transitions: all lines up, but for an outage here and there."""
    sites = tuple(
        str(school.key(site))
        for school, site in inventory.sites()
        # A contract that covers only lessons would need its minutes outside them left out.
        if not site.uplink.is_owed_in_lessons_only
    )
    last, first = minute_of(at) - 5, minute_of(at) - DAYS * 1440
    begin = start_of(first)
    yield rule_entry(begin)
    yield scope_entry(sites, begin)
    for site in sites:
        yield transition_entry(Transition(site, State.UP, begin, begin, "answers"))
    outages = list(_outages(sites, first, last))
    for site, down, up in outages:
        yield from _outage(site, down, up)
    places = {site: place for place, site in enumerate(sites)}
    cuts = sorted(
        {first, last, *range(first, last, _RUN_MINUTES)}.union(
            *((down, up) for _, down, up in outages)
        )
    )
    codes = {minute: [_UP] * len(sites) for minute in cuts}
    for site, down, up in outages:
        for minute in cuts[bisect_right(cuts, down) - 1 : bisect_right(cuts, up) - 1]:
            codes[minute][places[site]] = _DOWN
    scope = scope_id(sites)
    for minute, after in pairwise(cuts):
        yield minutes_entry(MinuteRun(minute, after - minute, scope, "".join(codes[minute])))


def _outages(sites: Sequence[str], first: int, last: int) -> Iterator[tuple[str, int, int]]:
    """Yield outages: the site, the first minute down, and the first one up again."""
    for site in sites:
        random = Random(f"{site} {first // 1440}")  # noqa: S311  # a story, not a secret
        if random.random() < _OUTAGE_SHARE:
            # Most are short.
            lasts = round(_LONGEST_MINUTES ** random.uniform(0.3, 1.0))
            down = random.randrange(first + _RUN_MINUTES, last - _LONGEST_MINUTES - _RUN_MINUTES)
            yield site, down, down + lasts


def _outage(site: str, down: int, up: int) -> Iterator[Entry]:
    """Yield the transitions of an outage, each detected some rounds after it happened."""
    words = "no answer"
    began, ended = start_of(down), start_of(up)
    known, over = began + timedelta(seconds=60), ended + timedelta(seconds=20)
    yield transition_entry(Transition(site, State.DOWN, began, known, "no_answer", words))
    yield transition_entry(Transition(site, State.UP, ended, over, "answers"))
