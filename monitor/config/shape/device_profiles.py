"""The rules of a device profile: which objects of a make are read, and what they say.

Must not know: which profiles there are, what reads them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from monitor.config.shape.base import Rules
from monitor.config.shape.fields import ObjectName, Oid, Oids, Text


class ReadingRules(Rules):
    """One object of the device, and the quantity that it says."""

    quantity: Literal[
        "cpu_utilization_ratio",
        "memory_used_ratio",
        "memory_used_bytes",
        "memory_free_bytes",
        "memory_size_bytes",
        "temperature_celsius",
        "fan_good",
        "fan_speed_rpm",
        "power_supply_good",
        "optical_receive_power_dbm",
        "optical_transmit_power_dbm",
        "poe_port_power_watts",
    ]
    """What it says; exported under `school_device_` and this name."""
    object: ObjectName
    """Name of the object in its MIB."""
    oid: Oid
    """Its OID: a table's column, or a scalar with its `.0`."""
    scale: Annotated[float, Field(ge=-1e9, le=1e9)] = 1.0
    """What its values are multiplied by to be in the quantity's unit."""
    offset: Annotated[float, Field(ge=-1e9, le=1e9)] = 0.0
    """What is added after that: 1 to a scale of -0.01 makes a share of an idle time in per cent."""
    good: Annotated[list[int], Field(max_length=20)] = Field(default=[])
    """States in which the part is good, for a quantity that ends in `_good`."""
    ignored: Annotated[list[int], Field(max_length=20)] = Field(default=[])
    """Values that say nothing, such as those of a part that is not there."""
    label: Oid = Field(default_factory=str)
    """OID of the column that names the table's rows; without, they have their index."""
    text: bool = False
    """Whether the value is a text such as "45 C", whose first number counts."""
    named: str = Field(default_factory=str, max_length=200)
    """Regular expression (`re.search`): only rows whose name has it are read."""
    number: str = Field(default_factory=str, max_length=200)
    """Regular expression with a group that is the number of a text that has several."""
    rows: str = Field(default_factory=str, max_length=200)
    """Regular expression (`re.search`) over a row's index: only such rows are read."""
    least: Annotated[float, Field(ge=-1e18, le=1e18)] | None = None
    """Numbers below it say nothing; it is held against the number before `scale`."""
    most: Annotated[float, Field(ge=-1e18, le=1e18)] | None = None
    """Numbers above it say nothing; it is held against the number before `scale`."""
    milliwatts: bool = False
    """Whether the scaled number is light in milliwatts; it is exported in dBm."""
    part: str = Field(default_factory=str, max_length=100)
    """Name of a scalar's part, where a profile reads several of one quantity."""
    fallback: bool = False
    """Whether it is read only where no reading before it says the quantity."""


class IdentityRules(Rules):
    """Where a make says what a device is, if ENTITY-MIB does not."""

    model: Oids = Field(default=[])
    """OID of the model: a scalar with its `.0`, or a column, whose first text counts."""
    serial: Oids = Field(default=[])
    """OID of the serial number."""
    software: Oids = Field(default=[])
    """OID of the software's version."""
    sys_descr: str = Field(default_factory=str, max_length=300)
    """Regular expression over sysDescr with groups `model`, `serial` and `software`."""
    first: bool = False
    """Whether these come before what ENTITY-MIB says."""


class DeviceProfileRules(Rules):
    """What is read of one make of switch beyond the standard tables."""

    source: Text
    """Which MIBs say so."""
    sys_object_id: Annotated[list[Oid], Field(min_length=1, max_length=50)]
    """Subtrees of sysObjectID for whose devices the profile holds; the longest match wins."""
    sys_descr: str = Field(default_factory=str, max_length=300)
    """Regular expression: of these devices, it holds for those whose sysDescr has it."""
    readings: Annotated[list[ReadingRules], Field(min_length=1, max_length=60)]
    """What is read."""
    identity: IdentityRules | None = None
    """Where model, serial number and software are read if ENTITY-MIB does not have them."""
    sensor_table: Oid = Field(default_factory=str)
    """OID of a table's entry with the columns of entPhySensorTable, such as Cisco's."""
