"""Merges what ifTable and ifXTable report about each interface.

Agents get these two tables wrong in many ways, and each user of a `DeviceReading` would have to
know all of them. So they are corrected here, interface by interface: which counters count its
octets and packets and their width, its speed, and which rows of both tables are the same interface.
In the result `ifHCInOctets` contains only working 64-bit counters, an interface has either those or
the 32-bit ones, and `ifHighSpeed` contains only speeds.

Source: IF-MIB (RFC 2863 §3.1.2 speed, §3.1.6 widths of counters); what is wrong in practice:
docs/snmp.md.

Must not know: the SNMP protocol, or other polls.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from monitor.snmp.ber import Tag
from monitor.snmp.oids import IF_TABLE, IF_X_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Column = Mapping[int, int | bytes]
    Columns = Mapping[str, Column]
    Types = Mapping[str, Mapping[int, int]]

WIDE_OCTETS = ("ifHCInOctets", "ifHCOutOctets")
WIDE_PACKETS = ("ifHCInUcastPkts", "ifHCOutUcastPkts")
# Each 64-bit counter with its 32-bit counterpart, in pairs of both directions.
TWINS = (
    (WIDE_OCTETS, ("ifInOctets", "ifOutOctets")),
    (WIDE_PACKETS, ("ifInUcastPkts", "ifOutUcastPkts")),
)
_WIDE = (*WIDE_OCTETS, *WIDE_PACKETS)
_FINAL = frozenset({"ifHighSpeed", *_WIDE})
_NARROW = frozenset(name for _, narrow in TWINS for name in narrow)
FASTEST_MBPS = 10_000_000
"""10 Tbit/s. Some agents send 4294967295, -1 or bit/s in place of Mbit/s."""

_UP = 1
_MAX_32 = 2**32 - 1
_DECLARED = {"ifHC": Tag.COUNTER64, "ifIn": Tag.COUNTER32, "ifOu": Tag.COUNTER32}
# ifType of interfaces without frames of their own, which may stay at 0 although they are up:
# other, softwareLoopback, propVirtual, tunnel, l2vlan, l3ipvlan.
_VIRTUAL = frozenset({1, 24, 53, 131, 135, 136})
_OF_IF_TABLE = tuple(name for _, name, _ in IF_TABLE.columns)
_OF_IF_X_TABLE = tuple(name for _, name, _ in IF_X_TABLE.columns)
_OF_EITHER = (*_OF_IF_TABLE, *_OF_IF_X_TABLE)


def are_in_doubt(columns: Columns, types: Types) -> bool:
    """Return whether the 32-bit counters and ifSpeed are needed.

    They are if an interface has no 64-bit counter, one of another type, or one that is 0 although
    the interface is up; and if ifHighSpeed is missing, not a speed, or 0 likewise. Columns that
    are not in doubt are final.
    """
    if types and any(types.get(name) for name in _WIDE):
        return True
    speeds = columns.get("ifHighSpeed", {})
    wide = [columns.get(name, {}) for name in _WIDE]
    if not _have_the_same_rows(columns):
        rows = _rows_of(columns, _OF_EITHER)
        if not all(column.keys() >= rows for column in (speeds, *wide)):
            return True
    if not _are_speeds(speeds):
        return True
    with_zeros = [column for column in (speeds, *wide) if 0 in column.values()]
    if not with_zeros:
        return False
    counting = _counting(columns) & speeds.keys()
    return any(0 in map(column.__getitem__, counting) for column in with_zeros)


def _have_the_same_rows(columns: Columns) -> bool:
    """Return whether no interface lacks a speed or a 64-bit counter, by a quick comparison.

    Most devices send all columns of one poll with the same rows in the same order: comparing such
    lists is a tenth of what a set of all rows costs.
    """
    rows = [*map(list, columns.values())]
    return columns.keys() >= _FINAL and rows.count(rows[0]) == len(rows)


def _counting(columns: Columns) -> set[int]:
    """Return the interfaces that are up and count their traffic."""
    kinds = columns.get("ifType", {})
    states = columns.get("ifOperStatus", {}).items()
    return {row for row, state in states if state == _UP and kinds.get(row) not in _VIRTUAL}


def settled(columns: Columns, types: Types) -> Columns:
    """Return the columns with one counter per interface and direction; empty columns are left out.

    `types` holds the tags of the numbers that came with another type than their object's.
    Unchanged columns are returned as they are, not copied.
    """
    columns, types = _joined(columns, types)
    found = dict(columns)
    # Most devices have only 64-bit counters, and this runs for each device at every poll.
    is_doubted = types or not columns.keys().isdisjoint(_NARROW)
    for wide, narrow in TWINS if is_doubted else ():
        found |= _counters(columns, types, wide, narrow)
    speeds = columns.get("ifHighSpeed", {})
    if not _are_speeds(speeds):
        found["ifHighSpeed"] = {row: speed for row, speed in speeds.items() if _is_speed(speed)}
    return {name: rows for name, rows in found.items() if rows}


def _are_speeds(column: Column) -> bool:
    # Ports have one of a few speeds: a set checks each speed once.
    return all(map(_is_speed, set(column.values())))


def _is_speed(mbps: object) -> bool:
    return isinstance(mbps, int) and 0 <= mbps < FASTEST_MBPS


def _counters(
    columns: Columns, types: Types, wide: tuple[str, str], narrow: tuple[str, str]
) -> Columns:
    """Return both widths' columns of a pair of counters, each interface in one of the widths."""
    names = (*wide, *narrow)
    if not any(columns.get(name) for name in narrow) and not any(types.get(name) for name in wide):
        return {}
    settled_columns: dict[str, dict[int, int | bytes]] = {name: {} for name in names}
    for row in sorted({row for name in names for row in columns.get(name, {})}):
        seen = [_said(columns, types, pair, row) for pair in zip(wide, narrow, strict=True)]
        is_wide = all(of_64 is not None or of_32 is None for of_64, of_32 in seen)
        # An agent that counts in 32 bits only has a 64-bit counter that never changes.
        is_dead = any(of_64 == 0 and of_32 for of_64, of_32 in seen)
        for place, (of_64, of_32) in enumerate(seen):
            if of_64 is not None and ((is_wide and not is_dead) or of_32 is None):
                settled_columns[wide[place]][row] = of_64
            elif of_32 is not None:
                settled_columns[narrow[place]][row] = of_32
    return settled_columns


def _said(
    columns: Columns, types: Types, twins: tuple[str, str], row: int
) -> tuple[int | None, int | None]:
    """Return a row's values in 64 and in 32 bits, by the types on the wire.

    Of two values of the same width, the one in its own column is used.
    """
    found: list[int | None] = [None, None]
    for name in twins:
        value = columns.get(name, {}).get(row)
        if not isinstance(value, int) or value < 0:
            continue
        tag = types.get(name, {}).get(row, _DECLARED[name[:4]])
        width = 0 if tag == Tag.COUNTER64 or value > _MAX_32 else 1
        if found[width] is None or twins[width] == name:
            found[width] = value
    return found[0], found[1]


def _joined(columns: Columns, types: Types) -> tuple[Columns, Types]:
    """Move rows of ifXTable to the ifIndex of the same interface name in ifTable.

    Only if each table lacks the other's row, and the name is unique.
    """
    of_table = _rows_of(columns, _OF_IF_TABLE)
    of_x_table = _rows_of(columns, _OF_IF_X_TABLE)
    if of_table == of_x_table or not of_table or not of_x_table:
        return columns, types
    described = dict(_single(columns.get("ifDescr", {}), of_table - of_x_table))
    moved = {
        row: described[name]
        for name, row in _single(columns.get("ifName", {}), of_x_table - of_table)
        if name in described
    }
    if not moved:
        return columns, types

    return (
        {
            name: {moved.get(row, row): value for row, value in rows.items()}
            for name, rows in columns.items()
            if name in _OF_IF_X_TABLE
        }
        | {name: rows for name, rows in columns.items() if name not in _OF_IF_X_TABLE},
        {
            name: {moved.get(row, row): tag for row, tag in tags.items()}
            for name, tags in types.items()
            if name in _OF_IF_X_TABLE
        }
        | {name: tags for name, tags in types.items() if name not in _OF_IF_X_TABLE},
    )


def _single(names: Column, rows: set[int]) -> Iterator[tuple[bytes, int]]:
    """Yield name and row of the rows whose name is unique."""
    said = {row: name.strip(b" \0") for row in rows if isinstance(name := names.get(row), bytes)}
    seen = Counter(said.values())
    return ((name, row) for row, name in said.items() if name and seen[name] == 1)


def _rows_of(columns: Columns, names: tuple[str, ...]) -> set[int]:
    return set().union(*[columns[name] for name in names if name in columns])
