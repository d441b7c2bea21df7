"""What the probes' tests share: a check, a context, one run; and servers made of asyncio.

Must not know: any single probe's protocol.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from monitor.clock import SystemClock
from monitor.inventory.checks import (
    CheckKind,
    DnsOptions,
    HttpOptions,
    TcpOptions,
)
from monitor.probes import dns, http, tcp
from monitor.probes.context import ProbeContext
from monitor.threads import ProbeThreads, Threads
from monitor.throughput import measure as throughput
from tests.build import check

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from typing import Literal

    from monitor.clock import Clock
    from monitor.inventory.checks import IcmpOptions, SnmpAccess
    from monitor.inventory.city import Throughput
    from monitor.observation import EchoRound, Observation, ThroughputReading
    from monitor.snmp.read import Request, Result

    Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


DEADLINE = 2.0
"""Of a probe whose peer hangs: long enough for a busy machine to get as far as the peer."""
EARLY_SECONDS, LATE_SECONDS = 0.05, 30.0
"""How far from a deadline a probe may end there; who did not look at it would never end."""


class NoTransport:
    """A transport that these probes must never use."""

    @property
    def drops(self) -> Mapping[str, int]:
        return {}

    async def ping(self, address: str, options: IcmpOptions) -> EchoRound:
        raise AssertionError(f"pinged {address} with {options}")

    async def read(
        self, address: str, access: SnmpAccess, request: Request, deadline: float
    ) -> Result:
        raise AssertionError(f"read {request} from {address} with {access} until {deadline}")


# A thread starts with its first job; tests that resolve no name have none.
THREADS = ProbeThreads(Threads("names", 4, 64), Threads("chores", 2, 64))


async def measure(
    settings: Throughput,
    direction: Literal["down", "up"],
    max_bytes: int,
    clock: Clock,
    progress: Callable[[int], None] = lambda _: None,
) -> ThroughputReading:
    """Return the result of one throughput test."""
    return await throughput.measure(
        settings, direction, max_bytes, clock, progress, threads=THREADS
    )


def context(seconds: float = 5.0) -> ProbeContext:
    """Return a context on the system's clock with a deadline that many seconds ahead."""
    clock = SystemClock()
    nothing = NoTransport()
    return ProbeContext(clock, clock.monotonic() + seconds, nothing, nothing, THREADS)


async def probe(
    options: TcpOptions | HttpOptions | DnsOptions, host: str = "127.0.0.1", seconds: float = 5.0
) -> Observation:
    """Run one probe with these options and return what it found."""
    runs = {CheckKind.TCP: tcp.run, CheckKind.HTTP: http.run, CheckKind.DNS: dns.run}
    wanted = check(options, host=host)
    return await runs[wanted.kind](wanted, context(seconds))


@asynccontextmanager
async def stream_server(handler: Handler, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """Serve TCP on a free port, which is yielded; connections still open at the end are closed."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(handle, host, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
