"""Routers and switches for configured schools, from inventories that only contain devices.

Must not know: any single inventory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.importing.devices import Device, devices_of
from monitor.importing.taken import ImportProblemError, Skipped, Taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.config.rows import Row
    from monitor.importing.known import Known, Naming
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
    by_school: dict[Naming, list[Device]] = {}
    idle: list[str] = []
    foreign: list[str] = []
    for one in found:
        school = known.school_of(one.school_hints) if one.in_use else None
        if school is not None:
            by_school.setdefault(school, []).append(one.device)
        else:
            (foreign if one.in_use else idle).append(one.device.name)
    for why, names in (("disabled in the source", idle), ("of no configured school", foreign)):
        if names:
            taken.skipped.append(Skipped(f"devices {why}", tuple(names)))
    for (key, value), devices in by_school.items():
        row, skipped = devices_of(devices, f"school {value}")
        taken.skipped += skipped
        if row:
            taken.rows.append(row | {key: value})
    return taken


def match_schools(rows: Sequence[Row], inventory: Inventory) -> list[str]:
    """Give each row the id of the configured school with its router; return a sentence for each.

    Only a school without a number is matched this way, and only if no other row has its id or its
    router.

    Raises:
        ImportProblemError: if a row probably means a school of the file, but this is not certain.
    """
    numbers = {school.number for school in inventory.schools}
    ids = {row.get("id") for row in rows}
    routers = [row.get("router") for row in rows]
    unnumbered = [school for school in inventory.schools if not school.number]
    free = [school for school in unnumbered if school.id not in ids]
    named_by_id = {school.id for school in unnumbered}
    unmatched = [
        row
        for row in rows
        if row.get("number", "") not in numbers | {""} and row.get("id") not in named_by_id
    ]
    notes = []
    for school in tuple(free):
        found = [row for row in unmatched if row.get("router") in _routers(school)]
        if len(found) == 1 and routers.count(found[0]["router"]) == 1:
            (row,) = found
            row["id"] = school.id
            free.remove(school)
            unmatched.remove(row)
            by = f"by its router {row['router']}"
            notes.append(f"school {row['number']} is {school.id} in the file, {by}")
    problems = [
        f"school {row['number']} has the {by} of {school.id}, which has no number; if they are the "
        f'same school, give {school.id} `number: "{row["number"]}"`, otherwise its own'
        for row in unmatched
        for school in free
        for by in _alike(row, school)
    ]
    if problems:
        raise ImportProblemError(*problems)
    return notes


def _alike(row: Row, school: School) -> list[str]:
    """Return what a row has in common with a school: its router, else its name."""
    if row.get("router") in _routers(school):
        return ["router"]
    return ["name"] if row.get("name") == school.name else []


def drop_known_devices(rows: Iterable[Row], inventory: Inventory) -> None:
    """Remove routers and switches from rows if the configuration has them at these addresses."""
    numbers = {school.number: school for school in inventory.schools if school.number}
    ids = {school.id: school for school in inventory.schools}
    for row in rows:
        school = numbers.get(str(row.get("number"))) or ids.get(str(row.get("id")))
        if school is not None:
            _drop(row, school)


def _drop(row: Row, school: School) -> None:
    if row.get("router") in _routers(school):
        del row["router"]
    wanted = row.get("switches")
    there = [one.host for site in school.sites for one in site.switches]
    has_all = wanted == len(there) or (
        isinstance(wanted, list) and {one.host for one in wanted} == set(there)
    )
    if has_all:
        del row["switches"]


def _routers(school: School) -> list[str]:
    return [site.uplink.host for site in school.sites]
