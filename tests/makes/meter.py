"""Counts, per quantity, the recorded devices that have it, and those from which we read it.

`python -m tests.makes.meter` prints a line for each device, then the sums.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final

from monitor.clock import SystemClock
from monitor.config.build.device_profiles import own_profiles
from monitor.inventory.checks import HardwareOptions, SnmpAccess
from monitor.inventory.device_profile import DeviceProfiles, Quantity
from monitor.observation import HardwareReading, Observation
from monitor.probes import hardware
from monitor.probes.context import ProbeContext
from tests import build
from tests.makes.known_objects import KNOWN, known_of
from tests.makes.recording import Recorded, names
from tests.probes.support import THREADS, NoTransport

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDERS: Final = ("network/switch", "network/router", "network/wifi", "network/firewall")
_OPTIONS: Final = HardwareOptions(SnmpAccess("2c", "devices"), DeviceProfiles(own_profiles()))
CHECK: Final = build.check(_OPTIONS, "switch-1")
_PARTS: Final = {
    "temperature": {Quantity.TEMPERATURE_CELSIUS},
    "processor": {Quantity.CPU_UTILIZATION_RATIO},
    "memory": {one for one in Quantity if one.startswith("memory_")},
    "optics": {Quantity.OPTICAL_RECEIVE_POWER_DBM},
    "fans": {Quantity.FAN_GOOD, Quantity.FAN_SPEED_RPM},
}
_UNITS: Final = {"temperature": "celsius", "optics": "dBm", "fans": "rpm"}


def context_for(device: Recorded) -> ProbeContext:
    """Return a context whose SNMP transport is a recording."""
    clock = SystemClock()
    return ProbeContext(clock, clock.monotonic() + 60.0, NoTransport(), device, THREADS)


async def observed(device: Recorded) -> Observation:
    """Return what our hardware check reads from a recorded device."""
    return await hardware.run(CHECK, context_for(device))


def read_of(reading: HardwareReading) -> frozenset[str]:
    """Return which quantities a reading has."""
    parts = {quantity for quantity, _ in reading.parts}
    units = {sensor.unit for sensor in reading.sensors.values() if sensor.value is not None}
    chassis = reading.chassis
    said = {name for name in _PARTS if parts & _PARTS[name] or _UNITS.get(name) in units}
    if chassis is not None:
        said |= {what for what in ("model", "serial", "software") if getattr(chassis, what)}
    return frozenset(said)


def present_and_read(name: str) -> tuple[dict[str, list[str]], HardwareReading]:
    """Return which objects of a recorded device give each quantity, and what we read from it."""
    device = Recorded.of(name)
    observation = asyncio.run(observed(device))
    if not isinstance(observation.values, HardwareReading):
        raise TypeError(f"{name}: {observation.detail}")
    return {quantity: known_of(device, quantity) for quantity in KNOWN}, observation.values


def main(recordings: Iterable[str]) -> None:
    """Print what is read from each recording, and the sums."""
    sums = {quantity: [0, 0] for quantity in KNOWN}
    for name in recordings:
        had, reading = present_and_read(name)
        read = read_of(reading)
        words = []
        for quantity, known in had.items():
            if known:
                sums[quantity][0] += 1
                sums[quantity][1] += quantity in read
                if quantity not in read:
                    words.append(f"MISSED {quantity} ({', '.join(known)})")
        found = reading.chassis
        print(f"{name} [{reading.profile}] {sorted(read)} {found}; {'; '.join(words)}")  # noqa: T201
    print({quantity: f"{read} of {had}" for quantity, (had, read) in sums.items()})  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:] or [name for folder in FOLDERS for name in names(folder)])
