"""How much of each interface of a device is exported, and why, as lines for a person.

Must not know: how the device was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.exposition.interface_labels import numbered
from monitor.exposition.ports import Exported, PortChooser, counted
from monitor.exposition.text import sanitise

if TYPE_CHECKING:
    from monitor.inventory import InterfacesOptions
    from monitor.observation import DeviceReading

_WIDTH = 24


def exported_counts(reading: DeviceReading, options: InterfacesOptions) -> str:
    """Return how many interfaces are exported how, in a line; empty if the device has none."""
    counts = counted(numbered(reading), PortChooser(options).choose(reading))
    return ", ".join(f"{number} {exported}" for exported, number in counts.items())


def exported_lines(reading: DeviceReading, options: InterfacesOptions) -> list[str]:
    """Return a line for each interface: number, name, how much of it is exported, and why.

    As a daemon has it that has just started: it takes what is down for unused until it counts.
    """
    choice = PortChooser(options).choose(reading)
    lines = []
    for row in sorted(numbered(reading)):
        how, why = choice.of(row), ""
        if how is Exported.STATUS:
            why = "unused: down, and carries nothing"
        elif how is Exported.NONE:
            why = f"select.{options.select.why_left_out(reading.columns, row)}"
        lines.append(f"{row:>10} {_name(reading, row):{_WIDTH}} {how:7} {why}".rstrip())
    return lines


def _name(reading: DeviceReading, row: int) -> str:
    for column in ("ifName", "ifDescr"):
        value = reading.columns.get(column, {}).get(row)
        if isinstance(value, bytes) and (name := sanitise(value)):
            return name
    return "-"
