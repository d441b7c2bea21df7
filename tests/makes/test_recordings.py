"""Every recording of snmpsim-data through our checks: nothing crashes, the data is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from monitor.inventory.checks import CheckKind, InterfacesOptions, SnmpAccess
from monitor.observation import DeviceReading, HardwareReading, Outcome
from monitor.probes import interfaces
from tests.makes import table
from tests.makes.known_objects import KNOWN, known_of
from tests.makes.meter import CHECK, FOLDERS, context_for, observed, read_of
from tests.makes.recording import Recorded, names

pytestmark = pytest.mark.integration

_INTERFACES: Final = replace(
    CHECK,
    kind=CheckKind.INTERFACES,
    name="interfaces",
    options=InterfacesOptions(SnmpAccess("2c", "devices")),
)


async def test_every_recording_is_read_with_nine_tenths_of_its_quantities() -> None:
    readings: dict[str, HardwareReading] = {}
    had = dict.fromkeys(KNOWN, 0)
    missed: dict[str, list[str]] = {quantity: [] for quantity in KNOWN}
    for name in names():
        device = Recorded.of(name)
        ports = await interfaces.run(_INTERFACES, context_for(device))
        parts = await observed(device)
        assert parts.outcome is Outcome.OK, f"{name}: {parts.detail}"
        assert isinstance(parts.values, HardwareReading), name
        if device.scalar("1.3.6.1.2.1.2.1.0"):
            assert isinstance(ports.values, DeviceReading), f"{name}: {ports.detail}"
        if not name.startswith(FOLDERS):
            continue
        readings[name] = parts.values
        read = read_of(parts.values)
        for quantity in KNOWN:
            objects = known_of(device, quantity)
            had[quantity] += bool(objects)
            if objects and quantity not in read:
                missed[quantity].append(f"{name} ({', '.join(objects)})")
    for quantity, count in had.items():
        assert count >= 10, quantity
        assert len(missed[quantity]) <= count / 10, f"{quantity} of {count}: {missed[quantity]}"
    assert table.PAGE.read_text(encoding="utf-8") == table.written(readings), (
        "`python -m tests.makes.table` writes the table of makes"
    )
