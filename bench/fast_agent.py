"""An SNMP agent that is never the bottleneck: a switch with running traffic and prepared answers.

Each time the system group is read, which is once per poll, the traffic counters switch to the other
of two sets of values; states and errors stay, as they do on a real switch.

Run as `python -m bench.fast_agent [INTERFACES]`; it prints its UDP port and serves until its
standard input is closed, so that it cannot outlive the process that started it.

Must not know: which bench uses it.
"""

from __future__ import annotations

import random
import select
import socket
import sys
from bisect import bisect_right
from typing import TYPE_CHECKING

from monitor.snmp.ber import Tag
from monitor.snmp.decode import decode_message
from monitor.snmp.encode import encode_pdu, encode_varbind, wrap_pdu
from monitor.snmp.message import PduType
from monitor.snmp.oid_octets import decode_oid, encode_oid
from monitor.snmp.oids import SCALARS, TABLES, Syntax

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.snmp.message import Message

INTERFACES = 52
_SEED = 82
_REPLY_BYTES = 8192
_SYSTEM = encode_oid("1.3.6.1.2.1.1")
_TRAFFIC = 123_456


def mib(interfaces: int, traffic: int = 0) -> list[tuple[tuple[int, ...], bytes]]:
    """Return the switch's objects in order: arcs of the OID, encoded varbind.

    `traffic` is added to the initial values of its 64-bit counters.
    """
    values = random.Random(_SEED)
    objects: list[tuple[tuple[int, ...], bytes]] = []
    for scalar in SCALARS:
        oid = encode_oid(scalar.oid)
        tag = scalar.syntax.value
        objects.append(
            (decode_oid(oid), encode_varbind(oid, tag, _value(scalar.syntax, 1, values)))
        )
    for table in TABLES:
        for number, name, syntax in table.columns:
            for row in range(1, interfaces + 1):
                oid = encode_oid(f"{table.entry}.{number}.{row}")
                value = row if name == "ifIndex" else _value(syntax, row, values)
                if syntax is Syntax.COUNTER64 and isinstance(value, int):
                    value += traffic
                objects.append((decode_oid(oid), encode_varbind(oid, syntax.value, value)))
    return sorted(objects)


def _value(syntax: Syntax, row: int, values: random.Random) -> int | bytes:
    match syntax:
        case Syntax.STRING:
            return b"GigabitEthernet0/%d" % row
        case Syntax.OID:
            return encode_oid("1.3.6.1.4.1.8072.3.2.10")
        case Syntax.INTEGER:
            return 1
        case Syntax.GAUGE:
            return 1000
        case Syntax.COUNTER64:
            return values.randrange(1 << 44)
        case Syntax.COUNTER32 | Syntax.TIMETICKS:
            return values.randrange(1 << 32)


class Agent:
    """Answers GET, GETNEXT and GETBULK; each reply is kept for repeated requests."""

    def __init__(self, interfaces: int) -> None:
        objects = mib(interfaces)
        self._oids = [oid for oid, _ in objects]
        later = mib(interfaces, traffic=_TRAFFIC)
        self._sets = [[varbind for _, varbind in one] for one in (objects, later)]
        self._turn = 0
        self._ready: dict[tuple[object, ...], tuple[int, int, bytes]] = {}

    @property
    def _varbinds(self) -> list[bytes]:
        return self._sets[self._turn]

    def answer(self, data: bytes) -> bytes:
        """Return the reply to a request."""
        request = decode_message(data)
        if request.varbinds[0][0].startswith(_SYSTEM):
            self._turn = 1 - self._turn
        key = (
            self._turn,
            request.pdu_type,
            request.error_status,
            request.error_index,
            request.varbinds,
        )
        found = self._ready.get(key)
        if found is None:
            found = self._ready[key] = (0, 0, self._find(request))
        pdu = encode_pdu(PduType.RESPONSE, request.request_id, *found)
        return wrap_pdu(request.version, request.community, pdu)

    def _find(self, request: Message) -> bytes:
        asked = [decode_oid(oid) for oid, _, _ in request.varbinds]
        if request.pdu_type == PduType.GET:
            return b"".join([self._exactly(oid) for oid in asked])
        if request.pdu_type == PduType.GET_NEXT:
            return b"".join([self._after(oid)[0] for oid in asked])
        once = request.error_status
        found = b"".join([self._after(oid)[0] for oid in asked[:once]])
        repeated = asked[once:]
        for _ in range(request.error_index):
            following = [self._after(oid) for oid in repeated]
            row = b"".join([varbind for varbind, _ in following])
            if len(found) + len(row) > _REPLY_BYTES:
                break
            found += row
            repeated = [oid for _, oid in following]
        return found

    def _exactly(self, oid: tuple[int, ...]) -> bytes:
        place = bisect_right(self._oids, oid) - 1
        if place >= 0 and self._oids[place] == oid:
            return self._varbinds[place]
        return encode_varbind(encode_oid(oid), Tag.NO_SUCH_INSTANCE, None)

    def _after(self, oid: tuple[int, ...]) -> tuple[bytes, tuple[int, ...]]:
        place = bisect_right(self._oids, oid)
        if place < len(self._oids):
            return self._varbinds[place], self._oids[place]
        return encode_varbind(encode_oid(oid), Tag.END_OF_MIB_VIEW, None), oid


def serve(answer: Callable[[bytes], bytes]) -> None:
    """Serve on an ephemeral loopback port until standard input is closed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        print(server.getsockname()[1], flush=True)
        while True:
            readable, _, _ = select.select([server, sys.stdin], [], [])
            if server not in readable:
                return
            data, source = server.recvfrom(65535)
            server.sendto(answer(data), source)


if __name__ == "__main__":
    serve(Agent(int(sys.argv[1]) if len(sys.argv) > 1 else INTERFACES).answer)
