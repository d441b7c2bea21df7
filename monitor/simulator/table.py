"""A device's objects in the order of the MIB, ready to be sent.

Constant values are encoded once, as whole varbinds, and shared by all devices that have the same;
counters are recipes that are encoded on request. Devices with the same ifIndexes share one layout:
the sorted OIDs and the recipes. So one process can simulate a thousand devices.

Must not know: messages, communities, sockets, or faults.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.inventory.checks import Role
from monitor.simulator.hardware import ETHERNET, GIGABIT
from monitor.simulator.objects import (
    IF_TABLE,
    IF_X_TABLE,
    LLDP_SCALARS,
    POWER_SCALARS,
    SCALARS_AFTER,
    SCALARS_BEFORE,
    Column,
    Growth,
    Rate,
    Scalar,
    Value,
    port_power,
)
from monitor.simulator.traffic import STREAMS
from monitor.snmp.ber import Tag
from monitor.snmp.encode import encode_varbind
from monitor.snmp.oid_octets import decode_oid, encode_oid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from monitor.simulator.model import Device, Interface

UPTIME_STREAM: Final = STREAMS
"""Position of sysUpTime, in hundredths of a second, in the amounts for `Living.encode`."""

_MASK_32: Final = (1 << 32) - 1
_MASK_64: Final = (1 << 64) - 1


class Living:
    """A changing value: encodes its varbind from a device's rates and amounts."""

    __slots__ = ("_factor", "_heads", "_mask", "_slot", "_stream", "tag")

    def __init__(self, oid: bytes, growth: Growth, slot: int, stream: int) -> None:
        self.tag = growth.tag
        self._slot = slot
        self._stream = stream
        self._factor = growth.factor
        self._mask = _MASK_64 if growth.tag is Tag.COUNTER64 else _MASK_32
        name = encode_varbind(oid, growth.tag, 0)[2:-3]
        self._heads = [
            bytes((0x30, len(name) + 2 + size)) + name + bytes((growth.tag, size))
            for size in range(10)
        ]

    def encode(self, rates: Sequence[float], amounts: Sequence[float]) -> bytes:
        """Return the varbind like `encode_varbind`, but cheaper."""
        value = self.value(rates, amounts)
        # One bit more than the number needs keeps it non-negative (X.690 §8.3).
        size = (value.bit_length() >> 3) + 1
        return self._heads[size] + value.to_bytes(size, "big")

    def value(self, rates: Sequence[float], amounts: Sequence[float]) -> int:
        """Return the value that `encode` encodes."""
        return int(rates[self._slot] * self._factor * amounts[self._stream]) & self._mask


Entry = bytes | Living


@dataclass(frozen=True, slots=True)
class Layout:
    """The objects that all devices with the same ifIndexes and tables have.

    `oids` and `arcs` are sorted as in the MIB: by arcs, which is not the order of the encoded
    octets. `following` maps an OID, or a column's root, to the position after it. `cells` are the
    sources of values: a recipe, or a function and the row to read.
    """

    oids: tuple[bytes, ...]
    arcs: tuple[tuple[int, ...], ...]
    following: dict[bytes, int]
    roots: tuple[bytes, ...]
    cells: tuple[Living | tuple[Callable[[Device, Interface], Value], int], ...]

    def after(self, oid: bytes) -> int:
        """Return the position of the first object after an OID; `len(oids)` if there is none.

        Raises:
            CodecError: if the octets are not an OID.
        """
        position = self.following.get(oid)
        if position is None:
            return bisect_right(self.arcs, decode_oid(oid))
        return position

    def find(self, oid: bytes) -> int | None:
        """Return the position of an object itself, None if there is no such instance."""
        position = self.following.get(oid, 0) - 1
        return position if position >= 0 and self.oids[position] == oid else None

    def has_object(self, oid: bytes) -> bool:
        """Return whether an OID is below an object that the device has."""
        return oid.startswith(self.roots)


@dataclass(frozen=True, slots=True)
class Table:
    """One device's objects: encoded varbinds and recipes, and the rates that they need."""

    layout: Layout
    entries: tuple[Entry, ...]
    rates: tuple[float, ...]


class TableBuilder:
    """Builds the tables of a city's devices and keeps their shared parts."""

    __slots__ = ("_layouts", "_varbinds")

    def __init__(self) -> None:
        self._layouts: dict[tuple[object, ...], Layout] = {}
        self._varbinds: dict[tuple[bytes, Tag, int | bytes], bytes] = {}

    @property
    def layouts(self) -> int:
        """Return how many different layouts the city has so far."""
        return len(self._layouts)

    def build(self, device: Device) -> Table:
        """Return a device's table."""
        layout = self._layout(device)
        interfaces = device.interfaces
        entries: list[Entry] = []
        for oid, cell in zip(layout.oids, layout.cells, strict=True):
            if isinstance(cell, Living):
                entries.append(cell)
            else:
                read, row = cell
                entries.append(self._varbind(oid, *read(device, interfaces[row])))
        return Table(layout, tuple(entries), _rates(device))

    def _varbind(self, oid: bytes, tag: Tag, value: int | bytes) -> bytes:
        key = (oid, tag, value)
        encoded = self._varbinds.get(key)
        if encoded is None:
            encoded = self._varbinds[key] = encode_varbind(oid, tag, value)
        return encoded

    def _layout(self, device: Device) -> Layout:
        indexes = tuple(interface.index for interface in device.interfaces)
        # A router's ports carry the same traffic in and out, so they share one stream.
        streams = 1 if device.place.role is Role.UPLINK else STREAMS
        has_power = device.power is not None
        powered = powered_indexes(device) if has_power else ()
        key = (indexes, device.has_if_x_table, powered, has_power, streams)
        layout = self._layouts.get(key)
        if layout is None:
            columns = IF_TABLE + (IF_X_TABLE if device.has_if_x_table else ())
            before = (LLDP_SCALARS if has_power else ()) + SCALARS_BEFORE
            power = port_power(powered) + POWER_SCALARS if has_power else ()
            after = SCALARS_AFTER + power
            layout = self._layouts[key] = _lay_out(indexes, columns, (before, after), streams)
        return layout


def powered_indexes(device: Device) -> tuple[int, ...]:
    """Return the ifIndexes of a switch's PoE ports: those for classrooms."""
    return tuple(
        one.index for one in device.interfaces if one.type == ETHERNET and one.speed_bps <= GIGABIT
    )


def _lay_out(
    indexes: tuple[int, ...],
    columns: tuple[Column, ...],
    scalars: tuple[tuple[Scalar, ...], tuple[Scalar, ...]],
    streams: int,
) -> Layout:
    oids: list[bytes] = []
    roots: list[bytes] = []
    following: dict[bytes, int] = {}
    cells: list[Living | tuple[Callable[[Device, Interface], Value], int]] = []
    suffixes = [encode_oid((1, 3, index))[1:] for index in indexes]

    def place_scalars(some: Sequence[Scalar]) -> None:
        for scalar in some:
            oid = encode_oid(scalar.oid)
            roots.append(oid[:-1])
            following[oid[:-1]] = len(oids)
            cells.append(_scalar_cell(scalar, oid, len(indexes)))
            oids.append(oid)
            following[oid] = len(oids)

    before, after = scalars
    place_scalars(before)
    for column in columns:
        root = encode_oid(column.root)
        roots.append(root)
        following[root] = len(oids)
        for row, suffix in enumerate(suffixes):
            oid = root + suffix
            cells.append(_column_cell(column, oid, row, streams))
            oids.append(oid)
            following[oid] = len(oids)
    place_scalars(after)
    arcs = tuple(decode_oid(oid) for oid in oids)
    return Layout(tuple(oids), arcs, following, tuple(roots), tuple(cells))


def _scalar_cell(
    scalar: Scalar, oid: bytes, rows: int
) -> Living | tuple[Callable[[Device, Interface], Value], int]:
    read = scalar.read
    if read is None:
        return Living(oid, Growth(Tag.TIMETICKS, Rate.IN), rows * len(Rate), UPTIME_STREAM)
    return (lambda device, _: read(device)), 0


def _column_cell(
    column: Column, oid: bytes, row: int, streams: int
) -> Living | tuple[Callable[[Device, Interface], Value], int]:
    source = column.source
    if isinstance(source, Growth):
        return Living(oid, source, row * len(Rate) + source.rate, row % streams)
    return (lambda _, interface: source(interface)), row


def _rates(device: Device) -> tuple[float, ...]:
    def rates() -> Iterator[float]:
        for interface in device.interfaces:
            yield interface.in_bps / 8
            yield interface.out_bps / 8
            yield interface.errors_per_second
        yield 1.0

    return tuple(rates())
