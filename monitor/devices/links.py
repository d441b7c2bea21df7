"""Which managed devices of a site are cabled to each other, by what they tell over LLDP.

Only links between devices of the inventory are kept: a neighbor is one if it calls itself by
the sysName that such a device of the same school has, and no other. Whatever else speaks LLDP
(telephones, people's computers) is forgotten as soon as it was read.

A link that was seen once stays known: that it is gone is what one wants to hear of.

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
    """A cable as the device at one end of it sees it; the ports as each end calls its own."""

    port: str
    neighbor: Place
    neighbor_port: str


class Topology:
    """The links of every device, with whether the device still sees them."""

    def __init__(self, inventory: Inventory) -> None:
        self._places: frozenset[Place] = frozenset()
        # By school: a poll must not cost more because there are more schools.
        self._names: dict[str, dict[Place, str]] = {}
        self._links: dict[Place, dict[Link, bool]] = {}
        self.reconfigure(inventory)

    def reconfigure(self, inventory: Inventory) -> set[Place]:
        """Take over another inventory; return the devices that have fewer links now, or none."""
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
        """Take in what was found; return whether the device's links were told anew."""
        place = place_of(observation.check.target)
        if place not in self._places:
            return False
        values = observation.values
        if isinstance(values, DeviceReading) and values.sys_name:
            self._names.setdefault(place[0], {})[place] = values.sys_name.strip("\0 ")
        if not isinstance(values, HardwareReading) or values.neighbors is None:
            return False
        self._links[place] = _renewed(
            self._links.get(place, {}), self._managed(place, values.neighbors)
        )
        return True

    def links(self, place: Place) -> Mapping[Link, bool]:
        """Return the links that a device sees or has seen, with whether it sees them now."""
        return self._links.get(place, {})

    def _managed(self, place: Place, neighbors: Iterable[Neighbor]) -> set[Link]:
        named: dict[str, list[Place]] = {}
        for there, name in self._names.get(place[0], {}).items():
            named.setdefault(name, []).append(there)
        found = set()
        for neighbor in neighbors:
            places = named.get(neighbor.sys_name, [])
            # Two of a name are as good as none.
            if len(places) == 1 and places[0] != place:
                found.add(Link(neighbor.port, places[0], neighbor.remote_port))
        return found


def place_of(target: Target) -> Place:
    """Return the place of the device that a check asks."""
    return target.school, target.site, target.device


def _renewed(before: Mapping[Link, bool], seen: set[Link]) -> dict[Link, bool]:
    """Return the links after a poll: those seen, and those of before that are only gone.

    A cable that was put elsewhere is seen elsewhere: the port has another neighbor, or a port
    that was free has the neighbor of this one.
    """
    ports = {link.port for link in seen}
    moved_to = {link.neighbor for link in seen - before.keys()}
    lost = [
        link
        for link in before
        if link not in seen and link.port not in ports and link.neighbor not in moved_to
    ]
    return dict.fromkeys(seen, True) | dict.fromkeys(lost, False)
