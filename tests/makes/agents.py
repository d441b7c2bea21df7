"""A device in a few lines, read with the shipped profiles.

The values of the agents are made up; their OIDs are those of the MIBs that the profiles name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from monitor.observation import Chassis, HardwareReading
from tests.makes.meter import observed
from tests.makes.recording import Recorded

if TYPE_CHECKING:
    from collections.abc import Mapping

ENTERPRISE: Final = "1.3.6.1.4.1"
IF_NAME: Final = "1.3.6.1.2.1.31.1.1.1.1"
ENTITY: Final = "1.3.6.1.2.1.47.1.1.1.1"

CPU: Final = "cpu_utilization_ratio"
SIZE: Final = "memory_size_bytes"
USED: Final = "memory_used_bytes"
FREE: Final = "memory_free_bytes"
SHARE: Final = "memory_used_ratio"
HEAT: Final = "temperature_celsius"
FAN: Final = "fan_good"
RPM: Final = "fan_speed_rpm"
SUPPLY: Final = "power_supply_good"
RECEIVED: Final = "optical_receive_power_dbm"
SENT: Final = "optical_transmit_power_dbm"
KIB: Final = 1024.0


@dataclass(frozen=True)
class Agent:
    """One device: its identity, its objects by OID, and the expected readings.

    An OID without a leading `1.` is below `enterprises`. `parts` are by quantity and part's name.
    """

    profile: str
    sys_object_id: str
    objects: Mapping[str, int | str]
    parts: Mapping[tuple[str, str], float]
    chassis: Chassis | None = None
    sys_descr: str = ""

    def recorded(self) -> Recorded:
        """Return it as a recording."""
        own = {
            "1.3.6.1.2.1.1.1.0": self.sys_descr,
            "1.3.6.1.2.1.1.2.0": tuple(map(int, f"{ENTERPRISE}.{self.sys_object_id}".split("."))),
            **{
                oid if oid.startswith("1.") else f"{ENTERPRISE}.{oid}": value
                for oid, value in self.objects.items()
            },
        }
        lines = sorted(own.items(), key=lambda one: tuple(map(int, one[0].split("."))))
        return Recorded("".join(f"{oid}|{_field(value)}\n" for oid, value in lines).encode())

    async def check(self) -> None:
        """Read it and assert the expected readings."""
        found = (await observed(self.recorded())).values
        assert isinstance(found, HardwareReading)
        assert found.profile == self.profile
        said = {(str(quantity), part): value for (quantity, part), value in found.parts.items()}
        assert said == pytest.approx(dict(self.parts), abs=1e-3)
        if self.chassis:
            assert found.chassis == self.chassis


def _field(value: int | str | tuple[int, ...]) -> str:
    if isinstance(value, int):
        return f"2|{value}"
    if isinstance(value, str):
        return f"4|{value}"
    return f"6|{'.'.join(map(str, value))}"
