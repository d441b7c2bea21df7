"""The problems of devices in the ledger, so that their beginnings survive a restart.

An entry is written when a problem begins or ends. A problem from before the start that is still
undecided has not ended.

Must not know: how problems are detected, or who reads the entries.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.daemon.consumer import Consumer
from monitor.daemon.trouble_records import trouble_entry
from monitor.inventory.checks import Role
from monitor.observation import State
from monitor.verdict import Remembered, Subject, SubjectKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.daemon.consumers.verdicts import Verdicts
    from monitor.daemon.swap import Swap
    from monitor.inventory.city import Inventory
    from monitor.ledger.ledger import Ledger
    from monitor.observation import Observation
    from monitor.verdict import Change, Moment, Verdict


def devices_of(inventory: Inventory) -> frozenset[Subject]:
    """Return the uplinks and switches that have a check."""
    targets = {check.target for check in inventory.checks()}
    return frozenset(Subject.of(one) for one in targets if one.role is not Role.REFERENCE)


class Troubles(Consumer):
    """Records switches that are down, and everything degraded; `known` is what was recorded."""

    def __init__(
        self, verdicts: Verdicts, ledger: Ledger, known: Mapping[Subject, Remembered]
    ) -> None:
        self._verdicts = verdicts
        self._ledger = ledger
        self._recorded = dict(known)
        self._down: dict[Subject, Verdict] = {
            subject: one.down for subject, one in known.items() if one.down is not None
        }

    def reconfigure(self, inventory: Inventory, _: Swap) -> None:
        """Use another inventory; records of removed devices are kept."""
        kept = devices_of(inventory)
        self._recorded = {one: found for one, found in self._recorded.items() if one in kept}
        self._down = {one: verdict for one, verdict in self._down.items() if one in kept}

    def observe(self, _: Observation, __: Moment) -> None:
        """Process the changes caused by the observation."""
        self._follow(self._verdicts.changes)

    def tick(self, moment: Moment) -> None:
        """Record the problems that have begun or ended."""
        self._follow(self._verdicts.changes)
        found = dict(self._verdicts.conditions.held())
        for subject, verdict in self._down.items():
            found[subject] = replace(found.get(subject, Remembered()), down=verdict)
        entries = [
            trouble_entry(subject, now, moment.instant)
            for subject in {**self._recorded, **found}
            if not (now := found.get(subject, Remembered())).is_same(
                self._recorded.get(subject, Remembered())
            )
        ]
        if entries:
            self._ledger.submit(entries)
        self._recorded = found

    def _follow(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.subject.kind is not SubjectKind.SWITCH:
                continue
            if change.after.state is State.DOWN:
                self._down[change.subject] = change.after
            elif change.after.state is State.UP:
                self._down.pop(change.subject, None)
