"""The fields of an SNMP message of version 1 or 2c, as values.

Must not know: bytes on the wire, sockets, or requests in flight.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

MAX_DATAGRAM_BYTES = 16 * 1024
"""Longer datagrams are refused before anything is decoded."""

Varbind = tuple[bytes, int, int | bytes | None]
"""Encoded OID (content octets only), tag, value; the value of an OID is encoded as well."""

Head = tuple[int, bytes, int, int, int, int, int, int]
"""Version, community, PDU type, request-id, error-status, error-index, and where the varbinds
start and end."""


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
