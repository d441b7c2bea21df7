"""Decodes whole rows of a reply in one step, by a pattern compiled once per set of columns.

A reply to a GETBULK of aligned columns repeats the same varbinds, in which only index, lengths and
values differ. One match per row and one conversion per column and walk cost half of what
a loop over varbinds does (bench/README.md). Rows that the pattern does not match, well formed or
not, are decoded by the loop in `columns`, and both must agree.

Must not know: sockets, requests, or what a column means.
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING

from monitor.snmp.ber import Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from monitor.snmp.layout import Layout

    Converter = Callable[[tuple[bytes, ...]], Iterable[int | bytes]]

Row = tuple[bytes, ...]
"""The octets of a row's index, then each column's content with its length octet."""

_MOST_READERS = 16
_FEWEST_COLUMNS = 3
_INDEX = {1: rb"([\x00-\x7f])", 2: rb"([\x81-\xff][\x00-\x7f])"}
_FIRST_OF_TWO = 0x80
_OCTETS = frozenset({Tag.OCTET_STRING, Tag.IP_ADDRESS})
# Tag and longest content; one octet more is a zero that keeps the number from being negative.
_UNSIGNED = {Tag.COUNTER32: 4, Tag.GAUGE32: 4, Tag.TIMETICKS: 4, Tag.COUNTER64: 8}
_LONGEST_SIGNED = 8
_LONGEST_OCTETS = 64

_content = itemgetter(slice(1, None))


class RowReaders:
    """Keeps the readers of the requested sets of columns, so that each is compiled once.

    A pattern takes about ten milliseconds to compile and blocks the event loop meanwhile. So
    there is no reader for the remainder of a set when a device lacks some of its columns:
    devices could make us compile dozens in a row (measured: 170 ms in a second, eleven devices).
    """

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[Layout, ...], RowReader | None] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, layouts: Sequence[Layout]) -> RowReader | None:
        """Return the reader of these columns, None if they must be decoded in a loop."""
        key = tuple(layouts)
        if key in self._known:
            return self._known[key]
        if len(self._known) >= _MOST_READERS or len(key) < _FEWEST_COLUMNS:
            return None
        if any(layout.arity != 1 or not layout.is_plain for layout in key):
            reader = None
        else:
            reader = RowReader([(layout.oid, layout.tag) for layout in key])
        self._known[key] = reader
        return reader


class RowReader:
    """Reads rows of one set of columns: encoded OIDs and tags, one arc of index each."""

    __slots__ = ("_begin_of_two", "_columns", "_converters", "_one", "_two")

    def __init__(self, columns: Sequence[tuple[bytes, Tag]]) -> None:
        self._columns = columns
        self._one = self._pattern(1)
        self._two: re.Pattern[bytes] | None = None
        first, _ = columns[0]
        self._begin_of_two = bytes((Tag.OBJECT_IDENTIFIER, len(first) + 2)) + first
        self._converters = [_converter(tag) for _, tag in columns]

    def take(self, data: bytes, position: int, floor: int, rows: list[Row]) -> tuple[int, int]:
        """Append the rows from `position` on whose indexes increase, starting above `floor`.

        Returns:
            The last row's index (`floor` if there is none), and the position after that row.
        """
        one = self._one.match
        while True:
            # An index of two octets is never followed by a shorter one.
            match = one(data, position) if floor < _FIRST_OF_TWO else None
            if match is not None:
                index = data[match.start(1)]
            else:
                match = self._match_two(data, position)
                if match is None:
                    return floor, position
                index = _arc(match[1])
            if index <= floor:
                return floor, position
            rows.append(match.groups())
            floor = index
            position = match.end()

    def _match_two(self, data: bytes, position: int) -> re.Match[bytes] | None:
        """Match a row with an index above 127, which many devices do not have."""
        if not data.startswith(self._begin_of_two, position + 2):
            return None
        if self._two is None:
            self._two = self._pattern(2)
        return self._two.match(data, position)

    def _pattern(self, width: int) -> re.Pattern[bytes]:
        """Return the pattern of a row with an index of `width` octets."""
        varbinds = (
            _varbind(oid, tag, width, index=rb"\1" if place else _INDEX[width])
            for place, (oid, tag) in enumerate(self._columns)
        )
        return re.compile(b"".join(varbinds), re.DOTALL)

    def values(self, rows: Sequence[Row]) -> tuple[list[int], list[Iterable[int | bytes]]]:
        """Return the rows' indexes, and per column its values in the same order."""
        octets, *columns = zip(*rows, strict=True)
        indexes = [content[0] if len(content) == 1 else _arc(content) for content in octets]
        return indexes, [
            convert(contents) for convert, contents in zip(self._converters, columns, strict=True)
        ]


def _arc(octets: bytes) -> int:
    return octets[0] << 7 & 0x3F80 | octets[1]


def _varbind(oid: bytes, tag: Tag, width: int, index: bytes) -> bytes:
    """Return the pattern of one varbind with an index of `width` octets."""
    lengths = _lengths(tag)
    # A SEQUENCE's length must match its content: that is checked before anything is taken.
    to_length = len(oid) + width + 3
    sequence = b"|".join(
        b"%s(?=.{%d}%s)" % (_octet(to_length + 1 + length), to_length, _octet(length))
        for length, _ in lengths
    )
    content = b"|".join(_octet(length) + pattern for length, pattern in lengths)
    name = re.escape(bytes((Tag.OBJECT_IDENTIFIER, len(oid) + width)) + oid)
    return b"0(?:%s)%s%s%s(%s)" % (sequence, name, index, _octet(tag), content)


def _lengths(tag: Tag) -> list[tuple[int, bytes]]:
    """Return the allowed lengths of a content, each with the content's pattern."""
    if tag in _OCTETS:
        return [(length, b".{%d}" % length) for length in range(_LONGEST_OCTETS + 1)]
    longest = _UNSIGNED.get(tag, _LONGEST_SIGNED)
    lengths = [(length, b".{%d}" % length) for length in range(1, longest + 1)]
    if tag in _UNSIGNED:
        lengths.append((longest + 1, rb"\x00.{%d}" % longest))
    return lengths


def _octet(number: int) -> bytes:
    return re.escape(bytes((number,)))


def _converter(tag: Tag) -> Converter:
    if tag in _OCTETS:
        return _strings
    return _unsigned if tag in _UNSIGNED else _signed


def _strings(contents: tuple[bytes, ...]) -> Iterable[bytes]:
    return map(_content, contents)


def _unsigned(contents: tuple[bytes, ...]) -> Iterable[int]:
    return map(int.from_bytes, map(_content, contents))


_SMALL = {bytes((1, number)): number for number in range(0x80)}


def _signed(contents: tuple[bytes, ...]) -> Iterable[int]:
    try:
        return list(map(_SMALL.__getitem__, contents))  # states and types are small numbers
    except KeyError:
        return [int.from_bytes(content[1:], "big", signed=True) for content in contents]
