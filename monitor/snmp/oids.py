"""The MIB objects we read, as data: name, OID, syntax, arcs of the index.

To add a table, add an entry to `TABLES`; nothing else has to change.

Must not know: what a value is used for, or how it is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from monitor.snmp.ber import Tag

if TYPE_CHECKING:
    from collections.abc import Mapping


class Syntax(Enum):
    """The types of objects (RFC 2578 §7.1), with their tag on the wire."""

    INTEGER = Tag.INTEGER
    COUNTER32 = Tag.COUNTER32
    COUNTER64 = Tag.COUNTER64
    GAUGE = Tag.GAUGE32
    TIMETICKS = Tag.TIMETICKS
    STRING = Tag.OCTET_STRING
    OID = Tag.OBJECT_IDENTIFIER


@dataclass(frozen=True, slots=True)
class Object:
    """One MIB object; `oid` is a scalar's instance (ending in .0) or a table's column.

    `arity` is the number of arcs in the index; 0 for a scalar, and for an index of any length.
    """

    name: str
    oid: str
    syntax: Syntax
    arity: int


@dataclass(frozen=True, slots=True)
class Table:
    """A conceptual table's entry: its OID, the arcs of its index, its columns by number."""

    name: str
    entry: str
    arity: int
    columns: tuple[tuple[int, str, Syntax], ...]


# SNMPv2-MIB (RFC 3418 §2) and IF-MIB::ifNumber (RFC 2863 §6), unless noted otherwise.
SCALARS = (
    Object("sysDescr", "1.3.6.1.2.1.1.1.0", Syntax.STRING, 0),
    Object("sysObjectID", "1.3.6.1.2.1.1.2.0", Syntax.OID, 0),
    Object("sysUpTime", "1.3.6.1.2.1.1.3.0", Syntax.TIMETICKS, 0),
    Object("sysContact", "1.3.6.1.2.1.1.4.0", Syntax.STRING, 0),
    Object("sysName", "1.3.6.1.2.1.1.5.0", Syntax.STRING, 0),
    Object("sysLocation", "1.3.6.1.2.1.1.6.0", Syntax.STRING, 0),
    Object("sysServices", "1.3.6.1.2.1.1.7.0", Syntax.INTEGER, 0),
    Object("ifNumber", "1.3.6.1.2.1.2.1.0", Syntax.INTEGER, 0),
    # SNMP-FRAMEWORK-MIB (RFC 3411 §5) and HOST-RESOURCES-MIB (RFC 2790 §4.2).
    Object("snmpEngineTime", "1.3.6.1.6.3.10.2.1.3.0", Syntax.INTEGER, 0),
    Object("hrSystemUptime", "1.3.6.1.2.1.25.1.1.0", Syntax.TIMETICKS, 0),
    # BRIDGE-MIB (RFC 4188 §4).
    Object("dot1dStpTopChanges", "1.3.6.1.2.1.17.2.4.0", Syntax.COUNTER32, 0),
)

# IF-MIB (RFC 2863 §6).
IF_TABLE = Table(
    "ifTable",
    "1.3.6.1.2.1.2.2.1",
    1,
    (
        (1, "ifIndex", Syntax.INTEGER),
        (2, "ifDescr", Syntax.STRING),
        (3, "ifType", Syntax.INTEGER),
        (4, "ifMtu", Syntax.INTEGER),
        (5, "ifSpeed", Syntax.GAUGE),
        (6, "ifPhysAddress", Syntax.STRING),
        (7, "ifAdminStatus", Syntax.INTEGER),
        (8, "ifOperStatus", Syntax.INTEGER),
        (9, "ifLastChange", Syntax.TIMETICKS),
        (10, "ifInOctets", Syntax.COUNTER32),
        (11, "ifInUcastPkts", Syntax.COUNTER32),
        (12, "ifInNUcastPkts", Syntax.COUNTER32),
        (13, "ifInDiscards", Syntax.COUNTER32),
        (14, "ifInErrors", Syntax.COUNTER32),
        (15, "ifInUnknownProtos", Syntax.COUNTER32),
        (16, "ifOutOctets", Syntax.COUNTER32),
        (17, "ifOutUcastPkts", Syntax.COUNTER32),
        (18, "ifOutNUcastPkts", Syntax.COUNTER32),
        (19, "ifOutDiscards", Syntax.COUNTER32),
        (20, "ifOutErrors", Syntax.COUNTER32),
        (21, "ifOutQLen", Syntax.GAUGE),
    ),
)

IF_X_TABLE = Table(
    "ifXTable",
    "1.3.6.1.2.1.31.1.1.1",
    1,
    (
        (1, "ifName", Syntax.STRING),
        (2, "ifInMulticastPkts", Syntax.COUNTER32),
        (3, "ifInBroadcastPkts", Syntax.COUNTER32),
        (4, "ifOutMulticastPkts", Syntax.COUNTER32),
        (5, "ifOutBroadcastPkts", Syntax.COUNTER32),
        (6, "ifHCInOctets", Syntax.COUNTER64),
        (7, "ifHCInUcastPkts", Syntax.COUNTER64),
        (8, "ifHCInMulticastPkts", Syntax.COUNTER64),
        (9, "ifHCInBroadcastPkts", Syntax.COUNTER64),
        (10, "ifHCOutOctets", Syntax.COUNTER64),
        (11, "ifHCOutUcastPkts", Syntax.COUNTER64),
        (12, "ifHCOutMulticastPkts", Syntax.COUNTER64),
        (13, "ifHCOutBroadcastPkts", Syntax.COUNTER64),
        (14, "ifLinkUpDownTrapEnable", Syntax.INTEGER),
        (15, "ifHighSpeed", Syntax.GAUGE),
        (16, "ifPromiscuousMode", Syntax.INTEGER),
        (17, "ifConnectorPresent", Syntax.INTEGER),
        (18, "ifAlias", Syntax.STRING),
        (19, "ifCounterDiscontinuityTime", Syntax.TIMETICKS),
    ),
)

# POWER-ETHERNET-MIB (RFC 3621 §4).
PETH_PSE_PORT_TABLE = Table(
    "pethPsePortTable",
    "1.3.6.1.2.1.105.1.1.1",
    2,
    ((6, "pethPsePortDetectionStatus", Syntax.INTEGER),),
)
PETH_MAIN_PSE_TABLE = Table(
    "pethMainPseTable",
    "1.3.6.1.2.1.105.1.3.1.1",
    1,
    (
        (2, "pethMainPsePower", Syntax.GAUGE),
        (3, "pethMainPseOperStatus", Syntax.INTEGER),
        (4, "pethMainPseConsumptionPower", Syntax.GAUGE),
    ),
)

# ENTITY-SENSOR-MIB (RFC 3433 §3).
ENT_PHY_SENSOR_TABLE = Table(
    "entPhySensorTable",
    "1.3.6.1.2.1.99.1.1.1",
    1,
    (
        (1, "entPhySensorType", Syntax.INTEGER),
        (2, "entPhySensorScale", Syntax.INTEGER),
        (3, "entPhySensorPrecision", Syntax.INTEGER),
        (4, "entPhySensorValue", Syntax.INTEGER),
        (5, "entPhySensorOperStatus", Syntax.INTEGER),
    ),
)

# ENTITY-MIB (RFC 6933 §3).
ENT_PHYSICAL_TABLE = Table(
    "entPhysicalTable",
    "1.3.6.1.2.1.47.1.1.1.1",
    1,
    (
        (5, "entPhysicalClass", Syntax.INTEGER),
        (7, "entPhysicalName", Syntax.STRING),
        (10, "entPhysicalSoftwareRev", Syntax.STRING),
        (11, "entPhysicalSerialNum", Syntax.STRING),
        (13, "entPhysicalModelName", Syntax.STRING),
    ),
)

# LLDP-MIB (IEEE 802.1AB): the device's own ports, and their neighbours.
LLDP_LOC_PORT_TABLE = Table(
    "lldpLocPortTable",
    "1.0.8802.1.1.2.1.3.7.1",
    1,
    (
        (2, "lldpLocPortIdSubtype", Syntax.INTEGER),
        (3, "lldpLocPortId", Syntax.STRING),
        (4, "lldpLocPortDesc", Syntax.STRING),
    ),
)
LLDP_REM_TABLE = Table(
    "lldpRemTable",
    "1.0.8802.1.1.2.1.4.1.1",
    # The index is time mark, port and number; but some agents index rows by port alone.
    0,
    (
        (6, "lldpRemPortIdSubtype", Syntax.INTEGER),
        (7, "lldpRemPortId", Syntax.STRING),
        (8, "lldpRemPortDesc", Syntax.STRING),
        (9, "lldpRemSysName", Syntax.STRING),
        (12, "lldpRemSysCapEnabled", Syntax.STRING),
    ),
)

TABLES = (
    IF_TABLE,
    IF_X_TABLE,
    PETH_PSE_PORT_TABLE,
    PETH_MAIN_PSE_TABLE,
    ENT_PHY_SENSOR_TABLE,
    ENT_PHYSICAL_TABLE,
    LLDP_LOC_PORT_TABLE,
    LLDP_REM_TABLE,
)


def objects() -> Mapping[str, Object]:
    """Return every object by its name."""
    columns = [
        Object(name, f"{table.entry}.{number}", syntax, table.arity)
        for table in TABLES
        for number, name, syntax in table.columns
    ]
    return {found.name: found for found in (*SCALARS, *columns)}
