"""The samples of each check's last run, exposed until they are overdue.

Must not know: how an observation becomes text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.daemon.consumer import Consumer

if TYPE_CHECKING:
    from monitor.daemon.swap import Swap
    from monitor.exposition.store import Exposition
    from monitor.inventory.city import Inventory
    from monitor.observation import Observation
    from monitor.verdict import Moment


class Samples(Consumer):
    """Passes observations to the exposition."""

    def __init__(self, inventory: Inventory, exposition: Exposition) -> None:
        self._exposition = exposition
        exposition.set_inventory(inventory)

    def reconfigure(self, inventory: Inventory, swap: Swap) -> None:
        """Expose the new inventory; series of removed schools and checks are dropped."""
        exposition = swap.twin(self._exposition)
        exposition.unshare()
        exposition.set_inventory(inventory)

    def observe(self, observation: Observation, _: Moment) -> None:
        """Replace the check's samples."""
        self._exposition.observe(observation)

    def tick(self, _: Moment) -> None:
        """Drop the samples of checks whose next runs are overdue."""
        self._exposition.expire()
