"""Router and switches of one school, from the devices that answered in its network.

Must not know: how they were queried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.importing.devices import Device, devices_of
from monitor.importing.taken import Skipped, Taken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.config.rows import Row

# Source: RFC 3418 sysServices: 2**(layer - 1), summed.
_LAYER_2: Final = 2
_LAYER_3: Final = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of an address: its system group by SNMP, or only a ping reply."""

    address: str
    reads_snmp: bool = False
    name: str = ""
    description: str = ""
    services: int = 0

    def hints(self) -> tuple[str, ...]:
        """Return the hints on whether it is a router or a switch, the most reliable first."""
        forwards = {
            _LAYER_3: "router",
            _LAYER_2 | _LAYER_3: "router",
            _LAYER_2: "switch",
        }
        layers = self.services & (_LAYER_2 | _LAYER_3)
        return self.name, self.description, forwards.get(layers, "")


def school_of(answers: Iterable[Answer], school: Row) -> Taken:
    """Return a row with the router and the switches of the school in `school`.

    A device that answers at several addresses is included once, with the first one.
    """
    taken = Taken()
    devices: dict[str, Device] = {}
    silent: list[str] = []
    again: list[str] = []
    for one in answers:
        if not one.reads_snmp:
            silent.append(one.address)
            continue
        name = one.name or one.address
        if name in devices:
            again.append(f"{one.address} ({name})")
        else:
            devices[name] = Device(name, one.address, one.hints())
    for why, names in (("no reply by SNMP", silent), ("the same device again", again)):
        if names:
            taken.skipped.append(Skipped(why, tuple(names)))
    row, skipped = devices_of(devices.values(), str(school["id"]))
    taken.skipped += skipped
    if row:
        taken.rows.append(school | row)
    return taken
