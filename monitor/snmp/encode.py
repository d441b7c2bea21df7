"""Encodes messages, PDUs and varbinds; SNMPv3 shares some of the functions.

Must not know: sockets, requests in flight, or which object an OID names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.snmp.ber import (
    SEQUENCE,
    CodecError,
    Tag,
    encode_head,
    encode_integer,
    encode_signed,
    encode_tlv,
)
from monitor.snmp.decode import EMPTY, STRINGS, UNSIGNED_BITS
from monitor.snmp.message import PduType
from monitor.snmp.oid_octets import check_oid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.snmp.message import Message


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
        CodecError: if a value cannot be encoded.
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
    """Return a Response message around encoded varbinds."""
    varbinds = b"".join(varbind_bytes)
    pdu = encode_pdu(PduType.RESPONSE, request_id, error_status, error_index, varbinds)
    return wrap_pdu(version, community, pdu)


def encode_pdu(
    pdu_type: int, request_id: int, error_status: int, error_index: int, varbinds: bytes
) -> bytes:
    """Return one PDU around encoded varbinds (RFC 3416 §3)."""
    return encode_tlv(
        pdu_type, encode_integer(request_id) + encode_body(error_status, error_index, varbinds)
    )


def wrap_pdu(version: int, community: bytes, pdu: bytes) -> bytes:
    """Return the community-based message around a PDU (RFC 1901 §3)."""
    return encode_tlv(SEQUENCE, encode_envelope(version, community) + pdu)


def encode_request_pdu(pdu_type: int, request_id: int, body: bytes) -> bytes:
    """Return one PDU around an encoded body."""
    return encode_tlv(pdu_type, encode_integer(request_id) + body)


def encode_envelope(version: int, community: bytes) -> bytes:
    """Return the fields before the PDU, the same in every message to one agent."""
    return encode_integer(version) + encode_tlv(Tag.OCTET_STRING, community)


def encode_body(error_status: int, error_index: int, varbinds: bytes) -> bytes:
    """Return the fields after the request-id of a PDU."""
    return (
        encode_integer(error_status) + encode_integer(error_index) + encode_tlv(SEQUENCE, varbinds)
    )


def encode_request(envelope: bytes, pdu_type: int, request_id: int, body: bytes) -> bytes:
    """Return a whole message from an encoded envelope and an encoded body."""
    number = encode_integer(request_id)
    pdu = encode_head(pdu_type, len(number) + len(body)) + number
    return b"".join(
        (encode_head(SEQUENCE, len(envelope) + len(pdu) + len(body)), envelope, pdu, body)
    )


def _value(tag: int, value: int | bytes | None) -> bytes:
    if isinstance(value, int):
        bits = UNSIGNED_BITS.get(tag)  # type: ignore[call-overload]  # an int that may be no Tag
        low, high = (0, 1 << bits) if bits else (-(1 << 63), 1 << 63)
        if (tag != Tag.INTEGER and not bits) or not low <= value < high:
            raise CodecError(f"tag {tag:#x} cannot carry the number {value}")
        return encode_signed(tag, value)
    if value is None:
        if tag not in EMPTY:
            raise CodecError(f"tag {tag:#x} needs a value")
        return bytes((tag, 0))
    if tag == Tag.OBJECT_IDENTIFIER:
        return encode_tlv(tag, check_oid(value))
    if tag not in STRINGS:
        raise CodecError(f"tag {tag:#x} cannot carry octets")
    return encode_tlv(tag, value)
