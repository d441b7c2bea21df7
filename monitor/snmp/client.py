"""Sends requests to agents and waits for their replies, over one socket per address family.

Each try has a fixed time-out and a random request-id of its own. The caller's deadline ends
everything, and a cancelled request leaves nothing behind.

Must not know: tables, columns, what a reply says.
"""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
from typing import TYPE_CHECKING, Self

from monitor.snmp.codec import encode_pdu, wrap_pdu
from monitor.snmp.endpoint import Endpoint, Slots, Waiting
from monitor.snmp.model import FailureKind, RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from monitor.snmp.endpoint import Reply, SocketAddress
    from monitor.snmp.model import Agent

DROP_REASONS = (
    "unknown_request",
    "wrong_source",
    "wrong_community",
    "malformed",
    "too_large",
    "icmp_error",
    "send_buffer",
)
_IN_FLIGHT = 64
_VERSIONS = {"1": 0, "2c": 1}

Question = tuple[int, int, int, bytes]
"""PDU type, error-status, error-index (or their meaning in a GETBULK), encoded varbinds."""


class SnmpClient:
    """Asks SNMPv1 and SNMPv2c agents; an async context manager that owns its sockets.

    At most `in_flight` requests are under way on each socket; others wait their turn.
    """

    def __init__(self, in_flight: int = _IN_FLIGHT) -> None:
        self._limit = in_flight
        self._drops = dict.fromkeys(DROP_REASONS, 0)
        self._endpoints: dict[socket.AddressFamily, tuple[Endpoint, Slots]] = {}

    async def __aenter__(self) -> Self:
        """Open the sockets; a family that the machine lacks is missed only when asked for."""
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                endpoint = Endpoint(family, self._drops)
            except OSError as error:
                if error.errno not in {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}:
                    await self.__aexit__(None, None, None)
                    raise
                continue
            self._endpoints[family] = (endpoint, Slots(self._limit))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the sockets and tell who still waits."""
        for endpoint, _ in self._endpoints.values():
            endpoint.close()
        self._endpoints.clear()

    @property
    def drops(self) -> Mapping[str, int]:
        """Return how many datagrams were dropped, by reason."""
        return self._drops

    @property
    def receive_buffer_bytes(self) -> Mapping[str, int]:
        """Return the receive buffer that the kernel gave each socket, by family."""
        return {
            family.name: endpoint.receive_buffer_bytes
            for family, (endpoint, _) in self._endpoints.items()
        }

    @property
    def requests_in_flight(self) -> int:
        """Return how many requests wait for a reply."""
        return sum(len(endpoint.waiting) for endpoint, _ in self._endpoints.values())

    async def request(self, agent: Agent, question: Question, deadline: float) -> Reply:
        """Return the head and the octets of the agent's reply.

        `deadline` is an instant of the running loop's clock in seconds.

        Raises:
            RequestError: if no reply came, with the reason.
            OSError: if the address is none, or the kernel refuses to send there.
        """
        family, address = socket_address(agent.address, agent.port)
        if family not in self._endpoints:
            raise OSError(errno.EAFNOSUPPORT, f"no socket of the family {family.name}")
        endpoint, slots = self._endpoints[family]
        if not await slots.acquire(deadline):
            raise RequestError(FailureKind.NOT_RUN, "no slot became free before the deadline")
        try:
            return await _tries(endpoint, address, agent, question, deadline)
        finally:
            slots.release()


async def _tries(
    endpoint: Endpoint, address: SocketAddress, agent: Agent, question: Question, deadline: float
) -> Reply:
    last = RequestError(FailureKind.TIMEOUT, "the deadline had passed before the request")
    for _ in range(agent.retries + 1):
        if asyncio.get_running_loop().time() >= deadline:
            break
        try:
            return await _try(endpoint, address, agent, question, deadline)
        except RequestError as error:
            last = error
    raise last


async def _try(
    endpoint: Endpoint, address: SocketAddress, agent: Agent, question: Question, deadline: float
) -> Reply:
    loop = asyncio.get_running_loop()
    request_id = secrets.randbits(31)
    while request_id in endpoint.waiting:
        request_id = secrets.randbits(31)
    pdu_type, error_status, error_index, varbinds = question
    version = _VERSIONS[agent.version]
    pdu = encode_pdu(pdu_type, request_id, error_status, error_index, varbinds)
    future: asyncio.Future[Reply | RequestError | None] = loop.create_future()
    waiting = endpoint.waiting[request_id] = Waiting(address, version, agent.community, future)
    timer = None
    try:
        endpoint.send(wrap_pdu(version, agent.community, pdu), address)
        timer = loop.call_at(min(loop.time() + agent.timeout, deadline), _expire, future)
        answer = await future
    finally:
        endpoint.waiting.pop(request_id, None)
        if timer is not None:
            timer.cancel()
    if isinstance(answer, RequestError):
        raise answer
    if answer is not None:
        return answer
    if waiting.complaint:
        raise RequestError(FailureKind.MALFORMED, f"instead of a reply came {waiting.complaint}")
    raise RequestError(FailureKind.TIMEOUT, f"no reply within {agent.timeout:g} s")


def _expire(future: asyncio.Future[Reply | RequestError | None]) -> None:
    if not future.done():
        future.set_result(None)


def socket_address(address: str, port: int) -> tuple[socket.AddressFamily, SocketAddress]:
    """Return the family and the socket address of a literal IPv4 or IPv6 address.

    The text is brought into the kernel's form, because replies are compared with it.

    Raises:
        OSError: if the text is no address.
    """
    if ":" not in address:
        packed = socket.inet_pton(socket.AF_INET, address)
        return socket.AF_INET, (socket.inet_ntop(socket.AF_INET, packed), port)
    host, _, zone = address.partition("%")
    scope = 0
    if zone:
        scope = int(zone) if zone.isdigit() else socket.if_nametoindex(zone)
    packed = socket.inet_pton(socket.AF_INET6, host)
    return socket.AF_INET6, (socket.inet_ntop(socket.AF_INET6, packed), port, 0, scope)
