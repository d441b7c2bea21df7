"""The standing watch: from observations to verdicts, and on to the ledger and the exposition.

Joins what are pure rules elsewhere: the board of verdicts, the meters of the uplinks, the
calendar, the maintenance windows and the recorder of minutes. Nothing here waits: the ledger
writes in its own time.

Must not know: probes, the schedule, HTTP, or how any rule decides.
"""

from __future__ import annotations

import logging
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.availability.minutes import minute_of
from monitor.availability.recorder import MinuteRecorder
from monitor.availability.records import TRANSITION, Transition, read_transition, rule_entry
from monitor.availability.spells import MEMORY, last_known
from monitor.calendar.school_days import SchoolCalendar
from monitor.devices.links import Topology, place_of
from monitor.exposition.availability import availability_blocks, ledger_blocks
from monitor.exposition.degraded import DegradedRenderer
from monitor.exposition.hardware import SCHOOL_DEVICE_NEIGHBOR, render_links
from monitor.exposition.rollout import rollout_blocks
from monitor.exposition.text import Blocks, LineBegins
from monitor.exposition.uplink import uplink_blocks, uplink_owner
from monitor.exposition.verdicts import VerdictRenderer, city_blocks
from monitor.observation import State
from monitor.rollout.identity import identity_of
from monitor.uplink import UplinkMeters
from monitor.verdict import (
    Cause,
    Conditions,
    Moment,
    Subject,
    SubjectKind,
    Verdict,
    VerdictBoard,
)
from monitor.verdict.conditions import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from monitor.calendar.maintenance import MaintenanceBook
    from monitor.clock import Clock
    from monitor.daemon.swap import Swap
    from monitor.devices.links import Place
    from monitor.exposition.store import Exposition
    from monitor.inventory.city import Inventory
    from monitor.ledger.chain import Entry, Past, Recorded
    from monitor.ledger.ledger import Ledger
    from monitor.observation import Observation
    from monitor.rollout.board import RolloutBoard
    from monitor.uplink import Measured
    from monitor.verdict import Change, Degradation

log = logging.getLogger(__name__)

_OWNER = "watch"
_ROLLOUT = "rollout"


@dataclass(frozen=True, slots=True)
class _Rules:
    """What follows from one inventory."""

    inventory: Inventory
    calendar: SchoolCalendar
    sites: tuple[str, ...]
    in_maintenance: Callable[[str, datetime], bool]
    in_service_hours: Callable[[str, datetime], bool]


class Watch:
    """Keeps the verdicts of the city, and account of them."""

    def __init__(  # noqa: PLR0913, PLR0917  # the parts that it joins
        self,
        inventory: Inventory,
        clock: Clock,
        exposition: Exposition,
        ledger: Ledger,
        maintenance: MaintenanceBook,
        rollout: RolloutBoard,
        *,
        memory: Iterable[Recorded] = (),
        rollout_clock: Clock | None = None,
    ) -> None:
        self._clock = clock
        self._rollout_clock = rollout_clock or clock
        self._exposition = exposition
        self._renderer = VerdictRenderer()
        self._city_begins = LineBegins()
        self._degraded_renderer = DegradedRenderer()
        self._ledger = ledger
        self.maintenance = maintenance
        maintenance.refresh(clock.now())
        self._rules = self._rules_of(inventory)
        self.board = VerdictBoard(
            inventory, self._moment(), known_before=_known_by_the_ledger(memory, inventory)
        )
        self.conditions = Conditions(inventory, self.board)
        self._degraded: Mapping[Subject, tuple[Degradation, ...]] = {}
        self.meters = UplinkMeters(inventory)
        self.topology = Topology(inventory)
        self.rollout = rollout
        self._verdicts_shown: int | None = None
        self._rollout_shown = 0
        rules = self._rules
        self._recorder = MinuteRecorder(
            rules.sites,
            clock.now(),
            rules.in_maintenance,
            rules.in_service_hours,
        )
        # Made and not handed over yet: what raises in between must not lose them.
        self._settled: tuple[Entry, ...] = ()
        self._expose_minutes()
        self._expose_ledger()

    @property
    def calendar(self) -> SchoolCalendar:
        """Return the city's school days and lesson hours."""
        return self._rules.calendar

    def reconfigure(self, inventory: Inventory, swap: Swap) -> None:
        """Take over another inventory; what is unchanged keeps its verdict and its account.

        What others hold as well (exposition, maintenance, roll-out) takes part in the swap.
        """
        shared, self._exposition = self._exposition, swap.twin(self._exposition)
        self._reconfigure(inventory, swap)
        self._exposition = shared

    def _reconfigure(self, inventory: Inventory, swap: Swap) -> None:
        swap.twin(self.maintenance).reconfigure(inventory)
        rules = self._rules = self._rules_of(inventory)
        self._renderer = VerdictRenderer()
        self._degraded_renderer = DegradedRenderer()
        self._verdicts_shown = None
        self.board = copy(self.board)
        self.board.reconfigure(inventory, self._moment())
        self.conditions = copy(self.conditions)
        self.conditions.reconfigure(inventory, self.board)
        self._recorder = copy(self._recorder)
        self._recorder.reload(rules.sites, rules.in_maintenance, rules.in_service_hours)
        self._expose_minutes()
        swap.twin(self.rollout).reconfigure(inventory)
        self._rollout_shown = 0
        self.meters = copy(self.meters)
        for gone in self.meters.reconfigure(inventory):
            self._expose_load(replace(gone, load=None))
        self.topology = copy(self.topology)
        for place in self.topology.reconfigure(inventory):
            self._expose_links(place)

    def observe(self, observation: Observation) -> None:
        """Take in one observation that just ended."""
        now = self._moment()
        self._changed(self.board.observe(observation, now), now)
        is_news = self.conditions.observe(observation, now)
        measured = self.meters.observe(observation, now.monotonic)
        if measured is not None:
            self._expose_load(measured)
            is_news |= self.conditions.measured(measured, now)
        if is_news:
            self._verdicts_shown = None
        if self.topology.observe(observation):
            self._expose_links(place_of(observation.check.target))
        seen = identity_of(observation)
        if seen is not None:
            target = observation.check.target
            site = f"{target.school}/{target.site}"
            self._ledger.submit(self.rollout.see(site, seen, self._rollout_clock.now()))

    def record(self, entries: Sequence[Entry]) -> None:
        """Take evidence that was found elsewhere: into the ledger, and before the board."""
        if entries:
            self._ledger.submit(entries)
            self.rollout.take(entries)

    def tick(self) -> None:
        """Let time pass: call it every few seconds."""
        now = self._clock.now()
        if self.maintenance.refresh(now):
            self._verdicts_shown = None
        self.board.excuse(self.maintenance.schools_active(now))
        moment = self._moment()
        self._changed(self.board.tick(moment), moment)
        if self.conditions.tick(moment):
            self._verdicts_shown = None
        self._settled += self._recorder.tick(now)
        if self._settled:
            self._ledger.submit(self._settled)
            settled, self._settled = self._settled, ()
            self.rollout.take(settled)
            self._expose_minutes()
        self._ledger.submit(self.rollout.tick(self._rollout_clock.now()))
        for overdue in self.meters.expire(self._clock.monotonic()):
            self._expose_load(overdue)
        self._expose(now)

    def _expose_minutes(self) -> None:
        for school, texts in availability_blocks(self._recorder.counts).items():
            self._exposition.set_blocks(school, _OWNER, texts)

    def _expose_ledger(self) -> None:
        self._exposition.set_blocks("", _OWNER, ledger_blocks(self._ledger.health))

    def stop(self) -> None:
        """Account for the minutes that are known, before the end; no observation may follow."""
        try:
            self.tick()
        finally:
            self._ledger.submit((*self._settled, *self._recorder.stop(self._clock.now())))

    def _expose_load(self, measured: Measured) -> None:
        owner = uplink_owner(measured)
        self._exposition.set_blocks(measured.school, owner, uplink_blocks(measured))

    def _expose_links(self, place: Place) -> None:
        owner = f"{'/'.join(place)}/links"
        blocks = Blocks()
        render_links(blocks, place, self.topology.links(place))
        family = SCHOOL_DEVICE_NEIGHBOR.name
        self._exposition.set_block(family, place[0], owner, blocks.text().get(family, b""))

    def begin(self, *, has_rule: bool = False) -> None:
        """Say in the ledger what the rule of verdicts is, if that is news to it."""
        if not has_rule:
            self._ledger.submit([rule_entry(self._clock.now())])

    def _changed(self, changes: Iterable[Change], now: Moment) -> None:
        for change in changes:
            self._verdicts_shown = None
            self.conditions.changed(change, now)
            self._tell(change)
            if change.subject.kind is SubjectKind.UPLINK:
                self._ledger.submit([self._recorder.observe(_transition(change))])

    def _tell(self, change: Change) -> None:
        verdict = change.after
        level = logging.WARNING if verdict.state is State.DOWN else logging.INFO
        log.log(
            level,
            "%s: %s (%s) since %s%s",
            change.subject,
            verdict.state,
            verdict.cause,
            verdict.since.isoformat(timespec="seconds"),
            f": {verdict.detail}" if verdict.detail else "",
        )

    def _expose(self, now: datetime) -> None:
        rules = self._rules
        of_city = city_blocks(self.board, rules.calendar, self.maintenance, now, self._city_begins)
        self._exposition.set_blocks("", _OWNER, of_city)
        # Without a change of a verdict, lessons and windows begin and end by the minute.
        if minute_of(now) != self._verdicts_shown:
            self._verdicts_shown = minute_of(now)
            before, self._degraded = self._degraded, self.conditions.degraded()
            for subject, found, is_new in told(before, self._degraded):
                _tell_degraded(subject, found, is_new=is_new)
            changed = self._renderer.blocks(
                self.board, rules.inventory, rules.calendar, self.maintenance, now
            )
            for school, texts in changed.items():
                self._exposition.set_blocks(school, _OWNER, texts)
            for school, texts in self._degraded_renderer.blocks(self.board, self._degraded).items():
                self._exposition.set_blocks(school, _OWNER, texts)
        self._expose_ledger()
        day = self._rollout_clock.now()
        if minute_of(day) != self._rollout_shown:
            self._rollout_shown = minute_of(day)
            self._expose_rollout()

    def _expose_rollout(self) -> None:
        """Once a minute, for stages do not change more often."""
        by_school = rollout_blocks(self.rollout)
        for school in self._rules.inventory.schools:
            self._exposition.replace_blocks(school.id, _ROLLOUT, by_school.get(school.id, {}))

    def _moment(self) -> Moment:
        return Moment(self._clock.monotonic(), self._clock.now())

    def _rules_of(self, inventory: Inventory) -> _Rules:
        calendar = SchoolCalendar(inventory.calendar)
        hours = {
            f"{school.id}/{site.id}": (school, site.uplink.contract.hours)
            for school in inventory.schools
            for site in school.sites
        }

        def in_service_hours(site: str, at: datetime) -> bool:
            school, owed = hours[site]
            return owed == "always" or calendar.in_lessons(school.type, at, school.days_off)

        maintenance = self.maintenance

        def in_maintenance(site: str, at: datetime) -> bool:
            return maintenance.active(site.partition("/")[0], at) is not None

        return _Rules(inventory, calendar, tuple(hours), in_maintenance, in_service_hours)


async def remembered(past: Past, now: datetime) -> list[Recorded]:
    """Return the latest recorded changes of verdicts, for a watch that begins."""
    return await past.entries(TRANSITION, since=now - MEMORY)


def _known_by_the_ledger(
    memory: Iterable[Recorded], inventory: Inventory
) -> dict[Subject, Verdict]:
    latest = last_known(read_transition(one.entry) for one in memory)
    return {
        Subject(SubjectKind.UPLINK, school.id, site.id, site.uplink.device): Verdict(
            one.state, Cause(one.reason), one.since, one.detail
        )
        for school in inventory.schools
        for site in school.sites
        if (one := latest.get(f"{school.id}/{site.id}")) is not None and one.reason in set(Cause)
    }


def _tell_degraded(subject: Subject, found: Degradation, *, is_new: bool) -> None:
    about = " ".join(part for part in (found.check, found.part) if part)
    since = found.since.isoformat(timespec="seconds")
    said = (
        "%s: degraded (%s, %s) since %s: %s"
        if is_new
        else "%s: no longer degraded (%s, %s); it had been since %s: %s"
    )
    log.info(said, subject, found.trouble, about, since, found.detail)


def _transition(change: Change) -> Transition:
    subject, verdict = change.subject, change.after
    return Transition(
        site=f"{subject.school}/{subject.site}",
        state=verdict.state,
        # Minutes before the rounds that prove it are not known, also where an outage goes on. A
        # step of the wall clock between the two must not stop the account.
        since=min(change.proven_from, change.at),
        at=change.at,
        reason=verdict.cause,
        detail=verdict.detail,
    )
