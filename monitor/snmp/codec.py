"""SNMP messages as bytes, both directions, versions 1 and 2c (BER after X.690).

Accepts what real devices send (lengths in their long forms, unsigned numbers with or
without a leading zero) and refuses the rest with `CodecError`. Nothing recurses: the nesting
of a message is fixed. OIDs stay in their encoded form, because decoding and printing them is
what makes other codecs slow. The PDU has functions of its own, which SNMPv3 shares.

Must not know: sockets, requests in flight, which object an OID names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_DATAGRAM_BYTES = 16 * 1024
"""Longer datagrams are refused before anything is decoded."""

Varbind = tuple[bytes, int, int | bytes | None]
"""Encoded OID (content octets only), tag, value; the value of an OID is encoded as well."""


class Tag(IntEnum):
    """Types of values on the wire (RFC 2578 §7.1, RFC 3416 §3)."""

    INTEGER = 0x02
    OCTET_STRING = 0x04
    NULL = 0x05
    OBJECT_IDENTIFIER = 0x06
    IP_ADDRESS = 0x40
    COUNTER32 = 0x41
    GAUGE32 = 0x42
    TIMETICKS = 0x43
    OPAQUE = 0x44
    COUNTER64 = 0x46
    NO_SUCH_OBJECT = 0x80
    NO_SUCH_INSTANCE = 0x81
    END_OF_MIB_VIEW = 0x82


class PduType(IntEnum):
    """Kinds of PDU (RFC 3416 §3, RFC 1157 §4.1)."""

    GET = 0xA0
    GET_NEXT = 0xA1
    RESPONSE = 0xA2
    SET = 0xA3
    TRAP_V1 = 0xA4
    GET_BULK = 0xA5
    INFORM = 0xA6
    TRAP = 0xA7
    REPORT = 0xA8


class CodecError(ValueError):
    """Bytes that are no SNMP message, or values that none can carry."""


@dataclass(frozen=True, slots=True)
class Message:
    """One SNMPv1 or SNMPv2c message (RFC 1901 §3); `version` is 0 or 1 as on the wire.

    A GETBULK request has non-repeaters in `error_status` and max-repetitions in `error_index`.
    """

    version: int
    community: bytes
    pdu_type: int
    request_id: int
    error_status: int
    error_index: int
    varbinds: tuple[Varbind, ...]

    def __repr__(self) -> str:
        """Return the message without its community, which is a secret."""
        return (
            f"Message(version={self.version}, pdu_type={self.pdu_type:#x}, "
            f"request_id={self.request_id}, error_status={self.error_status}, "
            f"error_index={self.error_index}, varbinds={len(self.varbinds)})"
        )


SEQUENCE = 0x30
"""The tag of what holds other values (X.690 §8.9)."""
_VERSIONS = (0, 1)
_MAX_ARC = 0xFFFFFFFF
_MAX_LENGTH_OCTETS = 2
# At most 128 arcs below 2**32, each in its shortest form (X.690 §8.19.2, RFC 2578 §3.5).
_OID = re.compile(
    rb"(?:(?:[\x81-\xff][\x80-\xff]{0,2}|[\x81-\x8f][\x80-\xff]{3})?[\x00-\x7f]){1,127}", re.DOTALL
)
# A head as agents send it, and a request too: one pattern costs a tenth of its fields one by one.
_LENGTH = rb"([\x00-\x7f]|\x81.|\x82..)"
_USUAL_START = re.compile(rb"0%s\x02\x01([\x00\x01])\x04([\x00-\x7f])" % _LENGTH, re.DOTALL)
_USUAL_PDU = re.compile(
    rb"([\xa0-\xa3\xa5-\xa8])%s\x02(\x01.|\x02..|\x03...|\x04....)"
    rb"\x02\x01(.)\x02\x01(.)0%s" % (_LENGTH, _LENGTH),
    re.DOTALL,
)
_UNSIGNED_BITS = {Tag.COUNTER32: 32, Tag.GAUGE32: 32, Tag.TIMETICKS: 32, Tag.COUNTER64: 64}
_EMPTY = frozenset({Tag.NULL, Tag.NO_SUCH_OBJECT, Tag.NO_SUCH_INSTANCE, Tag.END_OF_MIB_VIEW})
_STRINGS = frozenset({Tag.OCTET_STRING, Tag.IP_ADDRESS, Tag.OPAQUE})


def encode_oid(oid: str | Iterable[int]) -> bytes:
    """Return the content octets of an OID given as `1.3.6.1` or as its arcs (X.690 §8.19).

    Raises:
        CodecError: if it is no OID that SNMP can carry (RFC 2578 §3.5).
    """
    try:
        arcs = [int(arc) for arc in oid.strip(".").split(".")] if isinstance(oid, str) else [*oid]
    except ValueError as error:
        raise CodecError(f"not an OID: {oid!r}") from error
    if not 2 <= len(arcs) <= 128:  # noqa: PLR2004  # the bounds of RFC 2578 §3.5
        raise CodecError(f"an OID has 2 to 128 arcs, not {len(arcs)}")
    first, second = arcs[0], arcs[1]
    if not 0 <= first <= 2 or second < 0 or (first < 2 and second >= 40):  # noqa: PLR2004  # X.690 §8.19.4
        raise CodecError(f"no OID begins with {first}.{second}")
    return encode_arcs((first * 40 + second, *arcs[2:]))


def encode_arcs(arcs: Iterable[int]) -> bytes:
    """Return the octets of a piece of an OID that lies behind its first octets.

    Raises:
        CodecError: if an arc is negative or above 2**32-1.
    """
    encoded = bytearray()
    for arc in arcs:
        if not 0 <= arc <= _MAX_ARC:
            raise CodecError(f"arc {arc} is outside 0 to 2**32-1")
        septets = [arc & 0x7F]
        rest = arc >> 7
        while rest:
            septets.append(rest & 0x7F | 0x80)
            rest >>= 7
        encoded += bytes(reversed(septets))
    return bytes(encoded)


def decode_oid(encoded: bytes) -> tuple[int, ...]:
    """Return the arcs of an OID's content octets.

    Raises:
        CodecError: if the octets are no OID, or hold an arc above 2**32-1.
    """
    if _OID.fullmatch(encoded) is None:
        raise CodecError(f"not an OID: {encoded[:40].hex(' ')}")
    arcs = decode_arcs(encoded)
    first = arcs[0]
    if first < 80:  # noqa: PLR2004  # X.690 §8.19.4: 40 times the first arc plus the second
        return (first // 40, first % 40, *arcs[1:])
    return (2, first - 80, *arcs[1:])


def decode_arcs(encoded: bytes) -> tuple[int, ...]:
    """Return the numbers of a piece of an OID that lies behind its first octets."""
    arcs = []
    arc = 0
    for octet in encoded:
        arc = arc << 7 | octet & 0x7F
        if octet < 0x80:  # noqa: PLR2004  # the high bit says that more follows
            arcs.append(arc)
            arc = 0
    return tuple(arcs)


def check_oid(encoded: bytes) -> bytes:
    """Return the content octets themselves.

    Raises:
        CodecError: if they are no OID.
    """
    if _OID.fullmatch(encoded) is None:
        raise CodecError(f"not an OID: {encoded[:40].hex(' ')}")
    return encoded


def encode_varbind(oid: bytes, tag: int, value: int | bytes | None) -> bytes:
    """Return one varbind, from its SEQUENCE to its last octet.

    Raises:
        CodecError: if the value does not fit the tag.
    """
    if not oid or len(oid) > 127:  # noqa: PLR2004  # so that its length is one octet
        return encode_tlv(
            SEQUENCE, encode_tlv(Tag.OBJECT_IDENTIFIER, check_oid(oid)) + _value(tag, value)
        )
    content = bytes((Tag.OBJECT_IDENTIFIER, len(oid))) + oid + _value(tag, value)
    return encode_tlv(SEQUENCE, content)


def encode_message(message: Message) -> bytes:
    """Return a whole message as a datagram's payload.

    Raises:
        CodecError: if a value fits no message.
    """
    varbinds = b"".join([encode_varbind(*varbind) for varbind in message.varbinds])
    pdu = encode_pdu(
        message.pdu_type, message.request_id, message.error_status, message.error_index, varbinds
    )
    return wrap_pdu(message.version, message.community, pdu)


def encode_response(  # noqa: PLR0913, PLR0917  # the fields of the message, in their order
    version: int,
    community: bytes,
    request_id: int,
    error_status: int,
    error_index: int,
    varbind_bytes: Sequence[bytes],
) -> bytes:
    """Return a Response message around varbinds that are encoded already."""
    varbinds = b"".join(varbind_bytes)
    pdu = encode_pdu(PduType.RESPONSE, request_id, error_status, error_index, varbinds)
    return wrap_pdu(version, community, pdu)


def encode_pdu(
    pdu_type: int, request_id: int, error_status: int, error_index: int, varbinds: bytes
) -> bytes:
    """Return one PDU around varbinds that are encoded already (RFC 3416 §3)."""
    return encode_tlv(
        pdu_type, encode_integer(request_id) + encode_body(error_status, error_index, varbinds)
    )


def wrap_pdu(version: int, community: bytes, pdu: bytes) -> bytes:
    """Return the community-based message around a PDU (RFC 1901 §3)."""
    return encode_tlv(SEQUENCE, encode_envelope(version, community) + pdu)


def encode_request_pdu(pdu_type: int, request_id: int, body: bytes) -> bytes:
    """Return one PDU around a body that is encoded already."""
    return encode_tlv(pdu_type, encode_integer(request_id) + body)


def encode_envelope(version: int, community: bytes) -> bytes:
    """Return what stands before the PDU of every message to one agent."""
    return encode_integer(version) + encode_tlv(Tag.OCTET_STRING, community)


def encode_body(error_status: int, error_index: int, varbinds: bytes) -> bytes:
    """Return what stands behind the request-id in a PDU."""
    return (
        encode_integer(error_status) + encode_integer(error_index) + encode_tlv(SEQUENCE, varbinds)
    )


def encode_request(envelope: bytes, pdu_type: int, request_id: int, body: bytes) -> bytes:
    """Return a whole message around an envelope and a body that are encoded already."""
    return encode_tlv(SEQUENCE, envelope + encode_request_pdu(pdu_type, request_id, body))


def decode_message(data: bytes) -> Message:
    """Return the message in a datagram's payload.

    Raises:
        CodecError: if it is none, is too large, or is of another version than 1 and 2c.
    """
    version, community, pdu_type, request_id, status, index, position = decode_head(data)
    varbinds = decode_varbinds(data, position)
    return Message(version, community, pdu_type, request_id, status, index, varbinds)


Head = tuple[int, bytes, int, int, int, int, int]
"""Version, community, PDU type, request-id, error-status, error-index, start of the varbinds."""


def decode_head(data: bytes) -> Head:
    """Return what stands before the varbinds; these then fill the rest of the datagram.

    Raises:
        CodecError: as `decode_message`.
    """
    if len(data) > MAX_DATAGRAM_BYTES:
        raise CodecError(f"{len(data)} octets are more than the {MAX_DATAGRAM_BYTES} accepted")
    return _decode_usual_head(data) or _decode_any_head(data)


def _decode_usual_head(data: bytes) -> Head | None:
    """Return the head of a message as nearly all are, None if this is another or none."""
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
    # All three reach to the end, or it is no message.
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
    )


def _length(octets: bytes) -> int:
    return octets[0] if len(octets) == 1 else int.from_bytes(octets[1:], "big")


def _decode_any_head(data: bytes) -> Head:
    end = len(data)
    position = enter(data, 0, SEQUENCE, end)
    version, position = read_integer(data, position)
    if version not in _VERSIONS:
        raise CodecError(f"message version {version} is neither 0 (SNMPv1) nor 1 (SNMPv2c)")
    community_at, position = read_length(data, expect(data, position, Tag.OCTET_STRING))
    community = data[community_at:position]
    if position >= end:
        raise CodecError("the message ends before its PDU")
    return decode_pdu_head(version, community, data, position)


def decode_pdu_head(version: int, community: bytes, data: bytes, position: int) -> Head:
    """Return the head of a message whose PDU starts at `position` and ends with the data.

    Raises:
        CodecError: if there is no such PDU.
    """
    end = len(data)
    pdu_type = data[position]
    if not PduType.GET <= pdu_type <= PduType.REPORT or pdu_type == PduType.TRAP_V1:
        raise CodecError(f"PDU type {pdu_type:#x} has no request-id and varbinds")
    position = enter(data, position, pdu_type, end)
    request_id, position = read_integer(data, position)
    error_status, position = read_integer(data, position)
    error_index, position = read_integer(data, position)
    position = enter(data, position, SEQUENCE, end)
    return version, community, pdu_type, request_id, error_status, error_index, position


def decode_varbinds(data: bytes, position: int) -> tuple[Varbind, ...]:
    """Return the varbinds that fill the data from `position` on.

    Raises:
        CodecError: if they do not.
    """
    varbinds = []
    while position < len(data):
        varbind, position = decode_varbind(data, position)
        varbinds.append(varbind)
    return tuple(varbinds)


def decode_varbind(data: bytes, position: int) -> tuple[Varbind, int]:
    """Return the varbind that starts at `position`, and where the next one starts.

    Raises:
        CodecError: if there is no whole, valid varbind.
    """
    oid, tag, value_at, end = split_varbind(data, position)
    return (check_oid(oid), tag, decode_value(tag, data[value_at:end])), end


def split_varbind(data: bytes, position: int) -> tuple[bytes, int, int, int]:
    """Return OID and tag of a varbind, where its value's content starts, and where that ends.

    Neither the OID's octets nor the value's are looked at.

    Raises:
        CodecError: if the lengths do not fit each other.
    """
    position, end = read_length(data, expect(data, position, SEQUENCE))
    oid_at, position = read_length(data, expect(data, position, Tag.OBJECT_IDENTIFIER))
    if position >= end:
        raise CodecError("a varbind has no value")
    value_at, value_end = read_length(data, position + 1)
    if value_end != end:
        raise CodecError("a varbind's value does not end where the varbind ends")
    return data[oid_at:position], data[position], value_at, end


def decode_value(tag: int, content: bytes) -> int | bytes | None:
    """Return the value in the content octets of a varbind's second half.

    Raises:
        CodecError: if the tag is unknown, or the octets are no value of its type.
    """
    if tag == Tag.INTEGER:
        if not 1 <= len(content) <= 8:  # noqa: PLR2004  # 64 bits are generous: the SMI has 32
            raise CodecError(f"an INTEGER has 1 to 8 octets, not {len(content)}")
        return int.from_bytes(content, "big", signed=True)
    bits = _UNSIGNED_BITS.get(tag)  # type: ignore[call-overload]  # an int that may be no Tag
    if bits is not None:
        # Devices send the top bit without the zero octet that BER wants before it.
        if not 1 <= len(content) <= bits // 8 + 1:
            raise CodecError(f"{len(content)} octets are no unsigned number of {bits} bits")
        number = int.from_bytes(content, "big")
        if number >> bits:
            raise CodecError(f"{number} does not fit {bits} bits")
        return number
    if tag in _STRINGS:
        return content
    if tag == Tag.OBJECT_IDENTIFIER:
        return check_oid(content)
    if tag in _EMPTY:
        if content:
            raise CodecError(f"a value of tag {tag:#x} has no content")
        return None
    raise CodecError(f"no SNMP value has the tag {tag:#x}")


def read_length(data: bytes, position: int) -> tuple[int, int]:
    """Return where the content starts and ends whose length field is at `position`.

    Raises:
        CodecError: if the length has more than two octets or reaches beyond the data.
    """
    try:
        length = data[position]
        position += 1
        if length > 0x7F:  # noqa: PLR2004  # X.690 §8.1.3.5: the long form
            octets = length & 0x7F
            if not 1 <= octets <= _MAX_LENGTH_OCTETS:
                raise CodecError(f"length octet {length:#x} is none of short, 0x81 and 0x82")
            length = data[position]
            if octets == _MAX_LENGTH_OCTETS:
                length = length << 8 | data[position + 1]
            position += octets
    except IndexError:
        raise CodecError("the data ends within a length") from None
    end = position + length
    if end > len(data):
        raise CodecError(f"a length of {length} reaches beyond the data")
    return position, end


def expect(data: bytes, position: int, tag: int) -> int:
    """Return where the length starts behind the tag that must be at `position`.

    Raises:
        CodecError: if another one is there.
    """
    if position >= len(data) or data[position] != tag:
        raise CodecError(f"no tag {tag:#x} at octet {position}")
    return position + 1


def enter(data: bytes, position: int, tag: int, end: int) -> int:
    """Return where the content starts of what must reach from `position` to `end`.

    Raises:
        CodecError: if it does not.
    """
    start, content_end = read_length(data, expect(data, position, tag))
    if content_end != end:
        raise CodecError(f"what starts at octet {position} does not end with the data")
    return start


def read_integer(data: bytes, position: int) -> tuple[int, int]:
    """Return the INTEGER of at most 32 bits at `position`, and where it ends.

    Raises:
        CodecError: if there is none.
    """
    start, end = read_length(data, expect(data, position, Tag.INTEGER))
    if not 1 <= end - start <= 4:  # noqa: PLR2004  # RFC 3416 §3: 32 bits
        raise CodecError(f"an INTEGER of {end - start} octets where 1 to 4 belong")
    return int.from_bytes(data[start:end], "big", signed=True), end


def encode_tlv(tag: int, content: bytes) -> bytes:
    """Return tag, length and content.

    Raises:
        CodecError: if the content fits no datagram.
    """
    length = len(content)
    if length <= 0x7F:  # noqa: PLR2004  # X.690 §8.1.3.4: the short form
        return bytes((tag, length)) + content
    if length <= 0xFF:  # noqa: PLR2004  # one octet of length
        return bytes((tag, 0x81, length)) + content
    if length <= 0xFFFF:  # noqa: PLR2004  # two octets of length
        return bytes((tag, 0x82, length >> 8, length & 0xFF)) + content
    raise CodecError(f"{length} octets fit no datagram")


def encode_integer(number: int) -> bytes:
    """Return an INTEGER of at most 32 bits.

    Raises:
        CodecError: if the number has more.
    """
    if 0 <= number <= 0x7F:  # noqa: PLR2004  # one octet, the usual case
        return bytes((Tag.INTEGER, 1, number))
    if not -(1 << 31) <= number < 1 << 31:
        raise CodecError(f"{number} does not fit 32 bits")
    return _signed(Tag.INTEGER, number)


def _signed(tag: int, number: int) -> bytes:
    # Twos complement in the fewest octets: the sign bit needs room of its own.
    octets = (number if number >= 0 else ~number).bit_length() // 8 + 1
    return bytes((tag, octets)) + number.to_bytes(octets, "big", signed=True)


def _value(tag: int, value: int | bytes | None) -> bytes:
    if isinstance(value, int):
        bits = _UNSIGNED_BITS.get(tag)  # type: ignore[call-overload]  # an int that may be no Tag
        low, high = (0, 1 << bits) if bits else (-(1 << 63), 1 << 63)
        if (tag != Tag.INTEGER and not bits) or not low <= value < high:
            raise CodecError(f"tag {tag:#x} does not carry the number {value}")
        return _signed(tag, value)
    if value is None:
        if tag not in _EMPTY:
            raise CodecError(f"tag {tag:#x} needs a value")
        return bytes((tag, 0))
    if tag == Tag.OBJECT_IDENTIFIER:
        return encode_tlv(tag, check_oid(value))
    if tag not in _STRINGS:
        raise CodecError(f"tag {tag:#x} does not carry octets")
    return encode_tlv(tag, value)
