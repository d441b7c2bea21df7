"""Tags, lengths and integers of BER (X.690), both directions: what messages are made of.

Reads what net-snmp reads (lengths in as many octets as an agent likes to write) and refuses the
rest with `CodecError`. Nothing recurses.

Must not know: OIDs, messages, which version of SNMP they are of.
"""

from __future__ import annotations

from enum import IntEnum

SEQUENCE = 0x30
"""The tag of what holds other values (X.690 §8.9)."""
# Agents write 1 in `84 00 00 00 01` as well; net-snmp reads up to eight octets.
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
    """Bytes that are no SNMP message, or values that none can carry."""


def read_length(data: bytes, position: int) -> tuple[int, int]:
    """Return where the content starts and ends whose length field is at `position`.

    Raises:
        CodecError: if the length has more than eight octets, or none, or reaches beyond the data.
    """
    try:
        length = data[position]
    except IndexError:
        raise CodecError("the data ends before a length") from None
    position += 1
    if length > 0x7F:  # noqa: PLR2004  # X.690 §8.1.3.5: the long form
        octets = length & 0x7F
        if not 1 <= octets <= _MAX_LENGTH_OCTETS:
            raise CodecError(f"length octet {length:#x} has not 1 to {_MAX_LENGTH_OCTETS} octets")
        if position + octets > len(data):
            raise CodecError("the data ends within a length")
        length = int.from_bytes(data[position : position + octets], "big")
        position += octets
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


def enter(data: bytes, position: int, tag: int) -> tuple[int, int]:
    """Return where the content starts and ends of what `tag` begins at `position`.

    Raises:
        CodecError: if another tag is there, or its content reaches beyond the data.
    """
    return read_length(data, expect(data, position, tag))


def read_integer(data: bytes, position: int) -> tuple[int, int]:
    """Return the INTEGER of at most 32 bits at `position`, and where it ends.

    Raises:
        CodecError: if there is none.
    """
    start, end = enter(data, position, Tag.INTEGER)
    # Octets in front that only repeat the sign are no bits of the number (RFC 3416 §3: 32).
    if not 1 <= end - start <= 8:  # noqa: PLR2004  # as many as net-snmp reads
        raise CodecError(f"an INTEGER of {end - start} octets where 1 to 8 belong")
    number = int.from_bytes(data[start:end], "big", signed=True)
    if not -(1 << 31) <= number < 1 << 31:
        raise CodecError(f"{number} does not fit 32 bits")
    return number, end


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
    return encode_signed(Tag.INTEGER, number)


def encode_signed(tag: int, number: int) -> bytes:
    """Return a number of any size, in the fewest octets, of which the first holds the sign."""
    octets = (number if number >= 0 else ~number).bit_length() // 8 + 1
    return bytes((tag, octets)) + number.to_bytes(octets, "big", signed=True)
