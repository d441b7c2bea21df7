"""What is read from one vendor's devices beyond the standard tables: data, no code.

A profile is selected by the device's sysObjectID; the longest match wins.

Must not know: the file format of profiles, or how an object is fetched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from math import inf, isfinite, log10

MAX_OID_OCTETS = 50
"""The longest OID of an object that can be read, in encoded octets (X.690 §8.19)."""


def oid_octets(oid: str) -> int:
    """Return the length of an OID in octets when encoded: the first two arcs share one."""
    arcs = map(int, oid.split(".")[2:])
    return 1 + sum(max(1, -(-arc.bit_length() // 7)) for arc in arcs)


class Quantity(StrEnum):
    """The quantity of a reading; exported as `school_device_` and this name."""

    CPU_UTILIZATION_RATIO = "cpu_utilization_ratio"
    MEMORY_USED_RATIO = "memory_used_ratio"
    MEMORY_USED_BYTES = "memory_used_bytes"
    MEMORY_FREE_BYTES = "memory_free_bytes"
    MEMORY_SIZE_BYTES = "memory_size_bytes"
    TEMPERATURE_CELSIUS = "temperature_celsius"
    FAN_GOOD = "fan_good"
    FAN_SPEED_RPM = "fan_speed_rpm"
    POWER_SUPPLY_GOOD = "power_supply_good"
    OPTICAL_RECEIVE_POWER_DBM = "optical_receive_power_dbm"
    OPTICAL_TRANSMIT_POWER_DBM = "optical_transmit_power_dbm"
    POE_PORT_POWER_WATTS = "poe_port_power_watts"


_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class ProfileReading:
    """One object with a quantity: a scalar's instance (ending in .0) or a table's column.

    The value is multiplied by `scale`, and `offset` is added. If `good` has states, the value is
    1 in one of them and else 0. Values in `ignored` are skipped. `label_oid` is the column that
    names the rows, if any; with `named`, a regular expression, only rows with such a name are read.
    With `text` the value is a text, and its first number counts ("45.5 C"), or with `number`, a
    regular expression, what its group has matched ("60 Secs ( 12.5%)"). With `rows`, a regular
    expression, only rows with a matching index are read. Numbers below `least` or above `most`
    are ignored. With `is_milliwatts` the scaled number is optical power in mW, converted to dBm.
    With `is_fallback` the object is used if no earlier one has the quantity. `part` names a
    scalar's part; a column has labels for that.
    """

    quantity: Quantity
    name: str
    oid: str
    scale: float = 1.0
    good: frozenset[int] = frozenset()
    ignored: frozenset[int] = frozenset()
    label_oid: str = ""
    offset: float = 0.0
    text: bool = False
    named: str = ""
    number: str = ""
    rows: str = ""
    least: float = -inf
    most: float = inf
    is_milliwatts: bool = False
    is_fallback: bool = False
    part: str = ""

    @property
    def is_scalar(self) -> bool:
        """Return whether there is one value, without an index."""
        return self.oid.endswith(".0")

    def value_of(self, raw: int | bytes) -> float | None:
        """Return the quantity that a raw value represents, None if it has none."""
        number = self._number(raw)
        if number is None or number in self.ignored or not self.least <= number <= self.most:
            return None
        if self.good:
            return float(number in self.good)
        scaled = number * self.scale + self.offset
        if not self.is_milliwatts:
            return scaled
        # No light has no level in dBm.
        return 10 * log10(scaled) if scaled > 0 else None

    def _number(self, raw: int | bytes) -> float | None:
        if isinstance(raw, int):
            return raw
        said = raw.decode("utf-8", "replace") if self.text else ""
        if self.number:
            found = re.search(self.number, said)
            said = found[1] or "" if found else ""
        digits = _NUMBER.search(said)
        # There may be more of them than a float can hold.
        number = float(digits[0]) if digits else inf
        return number if isfinite(number) else None


@dataclass(frozen=True, slots=True)
class Identity:
    """Which objects identify a vendor's device, if ENTITY-MIB does not.

    The three are OIDs of scalars or of columns; the first text of the first that has one is used.
    `sys_descr` is a regular expression with groups named model, serial and software. With
    `is_first` they take precedence over ENTITY-MIB.
    """

    model_oids: tuple[str, ...] = ()
    serial_oids: tuple[str, ...] = ()
    software_oids: tuple[str, ...] = ()
    sys_descr: str = ""
    is_first: bool = False

    @property
    def oids(self) -> tuple[str, ...]:
        """Return all OIDs."""
        return (*self.model_oids, *self.serial_oids, *self.software_oids)

    def described(self, sys_descr: str) -> dict[str, str]:
        """Return the parts of a sysDescr, by the groups' names."""
        found = re.search(self.sys_descr, sys_descr) if self.sys_descr else None
        return {name: said or "" for name, said in found.groupdict().items()} if found else {}


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """How to read one vendor's devices; `sys_object_ids` are the subtrees of those devices.

    With `sys_descr`, a regular expression, it is only for those whose sysDescr has it.
    `sensor_table` is the OID of a table's entry with the columns of entPhySensorTable, such as
    Cisco's entSensorValueTable; empty without one. `sensor_digits` are the decimal places of
    entPhySensorValue where the make's entPhySensorPrecision is wrong, and `sensors_ignored` the
    units whose sensors are left out because its entPhySensorType is wrong.
    """

    name: str
    source: str
    sys_object_ids: tuple[str, ...]
    readings: tuple[ProfileReading, ...]
    identity: Identity | None = None
    sensor_table: str = ""
    sys_descr: str = ""
    sensor_digits: int | None = None
    sensors_ignored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DeviceProfiles:
    """All profiles; of two for the same devices, the later one is used."""

    profiles: tuple[DeviceProfile, ...] = ()

    def named(self, name: str) -> DeviceProfile | None:
        """Return the profile with that name, None if there is none."""
        return next((one for one in reversed(self.profiles) if one.name == name), None)

    def of(self, sys_object_id: str, sys_descr: str = "") -> DeviceProfile | None:
        """Return the profile with the longest match, None if there is none for such a device.

        Profiles that match the device's sysDescr come before those without such a condition.
        """
        found: tuple[tuple[bool, int], DeviceProfile] | None = None
        for profile in self.profiles:
            # Hardly any does, and this is asked at every poll.
            if not sys_object_id.startswith(profile.sys_object_ids):
                continue
            if profile.sys_descr and not re.search(profile.sys_descr, sys_descr):
                continue
            for subtree in profile.sys_object_ids:
                if not sys_object_id.startswith(subtree):
                    continue
                matches = sys_object_id[len(subtree) : len(subtree) + 1] in {"", "."}
                rank = (bool(profile.sys_descr), len(subtree))
                if matches and (found is None or rank >= found[0]):
                    found = (rank, profile)
        return found[1] if found else None
