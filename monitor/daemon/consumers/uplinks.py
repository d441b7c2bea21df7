"""The load of each uplink against its contract: measured, exposed, and passed to the verdicts.

Must not know: how a load is measured, or when a line is overloaded.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.daemon.consumer import Consumer
from monitor.exposition.uplink import uplink_blocks, uplink_owner
from monitor.uplink import UplinkMeters

if TYPE_CHECKING:
    from monitor.daemon.consumers.verdicts import Verdicts
    from monitor.daemon.swap import Swap
    from monitor.exposition.store import Exposition
    from monitor.inventory.city import Inventory
    from monitor.observation import Observation
    from monitor.uplink import Measured
    from monitor.verdict import Moment


class Uplinks(Consumer):
    """The meters of the city's uplinks."""

    def __init__(self, inventory: Inventory, verdicts: Verdicts, exposition: Exposition) -> None:
        self._verdicts = verdicts
        self._exposition = exposition
        self.meters = UplinkMeters(inventory)

    def reconfigure(self, inventory: Inventory, swap: Swap) -> None:
        """Use another inventory; the loads of removed lines are dropped."""
        exposition = swap.twin(self._exposition)
        for gone in swap.twin(self.meters).reconfigure(inventory):
            _expose(replace(gone, load=None), exposition)

    def observe(self, observation: Observation, moment: Moment) -> None:
        """Compute the load from an uplink's counters."""
        measured = self.meters.observe(observation, moment.monotonic)
        if measured is not None:
            _expose(measured, self._exposition)
            self._verdicts.measured(measured, moment)

    def tick(self, moment: Moment) -> None:
        """Drop the loads whose polls are overdue."""
        for overdue in self.meters.expire(moment.monotonic):
            _expose(overdue, self._exposition)


def _expose(measured: Measured, exposition: Exposition) -> None:
    exposition.set_blocks(measured.school, uplink_owner(measured), uplink_blocks(measured))
