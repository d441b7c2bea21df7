"""Encodes and decodes tags, lengths and integers of BER (X.690), the encoding of SNMP messages.

Reads what net-snmp reads (lengths in more octets than necessary) and rejects the rest with
`CodecError`. Nothing recurses.

Must not know: OIDs, messages, or versions of SNMP.
"""

from __future__ import annotations

from enum import IntEnum

SEQUENCE = 0x30
"""The tag of a SEQUENCE, which contains other elements (X.690 §8.9)."""
# Some agents encode a length of 1 as `84 00 00 00 01`; net-snmp reads up to eight octets.
_MAX_LENGTH_OCTETS = 8


class Tag(IntEnum):
    """Types of values on the wire (RFC 2578 §7.1, RFC 3416 §3; UINTEGER32 is RFC 1442's)."""

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
    UINTEGER32 = 0x47
    NO_SUCH_OBJECT = 0x80
    NO_SUCH_INSTANCE = 0x81
    END_OF_MIB_VIEW = 0x82


class CodecError(ValueError):
    """Octets that are not a valid SNMP message, or values that SNMP cannot encode."""


def read_length(data: bytes, position: int) -> tuple[int, int]:
    """Return the start and the end of the content whose length field is at `position`.

    Raises:
        CodecError: if the length has no octets, more than eight, or reaches beyond the data.
    """
    try:
        length = data[position]
    except IndexError:
        raise CodecError("the data ends before a length") from None
    position += 1
    if length > 0x7F:  # noqa: PLR2004  # X.690 §8.1.3.5: the long form
        octets = length & 0x7F
        if not 1 <= octets <= _MAX_LENGTH_OCTETS:
            raise CodecError(
                f"length octet {length:#x} announces other than 1 to {_MAX_LENGTH_OCTETS} octets"
            )
        if position + octets > len(data):
            raise CodecError("the data ends within a length")
        length = int.from_bytes(data[position : position + octets], "big")
        position += octets
    end = position + length
    if end > len(data):
        raise CodecError(f"a length of {length} reaches beyond the data")
    return position, end


def expect(data: bytes, position: int, tag: int) -> int:
    """Return the position after the tag that is expected at `position`.

    Raises:
        CodecError: if another tag is there.
    """
    if position >= len(data) or data[position] != tag:
        raise CodecError(f"expected tag {tag:#x} at octet {position}")
    return position + 1


def enter(data: bytes, position: int, tag: int) -> tuple[int, int]:
    """Return the start and the end of the content of the element `tag` at `position`.

    Raises:
        CodecError: if another tag is there, or its content reaches beyond the data.
    """
    return read_length(data, expect(data, position, tag))


def read_integer(data: bytes, position: int) -> tuple[int, int]:
    """Return the INTEGER of at most 32 bits at `position`, and where it ends.

    Raises:
        CodecError: if there is no such INTEGER.
    """
    start, end = enter(data, position, Tag.INTEGER)
    # Leading octets that only repeat the sign are not part of the number (RFC 3416 §3: 32 bits).
    if not 1 <= end - start <= 8:  # noqa: PLR2004  # as many as net-snmp reads
        raise CodecError(f"an INTEGER of {end - start} octets, expected 1 to 8")
    number = int.from_bytes(data[start:end], "big", signed=True)
    if not -(1 << 31) <= number < 1 << 31:
        raise CodecError(f"{number} does not fit in 32 bits")
    return number, end


def encode_tlv(tag: int, content: bytes) -> bytes:
    """Return tag, length and content.

    Raises:
        CodecError: if the content does not fit in a datagram.
    """
    return encode_head(tag, len(content)) + content


def encode_head(tag: int, length: int) -> bytes:
    """Return a tag and the length of the content behind it.

    Raises:
        CodecError: if content of that length does not fit in a datagram.
    """
    if length <= 0x7F:  # noqa: PLR2004  # X.690 §8.1.3.4: the short form
        return bytes((tag, length))
    if length <= 0xFF:  # noqa: PLR2004  # one octet of length
        return bytes((tag, 0x81, length))
    if length <= 0xFFFF:  # noqa: PLR2004  # two octets of length
        return bytes((tag, 0x82, length >> 8, length & 0xFF))
    raise CodecError(f"{length} octets do not fit in a datagram")


_SMALL = tuple(bytes((Tag.INTEGER, 1, number)) for number in range(0x80))


def encode_integer(number: int) -> bytes:
    """Return an INTEGER of at most 32 bits.

    Raises:
        CodecError: if the number has more.
    """
    if 0 <= number <= 0x7F:  # noqa: PLR2004  # one octet, the usual case
        return _SMALL[number]
    if not -(1 << 31) <= number < 1 << 31:
        raise CodecError(f"{number} does not fit in 32 bits")
    return encode_signed(Tag.INTEGER, number)


def encode_signed(tag: int, number: int) -> bytes:
    """Return an integer of any size in two's complement, in the fewest octets (X.690 §8.3)."""
    octets = (number if number >= 0 else ~number).bit_length() // 8 + 1
    return bytes((tag, octets)) + number.to_bytes(octets, "big", signed=True)
