"""Throughput over HTTP: several connections to the school at once, payload counted.

Down, from the monitor to the school, is an upload (POST); up is a download (GET). A web server
at the school has a large file, and a URL that discards posted data (docs/campaigns.md has the nginx
configuration). A completed download is requested again.

Received bytes count when they are read, sent bytes when the peer's TCP has acknowledged them:
data in our own socket buffers has not crossed the line.

Must not know: campaigns, or who requested the test.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from functools import partial
from typing import TYPE_CHECKING, Final

from monitor.observation import Outcome, Reason, ThroughputReading
from monitor.probes.attempt import ProbeError, printable
from monitor.probes.resolve import ResolveError, resolve
from monitor.probes.stream.certificate import client_context, refusal
from monitor.probes.stream.connect import connect
from monitor.probes.stream.http1 import HeadReader, ResponseError, request
from monitor.probes.stream.url import parse_url
from monitor.probes.turns import Turns

if TYPE_CHECKING:
    from monitor.probes.stream.connect import Connection
    from monitor.probes.stream.url import Place
    from monitor.throughput.order import TransferOrder

# Larger reads cost less CPU per byte; other tasks still run every few tens of microseconds.
_CHUNK: Final = 1 << 18
_PAUSE_SECONDS: Final = 0.05
_LAST_SUCCESS: Final = 299
_PARTING_SECONDS: Final = 1.0


async def transfer(order: TransferOrder) -> ThroughputReading:
    """Transfer payload over all streams during warm-up and measurement, and count it.

    Raises:
        ProbeError: if a stream fails, nothing arrives, the cap is reached, or the URL is invalid.
    """
    settings = order.settings
    url = settings.upload_url if order.direction == "down" else settings.url
    try:
        goal = parse_url(url)
        resolved = await resolve(goal.host, order.clock, order.deadline, order.threads.names)
    except ValueError as error:
        raise ProbeError(Reason.NOT_RUN, str(error), Outcome.UNKNOWN) from error
    except ResolveError as error:
        raise ProbeError(error.reason, str(error), error.outcome) from error
    trust = None
    if goal.scheme == "https":
        trust = await order.threads.chores.run(partial(client_context, None, verify=True))
    streams = [
        _Stream(order, goal, resolved.address, resolved.ip_version, trust)
        for _ in range(settings.streams)
    ]
    tasks = [asyncio.create_task(stream.work()) for stream in streams]
    meter = asyncio.create_task(_measure(order, streams))
    try:
        await asyncio.wait({meter, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
        return meter.result()
    finally:
        meter.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(meter, *tasks, return_exceptions=True)


async def _measure(order: TransferOrder, streams: list[_Stream]) -> ThroughputReading:
    """Read all counters twice, one measuring time apart."""
    clock, settings = order.clock, order.settings
    while not all(stream.has_begun for stream in streams):
        await _watch(order, streams, clock.monotonic() + _PAUSE_SECONDS)
    await _watch(order, streams, clock.monotonic() + settings.warm_up)
    begun, before = clock.monotonic(), [stream.moved for stream in streams]
    await _watch(order, streams, begun + settings.seconds)
    seconds, after = clock.monotonic() - begun, [stream.moved for stream in streams]
    pairs = list(zip(before, after, strict=True))
    if sum(after) <= sum(before):
        raise order.without_payload()
    return ThroughputReading(
        order.direction,
        "http",
        Outcome.OK,
        bits_per_second=8 * (sum(after) - sum(before)) / seconds,
        streams=sum(last > first for first, last in pairs),
        seconds=seconds,
        total_bytes=order.tally.moved,
        retransmits=sum(one.retransmits for one in streams) if order.direction == "down" else None,
    )


async def _watch(order: TransferOrder, streams: list[_Stream], until: float) -> None:
    while (left := until - order.clock.monotonic()) > 0:
        await order.clock.sleep(min(left, _PAUSE_SECONDS))
        order.tally.set(sum(stream.moved for stream in streams))


class _Stream:
    """A sequence of connections that transfers payload until it is cancelled."""

    def __init__(
        self,
        order: TransferOrder,
        goal: Place,
        address: str,
        ip_version: int,
        trust: ssl.SSLContext | None,
    ) -> None:
        self._order = order
        self._goal = goal
        self._turns = Turns(order.clock, order.deadline)
        self._peer = (address, ip_version, goal.port, self._turns)
        self._trust = trust
        self._connection: Connection | None = None
        self._done = 0
        self._most = 0
        self._done_retransmits = 0
        self._sent = 0
        self.has_begun = False

    @property
    def moved(self) -> int:
        """Return the payload bytes that this stream has transferred; never decreases.

        Sent data counts in whole chunks, unacknowledged data in octets: while a chunk is sent,
        the difference of both is too small.
        """
        found = self._done
        if self._connection is not None and self._sent:
            found += max(0, self._sent - self._connection.unacknowledged())
        self._most = max(self._most, found)
        return self._most

    @property
    def retransmits(self) -> int:
        """Return the retransmitted segments of this stream."""
        current = self._connection.retransmits() if self._connection else 0
        return self._done_retransmits + current

    async def work(self) -> None:
        """Transfer payload; never returns.

        Raises:
            ProbeError: if the network or the server fails.
        """
        while True:
            with await connect(*self._peer) as connection:
                self._connection = connection
                try:
                    if self._trust is not None:
                        await connection.start_tls(self._trust, self._goal.host)
                    if self._order.direction == "down":
                        await self._upload(connection)
                    else:
                        await self._download(connection)
                except ssl.SSLError as error:
                    raise refusal(error, self._goal.host) from error
                except ResponseError as error:
                    said = f"invalid HTTP response from {self._goal.url}: {error}"
                    raise ProbeError(Reason.MALFORMED, said) from error
                finally:
                    self._connection = None

    async def _download(self, connection: Connection) -> None:
        await connection.send(request(self._goal.target, self._goal.authority))
        got = len(await self._read_head(connection))
        self._done += got
        self.has_begun = True
        while received := await connection.receive(_CHUNK):
            got += len(received)
            self._done += len(received)
        if not got:
            raise ProbeError(Reason.BODY, f"{self._goal.url} is empty")

    async def _upload(self, connection: Connection) -> None:
        """Post more than the test can send; read the response meanwhile, in case of a refusal."""
        await connection.send(upload_head(self._goal, self._order.tally.limit))
        answer = asyncio.create_task(self._read_head(connection))
        sending = asyncio.create_task(self._send_on(connection))
        try:
            # A server that refuses may stop reading, and then nothing can be sent either.
            await asyncio.wait({answer, sending}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                # The server closed the connection: its reason may still arrive.
                await asyncio.wait({answer}, timeout=_PARTING_SECONDS)
            if answer.done():
                answer.result()
            await sending
        finally:
            answer.cancel()
            sending.cancel()
            await asyncio.gather(answer, sending, return_exceptions=True)
            self._done, self._sent = self.moved, 0
            # Megabytes in our buffers would keep a slow line busy for seconds after the test.
            self._done_retransmits += connection.retransmits()
            self._connection = None
            connection.abort()

    async def _send_on(self, connection: Connection) -> None:
        """Send payload until sending fails."""
        # Not zeros: a device on the way may compress.
        payload = os.urandom(_CHUNK)
        self.has_begun = True
        while True:
            await connection.send(payload)
            self._sent += len(payload)
            # A write that finds room in the buffer does not suspend.
            await self._turns.next()

    async def _read_head(self, connection: Connection) -> bytes:
        """Read the head of the response; return the bytes after it."""
        reader = HeadReader()
        while reader.head is None:
            reader.feed(await connection.receive())
        if reader.head.status > _LAST_SUCCESS:
            said = f"{printable(self._goal.url)} answers {reader.head.status}"
            raise ProbeError(Reason.STATUS, said)
        return reader.rest


def upload_head(goal: Place, length: int) -> bytes:
    """Return the head of a POST request with a body of `length` bytes. Source: RFC 9112 §3."""
    lines = (
        f"POST {goal.target} HTTP/1.1",
        f"Host: {goal.authority}",
        "User-Agent: schulnetz-monitor",
        "Content-Type: application/octet-stream",
        f"Content-Length: {length + 2 * _CHUNK}",
        "Connection: close",
        "",
        "",
    )
    return "\r\n".join(lines).encode("ascii")
