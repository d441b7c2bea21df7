"""Each site's availability minutes: from changes of verdicts to the ledger and the metrics.

Must not know: how a minute is classified, or how a verdict is reached.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from monitor.availability.minutes import start_of
from monitor.availability.recorder import MinuteRecorder
from monitor.availability.records import MINUTES, Transition, read_run, rule_entry
from monitor.daemon.consumer import Consumer
from monitor.exposition.availability import availability_blocks, ledger_blocks
from monitor.inventory.site_key import SiteKey
from monitor.ledger.chain import MalformedEntryError
from monitor.verdict import SubjectKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.calendar.maintenance import MaintenanceBook
    from monitor.calendar.school_days import SchoolCalendar
    from monitor.daemon.consumers.verdicts import Verdicts
    from monitor.daemon.swap import Swap
    from monitor.exposition.store import Exposition
    from monitor.inventory.city import Inventory
    from monitor.ledger.chain import Entry, Past
    from monitor.ledger.ledger import Ledger
    from monitor.observation import Observation
    from monitor.rollout.board import RolloutBoard
    from monitor.verdict import Change, Moment

    Question = Callable[[str, datetime], bool]

audit = logging.getLogger("monitor.audit")

_OWNER: Final = "minutes"


class Minutes(Consumer):
    """Records the sites' minutes from `now` on; settled ones are evidence for stages."""

    def __init__(  # noqa: PLR0913, PLR0917  # the parts that it joins
        self,
        inventory: Inventory,
        verdicts: Verdicts,
        rollout: RolloutBoard,
        ledger: Ledger,
        exposition: Exposition,
        now: datetime,
    ) -> None:
        self._verdicts = verdicts
        self._rollout = rollout
        self._ledger = ledger
        self._exposition = exposition
        sites, in_service_hours = _sites(inventory, verdicts.calendar)
        in_maintenance = _in_maintenance(verdicts.maintenance)
        self._recorder = MinuteRecorder(sites, now, in_maintenance, in_service_hours)
        # Not submitted yet: an exception between the two must not lose them.
        self._settled: tuple[Entry, ...] = ()
        _expose(self._recorder, exposition)
        self._expose_ledger()

    def begin(self, now: datetime, *, has_rule: bool = False) -> None:
        """Record the rule of verdicts in the ledger if it is new."""
        if not has_rule:
            self._ledger.submit([rule_entry(now)])

    def reconfigure(self, inventory: Inventory, swap: Swap) -> None:
        """Use another inventory; sites that remain keep their minutes."""
        sites, in_service_hours = _sites(inventory, swap.twin(self._verdicts).calendar)
        in_maintenance = _in_maintenance(self._verdicts.maintenance)
        recorder = swap.twin(self._recorder)
        recorder.reload(sites, in_maintenance, in_service_hours)
        _expose(recorder, swap.twin(self._exposition))

    def observe(self, _: Observation, __: Moment) -> None:
        """Record the changes caused by the observation."""
        for change in self._verdicts.changes:
            self._record(change)

    def tick(self, moment: Moment) -> None:
        """Record changes, and the minutes that can no longer change."""
        for change in self._verdicts.changes:
            self._record(change)
        self._settled += self._recorder.tick(moment.instant)
        if self._settled:
            self._ledger.submit(self._settled)
            settled, self._settled = self._settled, ()
            self._rollout.take(settled)
            _expose(self._recorder, self._exposition)
        self._expose_ledger()

    def stop(self, now: datetime) -> None:
        """Record the known minutes before the end; no observation may follow."""
        self._ledger.submit((*self._settled, *self._recorder.stop(now)))

    def _record(self, change: Change) -> None:
        if change.subject.kind is SubjectKind.UPLINK:
            self._ledger.submit([self._recorder.observe(_transition(change))])

    def _expose_ledger(self) -> None:
        self._exposition.set_blocks("", _OWNER, ledger_blocks(self._ledger.health))


async def warn_of_kill(past: Past, now: datetime) -> None:
    """Log since when minutes are unknown, after a run that was killed or crashed.

    Raises:
        LedgerError: if the records cannot be read.
    """
    ends = []
    for entry in await past.latest(MINUTES):
        with suppress(MalformedEntryError):
            run = read_run(entry)
            ends.append(start_of(run.first + run.minutes))
    since = f"{max(ends):%Y-%m-%d %H:%M} UTC" if ends else "its beginning"
    audit.warning(
        "the last run was killed or crashed: the minutes from %s to %s are unknown",
        since,
        f"{now:%Y-%m-%d %H:%M} UTC",
    )


def _expose(recorder: MinuteRecorder, exposition: Exposition) -> None:
    for school, texts in availability_blocks(recorder.counts).items():
        exposition.set_blocks(school, _OWNER, texts)


def _sites(inventory: Inventory, calendar: SchoolCalendar) -> tuple[tuple[str, ...], Question]:
    """Return the sites, and a function for whether a site's contract owes service at an instant."""
    hours = {
        str(school.key(site)): (school, site.uplink.is_owed_in_lessons_only)
        for school, site in inventory.sites()
    }

    def in_service_hours(site: str, at: datetime) -> bool:
        school, in_lessons_only = hours[site]
        return not in_lessons_only or calendar.in_lessons(school.type, at, school.days_off)

    return tuple(hours), in_service_hours


def _in_maintenance(maintenance: MaintenanceBook) -> Question:
    def in_maintenance(site: str, at: datetime) -> bool:
        return maintenance.active(SiteKey.parse(site).school, at) is not None

    return in_maintenance


def _transition(change: Change) -> Transition:
    subject, verdict = change.subject, change.after
    return Transition(
        site=str(subject.site_key),
        state=verdict.state,
        # Minutes before the rounds that prove it are unknown, even if an outage goes on. A step of
        # the wall clock between the two must not stop the recording.
        since=min(change.proven_from, change.at),
        at=change.at,
        reason=verdict.cause,
        detail=verdict.detail,
    )
