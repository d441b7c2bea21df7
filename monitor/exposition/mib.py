"""The metrics that are MIB objects under their own names, as snmp_exporter's if_mib has them.

Must not know: how a device is asked, or which objects it has.
"""

from __future__ import annotations

from monitor.devices.restart import Restart
from monitor.exposition.metric import Kind, Metric

DEVICE = ("school", "site", "device")
# What an interface is called; which of them are there follows from what it is known by, and
# ifIndex only where that does not tell it from the others: ifIndex may change with any restart
# (RFC 2863 §3.1.5), and a series that changes its labels is another series.
INTERFACE = ("ifIndex", "ifName", "ifDescr", "ifAlias")

LONGEST_POLLED_SECONDS = 120.0
"""Up to this interval of a check its polled families carry the instant of their reading.

Prometheus shows a sample for five minutes (its look-back): two polls must fit, so that one that is
lost leaves no hole.
"""
LOOK_BACK_SECONDS = 300.0
"""A sample that is older would be taken and never be shown."""


def _counter(name: str, unit: str, text: str) -> Metric:
    return Metric(name, Kind.COUNTER, unit, f"{text} (IF-MIB)", DEVICE, INTERFACE)


def _gauge(name: str, unit: str, text: str) -> Metric:
    return Metric(name, Kind.GAUGE, unit, f"{text} (IF-MIB)", DEVICE, INTERFACE)


_NARROW = "32-bit counter, only where the interface has none of 64 bits that counts"

IF_TYPE_INFO = "ifType_info"
COUNTS = "school_device_interfaces"

INTERFACE_METRICS = (
    Metric(
        IF_TYPE_INFO,
        Kind.INFO,
        "",
        "What seldom changes of an interface: its number until the device's next restart, and its"
        " IANAifType by name (IF-MIB)",
        (*DEVICE, "ifIndex", "ifType"),
        INTERFACE[1:],
    ),
    _counter("ifHCInOctets", "bytes", "Octets received, 64-bit counter"),
    _counter("ifHCOutOctets", "bytes", "Octets sent, 64-bit counter"),
    _counter("ifInOctets", "bytes", f"Octets received, {_NARROW}"),
    _counter("ifOutOctets", "bytes", f"Octets sent, {_NARROW}"),
    _counter("ifHCInUcastPkts", "packets", "Unicast packets received, 64-bit counter"),
    _counter("ifHCInMulticastPkts", "packets", "Multicast packets received, 64-bit counter"),
    _counter("ifHCInBroadcastPkts", "packets", "Broadcast packets received, 64-bit counter"),
    _counter("ifHCOutUcastPkts", "packets", "Unicast packets sent, 64-bit counter"),
    _counter("ifHCOutMulticastPkts", "packets", "Multicast packets sent, 64-bit counter"),
    _counter("ifHCOutBroadcastPkts", "packets", "Broadcast packets sent, 64-bit counter"),
    _counter("ifInUcastPkts", "packets", f"Unicast packets received, {_NARROW}"),
    _counter("ifInMulticastPkts", "packets", f"Multicast packets received, {_NARROW}"),
    _counter("ifInBroadcastPkts", "packets", f"Broadcast packets received, {_NARROW}"),
    _counter("ifInNUcastPkts", "packets", "Multicast and broadcast packets received, deprecated"),
    _counter("ifOutUcastPkts", "packets", f"Unicast packets sent, {_NARROW}"),
    _counter("ifOutMulticastPkts", "packets", f"Multicast packets sent, {_NARROW}"),
    _counter("ifOutBroadcastPkts", "packets", f"Broadcast packets sent, {_NARROW}"),
    _counter("ifOutNUcastPkts", "packets", "Multicast and broadcast packets sent, deprecated"),
    _counter("ifInDiscards", "packets", "Packets received and dropped although without error"),
    _counter("ifOutDiscards", "packets", "Packets not sent although without error"),
    _counter("ifInErrors", "packets", "Packets received with errors"),
    _counter("ifOutErrors", "packets", "Packets not sent because of errors"),
    _counter("ifInUnknownProtos", "packets", "Packets received for an unknown protocol"),
    _gauge("ifMtu", "bytes", "Largest packet that the interface sends or receives"),
    _gauge("ifSpeed", "bits per second", "Bandwidth; 4294967295 means that ifHighSpeed says it"),
    _gauge("ifHighSpeed", "Mbit/s", "Bandwidth in units of 1,000,000 bits per second"),
    _gauge("ifAdminStatus", "", "State that is wanted: 1 up, 2 down, 3 testing"),
    _gauge(
        "ifOperStatus",
        "",
        "State that is: 1 up, 2 down, 3 testing, 4 unknown, 5 dormant, 6 notPresent,"
        " 7 lowerLayerDown",
    ),
    _gauge("ifLastChange", "hundredths of a second", "sysUpTime when ifOperStatus last changed"),
    _gauge("ifOutQLen", "packets", "Length of the output queue, deprecated"),
    _gauge("ifPromiscuousMode", "", "Whether all packets are received: 1 true, 2 false"),
    _gauge("ifConnectorPresent", "", "Whether there is a physical connector: 1 true, 2 false"),
    _gauge(
        "ifCounterDiscontinuityTime",
        "hundredths of a second",
        "sysUpTime when the interface's counters last lost their continuity",
    ),
)

# Beside the counters, so that it has a sample wherever they have one.
READ_TIMESTAMP = "school_device_read_timestamp_seconds"

# What carries the instant of the reading: all that an interfaces poll brings under the MIB's names.
POLLED = frozenset({metric.name for metric in INTERFACE_METRICS} | {"sysUpTime", READ_TIMESTAMP})

# Whose values are mostly those of the poll before: all but the counters of traffic.
STEADY = frozenset(
    metric.name for metric in INTERFACE_METRICS if metric.kind is not Kind.COUNTER
) | {"ifInDiscards", "ifOutDiscards", "ifInErrors", "ifOutErrors", "ifInUnknownProtos"}

# The standard notifications (RFC 3418, RFC 2863), and every other one.
TRAPS = ("linkDown", "linkUp", "coldStart", "warmStart", "authenticationFailure", "other")

SYSTEM_METRICS = (
    Metric(
        "sysUpTime",
        Kind.GAUGE,
        "hundredths of a second",
        "Time since the device's network management last started (SNMPv2-MIB)",
        DEVICE,
    ),
    Metric(
        READ_TIMESTAMP,
        Kind.GAUGE,
        "seconds since 1970",
        "When the last interfaces poll read the device: what the rate of a polled counter is"
        " divided by, so that a missing poll does not lower it",
        DEVICE,
    ),
    Metric(
        "school_device_system_info",
        Kind.INFO,
        "",
        "What the device says of itself: sysName, sysDescr, sysObjectID (SNMPv2-MIB)",
        (*DEVICE, "sys_name", "sys_descr", "sys_object_id"),
    ),
    Metric(
        "school_device_has_64_bit_counters",
        Kind.GAUGE,
        "",
        "Whether the device has octet counters of 64 bits (ifXTable): 1 yes, 0 no; those of 32"
        " bits wrap within 34 s at 1 Gbit/s",
        DEVICE,
    ),
    Metric(
        COUNTS,
        Kind.GAUGE,
        "interfaces",
        "Interfaces of the device by how much of them is exported: whole; status, the two states"
        " alone of ports that are down and carry nothing; none, what `interfaces.select` leaves"
        " out",
        (*DEVICE, "exported"),
    ),
    Metric(
        "school_device_restarts_total",
        Kind.COUNTER,
        "restarts",
        "Restarts seen since the monitor's own start: of the device, or only of the agent that"
        " speaks for it; a sysUpTime that wraps after 497 days is none",
        (*DEVICE, "kind"),
        known={"kind": tuple(Restart)},
    ),
    Metric(
        "school_device_traps_total",
        Kind.COUNTER,
        "traps",
        f"Traps and informs taken from the device (`--traps`): {', '.join(TRAPS)}",
        (*DEVICE, "trap"),
        known={"trap": TRAPS},
    ),
    Metric(
        "probe_snmp_requests",
        Kind.GAUGE,
        "requests",
        "SNMP requests that the last poll took",
        DEVICE,
    ),
    Metric(
        "probe_snmp_varbinds",
        Kind.GAUGE,
        "variables",
        "SNMP variables that the last poll brought",
        DEVICE,
    ),
)
