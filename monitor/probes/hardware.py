"""Reads a switch's hardware by SNMP: power over Ethernet, sensors, spanning tree, neighbors, make.

The standard tables are read first, then vendor-specific objects according to the device profile. A
switch that has none of them has still answered. Whatever was read before a failure is kept.

Source: POWER-ETHERNET-MIB (RFC 3621), ENTITY-SENSOR-MIB (RFC 3433), BRIDGE-MIB (RFC 4188),
ENTITY-MIB (RFC 6933), and the MIBs that the profiles name.

Must not know: the SNMP protocol, or when a value is too high.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from monitor.inventory.checks import HardwareOptions
from monitor.observation import Chassis, HardwareReading, PowerSupplyGroup, Sensor
from monitor.probes import poe_ports
from monitor.probes.neighbors import LOCAL_COLUMNS, REMOTE_COLUMNS, neighbors
from monitor.probes.snmp_poll import poll
from monitor.snmp.oids import Object, Syntax
from monitor.snmp.read import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.inventory.checks import Check
    from monitor.inventory.device_profile import DeviceProfile, ProfileReading, Quantity
    from monitor.observation import Observation
    from monitor.probes.context import ProbeContext
    from monitor.snmp.read import Failure, Result

    Columns = Mapping[str, Mapping[int, int | bytes]]

SCALARS = ("dot1dStpTopChanges", "sysObjectID")
POWER = ("pethMainPsePower", "pethMainPseOperStatus", "pethMainPseConsumptionPower")
SENSORS = (
    "entPhySensorType",
    "entPhySensorScale",
    "entPhySensorPrecision",
    "entPhySensorValue",
    "entPhySensorOperStatus",
)
ENTITIES = (
    "entPhysicalClass",
    "entPhysicalName",
    "entPhysicalSoftwareRev",
    "entPhysicalSerialNum",
    "entPhysicalModelName",
)
MAX_PARTS = 500
UNITS = {
    3: "voltsAC",
    4: "voltsDC",
    5: "amperes",
    6: "watts",
    7: "hertz",
    8: "celsius",
    9: "percentRH",
    10: "rpm",
    11: "cmm",
    12: "truthvalue",
}
"""EntitySensorDataType; other(1) and unknown(2) say nothing that could be read."""

# EntitySensorDataScale: units(9) is one, each step beside it a thousand times more or less.
_ONE = 9
_LAST_SCALE = 17
# PhysicalClass (RFC 6933).
_CHASSIS = 3
_WORKING = 1
_BROKEN = 3
# EntitySensorPrecision: decimal places, or accurate digits below 0.
_DIGITS = range(-8, 10)


async def run(check: Check, context: ProbeContext) -> Observation:
    """Poll one switch once; the observation's values are a `HardwareReading`."""
    options = check.options
    if not isinstance(options, HardwareOptions):
        raise TypeError(f"{check.id} has options of another probe")
    return await poll(check, context, lambda address: _read(address, options, context))


async def _read(
    address: str, options: HardwareOptions, context: ProbeContext
) -> tuple[HardwareReading | None, Failure | None]:
    async def read(*columns: str | Object, scalars: tuple[str | Object, ...] = ()) -> Result:
        request = Request(scalars, columns)
        return await context.snmp.read(address, options.access, request, context.deadline)

    found = await read(*POWER, poe_ports.STATUS, *SENSORS, scalars=SCALARS)
    if found.failure and not (found.scalars or found.columns):
        return None, found.failure
    profile = _profile(options, found)
    scalars, columns = objects_of(profile)
    names = (poe_ports.NAME,) if found.columns.get(poe_ports.STATUS) else ()
    wanted = (*ENTITIES, *LOCAL_COLUMNS, *REMOTE_COLUMNS, *names, *columns)
    further = await read(*wanted, scalars=scalars)
    changes = found.scalars.get("dot1dStpTopChanges")
    reading = HardwareReading(
        _power(found.columns),
        _sensors(found.columns, further.columns.get("entPhysicalName", {})),
        changes if isinstance(changes, int) else None,
        _chassis(further.columns),
        profile.name if profile else "",
        _parts(profile, further),
        # Half of them would look as if the others were gone.
        None if further.failure else neighbors(further.columns),
        poe_ports.powered_ports(found.columns, further.columns.get(poe_ports.NAME, {})),
    )
    nothing = reading == HardwareReading(
        {}, {}, profile=reading.profile, neighbors=reading.neighbors
    )
    failure = found.failure or further.failure
    return (None if nothing and failure else reading), failure


def _profile(options: HardwareOptions, found: Result) -> DeviceProfile | None:
    if options.profile is not None:
        return options.profiles.named(options.profile)
    said = found.scalars.get("sysObjectID")
    return options.profiles.of(".".join(map(str, said))) if isinstance(said, tuple) else None


@lru_cache(maxsize=200)
def objects_of(profile: DeviceProfile | None) -> tuple[tuple[Object, ...], tuple[Object, ...]]:
    """Return the scalars and the columns that a profile reads, each named by its OID."""
    readings = profile.readings if profile else ()
    scalars = dict.fromkeys(one.oid for one in readings if one.is_scalar)
    columns = dict.fromkeys(one.oid for one in readings if not one.is_scalar)
    labels = dict.fromkeys(one.label_oid for one in readings if one.label_oid)
    return (
        tuple(Object(oid, oid, Syntax.INTEGER, 0) for oid in scalars),
        (
            *(Object(oid, oid, Syntax.INTEGER, 0) for oid in columns),
            *(Object(oid, oid, Syntax.STRING, 0) for oid in labels if oid not in columns),
        ),
    )


def _parts(profile: DeviceProfile | None, found: Result) -> dict[tuple[Quantity, str], float]:
    parts: dict[tuple[Quantity, str], float] = {}
    for reading in profile.readings if profile else ():
        if reading.is_scalar:
            said = found.scalars.get(reading.oid)
            rows = {"": said} if isinstance(said, int) else {}
        else:
            rows = _named_rows(found, reading)
        for name, raw in rows.items():
            value = reading.value_of(raw)
            # Of several objects that say the same, the one that the profile has first.
            if value is not None and len(parts) < MAX_PARTS:
                parts.setdefault((reading.quantity, name), value)
    return parts


def _named_rows(found: Result, reading: ProfileReading) -> dict[str, int]:
    """Return a column's numbers by the rows' names; rows of the same name have their index too."""
    # Their objects have an arity of 0, and so the indexes are tuples.
    column = cast("Mapping[tuple[int, ...], int | bytes]", found.columns.get(reading.oid, {}))
    labels = cast("Mapping[tuple[int, ...], int | bytes]", found.columns.get(reading.label_oid, {}))
    numbers = {index: raw for index, raw in column.items() if isinstance(raw, int)}
    names = {index: _text(labels.get(index, b"")) for index in numbers}
    seen = Counter(names.values())
    rows = {}
    for index, raw in numbers.items():
        name, place = names[index], ".".join(map(str, index))
        rows[name if name and seen[name] == 1 else f"{name} {place}".strip()] = raw
    return rows


def _chassis(columns: Columns) -> Chassis | None:
    classes = columns.get("entPhysicalClass", {})
    for index, sort in classes.items():
        if sort == _CHASSIS:
            model, serial, software = (
                _text(columns.get(f"entPhysical{what}", {}).get(index, b"")).strip()
                for what in ("ModelName", "SerialNum", "SoftwareRev")
            )
            return Chassis(model, serial, software)
    return None


def _power(columns: Columns) -> dict[int, PowerSupplyGroup]:
    budgets, states, drawn = (_numbers(columns, name) for name in POWER)
    return {
        group: PowerSupplyGroup(budgets.get(group), drawn.get(group), states.get(group))
        for group in sorted(budgets.keys() | states.keys() | drawn.keys())
    }


def _sensors(columns: Columns, names: Mapping[int, int | bytes]) -> dict[int, Sensor]:
    types, scales, digits, values, states = (_numbers(columns, name) for name in SENSORS)
    sensors = {}
    for index, value in values.items():
        unit = UNITS.get(types.get(index, 0))
        if unit is None:
            continue
        state = states.get(index, _WORKING)
        sensors[index] = Sensor(
            _text(names.get(index, b"")),
            unit,
            _scaled(value, scales.get(index, _ONE), digits.get(index, 0), state),
            state != _BROKEN,
        )
    return sensors


def _scaled(value: int, scale: int, digits: int, state: int) -> float | None:
    """Return a sensor's value in its unit, None where it has none now.

    Of `digits`, 1 to 9 are decimal places of the value; below 0 they say how many of its digits
    are accurate, and move nothing.
    Source: RFC 3433, EntitySensorDataScale, EntitySensorPrecision.
    """
    if state != _WORKING or not 1 <= scale <= _LAST_SCALE or digits not in _DIGITS:
        return None
    exponent = (scale - _ONE) * 3 - max(digits, 0)
    return float(value * 10**exponent if exponent >= 0 else value / 10**-exponent)


def _text(value: int | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _numbers(columns: Columns, name: str) -> dict[int, int]:
    return {row: value for row, value in columns.get(name, {}).items() if isinstance(value, int)}
