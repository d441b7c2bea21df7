"""Answers pings on a TUN device with known delay, jitter, loss and malicious replies.

Run inside a network namespace: `python -m tests.integration.responder DEVICE`. The destination
determines what happens to a request: 10.77.BEHAVIOUR.Y or fd77::BEHAVIOUR:Y, where Y is the
behaviour's parameter (see `Behaviour`). This kernel has no netem, hence this program.
"""

from __future__ import annotations

import fcntl
import heapq
import os
import select
import socket
import struct
import sys
import time
from enum import IntEnum

from monitor.probes.echo.packet import ones_complement_sum

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_REPLY_HOP_LIMIT = 57
_ROUTERS = {
    4: socket.inet_pton(socket.AF_INET, "10.77.255.254"),
    6: socket.inet_pton(socket.AF_INET6, "fd77::ffff:fffe"),
}


class Behaviour(IntEnum):
    """How a request is handled; Y is the last number of the address."""

    AT_ONCE = 0
    DELAYED = 1  # answered after Y ms
    JITTERY = 2  # answered after Y ms plus a random 0 to 8 ms
    LOSSY = 3  # every Y-th request is lost, starting with the first
    TWICE = 4  # answered twice
    UNREACHABLE = 5  # a router reports host unreachable
    FOREIGN = 6  # answered from another address
    FORGED = 7  # answered with another payload
    LATE = 8  # answered after 10 * Y ms
    ALIEN_SEQUENCE = 9  # answered with another sequence number
    NO_ECHO = 10  # answered with an echo reply too short to be one
    SILENT = 11
    BY_NETWORK = 20  # 10.77.20+D.Y: answered after D ms, up to 19


class Responder:
    """One TUN device and its delayed replies."""

    def __init__(self, device: int) -> None:
        self._device = device
        self._waiting: list[tuple[int, int, bytes]] = []
        self._count = 0
        self._asked: dict[bytes, int] = {}

    def serve(self) -> None:
        """Answer until killed."""
        while True:
            timeout = None
            if self._waiting:
                timeout = max(0.0, (self._waiting[0][0] - time.monotonic_ns()) / 1e9)
            select.select([self._device], [], [], timeout)
            try:
                while True:
                    self._take(os.read(self._device, 65_535))
            except BlockingIOError:
                pass
            while self._waiting and self._waiting[0][0] <= time.monotonic_ns():
                os.write(self._device, heapq.heappop(self._waiting)[2])

    def _later(self, packet: bytes, milliseconds: float = 0.0) -> None:
        if milliseconds <= 0:
            os.write(self._device, packet)
            return
        self._count += 1
        due = time.monotonic_ns() + round(milliseconds * 1e6)
        heapq.heappush(self._waiting, (due, self._count, packet))

    def _take(self, packet: bytes) -> None:  # noqa: C901, PLR0912  # a case each
        version = packet[0] >> 4
        if version == 4:
            start, source, target = (packet[0] & 0x0F) * 4, packet[12:16], packet[16:20]
            behaviour, parameter, is_echo = target[2], target[3], packet[9] == 1
        else:
            start, source, target = 40, packet[8:24], packet[24:40]
            behaviour, parameter, is_echo = target[13], target[15], packet[6] == 58
        message = packet[start:]
        if not is_echo or message[0] != (8 if version == 4 else 128):
            return
        number = self._asked[target] = self._asked.get(target, -1) + 1
        reply = bytes([0 if version == 4 else 129]) + message[1:]
        sequence = int.from_bytes(message[6:8], "big")

        def answer(body: bytes, milliseconds: float = 0.0, sender: bytes = target) -> None:
            self._later(datagram(version, sender, source, body), milliseconds)

        match behaviour:
            case Behaviour.DELAYED:
                answer(reply, parameter)
            case Behaviour.JITTERY:
                answer(reply, parameter + number * 5 % 9)
            case Behaviour.LOSSY:
                if number % parameter:
                    answer(reply)
            case Behaviour.TWICE:
                answer(reply)
                answer(reply)
            case Behaviour.UNREACHABLE:
                kind = (3, 1) if version == 4 else (1, 3)
                answer(bytes([*kind, 0, 0, 0, 0, 0, 0]) + packet, sender=_ROUTERS[version])
            case Behaviour.FOREIGN:
                answer(reply, sender=target[:-1] + bytes([target[-1] ^ 1]))
            case Behaviour.FORGED:
                answer(reply[:-1] + bytes([reply[-1] ^ 1]))
            case Behaviour.LATE:
                answer(reply, 10 * parameter)
            case Behaviour.ALIEN_SEQUENCE:
                answer(reply[:6] + struct.pack("!H", sequence ^ 0x8000) + reply[8:])
            case Behaviour.NO_ECHO:
                answer(reply[:9])
            case Behaviour.SILENT:
                pass
            case _ if Behaviour.BY_NETWORK <= behaviour < Behaviour.BY_NETWORK + 20:
                answer(reply, behaviour - Behaviour.BY_NETWORK)
            case _:
                answer(reply)


def datagram(version: int, source: bytes, target: bytes, message: bytes) -> bytes:
    """Return an IP datagram with an ICMP message whose checksum is computed."""
    message = message[:2] + b"\0\0" + message[4:]
    if version == 4:
        checksum = ~ones_complement_sum(message) & 0xFFFF
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(message), 0, 0, _REPLY_HOP_LIMIT, 1, 0)
        head += source + target
        head = head[:10] + struct.pack("!H", ~ones_complement_sum(head) & 0xFFFF) + head[12:]
    else:
        pseudo = source + target + struct.pack("!IHBB", len(message), 0, 0, 58)
        checksum = ~ones_complement_sum(pseudo + message) & 0xFFFF
        head = struct.pack("!IHBB", 6 << 28, len(message), 58, _REPLY_HOP_LIMIT) + source + target
    return head + message[:2] + struct.pack("!H", checksum) + message[4:]


def main() -> None:
    """Open the TUN device named on the command line, print a line once ready, and serve it."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack("16sH14x", sys.argv[1].encode(), _IFF_TUN | _IFF_NO_PI)
    fcntl.ioctl(device, _TUNSETIFF, request)
    print("ready", flush=True)  # noqa: T201  # tells who started it that the device exists
    Responder(device).serve()


if __name__ == "__main__":
    main()
