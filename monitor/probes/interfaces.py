"""Reads a device's system group and interface tables: IF-MIB by SNMP.

The first request asks for the 64-bit columns of ifXTable; only a device that has none is asked
for the 32-bit ones, so that nobody pays for both. Whatever was read before a failure is kept.

Must not know: how SNMP is spoken, or what the counters mean for a verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.inventory import InterfacesOptions
from monitor.observation import DeviceReading
from monitor.probes.snmp_poll import poll
from monitor.snmp.read import Request

if TYPE_CHECKING:
    from monitor.inventory import Check
    from monitor.observation import Observation
    from monitor.probes.context import ProbeContext
    from monitor.snmp.read import Failure, Result

SCALARS = (
    "sysUpTime",
    "sysName",
    "sysDescr",
    "sysObjectID",
    "hrSystemUptime",
    "snmpEngineTime",
)
COLUMNS = (
    "ifDescr",
    "ifName",
    "ifType",
    "ifAdminStatus",
    "ifOperStatus",
    "ifLastChange",
    "ifHighSpeed",
    "ifHCInOctets",
    "ifHCOutOctets",
    "ifHCInUcastPkts",
    "ifHCOutUcastPkts",
    "ifInErrors",
    "ifOutErrors",
    "ifInDiscards",
    "ifOutDiscards",
)
# Whether the uplink's counters were set back; asked of routers alone, whose load is measured.
DISCONTINUITY = "ifCounterDiscontinuityTime"
COLUMNS_32_BIT = ("ifSpeed", "ifInOctets", "ifOutOctets", "ifInUcastPkts", "ifOutUcastPkts")


async def run(check: Check, context: ProbeContext) -> Observation:
    """Poll one device once; the observation's values are a `DeviceReading`."""
    options = check.options
    if not isinstance(options, InterfacesOptions):
        raise TypeError(f"{check.id} has options of another probe")
    return await poll(check, context, lambda address: _read(address, options, context))


async def _read(
    address: str, options: InterfacesOptions, context: ProbeContext
) -> tuple[DeviceReading | None, Failure | None]:
    columns: tuple[str, ...] = COLUMNS
    if options.alias or options.read_alias:
        columns = (*columns, "ifAlias")
    if options.uplink_interface:
        columns = (*columns, DISCONTINUITY)
    access = options.access
    wide = await context.snmp.read(address, access, Request(SCALARS, columns), context.deadline)
    if wide.failure or wide.columns.get("ifHCInOctets"):
        return _reading(wide), wide.failure
    narrow = await context.snmp.read(address, access, Request((), COLUMNS_32_BIT), context.deadline)
    return _reading(wide, narrow), narrow.failure


def _reading(first: Result, second: Result | None = None) -> DeviceReading | None:
    """Return what the results hold together, None if they hold nothing at all."""
    results = [first] if second is None else [first, second]
    columns = {name: rows for result in results for name, rows in result.columns.items() if rows}
    if not columns and not first.scalars:
        return None

    def number(name: str) -> int | None:
        value = first.scalars.get(name)
        return value if isinstance(value, int) else None

    return DeviceReading(
        sys_name=_text(first.scalars.get("sysName")),
        sys_descr=_text(first.scalars.get("sysDescr")),
        sys_object_id=_text(first.scalars.get("sysObjectID")),
        uptime_ticks=number("sysUpTime"),
        columns=columns,
        requests=sum(result.requests for result in results),
        varbinds=sum(result.varbinds for result in results),
        host_uptime_ticks=number("hrSystemUptime"),
        engine_seconds=number("snmpEngineTime"),
    )


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, tuple):
        return ".".join(map(str, value))
    return ""
