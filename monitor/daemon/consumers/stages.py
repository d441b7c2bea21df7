"""The roll-out: passes evidence to the board, and stages to the ledger and the metrics.

Must not know: how a stage follows from evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.availability.minutes import minute_of
from monitor.daemon.consumer import Consumer
from monitor.exposition.rollout import rollout_blocks
from monitor.rollout.identity import identity_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.clock import Clock
    from monitor.daemon.swap import Swap
    from monitor.exposition.store import Exposition
    from monitor.inventory.city import Inventory
    from monitor.ledger.chain import Entry
    from monitor.ledger.ledger import Ledger
    from monitor.observation import Observation
    from monitor.rollout.board import RolloutBoard
    from monitor.verdict import Moment

_OWNER: Final = "rollout"


class Stages(Consumer):
    """The stages of the city's sites; `clock` is the roll-out's, which runs faster in a demo."""

    def __init__(
        self,
        inventory: Inventory,
        rollout: RolloutBoard,
        ledger: Ledger,
        exposition: Exposition,
        clock: Clock,
    ) -> None:
        self._inventory = inventory
        self.rollout = rollout
        self._ledger = ledger
        self._exposition = exposition
        self._clock = clock
        self._shown = 0

    def reconfigure(self, inventory: Inventory, swap: Swap) -> None:
        """Use another inventory; the evidence of a site is kept."""
        swap.twin(self.rollout).reconfigure(inventory)
        self._inventory = inventory
        self._shown = 0

    def observe(self, observation: Observation, _: Moment) -> None:
        """Process the line's identity in an observation."""
        seen = identity_of(observation)
        if seen is not None:
            target = observation.check.target
            site = str(target.site_key)
            self._ledger.submit(self.rollout.see(site, seen, self._clock.now()))

    def record(self, entries: Sequence[Entry]) -> None:
        """Record evidence from elsewhere: in the ledger and on the board."""
        if entries:
            self._ledger.submit(entries)
            self.rollout.take(entries)

    def tick(self, _: Moment) -> None:
        """Record the stages that changed; expose all once a minute."""
        now = self._clock.now()
        self._ledger.submit(self.rollout.tick(now))
        if minute_of(now) != self._shown:
            self._shown = minute_of(now)
            by_school = rollout_blocks(self.rollout)
            for school in self._inventory.schools:
                blocks = by_school.get(school.id, {})
                self._exposition.replace_blocks(school.id, _OWNER, blocks)
