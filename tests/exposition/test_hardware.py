from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.exposition.render import CheckRenderer
from monitor.inventory.checks import HardwareOptions
from monitor.observation import (
    HardwareReading,
    Observation,
    Outcome,
    PoweredPort,
    PowerSupplyGroup,
    Reason,
    Sensor,
)
from tests.exposition.support import exact_names
from tests.probes.test_hardware import CHECK

if TYPE_CHECKING:
    from monitor.inventory.interface_selection import UnusedPorts


def rendered(
    reading: HardwareReading, unused: UnusedPorts = "status"
) -> dict[str, dict[str, float]]:
    """Return each family's values by the label that tells its rows apart."""
    assert isinstance(CHECK.options, HardwareOptions)
    check = replace(CHECK, options=replace(CHECK.options, unused=unused))
    now = datetime(2026, 9, 9, 9, tzinfo=UTC)
    observation = Observation(check, now, 0.1, Outcome.OK, Reason.NONE, "", reading)
    found: dict[str, dict[str, float]] = {}
    for text in CheckRenderer(check).render(observation, 1000.0).values():
        for (name, labels), value in exact_names(text.decode()).items():
            named = dict(labels)
            row = named.get("pethMainPseGroupIndex") or named.get("entPhysicalName", "")
            if "pethPsePortIndex" in named:
                port = f"{named['pethPsePortGroupIndex']}/{named['pethPsePortIndex']}"
                row = f"{port} {named['ifName']}"
            found.setdefault(name, {})[row] = value
    return found


def test_hardware_a_switch_has_is_exported_and_the_rest_is_absent() -> None:
    reading = HardwareReading(
        {1: PowerSupplyGroup(370, 120, 1), 2: PowerSupplyGroup(None, None, 3)},
        {
            7: Sensor("Inlet", "celsius", 41.5, is_working=True),
            8: Sensor('Fan "1"\n', "rpm", None, is_working=False),
        },
        9,
        powered_ports={
            (1, 5): PoweredPort(3, "Gi1/0/5"),
            (1, 6): PoweredPort(2, "Gi1/0/6"),
            (2, 5): PoweredPort(4, ""),
        },
    )
    found = rendered(reading)
    assert found["pethPsePortDetectionStatus"] == {"1/5 Gi1/0/5": 3, "2/5 ": 4}
    everything = rendered(reading, unused="whole")["pethPsePortDetectionStatus"]
    assert everything == found["pethPsePortDetectionStatus"] | {"1/6 Gi1/0/6": 2}
    assert found["pethMainPsePower"] == {"1": 370}
    assert found["pethMainPseConsumptionPower"] == {"1": 120}
    assert found["pethMainPseOperStatus"] == {"1": 1, "2": 3}
    assert found["school_device_sensor_value"] == {"Inlet": 41.5}
    assert found["school_device_sensor_working"] == {"Inlet": 1, 'Fan "1"': 0}
    assert found["dot1dStpTopChanges"] == {"": 9}
    assert "pethMainPsePower" not in rendered(HardwareReading({}, {}))
