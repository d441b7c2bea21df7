"""What really was on the line, by the kernel time stamps of a packet capture.

The reference for measured round-trip times: it depends neither on the clock of a responder nor on
how busy the machine is.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, field
from typing import Self

_ETH_P_ALL = 3
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS_NEW = 64


@dataclass(slots=True)
class Exchange:
    """One request on the wire and the replies to it, in nanoseconds of the wall clock."""

    asked_ns: int
    replied_ns: list[int] = field(default_factory=list)

    @property
    def rtt_seconds(self) -> float | None:
        """Return the time from the request to its first reply, None without one."""
        return (self.replied_ns[0] - self.asked_ns) / 1e9 if self.replied_ns else None


class Wire:
    """A packet capture on one device, running once opened; open it in the device's namespace."""

    def __init__(self, device: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS_NEW, 1)
        self._socket.settimeout(0)
        self._socket.bind((device, _ETH_P_ALL))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def exchanges(self) -> dict[str, list[Exchange]]:
        """Return by target the packets exchanged since the last call, in order of the requests."""
        found: dict[tuple[str, bytes], Exchange] = {}
        while True:
            try:
                packet, control, _, _ = self._socket.recvmsg(256, 256)
            except BlockingIOError:
                break
            ((_, _, stamp),) = control
            seconds, nanoseconds = struct.unpack("=qq", stamp)
            self._note(found, packet, seconds * 1_000_000_000 + nanoseconds)
        ordered: dict[str, list[Exchange]] = {}
        for (target, _), exchange in found.items():
            ordered.setdefault(target, []).append(exchange)
        return ordered

    @staticmethod
    def _note(found: dict[tuple[str, bytes], Exchange], packet: bytes, at_ns: int) -> None:
        if packet[0] >> 4 == 4:
            family, source, target = socket.AF_INET, packet[12:16], packet[16:20]
            message, request, reply = packet[(packet[0] & 0x0F) * 4 :], 8, 0
        else:
            family, source, target = socket.AF_INET6, packet[8:24], packet[24:40]
            message, request, reply = packet[40:], 128, 129
        key = message[4:8]  # identifier and sequence
        if message[0] == request:
            found[socket.inet_ntop(family, target), key] = Exchange(at_ns)
        elif message[0] == reply:
            asked = found.get((socket.inet_ntop(family, source), key))
            if asked is not None:
                asked.replied_ns.append(at_ns)
