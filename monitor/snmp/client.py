"""Conducts conversations with agents over one socket per address family.

A conversation is a `GetAndWalk` or a `Dump`: it provides the next request and processes the
replies, and this module sends, waits, and retries. The next request is sent as soon as a reply is
read, without returning to the event loop: that would cost as much as decoding ten varbinds. Each
try has a fixed time-out and its own random request-id. The deadline ends everything, and a
cancelled conversation leaves nothing behind.

Must not know: tables, columns, or what a reply means.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Protocol, Self

from monitor.snmp.encode import encode_body, encode_envelope, encode_request, encode_request_pdu
from monitor.snmp.endpoint import Endpoint, Slots
from monitor.snmp.model import Failure, FailureKind
from monitor.snmp.usm import REFUSALS, DeniedError, RefusedError, UsmSessions
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from monitor.snmp.endpoint import SocketAddress
    from monitor.snmp.message import Head
    from monitor.snmp.model import Agent
    from monitor.snmp.secure_message import SecureMessage
    from monitor.snmp.usm import UsmSession

DROP_REASONS = (
    "unknown_request",
    "wrong_source",
    "wrong_community",
    "malformed",
    "too_large",
    "icmp_error",
    "send_buffer",
    "flood",
    *REFUSALS,
)
_IN_FLIGHT = 64
_VERSIONS = {"1": 0, "2c": 1, "3": 3}
# Discovery and time synchronisation (RFC 3414 §4), and both again if the engine was replaced.
_LESSONS = 4
# After one of these failures, a retransmission is pointless.
_FINAL = frozenset({FailureKind.NOT_RUN, FailureKind.AUTHENTICATION, FailureKind.AGENT_ERROR})

Question = tuple[int, int, int, bytes]
"""PDU type, error-status, error-index (or their meaning in a GETBULK), encoded varbinds."""


class Conversation(Protocol):
    """What to ask an agent next, and how to process its answers; no method raises."""

    def question(self) -> Question | None:
        """Return the next request, None when there is nothing more to ask."""

    def again(self) -> Question | None:
        """Return the request that replaces a lost one, None to repeat it unchanged."""

    def answer(self, head: Head, data: bytes) -> None:
        """Process the reply to the last question: its decoded head and its octets."""

    def unanswered(self, failure: Failure) -> None:
        """Note that the last question got no usable reply, and why."""

    def give_up(self, failure: Failure) -> None:
        """End for a reason other than the agent's last reply."""


class SnmpClient:
    """Asks SNMP agents of all versions; an async context manager that owns its sockets.

    At most `in_flight` conversations, each with one request, are under way on each socket;
    the others wait for their turn.
    """

    def __init__(self, in_flight: int = _IN_FLIGHT) -> None:
        self._limit = in_flight
        self._drops = dict.fromkeys(DROP_REASONS, 0)
        self._endpoints: dict[socket.AddressFamily, tuple[Endpoint, Slots]] = {}
        self._sessions = UsmSessions()

    async def __aenter__(self) -> Self:
        """Open the sockets; a missing address family only fails the requests that need it."""
        with ExitStack() as stack:
            for family in (socket.AF_INET, socket.AF_INET6):
                try:
                    endpoint = stack.enter_context(closing(Endpoint(family, self._drops)))
                except OSError as error:
                    if error.errno not in {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}:
                        raise
                    continue
                self._endpoints[family] = (endpoint, Slots(self._limit))
            stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the sockets and fail the pending requests."""
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

    async def converse(self, agent: Agent, conversation: Conversation, deadline: float) -> None:
        """Ask the agent until the conversation has no further question.

        `deadline` is an instant of the running loop's clock in seconds.

        Raises:
            OSError: if the address is invalid, or the kernel refuses to send to it.
        """
        family, address = socket_address(agent.address, agent.port)
        if family not in self._endpoints:
            raise OSError(errno.EAFNOSUPPORT, f"no socket of the family {family.name}")
        endpoint, slots = self._endpoints[family]
        if not await slots.acquire(deadline):
            late = Failure(FailureKind.NOT_RUN, "no slot became free before the deadline")
            conversation.give_up(late)
            return
        try:
            session = self._sessions.of(agent)
            exchange = _Exchange(endpoint, address, agent, session, conversation, deadline)
            try:
                exchange.ask()
                await exchange.over
            finally:
                exchange.stop()
        finally:
            slots.release()


class _Exchange:
    """One conversation under way; at most one request of it is in flight."""

    __slots__ = (
        "_agent",
        "_body",
        "_conversation",
        "_deadline",
        "_due",
        "_endpoint",
        "_envelope",
        "_id",
        "_lessons_left",
        "_loop",
        "_pdu_type",
        "_request_id",
        "_session",
        "_timer",
        "_tries_left",
        "address",
        "community",
        "complaint",
        "over",
        "version",
    )

    def __init__(  # noqa: PLR0913, PLR0917  # both ends, and the conversation
        self,
        endpoint: Endpoint,
        address: SocketAddress,
        agent: Agent,
        session: UsmSession | None,
        conversation: Conversation,
        deadline: float,
    ) -> None:
        self._endpoint = endpoint
        self._agent = agent
        self._conversation = conversation
        self._deadline = deadline
        self._loop = asyncio.get_running_loop()
        self._due = 0.0
        self._pdu_type = 0
        self._body = b""
        self._session = session
        self._lessons_left = _LESSONS
        # The endpoint's key of the request; in version 3, the message's id.
        self._id = -1
        self._request_id = -1
        self._timer: asyncio.TimerHandle | None = None
        self._tries_left = 0
        self.address = address
        self.community = agent.community
        self.complaint: Failure | None = None
        self.over: asyncio.Future[None] = self._loop.create_future()
        self.version = _VERSIONS[agent.version]
        self._envelope = encode_envelope(self.version, agent.community)

    def ask(self) -> None:
        """Send the conversation's next question, or end it."""
        question = self._conversation.question()
        if question is None:
            self._end()
            return
        self._put(question)
        self._tries_left = self._agent.retries + 1
        self._try()

    def _put(self, question: Question) -> None:
        self._pdu_type, error_status, error_index, varbinds = question
        self._body = encode_body(error_status, error_index, varbinds)

    def take(self, head: Head, data: bytes) -> None:
        """Take the reply to the request in flight; octets after its varbinds are ignored."""
        del self._endpoint.waiting[self._id]
        if head[7] != len(data):
            data = data[: head[7]]
        try:
            self._conversation.answer(head, data)
            self.ask()
        except Exception as error:  # noqa: BLE001  # a bug is raised in `converse`, as by a task
            self._end(error)

    def take_secure(self, message: SecureMessage) -> str:
        """Process a message of version 3; return why it is dropped, empty if it is accepted."""
        assert self._session is not None  # noqa: S101  # the endpoint looked at the version
        try:
            reply = self._session.open(message, self._request_id, self._loop.time())
            if reply is not None:
                self.take(*reply)
            elif self._lessons_left:
                # The agent has answered, so it is reachable: this try does not count.
                self._lessons_left -= 1
                self._tries_left += 1
                self._endpoint.waiting.pop(self._id, None)
                self._try()
            else:
                text = "the agent keeps reporting an unknown engine ID or a time outside the window"
                self.fail(Failure(FailureKind.AUTHENTICATION, text))
        except RefusedError as refused:
            self.complaint = refused.failure
            return refused.reason
        except DeniedError as denied:
            self.fail(denied.failure)
        except Exception as error:  # noqa: BLE001  # such as a digest that FIPS mode forbids
            self.stop()
            self._end(error)
        return ""

    def fail(self, failure: Failure) -> None:
        """Give up the try in flight; another follows if one is left."""
        del self._endpoint.waiting[self._id]
        try:
            if failure.kind in _FINAL or self._loop.time() >= self._deadline:
                self._conversation.give_up(failure)
                self._end()
            elif self._tries_left:
                question = self._conversation.again()
                if question is not None:
                    self._put(question)
                self._try()
            else:
                self._conversation.unanswered(failure)
                self.ask()
        except Exception as error:  # noqa: BLE001  # a bug is raised in `converse`, as by a task
            self._end(error)

    def stop(self) -> None:
        """Forget the request in flight, if there is one."""
        self._endpoint.waiting.pop(self._id, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _try(self) -> None:
        now = self._loop.time()
        if now >= self._deadline:
            self._conversation.give_up(Failure(FailureKind.LIMIT, "no end before the deadline"))
            self._end()
            return
        self._tries_left -= 1
        self.complaint = self._endpoint.complaint_about(self.address)
        self._id = self._endpoint.free_number()
        self._endpoint.waiting[self._id] = self
        try:
            self._endpoint.send(self._payload(now), self.address)
        except OSError as error:
            self.stop()
            self._end(error)
            return
        self._due = min(now + self._agent.timeout, self._deadline)
        # The timer of an earlier try is kept: it fires no later, and then waits for the rest.
        if self._timer is None:
            self._timer = self._loop.call_at(self._due, self._expire)

    def _payload(self, now: float) -> bytes:
        if self._session is None:
            return encode_request(self._envelope, self._pdu_type, self._id, self._body)
        self._request_id = self._endpoint.random_number()
        pdu = encode_request_pdu(self._pdu_type, self._request_id, self._body)
        return self._session.seal(self._id, pdu, now)

    def _expire(self) -> None:
        self._timer = None
        if self.over.done():
            return
        if self._loop.time() < self._due:
            self._timer = self._loop.call_at(self._due, self._expire)
        elif self.complaint is not None:
            message = f"no usable reply: {self.complaint.message}"
            self._lose(Failure(self.complaint.kind, message))
        else:
            tries = self._agent.retries + 1 - self._tries_left
            message = f"no reply to {count_of(tries, 'try', 'tries')} of {self._agent.timeout:g} s"
            self._lose(Failure(FailureKind.TIMEOUT, message))

    def _lose(self, failure: Failure) -> None:
        """Give up the current try, which was not answered in time."""
        if self._tries_left:
            # The refused message may have been forged: the true reply may still arrive.
            failure = Failure(FailureKind.TIMEOUT, failure.message)
        elif self._session is not None:
            has_met = self._lessons_left < _LESSONS
            failure = self._session.silence(failure, has_met=has_met)
        self.fail(failure)

    def _end(self, error: Exception | None = None) -> None:
        if self.over.done():
            return
        if error is None:
            self.over.set_result(None)
        else:
            self.over.set_exception(error)


def socket_address(address: str, port: int) -> tuple[socket.AddressFamily, SocketAddress]:
    """Return the family and the socket address of a literal IPv4 or IPv6 address.

    The address is normalised as the kernel writes it, because replies are compared with it.

    Raises:
        OSError: if the text is not an address.
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
