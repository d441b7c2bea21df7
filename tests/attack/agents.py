"""Hostile SNMP agents, each a process of its own: after one request they flood the client.

Usage: python -m tests.attack.agents KIND PACE SECONDS ADDRESS

The port is the first line of the output. The agent never answers; it ends with its standard input.
The kind `honest` answers and sends no flood. The kind `echo` answers the pings to 127.0.0.9 with a
flood of echo replies; its port means nothing.

Must not know: how the victim reacts.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.snmp.ber import Tag
from monitor.snmp.decode import decode_message
from monitor.snmp.encode import encode_message
from monitor.snmp.message import PduType
from monitor.snmp.oid_octets import encode_oid
from tests.attack.peers import SECONDS
from tests.integration.hostile_agent import bomb
from tests.snmp.agent import ByteAgent, interfaces
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.snmp.message import Message
    from tests.integration.namespace import Namespace

HONEST = "honest"
ECHO = "echo"
HOSTILE, HEALTHY, ECHO_HOSTILE = "127.0.0.1", "127.0.0.2", "127.0.0.9"
ROWS = range(1, 11)
_PACED = 2_000  # datagrams a second
_ROOT = Path(__file__).resolve().parents[2]


def _reply(request: Message, varbinds: int) -> bytes:
    """Return a well-formed response to another request, with this many rows."""
    oid = request.varbinds[0][0]
    rows = ((oid + encode_oid((1, 3, row))[1:], Tag.COUNTER64, row) for row in range(varbinds))
    other = replace(
        request,
        pdu_type=PduType.RESPONSE,
        request_id=request.request_id ^ 1,
        error_status=0,
        error_index=0,
        varbinds=tuple(rows),
    )
    return encode_message(other)


FLOODS: dict[str, Callable[[Message], bytes]] = {
    "tiny": lambda _: b"\x30",
    "garbage": lambda _: random.Random(0).randbytes(1400),
    "large": lambda _: random.Random(0).randbytes(60_000),
    "other-request": lambda request: _reply(request, 10),
    "other-request-wide": lambda request: _reply(request, 600),
    "bomb": lambda _: bomb(2000),
}
"""What is sent again and again, by the request that came."""


@contextlib.contextmanager
def agent(
    kind: str,
    pace: str = "full",
    seconds: float = SECONDS,
    inside: Namespace | None = None,
    address: str = "",
) -> Iterator[int]:
    """Run an agent, optionally in a network namespace or at another address; yield its port."""
    pipe = subprocess.PIPE
    address = address or (HEALTHY if kind == HONEST else HOSTILE)
    argv = [sys.executable, "-m", "tests.attack.agents", kind, pace, str(seconds), address]
    if inside is not None:
        argv = inside.command(*argv)
    with running(*argv, stdin=pipe, stdout=pipe, cwd=_ROOT, ends_by=signal.SIGKILL) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


def _flood(
    own: socket.socket, datagram: bytes, victim: tuple[str, int], pace: str, seconds: float
) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for _ in range(20):
            with contextlib.suppress(OSError):
                own.sendto(datagram, victim)
        if pace == "paced":
            time.sleep(20 / _PACED)


def _serve(kind: str, own: socket.socket, pace: str, seconds: float) -> None:
    honest = ByteAgent(interfaces(list(ROWS)))
    flooded: set[tuple[str, int]] = set()
    while True:
        data, asker = own.recvfrom(65_536)
        if kind == HONEST:
            honest.asked.clear()
            own.sendto(honest.answer(data), asker)
        elif asker not in flooded:
            flooded.add(asker)
            datagram = FLOODS[kind](decode_message(data))
            arguments = (own, datagram, asker, pace, seconds)
            threading.Thread(target=_flood, args=arguments, daemon=True).start()


def _echo(pace: str, seconds: float) -> None:
    """Flood the pinging host with replies to requests that were never sent. Source: RFC 792."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.bind((ECHO_HOSTILE, 0))
        while True:
            packet, (asker, _) = raw.recvfrom(2048)
            kind, _, _, identifier, sequence = struct.unpack_from("!BBHHH", packet, 20)
            if kind != 8:
                continue
            reply = struct.pack("!BBHHH", 0, 0, 0, identifier, sequence ^ 0x8000) + bytes(56)
            whole = struct.pack("!BBHHH", 0, 0, _checksum(reply), identifier, sequence ^ 0x8000)
            _flood(raw, whole + bytes(56), (asker, 0), pace, seconds)


def _checksum(data: bytes) -> int:
    """Return the Internet checksum. Source: RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def main(kind: str, pace: str, seconds: float, address: str) -> None:
    """Serve until standard input ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind((address, 0))
        if kind == ECHO:
            threading.Thread(target=_echo, args=(pace, seconds), daemon=True).start()
        else:
            threading.Thread(target=_serve, args=(kind, own, pace, seconds), daemon=True).start()
        print(own.getsockname()[1], flush=True)  # noqa: T201  # what the parent waits for
        sys.stdin.read()
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4])
