from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.cli.show import found
from monitor.inventory.device_profile import Quantity
from monitor.observation import (
    Chassis,
    HardwareReading,
    Neighbor,
    Observation,
    Outcome,
    PowerSupplyGroup,
    Reason,
    Sensor,
)
from tests.probes.test_hardware import CHECK

CPU = Quantity.CPU_UTILIZATION_RATIO
SEEN = Neighbor("1", "switch-02", "2")
COLD = {
    1: Sensor("Inlet", "celsius", 0.0, is_working=True),
    2: Sensor("Outlet", "celsius", None, is_working=False),
}


@pytest.mark.parametrize(
    ("reading", "line"),
    [
        (HardwareReading({}, {}), "reports nothing about its hardware"),
        (HardwareReading({1: PowerSupplyGroup(370, 120, 1)}, {}), "PoE 120 of 370 W"),
        (HardwareReading({}, COLD), "1 of 2 sensors work, at most 0 °C"),
        (HardwareReading({}, {}, 7), "7 changes of the spanning tree"),
        (
            HardwareReading({}, {}, profile="net-snmp", parts={(CPU, "1"): 0.7, (CPU, "2"): 0.8}),
            "2 readings by the profile net-snmp",
        ),
        (HardwareReading({}, {}, parts={(CPU, "1"): 0.7}), "1 reading"),
        (HardwareReading({}, {}, neighbors=(SEEN, SEEN)), "2 neighbors"),
        (HardwareReading({}, {}, chassis=Chassis("M4300", "", "")), "M4300"),
    ],
)
def test_the_hardware_summary_of_a_switch_fits_on_one_line(
    reading: HardwareReading, line: str
) -> None:
    now = datetime(2026, 9, 9, 9, tzinfo=UTC)
    assert found(Observation(CHECK, now, 0.1, Outcome.OK, Reason.NONE, "", reading)) == line
