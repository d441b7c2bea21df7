"""Which managed devices of a site are connected to each other, according to LLDP.

Only links between devices of the inventory are kept: a neighbor matches if its sysName is that of
exactly one device of the same school. Other LLDP neighbors (telephones, computers) are discarded at
once.

A link that was seen once is remembered, so that its loss can be reported.

Must not know: SNMP, metrics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.inventory.checks import Role
from monitor.observation import DeviceReading, HardwareReading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.inventory.checks import Target
    from monitor.inventory.city import Inventory
    from monitor.observation import Neighbor, Observation

Place = tuple[str, str, str]
"""School, site, device."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link as seen by the device at one end; each end names its own port."""

    port: str
    neighbor: Place
    neighbor_port: str


class Topology:
    """The links of every device, with whether the device still sees them."""

    def __init__(self, inventory: Inventory) -> None:
        self._places: frozenset[Place] = frozenset()
        # By school, so that the cost of a poll does not grow with the number of schools.
        self._names: dict[str, dict[Place, str]] = {}
        self._links: dict[Place, dict[Link, bool]] = {}
        self.reconfigure(inventory)

    def reconfigure(self, inventory: Inventory) -> set[Place]:
        """Apply another inventory; return the devices that lost links."""
        before = {place: len(links) for place, links in self._links.items()}
        self._places = frozenset(
            place_of(check.target)
            for check in inventory.checks()
            if check.target.role is not Role.REFERENCE
        )
        schools = {place[0] for place in self._places}
        self._names = {
            school: {place: name for place, name in names.items() if place in self._places}
            for school, names in self._names.items()
            if school in schools
        }
        self._links = {
            place: {link: seen for link, seen in links.items() if link.neighbor in self._places}
            for place, links in self._links.items()
            if place in self._places
        }
        return {place for place, count in before.items() if len(self.links(place)) < count}

    def observe(self, observation: Observation) -> bool:
        """Process an observation; return whether the device's links were updated."""
        values = observation.values
        if not isinstance(values, DeviceReading | HardwareReading):
            return False
        place = place_of(observation.check.target)
        if place not in self._places:
            return False
        if isinstance(values, DeviceReading) and values.sys_name:
            self._names.setdefault(place[0], {})[place] = values.sys_name.strip("\0 ")
        if not isinstance(values, HardwareReading) or values.neighbors is None:
            return False
        self._links[place] = _renewed(
            self._links.get(place, {}), self._managed(place, values.neighbors)
        )
        return True

    def links(self, place: Place) -> Mapping[Link, bool]:
        """Return the links that a device has seen, and whether it still sees each."""
        return self._links.get(place, {})

    def _managed(self, place: Place, neighbors: Iterable[Neighbor]) -> set[Link]:
        named: dict[str, list[Place]] = {}
        for there, name in self._names.get(place[0], {}).items():
            named.setdefault(name, []).append(there)
        found = set()
        for neighbor in neighbors:
            places = named.get(neighbor.sys_name, [])
            # Ambiguous names are ignored.
            if len(places) == 1 and places[0] != place:
                found.add(Link(neighbor.port, places[0], neighbor.remote_port))
        return found


def place_of(target: Target) -> Place:
    """Return the place of the device that a check asks."""
    return target.school, target.site, target.device


def _renewed(before: Mapping[Link, bool], seen: set[Link]) -> dict[Link, bool]:
    """Return the links after a poll: those seen, and earlier ones that are lost.

    A link that was moved is not lost: its port has another neighbor, or its neighbor appears at a
    port that was free.
    """
    ports = {link.port for link in seen}
    moved_to = {link.neighbor for link in seen - before.keys()}
    lost = [
        link
        for link in before
        if link not in seen and link.port not in ports and link.neighbor not in moved_to
    ]
    return dict.fromkeys(seen, True) | dict.fromkeys(lost, False)
