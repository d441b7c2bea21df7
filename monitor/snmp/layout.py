"""The encoding of a walk's columns, and of requests for a row's successors.

Must not know: sockets, requests, or what a column means.
"""

from __future__ import annotations

import re

from monitor.snmp.ber import CodecError, Tag
from monitor.snmp.decode import tags_for
from monitor.snmp.encode import encode_varbind
from monitor.snmp.oid_octets import decode_oid, encode_arc, encode_arcs

Index = int | tuple[int, ...]
"""The index of a row: one arc (an ifIndex) as an int, any other index as a tuple of its arcs."""

Value = int | bytes


UNSIGNED, SIGNED, OCTETS = range(3)
"""The kinds of values that the hot path distinguishes."""
# A type's kind, and the longest content that is valid without further checks. With an OID
# of ours, such a varbind stays below 128 octets, where lengths have one octet.
_KINDS = {
    Tag.INTEGER: (SIGNED, 8),
    Tag.COUNTER32: (UNSIGNED, 4),
    Tag.GAUGE32: (UNSIGNED, 4),
    Tag.TIMETICKS: (UNSIGNED, 4),
    Tag.COUNTER64: (UNSIGNED, 8),
    Tag.OCTET_STRING: (OCTETS, 64),
    Tag.IP_ADDRESS: (OCTETS, 64),
    Tag.OBJECT_IDENTIFIER: (OCTETS, 0),
}
_MAX_OID_OCTETS = 50
# Up to this, all lengths of a varbind of a request have one octet.
_MAX_INDEX_OCTETS = 127 - 4 - _MAX_OID_OCTETS

_Prefix = bytes | tuple[bytes, ...]


def _run_pattern(oid: bytes, tag: Tag, arity: int) -> re.Pattern[bytes]:
    """Return the pattern of a row: both lengths, the octets of the index, the value."""
    index = rb"((?:(?:[\x81-\xff][\x80-\xff]?)?[\x00-\x7f]){%d})" % arity
    value = re.escape(bytes((tag, 1))) + rb"([\x00-\x7f])"
    return re.compile(rb"0(.)\x06(.)" + re.escape(oid) + index + value, re.DOTALL)


class Layout:
    """How one column looks on the wire: encoded OID, type of its values, arcs of its index.

    `tags` are the types that are accepted for its values.

    An `arity` of 1 means int indexes; any other means tuples, and 0 means any length.
    `plan` is what the decoder's inner loop unpacks: the octets before an index of one octet,
    the distance to the value's tag after such an index, the octets before an index of two
    octets, the tag, its kind, and the longest content that needs no further checks. `run` matches
    a row of a table with several arcs in its index, whose value is a small number.
    """

    __slots__ = (
        "_befores",
        "arcs",
        "arity",
        "first",
        "numeric",
        "oid",
        "plan",
        "run",
        "tag",
        "tags",
    )

    def __init__(self, oid: bytes, tag: Tag, arity: int = 1) -> None:
        kind, plain = _KINDS[tag]
        if len(oid) > _MAX_OID_OCTETS:
            raise CodecError("the column's OID is too long")
        self.oid = oid
        self.tag = tag
        self.tags = tags_for(tag)
        self.arcs = decode_oid(oid)
        self.arity = arity
        self.numeric = kind != OCTETS
        self.first: Index = -1 if arity == 1 else ()
        self._befores: dict[int, bytes] = {}
        before_one = bytes((Tag.OBJECT_IDENTIFIER, len(oid) + 1)) + oid
        before_two = bytes((Tag.OBJECT_IDENTIFIER, len(oid) + 2)) + oid
        # `startswith(())` is never true: other indexes never take the fast path.
        self.plan: tuple[_Prefix, int, _Prefix, int, int, int] = (
            before_one if arity == 1 else (),
            len(oid) + 5,
            before_two if arity == 1 else (),
            int(tag),
            kind,
            plain,
        )

        self.run = _run_pattern(oid, tag, arity) if arity > 1 and self.numeric else None

    @property
    def is_plain(self) -> bool:
        """Return whether its values are numbers or strings, which most columns are."""
        return self.tag != Tag.OBJECT_IDENTIFIER

    def precedes(self, oid: bytes) -> bool:
        """Return whether the column precedes an (encoded) OID that is outside of it."""
        place = len(self.oid) - 1
        # At the end of one column, the next one usually begins.
        is_sibling = len(oid) > place and oid[:place] == self.oid[:place]
        if is_sibling and self.oid[place] < oid[place] < 0x80:  # noqa: PLR2004  # one octet an arc
            return True
        return decode_oid(oid) > self.arcs

    def before_index(self, width: int) -> bytes:
        """Return the varbind of a request up to an index of `width` octets."""
        before = self._befores.get(width)
        if before is None:
            length = len(self.oid) + width
            before = bytes((0x30, length + 4, Tag.OBJECT_IDENTIFIER, length)) + self.oid
            self._befores[width] = before
        return before

    def ask(self, index: Index) -> bytes:
        """Return the varbind that requests the successor of the row of that index."""
        if isinstance(index, int):
            octets = encode_arc(index) if index >= 0 else b""
        else:
            octets = encode_arcs(index)
        if len(octets) <= _MAX_INDEX_OCTETS:
            return self.before_index(len(octets)) + octets + b"\x05\x00"
        return encode_varbind(self.oid + octets, Tag.NULL, None)
