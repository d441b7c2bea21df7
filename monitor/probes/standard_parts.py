"""Processor, memory, temperature and fans from MIBs that agents of many makes have.

A device is asked for them only if the first request of the poll, which asks for one scalar of each
MIB at no cost, has shown that it has the MIB, and only for what its make's profile does not read.

Source: HOST-RESOURCES-MIB (RFC 2790 §4.2, §4.3), UCD-SNMP-MIB and LM-SENSORS-MIB of net-snmp.

Must not know: how SNMP is spoken, device profiles.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from monitor.inventory.device_profile import ProfileReading, Quantity
from monitor.probes.make_parts import MAX_PARTS, objects_for, parts_of, text
from monitor.snmp.oids import Object, Syntax

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from monitor.probes.make_parts import Parts
    from monitor.snmp.read import Result

_UCD = "1.3.6.1.4.1.2021"
_HR_MEMORY = Object("hrMemorySize", "1.3.6.1.2.1.25.2.2.0", Syntax.INTEGER, 0)
_UCD_READINGS: Final = (
    ProfileReading(Quantity.MEMORY_SIZE_BYTES, "memTotalReal", f"{_UCD}.4.5.0", 1024),
    ProfileReading(Quantity.MEMORY_FREE_BYTES, "memAvailReal", f"{_UCD}.4.6.0", 1024),
    ProfileReading(Quantity.CPU_UTILIZATION_RATIO, "ssCpuIdle", f"{_UCD}.11.11.0", -0.01, offset=1),
)
_LM_READINGS: Final = (
    ProfileReading(
        Quantity.TEMPERATURE_CELSIUS,
        "lmTempSensorsValue",
        f"{_UCD}.13.16.2.1.3",
        0.001,
        ignored=frozenset({0}),
        label_oid=f"{_UCD}.13.16.2.1.2",
    ),
    ProfileReading(
        Quantity.FAN_SPEED_RPM,
        "lmFanSensorsValue",
        f"{_UCD}.13.16.3.1.3",
        label_oid=f"{_UCD}.13.16.3.1.2",
    ),
)
_PROCESSORS: Final = (
    ProfileReading(
        Quantity.CPU_UTILIZATION_RATIO, "hrProcessorLoad", "1.3.6.1.2.1.25.3.3.1.2", 0.01
    ),
)
_STORAGE: Final = tuple(
    Object(name, f"1.3.6.1.2.1.25.2.3.1.{number}", syntax, 0)
    for number, name, syntax in (
        (3, "hrStorageDescr", Syntax.STRING),
        (4, "hrStorageAllocationUnits", Syntax.INTEGER),
        (5, "hrStorageSize", Syntax.INTEGER),
        (6, "hrStorageUsed", Syntax.INTEGER),
    )
)
# hrStorageType says it too, but the agents that matter all name their memory one of these.
_RAM: Final = re.compile(r"(?i)\b(?:ram|(?:physical|real|main|system|management) memory)\b")
_MEMORY: Final = frozenset(
    {
        Quantity.MEMORY_USED_RATIO,
        Quantity.MEMORY_USED_BYTES,
        Quantity.MEMORY_FREE_BYTES,
        Quantity.MEMORY_SIZE_BYTES,
    }
)

SCALARS: Final[tuple[str | Object, ...]] = (
    "hrSystemUptime",
    _HR_MEMORY,
    *objects_for(_UCD_READINGS)[0],
)
"""What is asked for in a poll's first request, to learn which MIBs the device has."""


def columns_for(first: Result, profiled: Collection[Quantity]) -> tuple[Object, ...]:
    """Return the columns to ask for, of the MIBs that answered, besides what a profile reads."""
    columns: list[Object] = []
    if "hrSystemUptime" in first.scalars or "hrMemorySize" in first.scalars:
        if Quantity.CPU_UTILIZATION_RATIO not in profiled:
            columns.extend(objects_for(_PROCESSORS)[1])
        if not _MEMORY.intersection(profiled) and _UCD_READINGS[0].oid not in first.scalars:
            columns.extend(_STORAGE)
    if _UCD_READINGS[0].oid in first.scalars:
        columns.extend(objects_for(_LM_READINGS)[1])
    return tuple(columns)


def add_standard(parts: Parts, first: Result, further: Result) -> Parts:
    """Return the parts with those of the standard MIBs, where the make's objects say nothing."""
    said = {quantity for quantity, _ in parts}
    has_memory = bool(_MEMORY & said)
    found = dict(parts)
    for more in (
        parts_of(_PROCESSORS, further),
        parts_of(_UCD_READINGS, first),
        _memory(further),
        parts_of(_LM_READINGS, further),
    ):
        for (quantity, name), value in more.items():
            is_said = has_memory if quantity in _MEMORY else quantity in said
            if not is_said and len(found) < MAX_PARTS:
                found[quantity, name] = value
        said = {quantity for quantity, _ in found}
        has_memory = bool(_MEMORY & said)
    return found


def _memory(found: Result) -> Parts:
    """Return size and use of the rows of hrStorageTable that are RAM."""
    columns = cast("Mapping[str, Mapping[tuple[int, ...], int | bytes]]", found.columns)
    names, units, sizes, used = (columns.get(one.name, {}) for one in _STORAGE)
    parts: Parts = {}
    for index, raw in names.items():
        name = text(raw).strip()
        if not _RAM.search(name):
            continue
        unit = units.get(index)
        for quantity, rows in (
            (Quantity.MEMORY_SIZE_BYTES, sizes),
            (Quantity.MEMORY_USED_BYTES, used),
        ):
            count = rows.get(index)
            if isinstance(count, int) and isinstance(unit, int):
                parts[quantity, name] = float(count * unit)
    return parts
