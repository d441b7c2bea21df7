"""From observations to verdicts and degraded devices, with the maintenance windows in force.

Must not know: how a verdict is reached, who uses the changes, metrics, or the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.availability.records import read_transition
from monitor.availability.spells import last_known
from monitor.calendar.school_days import SchoolCalendar
from monitor.daemon.consumer import Consumer
from monitor.verdict import (
    Cause,
    Conditions,
    Moment,
    Subject,
    SubjectKind,
    Verdict,
    VerdictBoard,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.calendar.maintenance import MaintenanceBook
    from monitor.clock import Clock
    from monitor.daemon.swap import Swap
    from monitor.inventory.city import Inventory
    from monitor.ledger.chain import Recorded
    from monitor.observation import Observation
    from monitor.uplink import Measured
    from monitor.verdict import Change, Remembered


@dataclass(frozen=True, slots=True)
class Memory:
    """What was recorded before the start: changes of uplinks' verdicts, and what was wrong."""

    transitions: Iterable[Recorded] = ()
    troubles: Mapping[Subject, Remembered] = field(default_factory=dict)

    def verdicts(self, inventory: Inventory) -> dict[Subject, Verdict]:
        """Return the last verdict on each uplink that was not unknown, and on switches down."""
        latest = last_known(read_transition(one.entry) for one in self.transitions)
        known = {
            Subject(SubjectKind.UPLINK, school.id, site.id, site.uplink.device): Verdict(
                one.state, Cause(one.reason), one.since, one.detail
            )
            for school, site in inventory.sites()
            if (one := latest.get(str(school.key(site)))) is not None and one.reason in set(Cause)
        }
        down = {subject: one.down for subject, one in self.troubles.items() if one.down is not None}
        return known | down


class Verdicts(Consumer):
    """The verdicts of the city, and the degradations of devices that answer.

    `changes` are those of the last observation or tick, for the consumers that come after;
    `news` increases whenever any displayed value of a device has changed.
    """

    def __init__(
        self,
        inventory: Inventory,
        clock: Clock,
        maintenance: MaintenanceBook,
        memory: Memory | None = None,
    ) -> None:
        self._clock = clock
        self.maintenance = maintenance
        now = Moment(clock.monotonic(), clock.now())
        maintenance.refresh(now.instant)
        self.calendar = SchoolCalendar(inventory.calendar)
        memory = memory or Memory()
        before = memory.verdicts(inventory)
        self.board = VerdictBoard(inventory, now, known_before=before)
        self.conditions = Conditions(inventory, self.board)
        self.conditions.remember(memory.troubles, before, now)
        self.changes: tuple[Change, ...] = ()
        self.news = 0

    def reconfigure(self, inventory: Inventory, swap: Swap) -> None:
        """Use another inventory; unchanged devices keep their verdict."""
        swap.twin(self.maintenance).reconfigure(inventory)
        self.calendar = SchoolCalendar(inventory.calendar)
        board = swap.twin(self.board)
        board.reconfigure(inventory, Moment(self._clock.monotonic(), self._clock.now()))
        swap.twin(self.conditions).reconfigure(inventory, board)
        self.changes = ()

    def observe(self, observation: Observation, moment: Moment) -> None:
        """Judge the device, and those whose verdict depends on it."""
        self._changed(self.board.observe(observation, moment), moment)
        if self.conditions.observe(observation, moment):
            self.news += 1

    def measured(self, measured: Measured, moment: Moment) -> None:
        """Process the load of a line."""
        if self.conditions.measured(measured, moment):
            self.news += 1

    def tick(self, moment: Moment) -> None:
        """Apply windows that began or ended, and the effects of missing observations."""
        if self.maintenance.refresh(moment.instant):
            self.news += 1
        self.board.excuse(self.maintenance.schools_active(moment.instant))
        self._changed(self.board.tick(moment), moment)
        if self.conditions.tick(moment):
            self.news += 1

    def _changed(self, changes: tuple[Change, ...], moment: Moment) -> None:
        self.changes = changes
        for change in changes:
            self.news += 1
            self.conditions.changed(change, moment)
