"""The hot path: a reply's varbinds decoded straight into values keyed on the row's index.

One poll of a switch has about 800 varbinds. This decoder takes the shape that nearly all of
them have (short lengths, an index of one or two octets, the expected type) in one pass over
the datagram, and hands everything else to the general codec. Both must agree on every input;
a test with mutated replies holds them to it.

Must not know: sockets, requests, what a column means.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, cast

from monitor.snmp.codec import (
    SEQUENCE,
    CodecError,
    Tag,
    check_oid,
    decode_arcs,
    decode_oid,
    decode_value,
    encode_arcs,
    encode_varbind,
    expect,
    read_length,
    split_varbind,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.snmp.rows import Row, RowReader

Index = int | tuple[int, ...]
"""What names a row: one arc (an ifIndex) as an int, any other index as a tuple of its arcs."""

Value = int | bytes


class End(Enum):
    """Why a column has no further rows; only `FINISHED` is how it should be."""

    FINISHED = "finished"
    NOT_INCREASING = "not increasing"
    MALFORMED = "malformed"


_UNSIGNED, _SIGNED, _OCTETS = range(3)
# A type's kind, and the longest content that is valid without a further look. With an OID
# of ours it leaves the varbind below 128 octets, where lengths have one octet.
_KINDS = {
    Tag.INTEGER: (_SIGNED, 8),
    Tag.COUNTER32: (_UNSIGNED, 4),
    Tag.GAUGE32: (_UNSIGNED, 4),
    Tag.TIMETICKS: (_UNSIGNED, 4),
    Tag.COUNTER64: (_UNSIGNED, 8),
    Tag.OCTET_STRING: (_OCTETS, 64),
    Tag.IP_ADDRESS: (_OCTETS, 64),
    Tag.OBJECT_IDENTIFIER: (_OCTETS, 0),
}
_EXCEPTIONS = frozenset({Tag.NO_SUCH_OBJECT, Tag.NO_SUCH_INSTANCE, Tag.END_OF_MIB_VIEW})

# Above no index, nor above what precedes the first row.
_NO_ROW = -1
_OVER = 1 << 40
_MAX_OID_OCTETS = 50

_Prefix = bytes | tuple[bytes, ...]
_Plan = tuple[int, dict[Index, Value], _Prefix, int, _Prefix, int, int, int]


class Layout:
    """How one column looks on the wire: encoded OID, type of its values, arcs of its index.

    An `arity` of 1 makes int indexes; any other makes tuples, and 0 stands for any length.
    `plan` is what the decoder's inner loop unpacks: the octets that stand before an index of
    one octet, the distance to the value's tag behind such an index, the octets before an
    index of two, the tag, its kind, and the longest content that needs no further look.
    """

    __slots__ = ("arcs", "arity", "first", "numeric", "oid", "plan", "tag")

    def __init__(self, oid: bytes, tag: Tag, arity: int = 1) -> None:
        kind, plain = _KINDS[tag]
        if len(oid) > _MAX_OID_OCTETS:
            raise CodecError("no column's OID is that long")
        self.oid = oid
        self.tag = tag
        self.arcs = decode_oid(oid)
        self.arity = arity
        self.numeric = kind != _OCTETS
        self.first: Index = -1 if arity == 1 else ()
        before_one = bytes((Tag.OBJECT_IDENTIFIER, len(oid) + 1)) + oid
        before_two = bytes((Tag.OBJECT_IDENTIFIER, len(oid) + 2)) + oid
        # Nothing starts with none of no prefixes: other indexes never take the fast path.
        self.plan: tuple[_Prefix, int, _Prefix, int, int, int] = (
            before_one if arity == 1 else (),
            len(oid) + 5,
            before_two if arity == 1 else (),
            int(tag),
            kind,
            plain,
        )

    @property
    def is_plain(self) -> bool:
        """Return whether its values are numbers or strings, which most columns are."""
        return self.tag != Tag.OBJECT_IDENTIFIER

    def precedes(self, oid: bytes) -> bool:
        """Return whether the column comes before an OID (encoded) that is not in it."""
        place = len(self.oid) - 1
        # Where a table's column ends, most often the next one begins.
        is_sibling = len(oid) > place and oid[:place] == self.oid[:place]
        if is_sibling and self.oid[place] < oid[place] < 0x80:  # noqa: PLR2004  # one octet an arc
            return True
        return decode_oid(oid) > self.arcs

    def before_index(self, width: int) -> bytes:
        """Return the varbind of a request up to an index of so many octets."""
        length = len(self.oid) + width
        return bytes((0x30, length + 4, Tag.OBJECT_IDENTIFIER, length)) + self.oid

    def ask(self, index: Index) -> bytes:
        """Return the varbind of a request for what follows the row of that index."""
        if isinstance(index, int):
            index = () if index < 0 else (index,)
        return encode_varbind(self.oid + encode_arcs(index), Tag.NULL, None)


class Group:
    """Some columns that are asked for together, and how far each has come.

    `values` are the columns' rows, `last` each column's last index while it goes on, `ends`
    why a column is over, None while it is not, `odd` the tags of the numbers that came with
    another type than the column's. All are in the order of the layouts, and all are brought
    forward by each reply.
    """

    __slots__ = (
        "_befores",
        "_pending",
        "_plan",
        "_reader",
        "_values",
        "_width",
        "ends",
        "last",
        "layouts",
        "odd",
    )

    def __init__(
        self,
        layouts: Sequence[Layout],
        values: Sequence[dict[Index, Value]],
        last: Sequence[Index],
        reader: RowReader | None = None,
        odd: Sequence[dict[Index, int]] = (),
    ) -> None:
        self.odd = odd or [{} for _ in layouts]
        self.layouts = layouts
        self._values = values
        self._reader = reader
        self._pending: list[Row] = []
        self.last = list(last)
        self.ends: list[End | None] = [None] * len(layouts)
        self._width = -1
        self._befores: list[bytes] = []
        self._plan = [
            (column, rows, *layout.plan)
            for column, (rows, layout) in enumerate(zip(values, layouts, strict=True))
        ]

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
        """Put the rows where they belong that were taken whole and not looked at yet.

        Best done once, at a walk's end: a column is converted in one go.
        """
        if self._reader is None or not self._pending:
            return
        indexes, columns = self._reader.values(self._pending)
        self._pending = []
        for rows, values in zip(self._values, columns, strict=True):
            rows.update(zip(indexes, values, strict=True))

    def ask(self) -> bytes:
        """Return the varbinds of a request for what follows each column's last row."""
        last = self.last
        index = last[0]
        if isinstance(index, int) and index < _OVER and last.count(index) == len(last):
            # All stand at the same row: between their OIDs is the same end of a varbind.
            end_of_varbind = (encode_arcs((index,)) if index >= 0 else b"") + b"\x05\x00"
            width = len(end_of_varbind) - 2
            if width != self._width:
                self._width = width
                self._befores = [layout.before_index(width) for layout in self.layouts]
            return end_of_varbind.join(self._befores) + end_of_varbind
        return b"".join([a.ask(b) for a, b in zip(self.layouts, last, strict=True)])

    def take(self, data: bytes, position: int) -> int:
        """Take the varbinds from `position` on, which belong to the columns in turn.

        Returns:
            How many varbinds there were.

        Raises:
            CodecError: if one is malformed; what stood before it has been taken.
        """
        if not self.layouts:
            raise CodecError("nothing was asked for")
        whole, position = self._take_rows(data, position)
        if position == len(data):
            return whole
        self.settle()
        try:
            return whole + _decode(data, position, self._plan, self)
        except IndexError:
            raise CodecError("the data ends within a varbind") from None

    def _take_rows(self, data: bytes, position: int) -> tuple[int, int]:
        """Take the rows that come first and are whole; return how many varbinds, and their end."""
        last = self.last
        floor = last[0]
        # Only of columns that all stand at the same row.
        if self._reader is None or not isinstance(floor, int) or last.count(floor) != len(last):
            return 0, position
        before = len(self._pending)
        floor, position = self._reader.take(data, position, floor, self._pending)
        self.last = [floor] * len(last)
        return (len(self._pending) - before) * len(last), position


def _decode(  # noqa: C901, PLR0912  # one loop without calls: each would cost a third of a varbind
    data: bytes, position: int, columns: Sequence[_Plan], group: Group
) -> int:
    end = len(data)
    # The fast path is only for columns with one arc of index: `Layout.plan` sees to it.
    last = cast("list[int]", group.last)
    number_of = int.from_bytes
    starts_with = data.startswith
    varbinds = 0
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
                # One octet more is a zero that keeps the top bit from being a sign.
                and (
                    length <= plain
                    or (length == plain + 1 and kind == _UNSIGNED and not data[value_at])
                )
                and (length or kind == _OCTETS)
            ):
                position = value_at + length
                if kind == _OCTETS:
                    values[index] = data[value_at:position]
                elif length == 1 and (kind == _UNSIGNED or data[value_at] < 0x80):  # noqa: PLR2004  # not negative
                    values[index] = data[value_at]
                elif kind == _UNSIGNED:
                    values[index] = number_of(data[value_at:position], "big")
                else:
                    values[index] = number_of(data[value_at:position], "big", signed=True)
                last[c] = index
            else:
                position = _decode_other(data, position, c, group)
            varbinds += 1
            if position >= end:
                break
    if position != end:
        raise CodecError("the data ends within a varbind")
    return varbinds


def _decode_other(data: bytes, position: int, column: int, group: Group) -> int:
    """Decode one varbind of any valid shape; return where the next one starts.

    Of what lies behind a column's end only the place is looked at: it is another column's.
    """
    if group.ends[column] is not None:
        return read_length(data, expect(data, position, SEQUENCE))[1]
    layout = group.layouts[column]
    oid, tag, value_at, after = split_varbind(data, position)
    ended: End | None = End.FINISHED
    if tag not in _EXCEPTIONS:
        check_oid(oid)
        if oid.startswith(layout.oid):
            arcs = decode_arcs(oid[len(layout.oid) :])
            ended = _add_row(arcs, (tag, decode_value(tag, data[value_at:after])), column, group)
        elif not layout.precedes(oid):
            ended = End.NOT_INCREASING
    if ended is not None:
        group.ends[column] = ended
        # No index is greater, so that the fast path leaves the column alone.
        group.last[column] = _OVER
    return after


def _add_row(
    arcs: tuple[int, ...], content: tuple[int, Value | None], column: int, group: Group
) -> End | None:
    tag, value = content
    layout = group.layouts[column]
    if not arcs:
        return End.NOT_INCREASING
    if layout.arity and len(arcs) != layout.arity:
        return End.MALFORMED
    index: Index = arcs[0] if layout.arity == 1 else arcs
    if index <= group.last[column]:  # type: ignore[operator]  # both are what the arity makes them
        return End.NOT_INCREASING
    group.last[column] = index
    # A value of the wrong kind is no value: who asked for a number must not get a string.
    if value is not None and isinstance(value, int) == layout.numeric:
        group.values[column][index] = value
        # How wide a counter is, only its type says: some agents put 32 bits where 64 belong.
        if layout.numeric and tag != layout.tag:
            group.odd[column][index] = tag
    return None
