"""The hot path: a reply's varbinds decoded straight into values keyed on the row's index.

One poll of a switch has about 800 varbinds. This decoder handles the form that nearly all of them
have (short lengths, an index of one or two octets, the expected type) in one pass over the
datagram, and passes everything else to the general codec. Both must agree on every input; a test
with mutated replies checks this.

Must not know: sockets, requests, or what a column means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from monitor.snmp.ber import SEQUENCE, CodecError, Tag, expect, read_length
from monitor.snmp.decode import (
    EXCEPTIONS,
    UnreadableError,
    decode_as,
    split_varbind,
)
from monitor.snmp.layout import OCTETS, UNSIGNED, Index, Value
from monitor.snmp.model import LeftOut
from monitor.snmp.notes import End, Notes
from monitor.snmp.oid_octets import decode_arcs, encode_arc, read_oid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.snmp.layout import Layout
    from monitor.snmp.rows import Row, RowReader


# `_NO_ROW` is below every index, `_OVER` above every index.
_NO_ROW = -1
_OVER = 1 << 40
# The longest length that has one octet.
_SHORT = 0x7F

_Prefix = bytes | tuple[bytes, ...]
_Plan = tuple[int, dict[Index, Value], _Prefix, int, _Prefix, int, int, int]


class Group:
    """Some columns that are requested together, and how far each one has come.

    `values` are the columns' rows, `last` is each open column's last index, `ends` is why a
    column has ended (None while it is open), `odd` holds the tags of numbers whose type differs
    from the column's. All are in the order of the layouts, and each reply extends
    them. `notes` collects what the walk observed besides the rows.
    """

    __slots__ = (
        "_befores",
        "_ended_at",
        "_pending",
        "_plan",
        "_reader",
        "_values",
        "_width",
        "ends",
        "last",
        "layouts",
        "notes",
        "odd",
    )

    def __init__(  # noqa: PLR0913, PLR0917  # what a walk keeps of each column, in this order
        self,
        layouts: Sequence[Layout],
        values: Sequence[dict[Index, Value]],
        last: Sequence[Index],
        reader: RowReader | None = None,
        odd: Sequence[dict[Index, int]] = (),
        notes: Notes | None = None,
    ) -> None:
        self.notes = notes or Notes()
        self.odd = odd or [{} for _ in layouts]
        self.layouts = layouts
        self._values = values
        self._reader = reader
        self._pending: list[Row] = []
        self.last = list(last)
        self.ends: list[End | None] = [None] * len(layouts)
        self._ended_at: dict[int, Index] = {}
        self._width = -1
        self._befores: list[bytes] = []
        self._plan: list[_Plan] = []

    @property
    def values(self) -> Sequence[dict[Index, Value]]:
        """Return the columns' rows."""
        self.settle()
        return self._values

    @property
    def rows(self) -> int:
        """Return how many rows the longest column has."""
        return max(map(len, self._values), default=0) + len(self._pending)

    @property
    def rows_of_first(self) -> int:
        """Return how many rows the first column has."""
        return len(self._values[0]) + len(self._pending)

    def settle(self) -> None:
        """Convert the rows that were matched as a whole and not decoded yet.

        Best called once, at the end of a walk: each column is converted in one go.
        """
        if self._reader is None or not self._pending:
            return
        indexes, columns = self._reader.values(self._pending)
        self._pending = []
        for rows, values in zip(self._values, columns, strict=True):
            rows.update(zip(indexes, values, strict=True))

    def ask(self) -> bytes:
        """Return the varbinds of a request for the successors of each column's last row."""
        last = self.last
        index = last[0]
        if (
            isinstance(index, int)
            and index < _OVER
            and last.count(index) == len(last)
            and not self.notes.positions
        ):
            return self._ask_evenly(index)
        asked = [self._position(column) for column in range(len(last))]
        return b"".join([a.ask(b) for a, b in zip(self.layouts, asked, strict=True)])

    def _ask_evenly(self, index: int) -> bytes:
        """Ask for the successors of the same row in all columns."""
        # The part of a varbind between the columns' OIDs is the same.
        end_of_varbind = (encode_arc(index) if index >= 0 else b"") + b"\x05\x00"
        width = len(end_of_varbind) - 2
        if width != self._width:
            self._width = width
            self._befores = [layout.before_index(width) for layout in self.layouts]
        return end_of_varbind.join(self._befores) + end_of_varbind

    def _position(self, column: int) -> Index:
        """Return the index after which a column continues: that of the row that came last."""
        oid, last = self.layouts[column].oid, self.last[column]
        index, greatest = self.notes.positions.get(oid, (last, last))
        if greatest == last:
            return index
        del self.notes.positions[oid]
        return last

    def end(self, column: int, end: End) -> None:
        """Close a column: further rows are ignored."""
        self.ends[column] = end
        self._ended_at[column] = self.last[column]
        # No index is greater, so the fast path ignores the column.
        self.last[column] = _OVER

    def resume(self) -> bool:
        """Reopen the columns whose rows did not increase; return whether there are any."""
        stopped = [at for at, end in enumerate(self.ends) if end is End.NOT_INCREASING]
        for column in stopped:
            self.reopen(column)
        return bool(stopped)

    def reopen(self, column: int) -> None:
        """Continue a closed column after its last row."""
        self.ends[column] = None
        self.last[column] = self._ended_at.pop(column)

    def take(self, data: bytes, position: int) -> int:
        """Decode the varbinds from `position` on, which belong to the columns in turn.

        Returns:
            How many varbinds there were.

        Raises:
            CodecError: if one reaches beyond the data; the varbinds before it have been taken.
        """
        if not self.layouts:
            raise CodecError("nothing was requested")
        take = self._take_rows if len(self.layouts) > 1 else self._take_run
        whole, position = take(data, position)
        if position == len(data):
            return whole
        self.settle()
        if not self._plan:
            columns = enumerate(zip(self._values, self.layouts, strict=True))
            self._plan = [(column, rows, *layout.plan) for column, (rows, layout) in columns]
        return whole + _decode(data, position, self._plan, self)

    def _take_rows(self, data: bytes, position: int) -> tuple[int, int]:
        """Take the leading complete rows; return how many varbinds they had, and where they end."""
        last = self.last
        floor = last[0]
        # Possible only if all columns are at the same row.
        if self._reader is None or not isinstance(floor, int) or last.count(floor) != len(last):
            return 0, position
        before = len(self._pending)
        floor, position = self._reader.take(data, position, floor, self._pending)
        self.last = [floor] * len(last)
        return (len(self._pending) - before) * len(last), position

    def _take_run(self, data: bytes, position: int) -> tuple[int, int]:
        """Take the leading rows of a single column whose index has several arcs."""
        layout, rows, last = self.layouts[0], self._values[0], self.last[0]
        match = layout.run and layout.run.match
        taken = 0
        while match and (found := match(data, position)) is not None:
            outer, inner, octets, value = found.groups()
            length = len(layout.oid) + len(octets)
            index = tuple(octets) if octets.isascii() else decode_arcs(octets)
            if inner[0] != length or outer[0] != length + 5 or length + 5 > _SHORT or index <= last:  # type: ignore[operator]  # tuples, of such a column
                break
            rows[index] = value[0]
            last = index
            taken += 1
            position = found.end()
        self.last[0] = last
        return taken, position


def _decode(  # noqa: C901, PLR0912  # one loop without calls: each would cost a third of a varbind
    data: bytes, position: int, columns: Sequence[_Plan], group: Group
) -> int:
    end = len(data)
    # The fast path is only for columns with an index of one arc: `Layout.plan` ensures that.
    last = cast("list[int]", group.last)
    number_of = int.from_bytes
    starts_with = data.startswith
    varbinds = c = 0
    index = _NO_ROW
    try:
        while position < end:
            for c, values, before_one, tag_offset, before_two, tag, kind, plain in columns:
                tag_at = position + tag_offset
                if starts_with(before_one, position + 2):
                    index = data[tag_at - 1]
                    if index > 0x7F:  # noqa: PLR2004  # the high bit: an arc that does not end
                        index = _NO_ROW
                elif (
                    starts_with(before_two, position + 2) and data[tag_at - 1] > 0x80 > data[tag_at]  # noqa: PLR2004  # an arc above 127
                ):
                    index = data[tag_at - 1] << 7 & 0x3F80 | data[tag_at]
                    tag_at += 1
                else:
                    position = _decode_other(data, position, c, group)
                    varbinds += 1
                    if position >= end:
                        break
                    continue
                length = data[tag_at + 1]
                value_at = tag_at + 2
                if (
                    data[tag_at] == tag
                    and data[position] == 0x30  # noqa: PLR2004  # SEQUENCE
                    and data[position + 1] == tag_at - position + length
                    and index > last[c]
                    # One octet more is a zero that keeps the number from being negative.
                    and (
                        length <= plain
                        or (length == plain + 1 and kind == UNSIGNED and not data[value_at])
                    )
                    and (length or kind == OCTETS)
                ):
                    after = value_at + length
                    if kind == OCTETS:
                        values[index] = data[value_at:after]
                    elif length == 1 and (kind == UNSIGNED or data[value_at] < 0x80):  # noqa: PLR2004  # not negative
                        values[index] = data[value_at]
                    elif kind == UNSIGNED:
                        values[index] = number_of(data[value_at:after], "big")
                    else:
                        values[index] = number_of(data[value_at:after], "big", signed=True)
                    last[c] = index
                    position = after
                else:
                    position = _decode_other(data, position, c, group)
                varbinds += 1
                if position >= end:
                    break
    except IndexError:
        # Only the last octets of the data are too short for the fast path.
        return varbinds + _decode_rest(data, position, c, group)
    if position != end:
        # A truncated value does not count: its row is still missing.
        del values[index]
        last[c] = index - 1
        raise CodecError("the data ends within a varbind")
    return varbinds


def _decode_rest(data: bytes, position: int, column: int, group: Group) -> int:
    varbinds = 0
    while position < len(data):
        position = _decode_other(data, position, column, group)
        column = (column + 1) % len(group.layouts)
        varbinds += 1
    return varbinds


def _decode_other(data: bytes, position: int, column: int, group: Group) -> int:
    """Decode one varbind of any valid shape; return the start of the next one.

    Beyond a column's end only the position advances: the varbind belongs to another column.
    """
    if group.ends[column] is not None:
        length = data[position + 1] if position + 1 < len(data) else len(data)
        if data[position] == SEQUENCE and length <= min(_SHORT, len(data) - position - 2):
            return position + 2 + length
        return read_length(data, expect(data, position, SEQUENCE))[1]
    after = _take_short(data, position, column, group)
    if after:
        return after
    octets, tag, value_at, after = split_varbind(data, position)
    ended = _take_other(octets, tag, data[value_at:after], column, group)
    if ended is not None:
        group.end(column, ended)
    return after


def _take_short(data: bytes, position: int, column: int, group: Group) -> int:
    """Take a varbind whose lengths, and arcs behind the column's OID, have one octet each.

    Most columns end with such a varbind, and most rows with an index of several arcs are such.
    Return where it ends; 0 if it has another form, and nothing has been taken.
    """
    try:
        end = position + 2 + data[position + 1]
        tag_at = position + 4 + data[position + 3]
        tag, length = data[tag_at], data[tag_at + 1]
    except IndexError:
        return 0
    oid = data[position + 4 : tag_at]
    layout = group.layouts[column]
    if (
        end > len(data)
        or data[position] != SEQUENCE
        or data[position + 1] > _SHORT
        or data[position + 2] != Tag.OBJECT_IDENTIFIER
        or length > _SHORT
        or tag_at + 2 + length != end
        or not (oid.isascii() or oid.removeprefix(layout.oid[:-1]).isascii())
    ):
        return 0
    if tag in EXCEPTIONS or (oid > layout.oid and not oid.startswith(layout.oid)):
        group.end(column, End.FINISHED)
        return end
    index = tuple(oid[len(layout.oid) :])
    is_next = oid.startswith(layout.oid) and len(index) == (layout.arity or len(index))
    if layout.arity == 1 or tag != layout.tag or not is_next or index <= group.last[column]:  # type: ignore[operator]  # tuples, of such a column
        return 0
    try:
        group.values[column][index] = decode_as(layout.tags, tag, data[tag_at + 2 : end])
    except UnreadableError:
        return 0
    group.last[column] = index
    return end


def _take_other(octets: bytes, tag: int, content: bytes, column: int, group: Group) -> End | None:
    """Take a varbind of any form; return why the column ends, None if it does not."""
    layout = group.layouts[column]
    if tag in EXCEPTIONS:
        return End.FINISHED
    try:
        oid = read_oid(octets)
    except CodecError:
        group.notes.leave_out(LeftOut.NAME, layout.oid, ())
        return None
    if not oid.startswith(layout.oid):
        return End.FINISHED if layout.precedes(oid) else End.NOT_INCREASING
    arcs = decode_arcs(oid[len(layout.oid) :])
    index: Index = arcs[0] if layout.arity == 1 == len(arcs) else arcs
    # Rows sorted as text may go back, but only to a row that is new; a loop repeats rows.
    if not arcs or index in group.values[column] or group.notes.has_seen(layout.oid, index):
        return End.NOT_INCREASING
    if layout.arity and len(arcs) != layout.arity:
        group.notes.leave_out(LeftOut.INDEX, layout.oid, index)
        group.notes.positions[layout.oid] = index, group.last[column]
    else:
        _add_row(index, tag, content, column, group)
    return None


def _add_row(index: Index, tag: int, content: bytes, column: int, group: Group) -> None:
    """Take a new row, or count it if its value cannot be decoded."""
    layout, notes, last = group.layouts[column], group.notes, group.last[column]
    if index > last:  # type: ignore[operator]  # the arity determines both types
        group.last[column] = index
    else:
        notes.positions[layout.oid] = index, last
        notes.is_unordered = True
    try:
        group.values[column][index] = decode_as(layout.tags, tag, content)
    except UnreadableError as error:
        notes.leave_out(error.reason, layout.oid, index)
    else:
        # Only a counter's type tells its width: some agents send 32 bits where 64 are declared.
        if layout.numeric and tag != layout.tag:
            group.odd[column][index] = tag
