"""Finds the uplink's interface in a device's reading, and reads its row.

The reading has already determined which counters an interface has and their width.
Source: IF-MIB (RFC 2863); the choice between ifSpeed and ifHighSpeed: RFC 2863 §3.1.2.

Must not know: other polls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.uplink.model import OPER_UP, Counters, Gap, Sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.observation import DeviceReading

# In this order: ifName is used on the console and survives a restart.
_NAMES = ("ifName", "ifDescr", "ifAlias")
_MAX_32, _MAX_64 = 2**32 - 1, 2**64 - 1
_MEGA = 1_000_000


def find_interface(reading: DeviceReading, name: str | None) -> int | Gap:
    """Return the ifIndex of the interface of that name, or why there is none.

    The first of ifName, ifDescr and ifAlias that contains the name decides; of several rows with
    that name, the active one.
    """
    if not name:
        return Gap.NOT_CONFIGURED
    found = rows_named(reading, name)
    if not found:
        return Gap.NOT_FOUND
    living = living_row(reading, found)
    return Gap.AMBIGUOUS if living is None else living


def rows_named(reading: DeviceReading, name: str) -> list[int]:
    """Return the rows with that name, in the first column that contains it."""
    for column in _NAMES:
        rows = reading.columns.get(column, {})
        found = [if_index for if_index, value in rows.items() if _text(value) == name.strip()]
        if found:
            return found
    return []


def living_row(reading: DeviceReading, rows: Sequence[int]) -> int | None:
    """Return the active one of several rows with one name, None if that is ambiguous.

    A dial-in router keeps the rows of past sessions: the active row is the one that is up, or, if
    none is, the one whose state changed last.
    """
    if len(rows) == 1:
        return rows[0]
    states = reading.columns.get("ifOperStatus", {})
    up = [row for row in rows if states.get(row) == OPER_UP]
    if up:
        return up[0] if len(up) == 1 else None
    changed = reading.columns.get("ifLastChange", {})
    ticks = {row: value for row in rows if isinstance(value := changed.get(row), int)}
    last = [row for row, value in ticks.items() if value == max(ticks.values())]
    return last[0] if len(last) == 1 else None


def sample_of(reading: DeviceReading, if_index: int) -> Sample:
    """Return the interface's row; missing or non-numeric values are None."""

    def value(column: str, largest: int = _MAX_32) -> int | None:
        found = reading.columns.get(column, {}).get(if_index)
        return found if isinstance(found, int) and 0 <= found <= largest else None

    def pair(counted: str) -> tuple[int | None, int | None, bool]:
        wide = (value(f"ifHCIn{counted}", _MAX_64), value(f"ifHCOut{counted}", _MAX_64))
        if None not in wide:
            return *wide, True
        return value(f"ifIn{counted}"), value(f"ifOut{counted}"), False

    octets_in, octets_out, is_wide = pair("Octets")
    packets_in, packets_out, has_wide_packets = pair("UcastPkts")

    def counters(direction: str, octets: int | None, packets: int | None) -> Counters:
        return Counters(
            octets, packets, value(f"if{direction}Errors"), value(f"if{direction}Discards")
        )

    speed, rounding = _speed(value("ifHighSpeed"), value("ifSpeed"))
    return Sample(
        sys_name=reading.sys_name,
        uptime_ticks=reading.uptime_ticks,
        if_index=if_index,
        is_wide=is_wide,
        has_wide_packets=has_wide_packets,
        received=counters("In", octets_in, packets_in),
        sent=counters("Out", octets_out, packets_out),
        speed_bps=speed,
        speed_rounding_bps=rounding,
        admin_status=value("ifAdminStatus"),
        oper_status=value("ifOperStatus"),
        discontinuity=value("ifCounterDiscontinuityTime"),
    )


def _speed(high: int | None, exact: int | None) -> tuple[int | None, int]:
    """Return the speed in bit/s and by how much it may be rounded down.

    ifHighSpeed is in Mbit/s, rounded to the nearest; ifSpeed cannot say more than 4.29 Gbit/s.
    """
    if high:
        return high * _MEGA, _MEGA // 2
    if exact and exact < _MAX_32:
        return exact, 0
    return None, 0


def _text(value: int | bytes) -> str:
    # Some agents pad their names with spaces, or end them as C strings end.
    return value.decode("utf-8", "replace").strip(" \0") if isinstance(value, bytes) else ""
