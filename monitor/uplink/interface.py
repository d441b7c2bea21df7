"""Finds the uplink's interface in a device's reading, and reads its row.

Source: IF-MIB (RFC 2863); the choice between ifSpeed and ifHighSpeed: RFC 2863 §3.1.2.

Must not know: other polls than this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.uplink.model import Counters, Gap, Sample

if TYPE_CHECKING:
    from monitor.observation import DeviceReading

# In this order: ifName is what people type on the console and survives a restart.
_NAMES = ("ifName", "ifDescr", "ifAlias")
_MAX_32, _MAX_64 = 2**32 - 1, 2**64 - 1
_MEGA = 1_000_000


def find_interface(reading: DeviceReading, name: str | None) -> int | Gap:
    """Return the ifIndex of the interface of that name, or why there is none.

    The first of ifName, ifDescr and ifAlias in which the name occurs decides.
    """
    if not name:
        return Gap.NOT_CONFIGURED
    for column in _NAMES:
        rows = reading.columns.get(column, {})
        found = [if_index for if_index, value in rows.items() if _text(value) == name.strip()]
        if len(found) > 1:
            return Gap.AMBIGUOUS
        if found:
            return found[0]
    return Gap.NOT_FOUND


def sample_of(reading: DeviceReading, if_index: int) -> Sample:
    """Return the interface's row; what is missing or no number is None."""

    def value(column: str, largest: int = _MAX_32) -> int | None:
        found = reading.columns.get(column, {}).get(if_index)
        return found if isinstance(found, int) and 0 <= found <= largest else None

    wide = (value("ifHCInOctets", _MAX_64), value("ifHCOutOctets", _MAX_64))
    is_wide = None not in wide
    octets = wide if is_wide else (value("ifInOctets"), value("ifOutOctets"))
    prefix, largest = ("ifHC", _MAX_64) if is_wide else ("if", _MAX_32)

    def counters(direction: str, direction_octets: int | None) -> Counters:
        return Counters(
            direction_octets,
            value(f"{prefix}{direction}UcastPkts", largest),
            value(f"if{direction}Errors"),
            value(f"if{direction}Discards"),
        )

    speed, rounding = _speed(value("ifHighSpeed"), value("ifSpeed"))
    return Sample(
        sys_name=reading.sys_name,
        uptime_ticks=reading.uptime_ticks,
        if_index=if_index,
        is_wide=is_wide,
        received=counters("In", octets[0]),
        sent=counters("Out", octets[1]),
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
