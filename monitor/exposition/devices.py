"""A device's reading as sample lines: system group and interface tables.

The lines end with the instant of the reading, in milliseconds: Prometheus scrapes in another rhythm
than the daemon polls, and would else see none, one or two polls between two scrapes. Where polls
are too rare for that (`LONGEST_POLLED_SECONDS`) they carry none.

An interface is known by what it is called, so that a restart which numbers the interfaces
anew goes on with the same series; where several are called the same, or one is not called
anything, its number tells it apart. The labels are made once and kept while the device's names
stay the same; they are most of the text, and making them would be most of the work.

Must not know: how the device was asked.
"""

from __future__ import annotations

from collections import Counter
from operator import add
from typing import TYPE_CHECKING

from monitor.exposition.mib import (
    DEVICE,
    INTERFACE_METRICS,
    LONGEST_POLLED_SECONDS,
    READ_TIMESTAMP,
    STEADY,
)
from monitor.exposition.text import Blocks, LabelTexts, labels, sanitise
from monitor.inventory import InterfacesOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.inventory import Check, Identity
    from monitor.observation import DeviceReading

    Column = Mapping[int, int | bytes]

_INDEX = "ifIndex"
# Which names stand on the series of interfaces known by one of them: none that may change
# while the one by which they are known stays.
_NAME_COLUMNS: Mapping[Identity, tuple[str, ...]] = {
    "ifName": ("ifName", "ifDescr"),
    "ifDescr": ("ifDescr",),
    "ifAlias": ("ifAlias",),
    "ifIndex": ("ifName", "ifDescr"),
}
# Where ifXTable has no row there is no ifName, and ifDescr is left to know an interface by.
_SECOND_NAME = "ifDescr"
# A device that numbers its interfaces anew at every poll must not make us remember them all.
_KEPT_LABELS = 4000


class DeviceRenderer:
    """Renders the readings of one device; dropped with the device."""

    __slots__ = ("_device", "_has_stamps", "_identity", "_kept", "_known", "_labels", "_names")

    def __init__(self, check: Check) -> None:
        target = check.target
        options = check.options
        self._device = (target.school, target.site, target.device)
        self._has_stamps = check.interval <= LONGEST_POLLED_SECONDS
        self._identity: Identity = "ifName"
        alias = False
        if isinstance(options, InterfacesOptions):
            self._identity, alias = options.identity, options.alias
        names = _NAME_COLUMNS[self._identity]
        self._names = (*names, "ifAlias") if alias and "ifAlias" not in names else names
        self._labels = _InterfaceLabels(self._device, self._identity, {})
        self._known = LabelTexts()
        # Of each steady family the rows and values of the poll before, their lines, and what
        # these end with.
        self._kept: dict[str, tuple[tuple[int, ...], tuple[int | bytes, ...], bytes, bytes]] = {}

    def render(self, reading: DeviceReading) -> dict[str, bytes]:
        """Return the sample lines of each family that the reading has values for."""
        stamps = _Stamps(reading if self._has_stamps else None)
        blocks = self._system(reading, stamps)
        names = {name: reading.columns.get(name, {}) for name in self._names}
        if names != self._labels.names or len(self._labels) > _KEPT_LABELS:
            self._labels = _InterfaceLabels(self._device, self._identity, names)
            self._kept.clear()
        columns = {**reading.columns, _INDEX: _numbered(reading)}
        for metric in INTERFACE_METRICS:
            column = columns.get(metric.name)
            if not column:
                continue
            if metric.name in STEADY:
                table = self._steady_table(metric.name, column, stamps)
            else:
                table = self._table(metric.name, _numbers(column), stamps)
            if table:
                blocks[metric.name] = table
        return blocks

    def _system(self, reading: DeviceReading, stamps: _Stamps) -> dict[str, bytes]:
        blocks = Blocks(self._known)
        said = (reading.sys_name, reading.sys_descr, reading.sys_object_id)
        if any(said):
            blocks.add("school_device_system_info", (*self._device, *said), 1)
        if reading.has_64_bit_counters or reading.columns.get("ifInOctets"):
            wide = int(reading.has_64_bit_counters)
            blocks.add("school_device_has_64_bit_counters", self._device, wide)
        blocks.add("probe_snmp_requests", self._device, reading.requests)
        blocks.add("probe_snmp_varbinds", self._device, reading.varbinds)
        texts = blocks.text()
        read = None if reading.read_at is None else round(reading.read_at.timestamp(), 3)
        for family, value in (("sysUpTime", reading.uptime_ticks), (READ_TIMESTAMP, read)):
            if value is not None:
                device = self._known[DEVICE, self._device]
                texts[family] = f"{family}{device} {value}{stamps.usual}".encode()
        return texts

    def _steady_table(self, family: str, rows: Column, stamps: _Stamps) -> bytes:
        """Return the lines of the poll before if they say the same: comparing costs a fifth."""
        indexes, values = tuple(rows), tuple(rows.values())
        kept = self._kept.get(family)
        usual = stamps.usual.encode()
        if kept is not None and kept[1] == values and kept[0] == indexes and not stamps.others:
            # Only the end of a line has this shape, so that no value is taken for it.
            lines = kept[2].replace(kept[3], usual)
        else:
            lines = self._table(family, _numbers(rows), stamps)
        if stamps.others:
            self._kept.pop(family, None)
        else:
            # The very lines that are exposed: text kept beside them would be as much again.
            self._kept[family] = indexes, values, lines, usual
        return lines

    def _table(self, family: str, rows: Mapping[int, int], stamps: _Stamps) -> bytes:
        if not rows:
            return b""
        # Two C-level maps and one join: 0.2 us a sample, against 0.5 us for a loop of f-strings.
        lines = map(add, map(self._labels.__getitem__, rows), map(str, rows.values()))
        if stamps.others:
            ends = (stamps.others.get(row, stamps.usual) for row in rows)
            return (family + family.join(map(add, lines, ends))).encode()
        return (family + (stamps.usual + family).join(lines) + stamps.usual).encode()


class _Stamps:
    """What the lines of a reading end with: `usual`, and `others` by ifIndex.

    Source: Prometheus text exposition format 0.0.4: a time stamp is Unix time in milliseconds.
    """

    __slots__ = ("others", "usual")

    def __init__(self, reading: DeviceReading | None) -> None:
        self.usual = "\n"
        self.others: dict[int, str] = {}
        if reading is not None and reading.read_at is not None:
            read = round(reading.read_at.timestamp() * 1000)
            self.usual = f" {read}\n"
            delays = reading.delays.items()
            self.others = {row: f" {read + round(delay * 1000)}\n" for row, delay in delays}


class _InterfaceLabels(dict[int, str]):
    """ifIndex to `{...} ` for one set of names; made when first asked for.

    `names` maps the columns that name an interface to their rows, in the labels' order.
    """

    __slots__ = ("_device", "_identity", "_unique", "names")

    def __init__(
        self, device: tuple[str, str, str], identity: Identity, names: Mapping[str, Column]
    ) -> None:
        super().__init__()
        self._device = device
        self._identity = identity
        self.names = names
        # As they are written: two long names may be the same once they are cut.
        known_by: dict[int, tuple[str, str]] = {}
        for column in () if identity == _INDEX else (_SECOND_NAME, identity):
            said = {row: sanitise(_text(name)) for row, name in names.get(column, {}).items()}
            known_by |= {row: (column, name) for row, name in said.items() if name}
        seen = Counter(known_by.values())
        self._unique = {row for row, name in known_by.items() if seen[name] == 1}

    def __missing__(self, if_index: int) -> str:
        said = [_text(rows.get(if_index, b"")) for rows in self.names.values()]
        if if_index in self._unique:
            text = labels((*DEVICE, *self.names), (*self._device, *said)) + " "
        else:
            values = (*self._device, str(if_index), *said)
            text = labels((*DEVICE, _INDEX, *self.names), values) + " "
        self[if_index] = text
        return text


def _numbered(reading: DeviceReading) -> dict[int, int]:
    """Return every row's own index, as a column: of those that have a state or a name."""
    states, names = reading.columns.get("ifOperStatus", {}), reading.columns.get("ifName", {})
    return {row: row for row in (states if names.keys() <= states.keys() else {**states, **names})}


def _text(value: int | bytes) -> bytes | str:
    return str(value) if isinstance(value, int) else value


def _numbers(column: Column) -> Mapping[int, int]:
    """Return the rows that are numbers.

    A device that puts a string where a number belongs loses that row, not its table.
    """
    if set(map(type, column.values())) == {int}:
        return column  # type: ignore[return-value]  # every value is an int, as just seen
    return {if_index: value for if_index, value in column.items() if isinstance(value, int)}
