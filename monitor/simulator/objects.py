"""The MIB objects of simulated devices, and the source of each value.

System group, IF-MIB's two tables, and one row of ENTITY-MIB, so that a walk beyond ifXTable
finds something. An object is either read once from the model, or a counter that grows with the
traffic.

Must not know: messages, encodings, or when a value is requested.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from monitor.inventory.checks import Role
from monitor.simulator.hardware import ETHERNET
from monitor.simulator.model import sys_name
from monitor.snmp.ber import Tag
from monitor.snmp.oid_octets import encode_oid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.simulator.model import Device, Interface

Value = tuple[Tag, int | bytes]


class Rate(IntEnum):
    """A counter's rate, per interface: octets in, octets out, or errors, per second."""

    IN = 0
    OUT = 1
    ERRORS = 2


@dataclass(frozen=True, slots=True)
class Growth:
    """A counter: its type, the rate it follows, and its increment per unit of that rate."""

    tag: Tag
    rate: Rate
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Scalar:
    """One object of a device; `read` is None for sysUpTime, the only one that changes."""

    oid: str
    read: Callable[[Device], Value] | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an interface table, read from the model or counting."""

    root: str
    source: Callable[[Interface], Value] | Growth


_SYSTEM: Final = "1.3.6.1.2.1.1"
_IF: Final = "1.3.6.1.2.1.2.2.1"
IN_ERRORS: Final = f"{_IF}.14"
_IF_X: Final = "1.3.6.1.2.1.31.1.1.1"
_ENTITY: Final = "1.3.6.1.2.1.47.1.1.1.1"
_PRODUCTS: Final = "1.3.6.1.4.1.8072.9999.9999"
"""Below netSnmpPlaypen: the models are invented and have no vendor's enterprise number."""

_TICKS: Final = 100
_MAX_GAUGE: Final = (1 << 32) - 1
_UP, _DOWN = 1, 2
_TRUE, _FALSE = 1, 2
# Octets per packet, from school lines: large down, small up, a multicast now and then.
_IN_PACKET, _OUT_PACKET = 1 / 850, 1 / 420
_MULTICAST, _BROADCAST = 1 / 60_000, 1 / 90_000

_C32, _C64 = Tag.COUNTER32, Tag.COUNTER64


def _services(device: Device) -> Value:
    # RFC 3418 sysServices: 2**(layer - 1), summed.
    return Tag.INTEGER, 6 if device.place.role is Role.UPLINK else 2


def _speed(interface: Interface) -> Value:
    return Tag.GAUGE32, min(interface.speed_bps, _MAX_GAUGE)


def _physical_address(interface: Interface) -> Value:
    return Tag.OCTET_STRING, interface.mac if interface.type == ETHERNET else b""


def _state(is_up: bool) -> Value:  # noqa: FBT001  # a state, not an option
    return Tag.INTEGER, _UP if is_up else _DOWN


def _truth(is_true: bool) -> Value:  # noqa: FBT001  # a value, not an option
    return Tag.INTEGER, _TRUE if is_true else _FALSE


def _text(text: bytes) -> Value:
    return Tag.OCTET_STRING, text


SCALARS_BEFORE: Final = (
    Scalar(f"{_SYSTEM}.1.0", lambda device: _text(device.sys_descr)),
    Scalar(
        f"{_SYSTEM}.2.0",
        lambda device: (Tag.OBJECT_IDENTIFIER, encode_oid(f"{_PRODUCTS}.{device.product_arc}")),
    ),
    Scalar(f"{_SYSTEM}.3.0", None),
    Scalar(f"{_SYSTEM}.4.0", lambda _: _text(b"")),
    Scalar(f"{_SYSTEM}.5.0", lambda device: _text(device.sys_name)),
    Scalar(f"{_SYSTEM}.6.0", lambda device: _text(device.place.school.encode())),
    Scalar(f"{_SYSTEM}.7.0", _services),
    Scalar("1.3.6.1.2.1.2.1.0", lambda device: (Tag.INTEGER, len(device.interfaces))),
)
"""System group (RFC 3418) and ifNumber."""

IF_TABLE: Final = (
    Column(f"{_IF}.1", lambda row: (Tag.INTEGER, row.index)),
    Column(f"{_IF}.2", lambda row: _text(row.descr)),
    Column(f"{_IF}.3", lambda row: (Tag.INTEGER, row.type)),
    Column(f"{_IF}.4", lambda _: (Tag.INTEGER, 1500)),
    Column(f"{_IF}.5", _speed),
    Column(f"{_IF}.6", _physical_address),
    Column(f"{_IF}.7", lambda row: _state(row.admin_up)),
    Column(f"{_IF}.8", lambda row: _state(row.oper_up)),
    Column(f"{_IF}.9", lambda row: (Tag.TIMETICKS, row.changed_seconds * _TICKS & _MAX_GAUGE)),
    Column(f"{_IF}.10", Growth(_C32, Rate.IN)),
    Column(f"{_IF}.11", Growth(_C32, Rate.IN, _IN_PACKET)),
    Column(f"{_IF}.13", Growth(_C32, Rate.ERRORS, 0.1)),
    Column(IN_ERRORS, Growth(_C32, Rate.ERRORS)),
    Column(f"{_IF}.15", Growth(_C32, Rate.IN, 1e-9)),
    Column(f"{_IF}.16", Growth(_C32, Rate.OUT)),
    Column(f"{_IF}.17", Growth(_C32, Rate.OUT, _OUT_PACKET)),
    Column(f"{_IF}.19", Growth(_C32, Rate.ERRORS, 0.5)),
    Column(f"{_IF}.20", Growth(_C32, Rate.ERRORS, 0.02)),
)
"""ifTable (RFC 2863) without its deprecated columns."""

IF_X_TABLE: Final = (
    Column(f"{_IF_X}.1", lambda row: _text(row.name)),
    Column(f"{_IF_X}.2", Growth(_C32, Rate.IN, _MULTICAST)),
    Column(f"{_IF_X}.3", Growth(_C32, Rate.IN, _BROADCAST)),
    Column(f"{_IF_X}.4", Growth(_C32, Rate.OUT, _MULTICAST)),
    Column(f"{_IF_X}.5", Growth(_C32, Rate.OUT, _BROADCAST)),
    Column(f"{_IF_X}.6", Growth(_C64, Rate.IN)),
    Column(f"{_IF_X}.7", Growth(_C64, Rate.IN, _IN_PACKET)),
    Column(f"{_IF_X}.8", Growth(_C64, Rate.IN, _MULTICAST)),
    Column(f"{_IF_X}.9", Growth(_C64, Rate.IN, _BROADCAST)),
    Column(f"{_IF_X}.10", Growth(_C64, Rate.OUT)),
    Column(f"{_IF_X}.11", Growth(_C64, Rate.OUT, _OUT_PACKET)),
    Column(f"{_IF_X}.12", Growth(_C64, Rate.OUT, _MULTICAST)),
    Column(f"{_IF_X}.13", Growth(_C64, Rate.OUT, _BROADCAST)),
    Column(f"{_IF_X}.14", lambda _: (Tag.INTEGER, 1)),
    Column(f"{_IF_X}.15", lambda row: (Tag.GAUGE32, row.speed_bps // 1_000_000)),
    Column(f"{_IF_X}.16", lambda _: _truth(False)),  # noqa: FBT003  # promiscuous mode is off
    Column(f"{_IF_X}.17", lambda row: _truth(row.type == ETHERNET)),
    Column(f"{_IF_X}.18", lambda row: _text(row.alias)),
    Column(f"{_IF_X}.19", lambda row: (Tag.TIMETICKS, row.discontinuity_ticks)),
)
"""ifXTable (RFC 2863)."""

SCALARS_AFTER: Final = (
    Scalar(f"{_ENTITY}.2.1", lambda device: _text(device.sys_descr)),
    Scalar(f"{_ENTITY}.7.1", lambda device: _text(device.place.device.encode())),
    Scalar(f"{_ENTITY}.11.1", lambda device: _text(f"SIM{device.phase:.8f}".encode())),
)
"""entPhysicalDescr, entPhysicalName and entPhysicalSerialNum (RFC 6933) of the chassis."""

_PSE: Final = "1.3.6.1.2.1.105.1.3.1.1"


def _watts(place: int) -> Callable[[Device], Value]:
    return lambda device: (Tag.GAUGE32, device.power[place] if device.power else 0)


def _towards_router(device: Device) -> bytes:
    """Return the sysName of the device's neighbor: the first switch's is the router."""
    place = device.place
    neighbor = "router" if place.device == _FIRST_SWITCH else _FIRST_SWITCH
    return sys_name(place.school, place.site, neighbor)


_FIRST_SWITCH: Final = "switch-01"
_LLDP: Final = "1.0.8802.1.1.2.1"
_BRIDGE_AND_ROUTER: Final = b"\x28"
_INTERFACE_NAME: Final = 5

LLDP_SCALARS: Final = (
    Scalar(f"{_LLDP}.3.7.1.2.1", lambda _: (Tag.INTEGER, _INTERFACE_NAME)),
    Scalar(f"{_LLDP}.3.7.1.3.1", lambda _: _text(b"uplink")),
    Scalar(f"{_LLDP}.3.7.1.4.1", lambda _: _text(b"towards the router")),
    Scalar(f"{_LLDP}.4.1.1.6.0.1.1", lambda _: (Tag.INTEGER, _INTERFACE_NAME)),
    Scalar(f"{_LLDP}.4.1.1.7.0.1.1", lambda _: _text(b"port-1")),
    Scalar(f"{_LLDP}.4.1.1.8.0.1.1", lambda _: _text(b"")),
    Scalar(f"{_LLDP}.4.1.1.9.0.1.1", lambda device: _text(_towards_router(device))),
    Scalar(f"{_LLDP}.4.1.1.12.0.1.1", lambda _: _text(_BRIDGE_AND_ROUTER)),
)
"""One row each of lldpLocPortTable and lldpRemTable (IEEE 802.1AB), of a switch."""

_PSE_PORT: Final = "1.3.6.1.2.1.105.1.1.1"
_SEARCHING, _DELIVERING = 2, 3


def _detection(index: int) -> Callable[[Device], Value]:
    """Return a port's PoE status: every other used port feeds a phone or the like."""

    def read(device: Device) -> Value:
        [port] = [one for one in device.interfaces if one.index == index]
        feeds = port.oper_up and index % 2 == 0
        return Tag.INTEGER, _DELIVERING if feeds else _SEARCHING

    return read


def port_power(indexes: Iterable[int]) -> tuple[Scalar, ...]:
    """Return pethPsePortDetectionStatus (RFC 3621) of the ports with these ifIndexes, group 1."""
    return tuple(Scalar(f"{_PSE_PORT}.6.1.{index}", _detection(index)) for index in indexes)


POWER_SCALARS: Final = (
    Scalar(f"{_PSE}.2.1", _watts(0)),
    Scalar(f"{_PSE}.3.1", lambda _: (Tag.INTEGER, 1)),
    Scalar(f"{_PSE}.4.1", _watts(1)),
)
"""pethMainPsePower, -OperStatus and -ConsumptionPower (RFC 3621) of the only unit."""
