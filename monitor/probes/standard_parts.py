"""Processor, memory, temperature and fans from MIBs that agents of many vendors implement.

They are requested only if the first request of the poll, which includes one scalar of each MIB,
has shown that the device has the MIB, and only what its profile does not read.

Source: HOST-RESOURCES-MIB (RFC 2790 §4.2, §4.3), UCD-SNMP-MIB and LM-SENSORS-MIB of net-snmp.

Must not know: the SNMP protocol, or device profiles.
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
_UCD_CPU: Final = (
    ProfileReading(Quantity.CPU_UTILIZATION_RATIO, "ssCpuIdle", f"{_UCD}.11.11.0", -0.01, offset=1),
)
_UCD_TOTAL, _UCD_FREE, _UCD_BUFFER, _UCD_CACHED, _UCD_AVAILABLE = (
    Object(name, f"{_UCD}.4.{number}.0", Syntax.INTEGER, 0)
    for number, name in (
        (5, "memTotalReal"),
        (6, "memAvailReal"),
        (14, "memBuffer"),
        (15, "memCached"),
        (27, "memSysAvail"),
    )
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
# hrStorageType has it, too, but all relevant agents use one of these names for memory.
_RAM: Final = re.compile(r"(?i)\b(?:ram|(?:physical|real|main|system|management) memory)\b")
# Parts of the RAM that the kernel frees when a program needs memory.
_GIVEN_BACK: Final = frozenset({"memory buffers", "cached memory"})
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
    *objects_for(_UCD_CPU)[0],
    _UCD_TOTAL,
    _UCD_FREE,
    _UCD_BUFFER,
    _UCD_CACHED,
    _UCD_AVAILABLE,
)
"""The objects of a poll's first request, to learn which MIBs the device has."""


def columns_for(first: Result, profiled: Collection[Quantity]) -> tuple[Object, ...]:
    """Return the columns to request, of the MIBs that answered, except for what a profile reads."""
    columns: list[Object] = []
    has_ucd = _UCD_TOTAL.name in first.scalars
    if "hrSystemUptime" in first.scalars or "hrMemorySize" in first.scalars:
        if Quantity.CPU_UTILIZATION_RATIO not in profiled:
            columns.extend(objects_for(_PROCESSORS)[1])
        if not _MEMORY.intersection(profiled) and not has_ucd:
            columns.extend(_STORAGE)
    if has_ucd:
        columns.extend(objects_for(_LM_READINGS)[1])
    return tuple(columns)


def add_standard(parts: Parts, first: Result, further: Result) -> Parts:
    """Add the parts of the standard MIBs where the vendor's objects have none."""
    said = {quantity for quantity, _ in parts}
    has_memory = bool(_MEMORY & said)
    found = dict(parts)
    for more in (
        parts_of(_PROCESSORS, further),
        parts_of(_UCD_CPU, first),
        _ucd_memory(first),
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


def _ucd_memory(found: Result) -> Parts:
    """Return size and free part of the RAM; what the kernel uses for its caches counts as free."""

    def said(wanted: Object) -> int:
        value = found.scalars.get(wanted.name)
        return value if isinstance(value, int) else 0

    size = said(_UCD_TOTAL)
    free = said(_UCD_AVAILABLE) or sum(map(said, (_UCD_FREE, _UCD_BUFFER, _UCD_CACHED)))
    if size <= 0:
        return {}
    return {
        (Quantity.MEMORY_SIZE_BYTES, ""): size * 1024.0,
        (Quantity.MEMORY_FREE_BYTES, ""): min(free, size) * 1024.0,
    }


def _memory(found: Result) -> Parts:
    """Return size and use of the rows of hrStorageTable that are RAM.

    Where the agent includes buffers and cache in the use, as net-snmp does, they are subtracted.
    """
    columns = cast("Mapping[str, Mapping[tuple[int, ...], int | bytes]]", found.columns)
    names, units, sizes, used = (columns.get(one.name, {}) for one in _STORAGE)
    parts: Parts = {}
    lent = sum(
        _octets(used.get(index), units.get(index))
        for index, raw in names.items()
        if text(raw).strip().lower() in _GIVEN_BACK
    )
    for index, raw in names.items():
        name = text(raw).strip()
        if not _RAM.search(name):
            continue
        size = _octets(sizes.get(index), units.get(index))
        if size <= 0:
            continue
        busy = _octets(used.get(index), units.get(index))
        parts[Quantity.MEMORY_SIZE_BYTES, name] = size
        parts[Quantity.MEMORY_USED_BYTES, name] = busy - lent if busy >= lent else busy
    return parts


def _octets(count: int | bytes | None, unit: int | bytes | None) -> float:
    return float(count * unit) if isinstance(count, int) and isinstance(unit, int) else 0.0
