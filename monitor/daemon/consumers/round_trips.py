"""Data for the pages from single polls: the last day's round-trip times, the switches' hardware.

Must not know: how they are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.daemon.consumer import Consumer
from monitor.status.equipment import EquipmentBook
from monitor.status.history import RoundTripHistory

if TYPE_CHECKING:
    from monitor.daemon.swap import Swap
    from monitor.inventory.city import Inventory
    from monitor.observation import Observation
    from monitor.verdict import Moment


class RoundTrips(Consumer):
    """Passes the pings of uplinks and the polls of switches to the pages' data."""

    def __init__(self, inventory: Inventory) -> None:
        self.history = RoundTripHistory(inventory)
        self.equipment = EquipmentBook(inventory)

    def reconfigure(self, inventory: Inventory, swap: Swap) -> None:
        """Use another inventory; sites that remain keep their history."""
        swap.twin(self.history).reconfigure(inventory)
        swap.twin(self.equipment).reconfigure(inventory)

    def observe(self, observation: Observation, _: Moment) -> None:
        """Process one round of pings or one poll."""
        self.history.observe(observation)
        self.equipment.observe(observation)
