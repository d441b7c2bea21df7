"""Data for the pages from single runs: the last day's round-trip times and outcomes, the hardware.

Must not know: how they are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.daemon.consumer import Consumer
from monitor.status.equipment import EquipmentBook
from monitor.status.history import RoundTripHistory
from monitor.status.outcomes import OutcomeHistory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.daemon.swap import Swap
    from monitor.inventory.city import Inventory
    from monitor.observation import Observation
    from monitor.verdict import Moment


class RoundTrips(Consumer):
    """Passes outcomes, the pings of uplinks and the polls of switches to the pages' data."""

    def __init__(self, inventory: Inventory) -> None:
        self.history = RoundTripHistory(inventory)
        self.equipment = EquipmentBook(inventory)
        self.outcomes = OutcomeHistory(inventory)

    def recall(self, earlier: Iterable[Observation]) -> None:
        """Take the pings of uplinks from before the start."""
        for observation in earlier:
            self.history.observe(observation)

    def reconfigure(self, inventory: Inventory, swap: Swap) -> None:
        """Use another inventory; sites and checks that remain keep their history."""
        swap.twin(self.history).reconfigure(inventory)
        swap.twin(self.equipment).reconfigure(inventory)
        swap.twin(self.outcomes).reconfigure(inventory)

    def observe(self, observation: Observation, _: Moment) -> None:
        """Process one run of a check."""
        self.history.observe(observation)
        self.equipment.observe(observation)
        self.outcomes.observe(observation)
