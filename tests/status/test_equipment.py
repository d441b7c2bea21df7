"""What the polls of a switch say about the machine itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.inventory.checks import (
    HardwareOptions,
    InterfacesOptions,
    SnmpAccess,
)
from monitor.inventory.site_key import SiteKey
from monitor.observation import (
    Chassis,
    DeviceReading,
    HardwareReading,
    Observation,
    Outcome,
    PowerSupplyGroup,
)
from monitor.status.equipment import EquipmentBook
from monitor.status.model import EquipmentStatus
from tests import build
from tests.integration.running import Town
from tests.modelled import inventory_of

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.inventory.city import Inventory
    from monitor.observation import Values

AT = datetime(2026, 10, 5, 6, tzinfo=UTC)
READING = DeviceReading(
    "sw-1",
    "ProCurve J9773A\nrevision YA.16",
    "",
    360_000,
    {"ifType": {1: 6, 2: 6, 3: 6, 9: 53}, "ifOperStatus": {1: 1, 2: 2, 3: 1, 9: 1}},
    read_at=AT,
)


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return inventory_of(tmp_path, Town(161, {"voede": 1}, switches=1))


def polled(inventory: Inventory, values: Values | None, device: str = "") -> Observation:
    (school,) = inventory.schools
    name = device or school.sites[0].switches[0].name
    access = SnmpAccess("2c", "devices")
    is_hardware = isinstance(values, HardwareReading)
    options = HardwareOptions(access) if is_hardware else InterfacesOptions(access)
    check = build.check(options, name, school=school.id)
    outcome = Outcome.FAILED if values is None else Outcome.OK
    return Observation(check, AT, 0.1, outcome, values=values)


def test_model_ports_power_and_restart_come_from_both_polls(inventory: Inventory) -> None:
    (school,) = inventory.schools
    (switch,) = school.sites[0].switches
    book = EquipmentBook(inventory)
    assert book.of(SiteKey(school.id, "main")) == ()
    book.observe(polled(inventory, READING))
    (found,) = book.of(SiteKey(school.id, "main"))
    assert found == EquipmentStatus(
        device=switch.name,
        model="ProCurve J9773A",
        restarted=AT - timedelta(hours=1),
        ports=3,
        ports_up=2,
        power_drawn_watts=None,
        power_budget_watts=None,
    )
    power = {1: PowerSupplyGroup(370, 90, 1), 2: PowerSupplyGroup(370, None, 2)}
    book.observe(polled(inventory, HardwareReading(power, {}, chassis=Chassis("2530-24G", "", ""))))
    (found,) = book.of(SiteKey(school.id, "main"))
    assert (found.model, found.power_drawn_watts, found.power_budget_watts) == ("2530-24G", 90, 740)
    assert found.ports == 3


def test_a_restart_of_the_agent_alone_is_no_restart_of_the_switch(inventory: Inventory) -> None:
    book = EquipmentBook(inventory)
    of_agent = replace(READING, uptime_ticks=100, host_uptime_ticks=360_000)
    book.observe(polled(inventory, of_agent))
    (found,) = book.of(SiteKey(inventory.schools[0].id, "main"))
    assert found.restarted == AT - timedelta(hours=1)


def test_failed_polls_and_foreign_devices_change_nothing(inventory: Inventory) -> None:
    (school,) = inventory.schools
    book = EquipmentBook(inventory)
    book.observe(polled(inventory, READING))
    before = book.of(SiteKey(school.id, "main"))
    book.observe(polled(inventory, None))
    book.observe(polled(inventory, READING, device="router"))
    book.reconfigure(inventory)
    assert book.of(SiteKey(school.id, "main")) == before
