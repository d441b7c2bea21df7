"""A device's reading as sample lines: system group and interface tables.

The lines end with the time stamp of the reading, in milliseconds: Prometheus does not scrape in
step with the polls, and would otherwise see none, one or two polls between two scrapes. If polls
are too rare for that (`LONGEST_POLLED_SECONDS`), there is no time stamp.

`ports.py` selects which interfaces are exported, and how much of each; `interface_labels.py` makes
their labels.

Must not know: how the device was queried.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from monitor.exposition.interface_labels import NAME_COLUMNS, InterfaceLabels, numbered
from monitor.exposition.interfaces import (
    COLUMN_METRICS,
    IF_TYPE_INFO,
    INTERFACE_METRICS,
    LONGEST_POLLED_SECONDS,
    LOOK_BACK_SECONDS,
    Stamps,
    Table,
    column_text,
    stamp,
    stamps_of,
)
from monitor.exposition.metric import DEVICE, Kind, Metric
from monitor.exposition.ports import STATES, Choice, PortChooser, counted
from monitor.exposition.text import Blocks, LineBegins, SteadyLines
from monitor.inventory.checks import InterfacesOptions
from monitor.inventory.interface_selection import type_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.exposition.interfaces import Values
    from monitor.inventory.checks import Check, Identity
    from monitor.observation import DeviceReading

    Column = Mapping[int, int | bytes]

SYS_UP_TIME: Final = Metric(
    "sysUpTime",
    Kind.GAUGE,
    "hundredths of a second",
    "Time since the device's network management last started (SNMPv2-MIB)",
    DEVICE,
)
# Exposed with the counters, so that it has a sample wherever they have one.
SCHOOL_DEVICE_READ_TIMESTAMP_SECONDS: Final = Metric(
    "school_device_read_timestamp_seconds",
    Kind.GAUGE,
    "seconds since 1970",
    "When the last interfaces poll read the device; dividing a polled counter's rate by the"
    " rate of this keeps it correct when a poll is missing",
    DEVICE,
)
SCHOOL_DEVICE_SYSTEM_INFO: Final = Metric(
    "school_device_system_info",
    Kind.INFO,
    "",
    "What the device says about itself: sysName, sysDescr, sysObjectID (SNMPv2-MIB)",
    (*DEVICE, "sys_name", "sys_descr", "sys_object_id"),
)
SCHOOL_DEVICE_HAS_64_BIT_COUNTERS: Final = Metric(
    "school_device_has_64_bit_counters",
    Kind.GAUGE,
    "",
    "Whether the device has 64-bit octet counters (ifXTable): 1 yes, 0 no; counters of 32"
    " bits wrap within 34 s at 1 Gbit/s",
    DEVICE,
)
SCHOOL_DEVICE_INTERFACES: Final = Metric(
    "school_device_interfaces",
    Kind.GAUGE,
    "interfaces",
    "Interfaces of the device by how much of them is exported: whole; status (only the two"
    " states, for ports that are down and unused); none (left out by"
    " `interfaces.select`)",
    (*DEVICE, "exported"),
)
PROBE_SNMP_REQUESTS: Final = Metric(
    "probe_snmp_requests", Kind.GAUGE, "requests", "SNMP requests that the last poll took", DEVICE
)
PROBE_SNMP_VARBINDS: Final = Metric(
    "probe_snmp_varbinds",
    Kind.GAUGE,
    "variables",
    "SNMP variables received in the last poll",
    DEVICE,
)

SYSTEM_METRICS: Final = (
    SYS_UP_TIME,
    SCHOOL_DEVICE_READ_TIMESTAMP_SECONDS,
    SCHOOL_DEVICE_SYSTEM_INFO,
    SCHOOL_DEVICE_HAS_64_BIT_COUNTERS,
    SCHOOL_DEVICE_INTERFACES,
)
POLL_METRICS: Final = (PROBE_SNMP_REQUESTS, PROBE_SNMP_VARBINDS)

# Families that carry the time of the reading: all of an interfaces poll under MIB names.
POLLED: Final = frozenset(
    metric.name
    for metric in (*INTERFACE_METRICS, SYS_UP_TIME, SCHOOL_DEVICE_READ_TIMESTAMP_SECONDS)
)


# A device that renumbers its interfaces at every poll must not fill our memory.
_KEPT_LABELS = 4000
_KEPT_TABLES = 64


class DeviceRenderer:
    """Renders the readings of one device; dropped with the device."""

    __slots__ = (
        "_chooser",
        "_chosen",
        "_counts",
        "_device",
        "_has_stamps",
        "_identity",
        "_infos",
        "_known",
        "_labels",
        "_names",
        "_steady",
        "_tables",
        "_usual",
    )

    def __init__(self, check: Check) -> None:
        target = check.target
        options = check.options
        self._device = (target.school, target.site, target.device)
        self._has_stamps = check.interval <= LONGEST_POLLED_SECONDS
        self._identity: Identity = "ifName"
        alias = False
        self._chooser: PortChooser | None = None
        if isinstance(options, InterfacesOptions):
            self._identity, alias = options.identity, options.alias
            self._chooser = PortChooser(options)
        names = NAME_COLUMNS[self._identity]
        self._names = (*names, "ifAlias") if alias and "ifAlias" not in names else names
        self._labels = InterfaceLabels(self._device, self._identity, {})
        self._known = LineBegins()
        self._steady = SteadyLines()
        self._chosen = Choice()
        # By the rows of a column, and whether it is exported of unused ports, too.
        self._tables: dict[tuple[tuple[int, ...], bool], Table] = {}
        self._usual: dict[bool, tuple[tuple[int, ...], Table]] = {}
        # How many interfaces are exported how, as text, and for which rows.
        self._counts: tuple[Choice, tuple[int, ...], bytes] = (self._chosen, (), b"")
        # How the info lines begin, and for which table and types.
        self._infos: tuple[Table, Values, Table] | None = None

    def render(self, reading: DeviceReading) -> dict[str, bytes]:
        """Return the sample lines of each family for which the reading has values."""
        stamps = stamps_of(reading) if self._has_stamps else Stamps()
        names = {name: reading.columns.get(name, {}) for name in self._names}
        if names != self._labels.names or len(self._labels) > _KEPT_LABELS:
            self._labels = InterfaceLabels(self._device, self._identity, names)
            self._forget()
            if self._chooser is not None:
                self._chooser.forget()
        chosen = self._choose(reading)
        blocks = self._system(reading, stamps)
        for metric in COLUMN_METRICS:
            column = reading.columns.get(metric.name)
            if not column:
                continue
            table = self._table(column, is_state=metric.name in STATES)
            values = table.pick(column)
            if metric.name in chosen.returned:
                lines = self._returned(metric, table, values, reading, stamps)
            else:
                lines = column_text(metric, table, values, stamps)
            blocks[metric.name] = lines
        rows = numbered(reading)
        if rows:
            types = reading.columns.get("ifType", {})
            blocks[SCHOOL_DEVICE_INTERFACES.name] = self._counted(rows)
            blocks[IF_TYPE_INFO.name] = self._info_text(rows, types, stamps)
        return {family: lines for family, lines in blocks.items() if lines}

    def _choose(self, reading: DeviceReading) -> Choice:
        if self._chooser is not None:
            chosen = self._chooser.choose(reading)
            if chosen.unused != self._chosen.unused or chosen.hidden != self._chosen.hidden:
                self._forget()
            self._chosen = chosen
        return self._chosen

    def _forget(self) -> None:
        self._tables.clear()
        self._usual.clear()
        self._infos = None

    def _system(self, reading: DeviceReading, stamps: Stamps) -> dict[str, bytes]:
        said = (reading.sys_name, reading.sys_descr, reading.sys_object_id)
        wide = None
        if reading.has_64_bit_counters or reading.columns.get("ifInOctets"):
            wide = int(reading.has_64_bit_counters)

        def write(blocks: Blocks) -> None:
            if any(said):
                blocks.add(SCHOOL_DEVICE_SYSTEM_INFO, (*self._device, *said), 1)
            blocks.add(SCHOOL_DEVICE_HAS_64_BIT_COUNTERS, self._device, wide)

        read = None if reading.read_at is None else round(reading.read_at.timestamp(), 3)
        texts = dict(self._steady.of((said, wide), write))
        for metric, value, end in (
            (SYS_UP_TIME, reading.uptime_ticks, stamps.usual),
            (SCHOOL_DEVICE_READ_TIMESTAMP_SECONDS, read, stamps.usual),
            (PROBE_SNMP_REQUESTS, reading.requests, b"\n"),
            (PROBE_SNMP_VARBINDS, reading.varbinds, b"\n"),
        ):
            if value is not None:
                texts[metric.name] = f"{self._known[metric, self._device]} {value}".encode() + end
        return texts

    def _table(self, column: Column, *, is_state: bool) -> Table:
        """Return which rows of a column are exported, and the beginnings of their lines."""
        rows_of_column = tuple(column)
        usual = self._usual.get(is_state)
        # Nearly all columns of a device have the same rows: comparing is cheaper than hashing.
        if usual is not None and usual[0] == rows_of_column:
            return usual[1]
        key = (rows_of_column, is_state)
        table = self._tables.get(key)
        if table is None:
            if len(self._tables) >= _KEPT_TABLES:
                self._forget()
            chosen = self._chosen
            left_out = chosen.hidden if is_state else chosen.hidden | chosen.unused
            rows = tuple(row for row in column if row not in left_out)
            table = self._tables[key] = Table(rows, self._labels)
        self._usual[is_state] = rows_of_column, table
        return table

    def _counted(self, rows: Column) -> bytes:
        """Return how many of these interfaces are exported how."""
        choice, of_rows, text = self._counts
        if choice is not self._chosen or of_rows != tuple(rows):
            blocks = Blocks()
            for exported, number in counted(rows, self._chosen).items():
                blocks.add(SCHOOL_DEVICE_INTERFACES, (*self._device, exported), number)
            text = blocks.text()[SCHOOL_DEVICE_INTERFACES.name]
            self._counts = self._chosen, tuple(rows), text
        return text

    def _info_text(self, rows: Column, types: Column, stamps: Stamps) -> bytes:
        """Return the info lines of each interface that is exported whole."""
        table = self._table(rows, is_state=False)
        kinds = tuple(map(types.get, table.rows))
        infos = self._infos
        if infos is None or infos[0] is not table or infos[1] != kinds:
            known = zip(table.rows, kinds, strict=True)
            starts = {row: self._labels.info(row, type_name(kind)) for row, kind in known}
            infos = self._infos = table, kinds, Table(table.rows, starts)
        return column_text(IF_TYPE_INFO, infos[2], (1,) * len(kinds), stamps)

    def _returned(
        self, metric: Metric, table: Table, values: Values, reading: DeviceReading, stamps: Stamps
    ) -> bytes:
        """Return a counter's lines for ports that become exported, with their earlier values.

        From then on, their counts are increases of an existing series.
        """
        returned = self._chosen.returned[metric.name]
        before = self._chosen.returned_at
        end = b"\n"
        if self._has_stamps and before is not None and reading.read_at is not None:
            if (reading.read_at - before).total_seconds() > LOOK_BACK_SECONDS:
                returned = {}  # too old to be queried
            end = stamp(before)
        column = {**dict(zip(table.rows, values, strict=True)), **returned}
        others = {**stamps.others, **dict.fromkeys(returned, end)}
        return column_text(
            metric,
            Table(tuple(column), self._labels),
            tuple(column.values()),
            replace(stamps, others=others),
        )
