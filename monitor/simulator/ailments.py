"""Degraded simulated devices: damaged packets, a slow line, a shortage of PoE power.

Must not know: messages, sockets, or the cause of a condition.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from monitor.simulator.objects import IN_ERRORS
from monitor.simulator.table import Living, Table
from monitor.snmp.ber import Tag
from monitor.snmp.encode import encode_varbind
from monitor.snmp.oid_octets import encode_oid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.simulator.model import Device

SLOW_PORT_BPS: Final = 100_000_000
"""The rate that a gigabit port negotiates over a cable with two broken pairs."""

SPENT_POWER_SHARE: Final = 0.97
"""Share of its power that a switch supplies when its next access point will stay off."""

_MASK_32: Final = (1 << 32) - 1


def with_slow_port(device: Device) -> Device:
    """Return the router with the interface of the most inbound traffic at `SLOW_PORT_BPS`."""
    line = max(device.interfaces, key=lambda row: row.in_bps)
    slow = replace(line, speed_bps=SLOW_PORT_BPS)
    return replace(
        device, interfaces=tuple(slow if row is line else row for row in device.interfaces)
    )


def with_spent_power(device: Device) -> Device:
    """Return the switch with nearly all of its PoE budget in use."""
    if device.power is None:
        return device
    budget, _ = device.power
    return replace(device, power=(budget, int(budget * SPENT_POWER_SHARE)))


def with_damage(table: Table, device: Device, amounts: Sequence[float], damaged: int) -> Table:
    """Return the table at one instant, with more ifInErrors at the first used port.

    Source: IF-MIB::ifInErrors keeps its count after the cause is gone.
    """
    row = next(row for row in device.interfaces if row.oper_up)
    oid = encode_oid(f"{IN_ERRORS}.{row.index}")
    position = table.layout.find(oid)
    entry = None if position is None else table.entries[position]
    if position is None or not isinstance(entry, Living):
        return table
    value = entry.value(table.rates, amounts) + damaged & _MASK_32
    entries = list(table.entries)
    entries[position] = encode_varbind(oid, Tag.COUNTER32, value)
    return replace(table, entries=tuple(entries))
