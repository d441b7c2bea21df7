"""A switch's hardware as sample lines: power over Ethernet, sensors, spanning tree.

Must not know: how the switch was queried, or when a value is too high.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from monitor.exposition.metric import DEVICE, Kind, Metric
from monitor.inventory.checks import HardwareOptions
from monitor.inventory.device_profile import Quantity
from monitor.observation import Chassis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.devices.links import Link, Place
    from monitor.exposition.text import Blocks
    from monitor.inventory.checks import Check
    from monitor.observation import HardwareReading

_GROUP = (*DEVICE, "pethMainPseGroupIndex")
_PORT = (*DEVICE, "pethPsePortGroupIndex", "pethPsePortIndex", "ifName")
_SENSOR = (*DEVICE, "entPhysicalIndex", "entPhysicalName")


# pethPsePortDetectionStatus of a port without a device to feed.
_SEARCHING = 2


def _part(quantity: Quantity, unit: str, text: str) -> Metric:
    return Metric(
        f"school_device_{quantity}",
        Kind.GAUGE,
        unit,
        f"{text} (the vendor's own MIBs, by device profile)",
        (*DEVICE, "part"),
    )


PETH_MAIN_PSE_POWER: Final = Metric(
    "pethMainPsePower",
    Kind.GAUGE,
    "watts",
    "Power over Ethernet that the unit can supply (POWER-ETHERNET-MIB)",
    _GROUP,
)
PETH_MAIN_PSE_CONSUMPTION_POWER: Final = Metric(
    "pethMainPseConsumptionPower",
    Kind.GAUGE,
    "watts",
    "Power over Ethernet drawn from the unit's ports (POWER-ETHERNET-MIB)",
    _GROUP,
)
PETH_MAIN_PSE_OPER_STATUS: Final = Metric(
    "pethMainPseOperStatus",
    Kind.GAUGE,
    "",
    "State of the power over Ethernet: 1 on, 2 off, 3 faulty (POWER-ETHERNET-MIB)",
    _GROUP,
)
PETH_PSE_PORT_DETECTION_STATUS: Final = Metric(
    "pethPsePortDetectionStatus",
    Kind.GAUGE,
    "",
    "Power over Ethernet of a port: 1 disabled, 2 searching, 3 delivering power, 4 fault,"
    " 5 test, 6 another fault (POWER-ETHERNET-MIB); a searching port feeds no device, and its"
    " series only exists with `interfaces: {unused: whole}`; ifName is empty if the port's"
    " interface is not certain",
    _PORT,
)
SCHOOL_DEVICE_SENSOR_VALUE: Final = Metric(
    "school_device_sensor_value",
    Kind.GAUGE,
    "that of the label `unit`",
    "Value of a sensor, scaled to its unit: celsius, rpm, watts, voltsDC, ... (ENTITY-SENSOR-MIB)",
    (*_SENSOR, "unit"),
)
SCHOOL_DEVICE_SENSOR_WORKING: Final = Metric(
    "school_device_sensor_working",
    Kind.GAUGE,
    "",
    "Whether a sensor works: 1 yes, 0 no (ENTITY-SENSOR-MIB)",
    (*_SENSOR, "unit"),
)
DOT1D_STP_TOP_CHANGES: Final = Metric(
    "dot1dStpTopChanges",
    Kind.COUNTER,
    "changes",
    "Spanning tree topology changes since the switch started (BRIDGE-MIB)",
    DEVICE,
)
SCHOOL_DEVICE_HARDWARE_INFO: Final = Metric(
    "school_device_hardware_info",
    Kind.INFO,
    "",
    "Model, serial number and software of the switch's chassis (ENTITY-MIB), and the device"
    " profile by which it is read, empty without one",
    (*DEVICE, "model", "serial", "software", "profile"),
)
SCHOOL_DEVICE_NEIGHBOR: Final = Metric(
    "school_device_neighbor",
    Kind.GAUGE,
    "",
    "Whether a managed device is seen at a port: 1 yes, 0 no longer (LLDP-MIB)",
    (*DEVICE, "port", "neighbor_site", "neighbor", "neighbor_port"),
)

PART_METRICS: Final[Mapping[Quantity, Metric]] = MappingProxyType(
    {
        quantity: _part(quantity, unit, text)
        for quantity, unit, text in (
            (Quantity.CPU_UTILIZATION_RATIO, "", "Processor utilisation"),
            (Quantity.MEMORY_USED_RATIO, "", "Share of the memory that is in use"),
            (Quantity.MEMORY_USED_BYTES, "bytes", "Memory in use"),
            (Quantity.MEMORY_FREE_BYTES, "bytes", "Free memory"),
            (Quantity.MEMORY_SIZE_BYTES, "bytes", "Total memory"),
            (Quantity.TEMPERATURE_CELSIUS, "degrees Celsius", "Temperature"),
            (Quantity.FAN_GOOD, "", "Whether a fan works: 1 yes, 0 no"),
            (Quantity.FAN_SPEED_RPM, "revolutions per minute", "Speed of a fan"),
            (Quantity.POWER_SUPPLY_GOOD, "", "Whether a power supply works: 1 yes, 0 no"),
            (
                Quantity.OPTICAL_RECEIVE_POWER_DBM,
                "dBm",
                "Optical power that a transceiver receives",
            ),
            (Quantity.OPTICAL_TRANSMIT_POWER_DBM, "dBm", "Optical power that a transceiver sends"),
            (Quantity.POE_PORT_POWER_WATTS, "watts", "Power over Ethernet delivered by a port"),
        )
    }
)

HARDWARE_METRICS: Final = (
    PETH_MAIN_PSE_POWER,
    PETH_MAIN_PSE_CONSUMPTION_POWER,
    PETH_MAIN_PSE_OPER_STATUS,
    PETH_PSE_PORT_DETECTION_STATUS,
    SCHOOL_DEVICE_SENSOR_VALUE,
    SCHOOL_DEVICE_SENSOR_WORKING,
    DOT1D_STP_TOP_CHANGES,
    SCHOOL_DEVICE_HARDWARE_INFO,
    SCHOOL_DEVICE_NEIGHBOR,
    *PART_METRICS.values(),
)


def render_links(blocks: Blocks, place: Place, links: Mapping[Link, bool]) -> None:
    """Add the samples of a device's links."""
    for link, is_seen in sorted(links.items(), key=lambda one: (one[0].port, one[0].neighbor)):
        _, site, device = link.neighbor
        labels = (*place, link.port, site, device, link.neighbor_port)
        blocks.add(SCHOOL_DEVICE_NEIGHBOR, labels, int(is_seen))


def render_hardware(blocks: Blocks, check: Check, reading: HardwareReading) -> None:
    """Add the samples of a switch's hardware."""
    device = (check.target.school, check.target.site, check.target.device)
    for index, group in reading.power.items():
        labels = (*device, str(index))
        blocks.add(PETH_MAIN_PSE_POWER, labels, group.budget)
        blocks.add(PETH_MAIN_PSE_CONSUMPTION_POWER, labels, group.drawn)
        blocks.add(PETH_MAIN_PSE_OPER_STATUS, labels, group.status)
    options = check.options
    shows_all = isinstance(options, HardwareOptions) and options.unused == "whole"
    ports = (
        ((str(group), str(number), port.interface), port.status)
        for (group, number), port in reading.powered_ports.items()
        if shows_all or port.status != _SEARCHING
    )
    blocks.add_rows(PETH_PSE_PORT_DETECTION_STATUS, device, ports)
    for index, sensor in reading.sensors.items():
        named = (*device, str(index), sensor.name, sensor.unit)
        blocks.add(SCHOOL_DEVICE_SENSOR_VALUE, named, sensor.value)
        blocks.add(SCHOOL_DEVICE_SENSOR_WORKING, named, int(sensor.is_working))
    blocks.add(DOT1D_STP_TOP_CHANGES, device, reading.topology_changes)
    if reading.chassis or reading.profile:
        chassis = reading.chassis or Chassis("", "", "")
        said = (chassis.model, chassis.serial, chassis.software, reading.profile)
        blocks.add(SCHOOL_DEVICE_HARDWARE_INFO, (*device, *said), 1)
    for (quantity, part), value in reading.parts.items():
        blocks.add(PART_METRICS[quantity], (*device, part), value)
