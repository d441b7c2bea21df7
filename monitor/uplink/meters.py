"""The meters of a city, one per uplink router; unchanged ones are kept over a reload.

Must not know: how readings are made, or who uses the loads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.inventory.checks import CheckKind, InterfacesOptions, Role
from monitor.inventory.city import checks_of_school
from monitor.observation import DeviceReading, Outcome
from monitor.uplink.findings import findings
from monitor.uplink.meter import UplinkMeter
from monitor.uplink.model import Poll

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.inventory.checks import Check
    from monitor.inventory.city import Contract, Inventory
    from monitor.inventory.site_key import SiteKey
    from monitor.observation import Observation
    from monitor.uplink.findings import Finding
    from monitor.uplink.meter import UplinkLoad

# A load stays valid for this many missed runs of its check; a failed run ends it at once.
MISSED_RUNS = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """The result of the last poll of one site's uplink; `load` is None if it failed."""

    school: str
    site: str
    contract: Contract | None
    load: UplinkLoad | None
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class _Entry:
    check: Check
    meter: UplinkMeter
    measured: Measured
    ended: float = 0.0


class UplinkMeters:
    """All meters of an inventory."""

    def __init__(self, inventory: Inventory) -> None:
        self._entries: dict[str, _Entry] = {}
        self.reconfigure(inventory)

    def reconfigure(self, inventory: Inventory) -> list[Measured]:
        """Apply another inventory; meters with the same check and contract are kept.

        Returns the last results of the uplinks whose meters were removed or replaced.
        """
        before = dict(self._entries)
        self._entries = {}
        for check, contract in _uplink_checks(inventory):
            known = before.get(check.id)
            if known and known.check == check and known.measured.contract == contract:
                self._entries[check.id] = before.pop(check.id)
            else:
                self._entries[check.id] = _entry(check, contract)
        return [entry.measured for entry in before.values()]

    def observe(self, observation: Observation, ended: float) -> Measured | None:
        """Process an observation that ended at that monotonic time; None if it is not an uplink's.

        A poll that failed half-way is not measured, because missing values may just be unread. The
        previous one remains the one to compare with.
        """
        entry = self._entries.get(observation.check.id)
        if entry is None or entry.check != observation.check:
            return None
        load: UplinkLoad | None = None
        reading = observation.values
        if observation.outcome is Outcome.OK and isinstance(reading, DeviceReading):
            poll = Poll(ended - observation.duration, ended, observation.started)
            load = entry.meter.measure(reading, poll)
        entry.ended = ended
        contract = entry.measured.contract
        found = findings(load, contract) if load else ()
        entry.measured = replace(entry.measured, load=load, findings=found)
        return entry.measured

    def expire(self, now: float) -> list[Measured]:
        """Drop the loads whose polls are overdue, and return what remains of them."""
        overdue = [
            entry
            for entry in self._entries.values()
            if entry.measured.load and entry.ended + MISSED_RUNS * entry.check.interval <= now
        ]
        for entry in overdue:
            entry.measured = replace(entry.measured, load=None, findings=())
        return [entry.measured for entry in overdue]

    def measured(self, site: SiteKey) -> Measured | None:
        """Return the last result of a site's uplink, None if it has no meter."""
        known = (entry.measured for entry in self._entries.values())
        return next((one for one in known if (one.school, one.site) == site), None)


def _entry(check: Check, contract: Contract | None) -> _Entry:
    options = check.options
    name = options.uplink_interface if isinstance(options, InterfacesOptions) else None
    target = check.target
    measured = Measured(target.school, target.site, contract, None)
    return _Entry(check, UplinkMeter(name, contract), measured)


def _uplink_checks(inventory: Inventory) -> Iterator[tuple[Check, Contract | None]]:
    for school in inventory.schools:
        contracts = {site.id: site.uplink.contract for site in school.sites}
        for check in checks_of_school(school):
            if check.target.role is Role.UPLINK and check.kind is CheckKind.INTERFACES:
                yield check, contracts[check.target.site]
