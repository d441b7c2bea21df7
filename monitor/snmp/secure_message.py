"""SNMPv3 messages as bytes, both directions (RFC 3412 §6, RFC 3414 §2.4).

Anything else is rejected with `CodecError`, and nothing recurses.

Must not know: keys, engines, or which message is expected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from monitor.snmp.ber import (
    SEQUENCE,
    CodecError,
    Tag,
    encode_integer,
    encode_tlv,
    enter,
    read_integer,
)
from monitor.snmp.decode import decode_pdu_head
from monitor.snmp.message import MAX_DATAGRAM_BYTES

if TYPE_CHECKING:
    from monitor.snmp.message import Head

AUTHENTICATED = 0x01
ENCRYPTED = 0x02
REPORTABLE = 0x04
"""The bits of msgFlags (RFC 3412 §6.4)."""

VERSION = 3
MAX_NAME_BYTES = 32
SECURE_OVERHEAD = 140
"""Approximate size of a message without its content, in octets."""
_USER_BASED = 3
_VERSION_TLV = b"\x02\x01\x03"
_PREFIX_BYTES = 4
# DES pads the last block, and some agents pad AES as well.
_MAX_PADDING = 16


class SecureMessage(NamedTuple):
    """One message with its content as received; `digest_at` is the position of the digest."""

    data: bytes
    message_id: int
    flags: int
    engine_id: bytes
    boots: int
    time: int
    user: bytes
    digest: bytes
    digest_at: int
    salt: bytes
    content: bytes


class Scoped(NamedTuple):
    """A PDU with its context; in `data`, the PDU starts at the head's position."""

    context_engine: bytes
    context: bytes
    head: Head
    data: bytes


def is_secure(data: bytes) -> bool:
    """Return whether a datagram claims to be of version 3."""
    if len(data) < _PREFIX_BYTES:
        return False
    first = data[1]
    start = 2 if first <= 0x7F else 2 + (first & 0x7F)  # noqa: PLR2004  # X.690 §8.1.3.5
    return data[start : start + 3] == _VERSION_TLV


def encode_secure(  # noqa: PLR0913, PLR0917  # the fields of the message, in their order
    message_id: int,
    flags: int,
    engine_id: bytes,
    boots: int,
    time: int,
    user: bytes,
    digest: bytes,
    salt: bytes,
    content: bytes,
) -> tuple[bytes, int]:
    """Return a whole message, and the position of its digest.

    `content` is a scoped PDU with its tag, or encrypted octets without one.

    Raises:
        CodecError: if a value cannot be encoded.
    """
    header = (
        encode_integer(message_id)
        + encode_integer(MAX_DATAGRAM_BYTES)
        + bytes((Tag.OCTET_STRING, 1, flags))
        + b"\x02\x01\x03"
    )
    last = encode_tlv(Tag.OCTET_STRING, salt)
    if flags & ENCRYPTED:
        content = encode_tlv(Tag.OCTET_STRING, content)
    parameters = encode_tlv(
        SEQUENCE,
        encode_tlv(Tag.OCTET_STRING, engine_id)
        + encode_integer(boots)
        + encode_integer(time)
        + encode_tlv(Tag.OCTET_STRING, user)
        + encode_tlv(Tag.OCTET_STRING, digest)
        + last,
    )
    whole = encode_tlv(
        SEQUENCE,
        _VERSION_TLV
        + encode_tlv(SEQUENCE, header)
        + encode_tlv(Tag.OCTET_STRING, parameters)
        + content,
    )
    return whole, len(whole) - len(content) - len(last) - len(digest)


def encode_scoped(context_engine: bytes, context: bytes, pdu: bytes) -> bytes:
    """Return a PDU with the context that it is for (RFC 3412 §6.8)."""
    engine = encode_tlv(Tag.OCTET_STRING, context_engine)
    return encode_tlv(SEQUENCE, engine + encode_tlv(Tag.OCTET_STRING, context) + pdu)


def decode_secure(data: bytes) -> SecureMessage:
    """Return the message in a datagram's payload.

    Raises:
        CodecError: if it is not such a message, is too large, or has another security model.
    """
    if len(data) > MAX_DATAGRAM_BYTES:
        raise CodecError(f"{len(data)} octets are more than the {MAX_DATAGRAM_BYTES} accepted")
    position, end = enter(data, 0, SEQUENCE)
    data = data[:end]
    version, position = read_integer(data, position)
    if version != VERSION:
        raise CodecError(f"message version {version} is not 3")
    message_id, flags, position = _decode_header(data, position)
    start, parameters_end = enter(data, position, Tag.OCTET_STRING)
    position, inner_end = enter(data, start, SEQUENCE)
    engine_id, position = _read_octets(data, position, MAX_NAME_BYTES)
    boots, position = read_integer(data, position)
    time, position = read_integer(data, position)
    user, position = _read_octets(data, position, MAX_NAME_BYTES)
    digest, position = _read_octets(data, position, 64)
    digest_at = position - len(digest)
    salt, position = _read_octets(data, position, 64)
    if not position == inner_end == parameters_end:
        raise CodecError("the security parameters do not end where they say")
    if message_id < 0 or boots < 0 or time < 0:
        raise CodecError("a number of the message's head is negative")
    if flags & ENCRYPTED:
        start, end = enter(data, position, Tag.OCTET_STRING)
        content = data[start:end]
    else:
        _, end = enter(data, position, SEQUENCE)
        content = data[position:end]
    return SecureMessage(
        data, message_id, flags, engine_id, boots, time, user, digest, digest_at, salt, content
    )


def decode_scoped(content: bytes) -> Scoped:
    """Return the PDU in a message's content, which may have padding behind it.

    Raises:
        CodecError: if there is no PDU, or more than padding follows it.
    """
    position, end = enter(content, 0, SEQUENCE)
    if len(content) - end > _MAX_PADDING:
        raise CodecError(f"{len(content) - end} octets follow the PDU")
    data = content[:end]
    context_engine, position = _read_octets(data, position, MAX_NAME_BYTES)
    context, position = _read_octets(data, position, MAX_DATAGRAM_BYTES)
    head = decode_pdu_head(VERSION, b"", data, position)
    return Scoped(context_engine, context, head, data)


def _decode_header(data: bytes, position: int) -> tuple[int, int, int]:
    """Return the message's id, its flags, and where its header ends."""
    start, end = enter(data, position, SEQUENCE)
    message_id, position = read_integer(data, start)
    _, position = read_integer(data, position)
    flags, position = _read_octets(data, position, 1)
    model, position = read_integer(data, position)
    if not flags or position != end:
        raise CodecError("the message's header does not end where it says")
    if model != _USER_BASED:
        raise CodecError(f"security model {model} is not the user-based one")
    if flags[0] & ENCRYPTED and not flags[0] & AUTHENTICATED:
        raise CodecError("an encrypted message is not authenticated")
    return message_id, flags[0], end


def _read_octets(data: bytes, position: int, most: int) -> tuple[bytes, int]:
    start, end = enter(data, position, Tag.OCTET_STRING)
    if end - start > most:
        raise CodecError(f"an OCTET STRING of {end - start} octets where at most {most} belong")
    return data[start:end], end
