"""The last day's round-trip times, for the pages.

Must not know: who shows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.daemon.consumer import Consumer
from monitor.status.history import RoundTripHistory

if TYPE_CHECKING:
    from monitor.daemon.swap import Swap
    from monitor.inventory.city import Inventory
    from monitor.observation import Observation
    from monitor.verdict import Moment


class RoundTrips(Consumer):
    """Hands the pings of uplinks to the history that pages read."""

    def __init__(self, inventory: Inventory) -> None:
        self.history = RoundTripHistory(inventory)

    def reconfigure(self, inventory: Inventory, swap: Swap) -> None:
        """Take over another inventory; sites that stay keep their day."""
        swap.twin(self.history).reconfigure(inventory)

    def observe(self, observation: Observation, _: Moment) -> None:
        """Take in one round of pings."""
        self.history.observe(observation)
