"""The rules of a device profile: which objects of a vendor are read, and what they represent.

Must not know: which profiles exist, or what reads them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from monitor.config.shape.base import Rules
from monitor.config.shape.fields import ObjectName, Oid, Oids, Text

SensorUnit = Literal[
    "voltsAC",
    "voltsDC",
    "amperes",
    "watts",
    "hertz",
    "celsius",
    "percentRH",
    "rpm",
    "cmm",
    "truthvalue",
    "dBm",
]


class ReadingRules(Rules):
    """One object of the device, and the quantity that it represents."""

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
    """Quantity; exported under `school_device_` and this name."""
    object: ObjectName
    """Name of the object in its MIB."""
    oid: Oid
    """Its OID: a table's column, or a scalar with its `.0`."""
    scale: Annotated[float, Field(ge=-1e9, le=1e9)] = 1.0
    """Factor that converts its values to the quantity's unit."""
    offset: Annotated[float, Field(ge=-1e9, le=1e9)] = 0.0
    """Added after scaling: 1 with a scale of -0.01 turns an idle percentage into a utilisation."""
    good: Annotated[list[int], Field(max_length=20)] = Field(default=[])
    """States in which the part is good, for a quantity that ends in `_good`."""
    ignored: Annotated[list[int], Field(max_length=20)] = Field(default=[])
    """Values to ignore, such as those of an absent part."""
    label: Oid = Field(default_factory=str)
    """OID of the column that names the table's rows; by default, the index names them."""
    text: bool = False
    """Whether the value is a text such as "45 C", whose first number counts."""
    named: str = Field(default_factory=str, max_length=200)
    """Regular expression (`re.search`): only rows with a matching name are read."""
    number: str = Field(default_factory=str, max_length=200)
    """Regular expression with a group for the number, for a text with several."""
    rows: str = Field(default_factory=str, max_length=200)
    """Regular expression (`re.search`) for a row's index: only matching rows are read."""
    least: Annotated[float, Field(ge=-1e18, le=1e18)] | None = None
    """Smaller numbers are ignored; compared before `scale`."""
    most: Annotated[float, Field(ge=-1e18, le=1e18)] | None = None
    """Larger numbers are ignored; compared before `scale`."""
    milliwatts: bool = False
    """Whether the scaled number is optical power in milliwatts; it is exported in dBm."""
    part: str = Field(default_factory=str, max_length=100)
    """Name of a scalar's part, if a profile has several readings of one quantity."""
    fallback: bool = False
    """Whether it is used only if no earlier reading has the quantity."""


class IdentityRules(Rules):
    """Objects that identify a vendor's device, if ENTITY-MIB does not."""

    model: Oids = Field(default=[])
    """OID of the model: a scalar with its `.0`, or a column, of which the first text is used."""
    serial: Oids = Field(default=[])
    """OID of the serial number."""
    software: Oids = Field(default=[])
    """OID of the software's version."""
    sys_descr: str = Field(default_factory=str, max_length=300)
    """Regular expression over sysDescr with groups `model`, `serial` and `software`."""
    first: bool = False
    """Whether these come before what ENTITY-MIB says."""


class DeviceProfileRules(Rules):
    """Readings of one vendor's switches beyond the standard tables."""

    source: Text
    """MIBs that document the objects."""
    sys_object_id: Annotated[list[Oid], Field(min_length=1, max_length=50)]
    """Subtrees of sysObjectID to which the profile applies; the longest match wins."""
    sys_descr: str = Field(default_factory=str, max_length=300)
    """Regular expression for sysDescr, to select among these devices."""
    readings: Annotated[list[ReadingRules], Field(min_length=1, max_length=60)]
    """Objects that are read."""
    identity: IdentityRules | None = None
    """Objects for model, serial number and software if ENTITY-MIB does not have them."""
    sensor_table: Oid = Field(default_factory=str)
    """OID of a table entry with the columns of entPhySensorTable, such as Cisco's."""
    sensor_digits: Annotated[int, Field(ge=0, le=9)] | None = None
    """Decimal places of entPhySensorValue, if the vendor's entPhySensorPrecision is wrong."""
    sensors_ignored: Annotated[list[SensorUnit], Field(max_length=11)] = Field(default_factory=list)
    """Units of sensors that are not read because the vendor's entPhySensorType is wrong."""
