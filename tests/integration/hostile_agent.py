"""An SNMP agent process that also attacks its own client; its forged values are recognisable.

Most requests get their honest answer, and before, with or instead of it an attack: forged sources
and ids, garbage, bombs, silence.
"""

from __future__ import annotations

import random
import socket
import sys
from dataclasses import replace

from monitor.snmp.ber import Tag
from monitor.snmp.decode import decode_message
from monitor.snmp.encode import encode_message
from monitor.snmp.message import Message, PduType
from monitor.snmp.oid_octets import encode_oid
from tests.snmp.agent import ByteAgent, interfaces

ROWS = range(1, 11)
FORGED = 666_000_000
"""What every forged number is, and no honest one."""


def forged(request: Message, request_id: int) -> bytes:
    """Return a plausible response that is not from the agent."""
    varbinds = tuple(
        (oid + encode_oid((1, 3, row))[1:], Tag.COUNTER64, FORGED)
        for oid, _, _ in request.varbinds
        for row in ROWS
    )
    return encode_message(
        replace(
            request,
            pdu_type=PduType.RESPONSE,
            request_id=request_id,
            error_status=0,
            error_index=0,
            varbinds=varbinds,
        )
    )


def bomb(depth: int) -> bytes:
    """Return nested sequences with consistent lengths."""
    data = b"\x05\x00"
    for _ in range(depth):
        length = len(data)
        head = bytes((0x30, length)) if length < 128 else b"\x30\x83" + length.to_bytes(3, "big")
        data = head + data
    return data


BOMB = bomb(10_000)
GARBAGE = random.Random(0).randbytes(62_000)


def answers(honest: bytes, request: Message, dice: random.Random) -> list[tuple[bool, bytes]]:
    """Return the datagrams to send: whether from the agent's own socket, and the octets."""
    strange = forged(request, dice.randrange(2**31))
    return dice.choice(
        (
            [(True, honest)],
            [(False, forged(request, request.request_id)), (True, honest)],
            [(True, strange), (True, honest)],
            [(True, honest), (True, forged(request, request.request_id))],
            [(True, GARBAGE), (True, honest)],
            [(True, BOMB), (True, honest)],
            [(True, honest[: dice.randrange(len(honest))]), (True, honest)],
            [(True, honest.replace(b"public", b"secret")), (True, honest)],
            # Of indefinite length; and followed by octets that do not belong to it.
            [(True, honest[:1] + b"\x80" + honest[2:] + b"\0\0")],
            [(True, honest + bytes((dice.randrange(256), 0)))],
            [(True, strange)] * 20,
            [],
        )
    )


def main() -> None:
    """Serve until killed; the port is the first line of the output."""
    dice = random.Random(int(sys.argv[1]))
    agent = ByteAgent(interfaces(list(ROWS)))
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        own.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        print(own.getsockname()[1], flush=True)  # noqa: T201  # what the parent waits for
        while True:
            data, sender = own.recvfrom(65_536)
            agent.asked.clear()
            honest = agent.answer(data)
            for is_own, octets in answers(honest, decode_message(data), dice):
                (own if is_own else other).sendto(octets[:65_000], sender)


if __name__ == "__main__":
    main()
