"""Reads a switch's hardware by SNMP: PoE, sensors, spanning tree, neighbors, identity.

The standard tables are read first, then vendor-specific objects according to the device profile. A
switch that has none of them has still answered. Whatever was read before a failure is kept.

Source: POWER-ETHERNET-MIB (RFC 3621), ENTITY-SENSOR-MIB (RFC 3433), BRIDGE-MIB (RFC 4188),
ENTITY-MIB (RFC 6933), and the MIBs that the profiles name.

Must not know: the SNMP protocol, or when a value is too high.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.inventory.checks import HardwareOptions
from monitor.observation import Chassis, HardwareReading, PowerSupplyGroup, Sensor
from monitor.probes import poe_ports, standard_parts
from monitor.probes.make_parts import identified, objects_of, parts_of, text
from monitor.probes.neighbors import LOCAL_COLUMNS, REMOTE_COLUMNS, neighbors
from monitor.probes.snmp_poll import poll
from monitor.snmp.oids import ENT_PHY_SENSOR_TABLE, Object, Syntax
from monitor.snmp.read import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.inventory.checks import Check
    from monitor.inventory.device_profile import DeviceProfile
    from monitor.observation import Observation
    from monitor.probes.context import ProbeContext
    from monitor.snmp.read import Failure, Result

    Columns = Mapping[str, Mapping[int, int | bytes]]

SCALARS = ("dot1dStpTopChanges", "sysObjectID", "sysDescr")
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
_IDENTIFYING = ENTITIES[2:]
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
    14: "dBm",
}
"""EntitySensorDataType, and dBm of Cisco's SensorDataType; other(1) and unknown(2) are skipped."""

# EntitySensorDataScale: units(9) is 1, each step is a factor of a thousand.
_ONE = 9
_LAST_SCALE = 17
# PhysicalClass (RFC 6933).
_CHASSIS = 3
_MODULE = 9
_STACK = 11
_WORKING = 1
_BROKEN = 3
# EntitySensorPrecision: decimal places, or significant digits if below 0.
_DIGITS = range(-8, 10)


async def run(check: Check, context: ProbeContext) -> Observation:
    """Poll one switch once; the observation's values are a `HardwareReading`.

    Raises:
        TypeError: if the check is not a hardware check.
    """
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

    # A v1 agent rejects a whole request for one scalar that it lacks.
    standard = standard_parts.SCALARS if options.access.version != "1" else ()
    scalars = (*SCALARS, *standard)
    found = await read(*POWER, poe_ports.STATUS, *SENSORS, scalars=scalars)
    if found.failure and not (found.scalars or found.columns):
        return None, found.failure
    profile = _profile(options, found)
    own_scalars, own_columns = objects_of(profile)
    profiled = {one.quantity for one in profile.readings} if profile else set()
    wanted = tuple(
        dict.fromkeys(
            (
                *ENTITIES,
                *LOCAL_COLUMNS,
                *REMOTE_COLUMNS,
                *((poe_ports.NAME,) if found.columns.get(poe_ports.STATUS) else ()),
                *own_columns,
                *_sensor_columns(profile),
                *standard_parts.columns_for(found, profiled),
            )
        )
    )
    further = await read(*wanted, scalars=own_scalars)
    parts = parts_of(profile.readings, further) if profile else {}
    # A partial list would look as if the other neighbors were gone.
    heard = None if further.failure else neighbors(further.columns)
    # A device of the make can lack what its profile reads.
    said = {quantity for quantity, _ in parts}
    left = [one for one in standard_parts.columns_for(found, said) if one not in wanted]
    if left and not further.failure:
        more = await read(*left)
        columns = {**further.columns, **more.columns}
        further = replace(further, columns=columns, failure=more.failure)
    changes = found.scalars.get("dot1dStpTopChanges")
    names = further.columns.get("entPhysicalName", {})
    reading = HardwareReading(
        _power(found.columns),
        {
            **_sensors({name: further.columns.get(oid, {}) for name, oid in _own(profile)}, names),
            **_standard_sensors(found.columns, names, profile),
        },
        changes if isinstance(changes, int) else None,
        _chassis(profile, found, further),
        profile.name if profile else "",
        standard_parts.add_standard(parts, found, further),
        heard,
        poe_ports.powered_ports(found.columns, further.columns.get(poe_ports.NAME, {})),
    )
    nothing = reading == HardwareReading(
        {}, {}, profile=reading.profile, neighbors=reading.neighbors
    )
    failure = found.failure or further.failure
    return (None if nothing and failure else reading), failure


def _own(profile: DeviceProfile | None) -> tuple[tuple[str, str], ...]:
    """Return the columns of the vendor's own sensor table: the standard's name and the OID."""
    if profile is None or not profile.sensor_table:
        return ()
    columns = ENT_PHY_SENSOR_TABLE.columns
    return tuple((name, f"{profile.sensor_table}.{number}") for number, name, _ in columns)


def _sensor_columns(profile: DeviceProfile | None) -> tuple[Object, ...]:
    return tuple(Object(oid, oid, Syntax.INTEGER, 1) for _, oid in _own(profile))


def _profile(options: HardwareOptions, found: Result) -> DeviceProfile | None:
    if options.profile is not None:
        return options.profiles.named(options.profile)
    said = found.scalars.get("sysObjectID")
    described = found.scalars.get("sysDescr")
    if not isinstance(said, tuple):
        return None
    descr = text(described) if isinstance(described, bytes) else ""
    return options.profiles.of(".".join(map(str, said)), descr)


def _chassis(profile: DeviceProfile | None, found: Result, further: Result) -> Chassis | None:
    """Return the identity of the device, each field from the first source that has it.

    The sources are ENTITY-MIB's chassis, the vendor's objects and ENTITY-MIB's stack; for the
    software also the modules, and finally the version in sysDescr. If a vendor's ENTITY-MIB is
    unreliable, its own objects come first; without classes, the first row is the chassis.
    """
    classes = further.columns.get("entPhysicalClass", {}) or _first_row(further.columns)
    own, version = identified(profile, found, further)
    is_first = bool(profile and profile.identity and profile.identity.is_first)

    def said(what: str, *sorts: int | str) -> Iterator[str]:
        for sort in sorts:
            if isinstance(sort, str):
                yield sort
            else:
                rows = (index for index, kind in classes.items() if kind == sort)
                yield from (_entity(further.columns, what, index) for index in rows)

    def order(makes: str) -> tuple[int | str, int | str]:
        return (makes, _CHASSIS) if is_first else (_CHASSIS, makes)

    model, serial, software = (
        next(filter(None, sayings), "")
        for sayings in (
            said("ModelName", *order(own.model), _STACK),
            said("SerialNum", *order(own.serial), _STACK),
            said("SoftwareRev", *order(own.software), _STACK, _MODULE, version),
        )
    )
    return Chassis(model, serial, software) if model or serial or software else None


def _first_row(columns: Columns) -> dict[int, int]:
    rows = {index for name in _IDENTIFYING for index in columns.get(name, {})}
    return {min(rows): _CHASSIS} if rows else {}


def _entity(columns: Columns, what: str, index: int) -> str:
    return text(columns.get(f"entPhysical{what}", {}).get(index, b"")).strip('\0" ')


def _power(columns: Columns) -> dict[int, PowerSupplyGroup]:
    budgets, states, drawn = (_numbers(columns, name) for name in POWER)
    return {
        group: PowerSupplyGroup(budgets.get(group), drawn.get(group), states.get(group))
        for group in sorted(budgets.keys() | states.keys() | drawn.keys())
    }


def _standard_sensors(
    columns: Columns, names: Mapping[int, int | bytes], profile: DeviceProfile | None
) -> dict[int, Sensor]:
    """Return the sensors of ENTITY-SENSOR-MIB, corrected by what a profile says of the make."""
    if profile is None:
        return _sensors(columns, names)
    sensors = _sensors(columns, names, profile.sensor_digits)
    ignored = profile.sensors_ignored
    return {index: one for index, one in sensors.items() if one.unit not in ignored}


def _sensors(
    columns: Columns, names: Mapping[int, int | bytes], own_digits: int | None = None
) -> dict[int, Sensor]:
    """Return the sensors by entPhysicalIndex; `own_digits` override the reported precision."""
    types, scales, digits, values, states = (_numbers(columns, name) for name in SENSORS)
    sensors = {}
    for index, value in values.items():
        unit = UNITS.get(types.get(index, 0))
        if unit is None:
            continue
        state = states.get(index, _WORKING)
        sensors[index] = Sensor(
            text(names.get(index, b"")),
            unit,
            _scaled(
                value,
                scales.get(index, _ONE),
                digits.get(index, 0) if own_digits is None else own_digits,
                state,
            ),
            state != _BROKEN,
        )
    return sensors


def _scaled(value: int, scale: int, digits: int, state: int) -> float | None:
    """Return a sensor's value in its unit, None if it has no value now.

    `digits` from 1 to 9 are decimal places of the value; below 0 they are the number of
    significant digits, which does not change the value.
    Source: RFC 3433, EntitySensorDataScale, EntitySensorPrecision.
    """
    if state != _WORKING or not 1 <= scale <= _LAST_SCALE or digits not in _DIGITS:
        return None
    exponent = (scale - _ONE) * 3 - max(digits, 0)
    return float(value * 10**exponent if exponent >= 0 else value / 10**-exponent)


def _numbers(columns: Columns, name: str) -> dict[int, int]:
    return {row: value for row, value in columns.get(name, {}).items() if isinstance(value, int)}
