"""Exposes the links between a site's devices, as the devices see them.

Must not know: how a neighbour is recognised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.daemon.consumer import Consumer
from monitor.devices.links import Topology, place_of
from monitor.exposition.hardware import SCHOOL_DEVICE_NEIGHBOR, render_links
from monitor.exposition.text import Blocks

if TYPE_CHECKING:
    from monitor.daemon.swap import Swap
    from monitor.devices.links import Place
    from monitor.exposition.store import Exposition
    from monitor.inventory.city import Inventory
    from monitor.observation import Observation
    from monitor.verdict import Moment


class Links(Consumer):
    """The links of the city's devices."""

    def __init__(self, inventory: Inventory, exposition: Exposition) -> None:
        self._exposition = exposition
        self._topology = Topology(inventory)

    def reconfigure(self, inventory: Inventory, swap: Swap) -> None:
        """Use another inventory; links to removed devices are dropped."""
        topology, exposition = swap.twin(self._topology), swap.twin(self._exposition)
        for place in topology.reconfigure(inventory):
            _expose(topology, place, exposition)

    def observe(self, observation: Observation, _: Moment) -> None:
        """Expose a device's links if the observation has its neighbours."""
        if self._topology.observe(observation):
            _expose(self._topology, place_of(observation.check.target), self._exposition)


def _expose(topology: Topology, place: Place, exposition: Exposition) -> None:
    blocks = Blocks()
    render_links(blocks, place, topology.links(place))
    block = blocks.text().get(SCHOOL_DEVICE_NEIGHBOR.name, b"")
    exposition.set_block(SCHOOL_DEVICE_NEIGHBOR.name, place[0], f"{'/'.join(place)}/links", block)
