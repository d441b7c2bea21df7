"""Decodes messages, PDUs and varbinds from one datagram, as leniently as net-snmp.

Variants that agents of many vendors send are accepted: long forms of lengths, octets after the
message, padded OIDs, numbers with or without a leading zero. Everything else raises `CodecError`; a
value that cannot be decoded raises a subclass with the reason, so that it costs no other value.
Nothing recurses: the nesting of a message is fixed. The PDU has its own functions, which SNMPv3
shares. docs/snmp.md lists what net-snmp reads and this module does not.

Must not know: sockets, requests in flight, or which object an OID names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.snmp.ber import SEQUENCE, CodecError, Tag, enter, expect, read_integer, read_length
from monitor.snmp.message import MAX_DATAGRAM_BYTES, Head, Message, PduType, Varbind
from monitor.snmp.model import LeftOut
from monitor.snmp.oid_octets import read_oid

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSIONS = (0, 1)
# The head as agents send it: matching one pattern takes a tenth of decoding field by field.
_LENGTH = rb"([\x00-\x7f]|\x81.|\x82..)"
_USUAL_START = re.compile(rb"0%s\x02\x01([\x00\x01])\x04([\x00-\x7f])" % _LENGTH, re.DOTALL)
_USUAL_PDU = re.compile(
    rb"([\xa0-\xa3\xa5-\xa8])%s\x02(\x01.|\x02..|\x03...|\x04....)"
    rb"\x02\x01(.)\x02\x01(.)0%s" % (_LENGTH, _LENGTH),
    re.DOTALL,
)
UNSIGNED_BITS = {
    Tag.COUNTER32: 32,
    Tag.GAUGE32: 32,
    Tag.TIMETICKS: 32,
    Tag.UINTEGER32: 32,
    Tag.COUNTER64: 64,
}
"""Width of the unsigned types in bits."""
# 64 bits with a leading zero octet.
_MAX_NUMBER_OCTETS = 9
EXCEPTIONS = frozenset({Tag.NO_SUCH_OBJECT, Tag.NO_SUCH_INSTANCE, Tag.END_OF_MIB_VIEW})
"""What versions 2c and 3 send in place of a value (RFC 3416 §3)."""
EMPTY = EXCEPTIONS | {Tag.NULL}
"""Types without content."""
STRINGS = frozenset({Tag.OCTET_STRING, Tag.IP_ADDRESS, Tag.OPAQUE})
"""Types whose value is the octets themselves."""


_NUMBERS = frozenset({Tag.INTEGER, *UNSIGNED_BITS})


class UnreadableError(CodecError):
    """One value that cannot be decoded in an otherwise valid message."""

    def __init__(self, reason: LeftOut, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def decode_message(data: bytes) -> Message:
    """Return the message in a datagram's payload.

    Raises:
        CodecError: if it is invalid, too large, neither version 1 nor 2c, or has a value that
            cannot be decoded.
    """
    version, community, pdu_type, request_id, status, index, position, end = decode_head(data)
    varbinds = decode_varbinds(data[:end], position)
    return Message(version, community, pdu_type, request_id, status, index, varbinds)


def decode_head(data: bytes) -> Head:
    """Return the fields before the varbinds, and where the varbinds start and end.

    Raises:
        CodecError: if it is not a message of version 1 or 2c, or is too large.
    """
    if len(data) > MAX_DATAGRAM_BYTES:
        raise CodecError(f"{len(data)} octets are more than the {MAX_DATAGRAM_BYTES} accepted")
    return _decode_usual_head(data) or _decode_any_head(data)


def _decode_usual_head(data: bytes) -> Head | None:
    """Return the head of a message in the usual encoding, None if it is encoded differently."""
    start = _USUAL_START.match(data)
    if start is None:
        return None
    length, version, octets = start.groups()
    community_at = start.end()
    pdu_at = community_at + octets[0]
    pdu = _USUAL_PDU.match(data, pdu_at)
    if pdu is None:
        return None
    pdu_type, pdu_length, request_id, status, index, varbinds_length = pdu.groups()
    end = len(data)
    position = pdu.end()
    # All three must reach to the end; otherwise the encoding is not the usual one.
    if (
        start.end(1) + _length(length) != end
        or pdu.end(2) + _length(pdu_length) != end
        or position + _length(varbinds_length) != end
    ):
        return None
    return (
        version[0],
        data[community_at:pdu_at],
        pdu_type[0],
        int.from_bytes(request_id[1:], "big", signed=True),
        int.from_bytes(status, "big", signed=True),
        int.from_bytes(index, "big", signed=True),
        position,
        end,
    )


def _length(octets: bytes) -> int:
    return octets[0] if len(octets) == 1 else int.from_bytes(octets[1:], "big")


def _decode_any_head(data: bytes) -> Head:
    position, end = enter(data, 0, SEQUENCE)
    data = data[:end]
    version, position = read_integer(data, position)
    if version not in _VERSIONS:
        raise CodecError(f"message version {version} is neither 0 (SNMPv1) nor 1 (SNMPv2c)")
    community_at, position = enter(data, position, Tag.OCTET_STRING)
    return decode_pdu_head(version, data[community_at:position], data, position)


def decode_pdu_head(version: int, community: bytes, data: bytes, position: int) -> Head:
    """Return the head of a message whose PDU starts at `position`.

    Octets after the PDU or its varbinds are ignored, as net-snmp does.

    Raises:
        CodecError: if there is no such PDU.
    """
    if position >= len(data):
        raise CodecError("the message ends before its PDU")
    pdu_type = data[position]
    if not PduType.GET <= pdu_type <= PduType.REPORT or pdu_type == PduType.TRAP_V1:
        raise CodecError(f"PDU type {pdu_type:#x} has no request-id and varbinds")
    position, end = read_length(data, position + 1)
    data = data[:end]
    request_id, position = read_integer(data, position)
    error_status, position = read_integer(data, position)
    error_index, position = read_integer(data, position)
    position, end = enter(data, position, SEQUENCE)
    return version, community, pdu_type, request_id, error_status, error_index, position, end


def decode_varbinds(data: bytes, position: int) -> tuple[Varbind, ...]:
    """Return the varbinds that fill the data from `position` to its end.

    Raises:
        CodecError: if they do not fill it, or if one cannot be decoded.
    """
    varbinds = []
    while position < len(data):
        varbind, position = decode_varbind(data, position)
        varbinds.append(varbind)
    return tuple(varbinds)


def decode_varbind(data: bytes, position: int) -> tuple[Varbind, int]:
    """Return the varbind that starts at `position`, and the start of the next one.

    Raises:
        CodecError: if the varbind is not complete or cannot be decoded.
    """
    octets, tag, value_at, end = split_varbind(data, position)
    return (read_oid(octets), tag, decode_value(tag, data[value_at:end])), end


def named_contents(
    data: bytes, position: int, left_out: dict[LeftOut, int]
) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield OID, tag and value octets of the varbinds from `position` to the end of the data.

    Varbinds whose OID cannot be decoded are counted in `left_out`.

    Raises:
        CodecError: if the lengths are inconsistent; earlier varbinds have been yielded.
    """
    while position < len(data):
        octets, tag, value_at, position = split_varbind(data, position)
        try:
            oid = read_oid(octets)
        except CodecError:
            left_out[LeftOut.NAME] = left_out.get(LeftOut.NAME, 0) + 1
        else:
            yield oid, tag, data[value_at:position]


def split_varbind(data: bytes, position: int) -> tuple[bytes, int, int, int]:
    """Return a varbind's OID as received, its tag, and where its value starts and ends.

    The octets of OID and value are not validated. Octets that follow the value inside the
    varbind are read as the next varbind, as net-snmp does. A varbind with an inconsistent
    inner length is returned with an empty OID, which is invalid.

    Raises:
        CodecError: if no varbind starts there, or it reaches beyond the data.
    """
    position, end = read_length(data, expect(data, position, SEQUENCE))
    try:
        oid_at, tag_at = read_length(data, expect(data, position, Tag.OBJECT_IDENTIFIER))
        if tag_at < end:
            value_at, value_end = read_length(data, tag_at + 1)
            if value_end <= end:
                return data[oid_at:tag_at], data[tag_at], value_at, value_end
    except CodecError:  # `suppress` costs as much as the rest
        pass
    return b"", 0, end, end


def decode_value(tag: int, content: bytes) -> int | bytes | None:
    """Return the value that the content octets of a varbind encode.

    Raises:
        UnreadableError: if the tag is unknown, or the octets are not a value of its type.
    """
    if tag in STRINGS:
        return content
    if tag in EMPTY:
        return None
    if tag == Tag.OBJECT_IDENTIFIER:
        try:
            return read_oid(content)
        except CodecError as error:
            raise UnreadableError(LeftOut.OID, str(error)) from None
    bits = UNSIGNED_BITS.get(tag)  # type: ignore[call-overload]  # an int that may be no Tag
    if bits is None and tag != Tag.INTEGER:
        raise UnreadableError(LeftOut.TYPE, f"tag {tag:#x} is not an SNMP type")
    if not content:
        raise UnreadableError(LeftOut.EMPTY, "a number without octets")
    return _decode_number(content, bits)


def tags_for(declared: Tag) -> frozenset[Tag]:
    """Return the tags that are accepted on the wire for an object of a declared type.

    Agents confuse numeric types with each other, and string types; but a number is not a string.
    """
    if declared in _NUMBERS:
        return _NUMBERS
    return STRINGS if declared in STRINGS else frozenset({declared})


def decode_as(tags: frozenset[Tag], tag: int, content: bytes) -> int | bytes:
    """Return the value in the content octets, which must have one of these tags.

    Raises:
        UnreadableError: if the tag is another one, or as for `decode_value`.
    """
    value = decode_value(tag, content)
    if value is None or tag not in tags:
        raise UnreadableError(LeftOut.KIND, f"tag {tag:#x} is not a type of this object")
    return value


def _decode_number(content: bytes, bits: int | None) -> int:
    """Return an unsigned number of `bits` bits; a signed one of at most 64 if `bits` is None."""
    if bits is None:
        if len(content) > 8:  # noqa: PLR2004  # 64 bits are generous: the SMI has 32
            raise UnreadableError(LeftOut.NUMBER, f"an INTEGER of {len(content)} octets")
        return int.from_bytes(content, "big", signed=True)
    # Devices send the top bit without the leading zero octet that BER requires.
    number = int.from_bytes(content[:_MAX_NUMBER_OCTETS], "big")
    if len(content) > _MAX_NUMBER_OCTETS or number >> bits:
        raise UnreadableError(LeftOut.NUMBER, f"{content[:20].hex(' ')} do not fit in {bits} bits")
    return number
