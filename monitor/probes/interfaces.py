"""Reads a device's system group and interface tables: IF-MIB by SNMP.

The 64-bit columns of ifXTable are read first; the 32-bit ones are only read if the 64-bit ones are
inconclusive for some interface, so that other devices do not pay for both. Whatever was read before
a failure is kept.

The time stamp of a row is when its reply arrived: a lost datagram and its retry can put seconds
between the rows of one poll. It is taken from the monitor's clock, so that devices can be compared;
sysUpTime is the device's own clock.

Must not know: the SNMP protocol, or what the counters mean for a verdict.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from monitor.inventory.checks import InterfacesOptions
from monitor.observation import DeviceReading
from monitor.probes.interface_columns import WIDE_OCTETS, WIDE_PACKETS, are_in_doubt, settled
from monitor.probes.snmp_poll import poll
from monitor.snmp.read import Failure, FailureKind, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.clock import Clock
    from monitor.inventory.checks import Check
    from monitor.observation import Observation
    from monitor.probes.context import ProbeContext
    from monitor.snmp.read import Result

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
# Whether the uplink's counters were reset; requested only from routers, whose load is measured.
DISCONTINUITY = "ifCounterDiscontinuityTime"
_NAMES = ("ifDescr", "ifName")
# With the names and the 64-bit counters again, so that both widths are from one moment: a port
# that comes up between two requests would otherwise look like one with 32-bit counters only.
COLUMNS_32_BIT = (
    *_NAMES,
    "ifSpeed",
    "ifInOctets",
    "ifOutOctets",
    "ifInUcastPkts",
    "ifOutUcastPkts",
    *WIDE_OCTETS,
    *WIDE_PACKETS,
)
# Rows that came within this many seconds count as simultaneous: 0.2 % of a two-minute interval.
_ONE_INSTANT_SECONDS = 0.25
# Every SNMP agent has interfaces (RFC 1213 §3.4); this one hides them from us.
_NONE_SHOWN = Failure(
    FailureKind.AGENT_ERROR,
    "the agent answers, but shows no interfaces: may the credential read IF-MIB?",
)
_Value = TypeVar("_Value")


async def run(check: Check, context: ProbeContext) -> Observation:
    """Poll one device once; the observation's values are a `DeviceReading`.

    Raises:
        TypeError: if the check is not an interfaces check.
    """
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
    access, clock = options.access, context.clock
    wide = await context.snmp.read(address, access, Request(SCALARS, columns), context.deadline)
    ended = clock.monotonic()
    if wide.failure:
        return _settled([wide], _wall(clock), ended), wide.failure
    found = {name: rows for name, rows in wide.columns.items() if rows}
    if not found:
        return _reading([wide], found, _wall(clock), ended), _NONE_SHOWN
    if not are_in_doubt(found, wide.odd_types):
        return _reading([wide], found, _wall(clock), ended), None
    narrow = await context.snmp.read(address, access, Request((), COLUMNS_32_BIT), context.deadline)
    # If the device renumbered its interfaces in between, the earlier names may be wrong.
    results = [wide, narrow] if _are_named_alike(wide, narrow) else [wide]
    return _settled(results, _wall(clock), ended), narrow.failure


def _are_named_alike(before: Result, after: Result) -> bool:
    """Return whether all interfaces in both results have the same name."""
    for column in _NAMES:
        names = before.columns.get(column, {})
        for row, name in after.columns.get(column, {}).items():
            if names.get(row, name) != name:
                return False
    return True


def _wall(clock: Clock) -> float:
    """Return the offset from monotonic time to Unix time, in seconds."""
    return clock.now().timestamp() - clock.monotonic()


def _settled(results: Sequence[Result], wall: float, ended: float) -> DeviceReading | None:
    """Return the reading of all results together, with one counter per interface and direction."""
    first, last = results[0], results[-1]
    columns, types = first.columns, first.odd_types
    if last is not first:
        columns, types = _over(columns, last.columns), _over(types, last.odd_types)
    return _reading(results, settled(columns, types), wall, ended)


def _reading(
    results: Sequence[Result],
    columns: Mapping[str, Mapping[int, int | bytes]],
    wall: float,
    ended: float,
) -> DeviceReading | None:
    """Return a reading of these columns, None if the results are empty.

    `ended` is when the first result was complete; used where its replies have no times.
    """
    first, last = results[0], results[-1]
    if not columns and not first.scalars:
        return None

    def number(name: str) -> int | None:
        value = first.scalars.get(name)
        return value if isinstance(value, int) else None

    read = first.arrivals[0][0] if first.arrivals else ended
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
        read_at=datetime.fromtimestamp(wall + read, UTC),
        delays=_delays(last.arrivals, columns, read),
    )


def _over(
    before: Mapping[str, Mapping[int, _Value]], after: Mapping[str, Mapping[int, _Value]]
) -> dict[str, Mapping[int, _Value]]:
    """Return the rows of both, the later ones in place of the earlier."""
    return {**before, **{name: {**before.get(name, {}), **after[name]} for name in after}}


def _delays(
    arrivals: Sequence[tuple[float, int]],
    columns: Mapping[str, Mapping[int, int | bytes]],
    read: float,
) -> dict[int, float]:
    """Return by how many seconds a row came after `read`, for rows that came noticeably later."""
    if not arrivals or arrivals[-1][0] - read < _ONE_INSTANT_SECONDS:
        return {}
    reached = list(accumulate((index for _, index in arrivals), max))
    rows = {row for column in columns.values() for row in column}
    places = {row: min(bisect_left(reached, row), len(arrivals) - 1) for row in rows}
    delays = {row: arrivals[place][0] - read for row, place in places.items()}
    return {row: delay for row, delay in delays.items() if delay >= _ONE_INSTANT_SECONDS}


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, tuple):
        return ".".join(map(str, value))
    return ""
