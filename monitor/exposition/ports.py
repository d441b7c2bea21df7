"""Which interfaces of a device are exported in full, which only by their states, which not at all.

An unused port that is down has two series instead of a dozen. Its last counters are kept: when it
is back, they are exposed once with the time stamp of the previous poll, so that `rate()` includes
exactly what it has counted since.

Must not know: text, labels, or how the device was queried.
Source: IF-MIB (RFC 2863) for ifOperStatus, ifLastChange.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from monitor.uplink.interface import rows_named

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from monitor.inventory.checks import InterfacesOptions
    from monitor.observation import DeviceReading

    Column = Mapping[int, int | bytes]
    Columns = Mapping[str, Column]
    Counters = tuple[int | bytes | None, ...]
    _Picker = Callable[[Column], tuple[int | bytes, ...]]

COUNTERS: Final = (
    "ifHCInOctets",
    "ifHCOutOctets",
    "ifInOctets",
    "ifOutOctets",
    "ifHCInUcastPkts",
    "ifHCOutUcastPkts",
    "ifInUcastPkts",
    "ifOutUcastPkts",
    "ifInErrors",
    "ifOutErrors",
    "ifInDiscards",
    "ifOutDiscards",
)
STATES: Final = frozenset({"ifOperStatus", "ifAdminStatus"})
"""The columns that are exported of an unused port."""

_NOTHING: Final[Mapping[int, int | bytes]] = MappingProxyType({})
# down, notPresent, lowerLayerDown.
_DOWN: Final = frozenset({2, 6, 7})
# A port stays whole for this long after its last change: a recent failure can be found, and a
# loose plug does not make series come and go.
SETTLED_SECONDS: Final = 3600.0
_TICKS: Final = 100


class Exported(StrEnum):
    """How much of an interface is exported."""

    WHOLE = "whole"
    STATUS = "status"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which interfaces of one reading are exported, and how much of them.

    `hidden` rows are not exported at all, `unused` ones only with their states. `returned` has the
    counters of ports that are whole again, at the previous poll (`returned_at`), by family and row.
    """

    hidden: frozenset[int] = frozenset()
    unused: frozenset[int] = frozenset()
    returned: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    returned_at: datetime | None = None

    def of(self, row: int) -> Exported:
        """Return how much of an interface is exported."""
        if row in self.hidden:
            return Exported.NONE
        return Exported.STATUS if row in self.unused else Exported.WHOLE


def counted(rows: Collection[int], choice: Choice) -> dict[Exported, int]:
    """Return how many of these interfaces are exported how."""
    hidden, unused = len(choice.hidden.intersection(rows)), len(choice.unused.intersection(rows))
    return {
        Exported.WHOLE: len(rows) - hidden - unused,
        Exported.STATUS: unused,
        Exported.NONE: hidden,
    }


class PortChooser:
    """Decides what is exported of the successive readings of one device."""

    __slots__ = (
        "_carrying",
        "_choice",
        "_columns",
        "_idle",
        "_options",
        "_read_at",
        "_seen",
        "_young",
    )

    def __init__(self, options: InterfacesOptions) -> None:
        self._options = options
        self._columns = options.select.columns()
        self._choice = Choice()
        self._idle = _Idle({})
        # Ports that have been down for a short time, and their counters when first seen down.
        self._young: dict[int, Counters] = {}
        # Ports that are down but count traffic: the ifLastChange at which that was seen.
        self._carrying: dict[int, int | bytes | None] = {}
        self._seen: tuple[tuple[object, ...], ...] = ()
        self._read_at: datetime | None = None

    def choose(self, reading: DeviceReading) -> Choice:
        """Return what is exported of a reading, given the earlier ones."""
        hidden = self._hidden(reading)
        unused = self._choice.unused
        returned: dict[str, dict[int, int]] = {}
        if self._options.unused == "status":
            unused, returned = self._used(reading, hidden)
        last = self._choice
        if hidden != last.hidden or unused != last.unused or returned or last.returned:
            self._choice = Choice(hidden, unused, returned, self._read_at if returned else None)
        self._read_at = reading.read_at
        return self._choice

    def forget(self) -> None:
        """Discard the earlier readings: the numbers may belong to other interfaces now."""
        self._choice = Choice()
        self._read_at = None
        self._seen = ()
        self._idle = _Idle({})
        self._young = {}
        self._carrying = {}

    def _hidden(self, reading: DeviceReading) -> frozenset[int]:
        select, columns = self._options.select, reading.columns
        if not self._columns:
            return frozenset()
        seen = tuple([_key(columns, column) for column in self._columns])
        # An incomplete poll says nothing about its missing rows.
        is_short = any(was and not is_ for was, is_ in zip(self._seen, seen, strict=False))
        if seen == self._seen or is_short:
            return self._choice.hidden
        self._seen = seen
        rows = {row for column in columns.values() for row in column}
        return select.left_out(columns, rows - self._uplink(reading))

    def _uplink(self, reading: DeviceReading) -> set[int]:
        """Return the rows of the interface towards the provider, which is always exported."""
        wanted = self._options.uplink_interface
        return set(rows_named(reading, wanted)) if wanted else set()

    def _used(
        self, reading: DeviceReading, hidden: frozenset[int]
    ) -> tuple[frozenset[int], dict[str, dict[int, int]]]:
        """Return the unused ports, and the earlier counters of ports that no longer are."""
        columns = reading.columns
        states = columns.get("ifOperStatus", {})
        unused, idle = self._choice.unused, self._idle
        if not states:
            return unused, {}
        down = {row for row, state in states.items() if state in _DOWN and row not in hidden}
        if unused <= down and idle.is_still(columns):
            found: dict[int, Counters] = {}
            self._judge(reading, down - unused, found)
            if found:
                self._idle = _Idle(idle.counted() | found)
            return unused.union(found), {}
        kept: dict[int, Counters] = {}
        returned: dict[str, dict[int, int]] = {}
        for row, before in idle.counted().items():
            now = _counters(columns, row)
            is_down = row in down or row not in states
            if row not in hidden and is_down and not _has_grown(before, now):
                known = zip(before, now, strict=True)
                kept[row] = tuple(was if is_ is None else is_ for was, is_ in known)
            elif row not in hidden:
                if is_down:
                    self._carrying[row] = columns.get("ifLastChange", {}).get(row)
                for family, value in zip(COUNTERS, before, strict=True):
                    if isinstance(value, int) and row in columns.get(family, {}):
                        returned.setdefault(family, {})[row] = value
        self._judge(reading, down - kept.keys(), kept)
        self._idle = _Idle(kept)
        return frozenset(kept), returned

    def _judge(self, reading: DeviceReading, down: set[int], kept: dict[int, Counters]) -> None:
        """Add the ports of `down` that are unused to `kept`."""
        if not down:
            self._carrying, self._young = {}, {}
            return
        columns, uptime = reading.columns, reading.uptime_ticks
        changes = columns.get("ifLastChange", {})
        carrying, young = {}, {}
        for row in down - self._uplink(reading):
            change = changes.get(row)
            if row in self._carrying and self._carrying[row] == change:
                carrying[row] = change
                continue
            now = _counters(columns, row)
            before = self._young.get(row)
            if before is not None and _has_grown(before, now):
                carrying[row] = change
            elif _is_recent(change, uptime) or (before is None and self._read_at is not None):
                # Its last counters before it went down are exposed at least once.
                young[row] = now
            else:
                kept[row] = now
        self._carrying, self._young = carrying, young


class _Idle:
    """Unused ports and their counters, by column: compared at every poll."""

    __slots__ = ("_families", "_rows")

    def __init__(self, counted: Mapping[int, Counters]) -> None:
        self._rows = tuple(counted)
        families = []
        # Most have the same columns, and have never counted anything.
        pickers: dict[tuple[int, ...], _Picker] = {}
        shared: dict[Counters, Counters] = {}
        for at, family in enumerate(COUNTERS):
            rows = tuple(row for row, counters in counted.items() if counters[at] is not None)
            if rows:
                values = tuple(counted[row][at] for row in rows)
                pick = pickers.setdefault(rows, picker(rows))
                families.append((family, pick, rows, shared.setdefault(values, values)))
        self._families = tuple(families)

    def is_still(self, columns: Columns) -> bool:
        """Return whether none of them has counted anything since."""
        try:
            for family, pick, _, values in self._families:
                if pick(columns[family]) != values:
                    return False
        except KeyError:
            return False
        return True

    def counted(self) -> dict[int, Counters]:
        """Return each port's counters in the order of `COUNTERS`."""
        families = {
            name: dict(zip(rows, values, strict=True)) for name, _, rows, values in self._families
        }
        columns = [families.get(family, _NOTHING) for family in COUNTERS]
        return {row: tuple([column.get(row) for column in columns]) for row in self._rows}


def picker(rows: tuple[int, ...]) -> _Picker:
    """Return a function that takes these rows out of a column; KeyError if one is missing."""
    if len(rows) > 1:
        return itemgetter(*rows)
    return lambda column: tuple(column[row] for row in rows)


def _key(columns: Columns, column: str) -> tuple[object, ...]:
    rows = columns.get(column, {})
    return (tuple(rows), tuple(rows.values())) if rows else ()


def _counters(columns: Columns, row: int) -> Counters:
    return tuple([columns.get(family, _NOTHING).get(row) for family in COUNTERS])


def _has_grown(before: Counters, now: Counters) -> bool:
    """Return whether a counter has increased; one that decreased was reset."""
    # Most have counted nothing at all, and comparing two tuples is a single step.
    return before != now and any(
        isinstance(was, int) and isinstance(is_, int) and is_ > was
        for was, is_ in zip(before, now, strict=True)
    )


def _is_recent(change: object, uptime: int | None) -> bool:
    """Return whether a port changed its state within the last hour, as far as known.

    Zero is a change before the device's own start (RFC 2863); sysUpTime may have wrapped since.
    """
    if not isinstance(change, int) or not change or uptime is None:
        return False
    return 0 <= uptime - change < SETTLED_SECONDS * _TICKS
