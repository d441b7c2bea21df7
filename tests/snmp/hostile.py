"""Agents on loopback sockets that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from monitor.snmp.decode import decode_message
from monitor.snmp.message import PduType
from monitor.snmp.model import Agent, Security
from monitor.snmp.oid_octets import decode_arcs, encode_arcs
from tests.snmp.agent import ByteAgent, interfaces
from tests.snmp.reading import ROWS, changed, honest

Answer = Callable[[bytes], list[bytes]]


class _Server(asyncio.DatagramProtocol):
    def __init__(self, answer: Answer, senders: list[asyncio.DatagramTransport]) -> None:
        self._answer = answer
        self._senders = senders

    def connection_made(self, transport: Any) -> None:
        # The last socket sends the reply; a server that forges has a second one.
        self._senders.insert(0, transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        for reply in self._answer(data):
            self._senders[-1].sendto(reply, addr)


@contextlib.asynccontextmanager
async def serving(
    answer: Answer,
    *,
    forged: bool = False,
    host: str = "127.0.0.1",
    timeout: float = 0.1,
    retries: int = 1,
    version: Any = "2c",
    security: Security | None = None,
) -> AsyncIterator[Agent]:
    """Serve on an ephemeral port; with `forged`, reply from a different port."""
    loop = asyncio.get_running_loop()
    senders: list[asyncio.DatagramTransport] = []
    other: asyncio.DatagramTransport | None = None
    if forged:
        other, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=(host, 0)
        )
        senders.append(other)
    server, _ = await loop.create_datagram_endpoint(
        lambda: _Server(answer, senders), local_addr=(host, 0)
    )
    port = server.get_extra_info("sockname")[1]
    try:
        if security is not None:
            version = "3"
        yield Agent(host, port, version, b"public", timeout, retries, security)
    finally:
        server.close()
        if other is not None:
            other.close()
        # The transports close their sockets in the next iteration of the loop.
        await asyncio.sleep(0)


def endless(data: bytes) -> list[bytes]:
    """Answer a walk with rows that never end."""
    request = decode_message(data)
    if request.pdu_type == PduType.GET:
        return [honest().answer(data)]
    varbinds = []
    following = [oid for oid, _, _ in request.varbinds]
    for _ in range(request.error_index):
        for place, oid in enumerate(following):
            following[place] = oid[:9] + _next(oid[9:])
            varbinds.append((following[place], 0x41, 1))
    fields = {"pdu_type": PduType.RESPONSE, "error_status": 0, "error_index": 0}
    return [changed(data, varbinds=tuple(varbinds), **fields)]


def _next(index: bytes) -> bytes:
    arcs = decode_arcs(index)
    return encode_arcs((arcs[0] + 1,)) if arcs else b"\x01"


def cycling(data: bytes) -> list[bytes]:
    """Answer a walk with its first rows over and over."""
    request = decode_message(data)
    if request.pdu_type == PduType.GET:
        return [honest().answer(data)]
    agent = ByteAgent(interfaces(range(1, 4)), max_varbinds=3)
    start = tuple((oid[:9], tag, value) for oid, tag, value in request.varbinds)
    return [agent.answer(changed(data, varbinds=start))]


def backwards(data: bytes) -> list[bytes]:
    """Answer a walk with its rows in reverse."""
    reply = ByteAgent(interfaces(ROWS), max_varbinds=10).answer(data)
    if decode_message(data).pdu_type == PduType.GET:
        return [reply]
    return [changed(reply, varbinds=decode_message(reply).varbinds[::-1])]
