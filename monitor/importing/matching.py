"""Routers and switches for configured schools, from inventories that only contain devices.

Must not know: any single inventory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.importing.devices import Device, devices_of
from monitor.importing.taken import Taken, named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.config.edit import NamedHost, Row
    from monitor.importing.known import Known
    from monitor.inventory.city import Inventory, School


@dataclass(frozen=True, slots=True)
class Found:
    """A device, texts that may name its school (most reliable first), and whether it is in use."""

    device: Device
    school_hints: tuple[str, ...]
    in_use: bool = True


def matched(found: Iterable[Found], known: Known) -> Taken:
    """Return a row for each configured school that devices name; other devices are skipped."""
    taken = Taken()
    by_number: dict[str, list[Device]] = {}
    idle: list[str] = []
    foreign: list[str] = []
    for one in found:
        number = known.number_of(one.school_hints) if one.in_use else None
        if number is not None:
            by_number.setdefault(number, []).append(one.device)
        else:
            (foreign if one.in_use else idle).append(one.device.name)
    for why, names in (("switched off there", idle), ("of no configured school", foreign)):
        if names:
            taken.notes.append(f"devices {why}, passed over: {named(names)}")
    for number, devices in by_number.items():
        row, notes = devices_of(devices, f"school {number}")
        taken.notes += notes
        if row:
            taken.rows.append({"number": number} | row)
    return taken


def drop_known_devices(rows: Iterable[Row], inventory: Inventory) -> None:
    """Remove routers and switches from rows if the configuration has them at these addresses."""
    numbers = {school.number: school for school in inventory.schools if school.number}
    ids = {school.id: school for school in inventory.schools}
    for row in rows:
        school = numbers.get(str(row["number"])) if "number" in row else ids.get(str(row["id"]))
        if school is not None and len(school.sites) == 1:
            _drop(row, school)


def _drop(row: Row, school: School) -> None:
    (site,) = school.sites
    if row.get("router") == site.uplink.host:
        del row["router"]
    wanted = row.get("switches")
    has_all = wanted == len(site.switches) or (
        isinstance(wanted, list) and _hosts(wanted) == {one.host for one in site.switches}
    )
    if has_all:
        del row["switches"]


def _hosts(switches: list[NamedHost]) -> set[str]:
    return {one.host for one in switches}
