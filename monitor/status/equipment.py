"""The hardware of each switch: model, ports, power over Ethernet, last restart.

Kept from the last poll of each device, so it is empty until the first one after a start.

Must not know: how it is shown, or how devices are polled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from monitor.observation import DeviceReading, HardwareReading
from monitor.status.model import EquipmentStatus
from monitor.words.plain import plain

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.inventory.city import Inventory
    from monitor.inventory.site_key import SiteKey
    from monitor.observation import Observation

_ETHERNET: Final = 6  # ifType ethernetCsmacd
_UP: Final = 1  # ifOperStatus
_LONGEST: Final = 80

Device = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Known:
    chassis: str = ""
    said: str = ""
    description: str = ""
    restarted: datetime | None = None
    ports: int | None = None
    ports_up: int | None = None
    power_drawn: int | None = None
    power_budget: int | None = None


class EquipmentBook:
    """Collects the hardware polls of switches, and describes the switches."""

    def __init__(self, inventory: Inventory) -> None:
        self._known: dict[Device, _Known] = {}
        self.reconfigure(inventory)

    def reconfigure(self, inventory: Inventory) -> None:
        """Apply another inventory; switches that remain keep their data."""
        self._known = {
            key: self._known.get(key, _Known())
            for school, site in inventory.sites()
            for key in ((school.id, site.id, switch.name) for switch in site.switches)
        }

    def observe(self, observation: Observation) -> None:
        """Process one hardware poll of a switch; other observations are ignored."""
        target, values = observation.check.target, observation.values
        key = (target.school, target.site, target.device)
        known = self._known.get(key)
        if known is None:
            return
        if isinstance(values, DeviceReading):
            self._known[key] = _polled(known, values)
        elif isinstance(values, HardwareReading):
            self._known[key] = _inspected(known, values)

    def of(self, place: SiteKey) -> tuple[EquipmentStatus, ...]:
        """Return a site's switches for which there are data."""
        return tuple(
            EquipmentStatus(
                device=device,
                model=known.chassis or known.description,
                restarted=known.restarted,
                ports=known.ports,
                ports_up=known.ports_up,
                power_drawn_watts=known.power_drawn,
                power_budget_watts=known.power_budget,
            )
            for (school, site, device), known in self._known.items()
            if (school, site) == place and known != _Known()
        )


def _polled(known: _Known, reading: DeviceReading) -> _Known:
    kinds, states = reading.columns.get("ifType", {}), reading.columns.get("ifOperStatus", {})
    ports = [state for row, state in states.items() if kinds.get(row, _ETHERNET) == _ETHERNET]
    restarted = None
    running = reading.running_seconds
    if reading.read_at is not None and running is not None:
        restarted = reading.read_at - timedelta(seconds=running)
    description = known.description
    if reading.sys_descr != known.said:
        description = plain(reading.sys_descr.partition("\n")[0])[:_LONGEST].strip()
    # All fields, because `replace` costs three times as much.
    return _Known(
        known.chassis,
        reading.sys_descr,
        description,
        restarted,
        len(ports) if states else None,
        ports.count(_UP) if states else None,
        known.power_drawn,
        known.power_budget,
    )


def _inspected(known: _Known, reading: HardwareReading) -> _Known:
    chassis = plain(reading.chassis.model)[:_LONGEST].strip() if reading.chassis else ""
    drawn = [one.drawn for one in reading.power.values() if one.drawn is not None]
    budget = [one.budget for one in reading.power.values() if one.budget is not None]
    return replace(
        known,
        chassis=chassis,
        power_drawn=sum(drawn) if drawn else None,
        power_budget=sum(budget) if budget else None,
    )
