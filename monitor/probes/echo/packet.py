"""ICMP echo as bytes: encodes requests, decodes replies and the kernel's error reports.

Must not know: sockets, time, or which request a reply belongs to.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

ECHO_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
ECHO_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}

_HEADER = struct.Struct("!BBHHH")
_EXTENDED_ERROR = struct.Struct("=IBBBBII")  # struct sock_extended_err, linux/errqueue.h
_ORIGIN_ICMP = 2
_ORIGIN_ICMP6 = 3
_OFFSET_OF_ADDRESS = {socket.AF_INET: 4, socket.AF_INET6: 8}  # in struct sockaddr_in, sockaddr_in6
_LENGTH_OF_ADDRESS = {socket.AF_INET: 4, socket.AF_INET6: 16}

_WORDS_4 = {
    (3, 0): "network unreachable",
    (3, 1): "host unreachable",
    (3, 2): "protocol unreachable",
    (3, 3): "port unreachable",
    (3, 4): "packet too big",
    (3, 5): "source route failed",
    (3, 6): "network unknown",
    (3, 7): "host unknown",
    (3, 9): "network prohibited",
    (3, 10): "host prohibited",
    (3, 13): "administratively prohibited",
    (11, 0): "time to live exceeded",
    (11, 1): "reassembly time exceeded",
}
_WORDS_6 = {
    (1, 0): "no route to host",
    (1, 1): "administratively prohibited",
    (1, 2): "beyond scope of source address",
    (1, 3): "host unreachable",
    (1, 4): "port unreachable",
    (1, 5): "source address failed policy",
    (1, 6): "route rejected",
    (2, 0): "packet too big",
    (3, 0): "hop limit exceeded",
    (3, 1): "reassembly time exceeded",
}


@dataclass(frozen=True, slots=True)
class EchoError:
    """An ICMP error about one of our requests: its destination, and a sentence."""

    destination: str
    sequence: int
    sentence: str


class EchoTemplate:
    """The echo requests of one round, which differ only in their sequence number."""

    __slots__ = ("_identifier", "_payload", "_sum", "_type")

    def __init__(self, family: socket.AddressFamily, identifier: int, payload: bytes) -> None:
        self._type = ECHO_REQUEST[family]
        self._identifier = identifier
        self._payload = payload
        # The kernel fills in ICMPv6 checksums: they cover addresses that only the kernel knows.
        self._sum = (
            None
            if family == socket.AF_INET6
            else ones_complement_sum(_HEADER.pack(8, 0, 0, identifier, 0) + payload)
        )

    def packet(self, sequence: int) -> bytes:
        """Return the request with that sequence number, ready to be sent.

        Source: RFC 792 (Echo), RFC 4443 §4.1.
        """
        checksum = 0
        if self._sum is not None:
            total = self._sum + sequence
            checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
        return _HEADER.pack(self._type, 0, checksum, self._identifier, sequence) + self._payload


def ones_complement_sum(data: bytes | memoryview) -> int:
    """Return the 16-bit one's complement sum of the data's big-endian words.

    It is 0xFFFF over a datagram whose checksum is correct. Source: RFC 1071 §1.
    """
    count, odd = divmod(len(data), 2)
    total: int = sum(struct.unpack_from(f"!{count}H", data))
    if odd:
        total += data[-1] << 8
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def parse_reply(
    datagram: memoryview, kind: int, *, has_ip_header: bool
) -> tuple[int, int, memoryview] | None:
    """Return identifier, sequence and payload of an echo reply; None for anything else.

    The checksum is not verified: a raw IPv4 socket receives it unverified, but comparing
    identifier, sequence and the whole payload with the request makes it unnecessary.

    Args:
        datagram: what a socket received.
        kind: `ECHO_REPLY` of its family.
        has_ip_header: whether an IPv4 header comes first, as on raw IPv4 sockets.
    """
    start = (datagram[0] & 0x0F) * 4 if has_ip_header and datagram else 0
    if len(datagram) < start + _HEADER.size:
        return None
    found, code, _, identifier, sequence = _HEADER.unpack_from(datagram, start)
    if code or found != kind:
        return None
    return identifier, sequence, datagram[start + _HEADER.size :]


def parse_error(
    family: socket.AddressFamily, report: bytes, quoted: bytes, destination: str
) -> tuple[int, EchoError] | None:
    """Return the identifier and the error in one message of a socket's error queue.

    Args:
        family: the socket's address family.
        report: the control message, a sock_extended_err followed by the offender's address.
        quoted: our own request, as far as the ICMP error quotes it.
        destination: the address that the request was sent to.

    Returns:
        None if it is not an ICMP error about an echo request.

    Source: ip(7) IP_RECVERR, ipv6(7) IPV6_RECVERR.
    """
    if len(report) < _EXTENDED_ERROR.size or len(quoted) < _HEADER.size:
        return None
    _, origin, kind, code, _, _, _ = _EXTENDED_ERROR.unpack_from(report)
    if origin != (_ORIGIN_ICMP6 if family == socket.AF_INET6 else _ORIGIN_ICMP):
        return None
    asked, _, _, identifier, sequence = _HEADER.unpack_from(quoted)
    if asked != ECHO_REQUEST[family]:
        return None
    words = (_WORDS_6 if family == socket.AF_INET6 else _WORDS_4).get((kind, code))
    sentence = words or f"ICMP error type {kind} code {code}"
    offender = _offender(family, report[_EXTENDED_ERROR.size :])
    if offender:
        sentence = f"{sentence}, reported by {offender}"
    return identifier, EchoError(destination, sequence, sentence)


def _offender(family: socket.AddressFamily, address: bytes) -> str:
    start = _OFFSET_OF_ADDRESS[family]
    packed = address[start : start + _LENGTH_OF_ADDRESS[family]]
    if len(packed) != _LENGTH_OF_ADDRESS[family] or address[:2] != struct.pack("=H", family):
        return ""
    return socket.inet_ntop(family, packed)
