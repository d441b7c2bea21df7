"""How much of each interface of a device is exported, and why, as a table for a person.

Must not know: how the device was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.exposition.interface_labels import numbered
from monitor.exposition.ports import Exported, PortChooser, counted
from monitor.exposition.text import sanitise
from monitor.words.table import Column, Kind, Table

if TYPE_CHECKING:
    from monitor.inventory.checks import InterfacesOptions
    from monitor.observation import DeviceReading

LEGEND: Final = (
    "",
    "whole   all of the interface's series",
    "status  ifOperStatus and ifAdminStatus alone: `interfaces.unused` is `status`, and the port",
    "        is down and carries nothing",
    "none    no series: the named key of `interfaces.select` leaves the interface out",
    "",
    "As in a daemon that has just started; docs/snmp.md explains each reason.",
)
"""The meaning of the words in the table."""


def exported_counts(reading: DeviceReading, options: InterfacesOptions) -> str:
    """Return how many interfaces are exported in each way, as one line; empty if there are none."""
    counts = counted(numbered(reading), PortChooser(options).choose(reading))
    return ", ".join(f"{number} {exported}" for exported, number in counts.items())


def exported_table(reading: DeviceReading, options: InterfacesOptions) -> Table | None:
    """Return a row for each interface: number, name, how much of it is exported, and why.

    As in a daemon that has just started: ports that are down count as unused until they count
    traffic. None if the device has no interfaces.
    """
    choice = PortChooser(options).choose(reading)
    rows = sorted(numbered(reading))
    table = Table(
        Column("ifIndex", Kind.NUMBER),
        Column("name", Kind.TEXT),
        Column("exported"),
        Column("why", Kind.TEXT),
    )
    for row in rows:
        how, why = choice.of(row), ""
        if how is Exported.STATUS:
            why = "unused: down, and carries nothing"
        elif how is Exported.NONE:
            why = f"select.{options.select.why_left_out(reading.columns, row)}"
        table.add(str(row), _name(reading, row), how, why)
    return table if rows else None


def _name(reading: DeviceReading, row: int) -> str:
    for column in ("ifName", "ifDescr"):
        value = reading.columns.get(column, {}).get(row)
        if isinstance(value, bytes) and (name := sanitise(value)):
            return name
    return "-"
