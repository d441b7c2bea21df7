"""Throughput: how much TCP payload a line carries in one direction, by iperf3 or HTTP.

The result is TCP goodput: the payload that the receiver's TCP accepted, over the measuring time
only. A 1 Gbit/s line with Ethernet frames of 1500 bytes carries at most 941 Mbit/s of it
(1448 of 1538 octets; with IPv6 928).

A test loads the line; whether one may run is decided elsewhere. It ends by its deadline and its
byte cap, and at once when it is cancelled.

Must not know: campaigns, contracts, or other users of the line.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from monitor.observation import Outcome, Reason, ThroughputReading
from monitor.probes.attempt import ProbeError
from monitor.throughput.http import transfer
from monitor.throughput.iperf3 import run_iperf3
from monitor.throughput.order import Tally, TransferOrder

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from monitor.clock import Clock
    from monitor.inventory.city import Throughput
    from monitor.threads import ProbeThreads

GRACE_SECONDS = 10.0
"""Extra time for connecting, the exchange of results and the end of the test."""


async def measure(  # noqa: PLR0913  # what the test is, and what it runs on
    settings: Throughput,
    direction: Literal["down", "up"],
    max_bytes: int,
    clock: Clock,
    progress: Callable[[int], None] = lambda _: None,
    *,
    threads: ProbeThreads,
) -> ThroughputReading:
    """Test one direction once; failures of network and tool are returned, not raised.

    `max_bytes` is the most payload to transfer; `progress` is called with the bytes so far.

    Returns:
        A reading with the rate in bit/s, or with the reason why there is none: busy, refused,
        timed out, malformed, an unsupported version of the tool and so on.
    """
    limit = settings.warm_up + settings.seconds + GRACE_SECONDS
    tally = Tally(max_bytes, progress)
    order = TransferOrder(settings, direction, clock, clock.monotonic() + limit, tally, threads)
    work = run_iperf3(order) if settings.method == "iperf3" else transfer(order)
    try:
        async with asyncio.timeout(limit):
            return await work
    except TimeoutError:
        said = f"the test did not end within {limit:g} s"
        failure = ProbeError(Reason.TIMEOUT, said)
    except ProbeError as raised:
        failure = raised
    return ThroughputReading(
        direction,
        settings.method,
        Outcome(failure.outcome),
        failure.reason,
        failure.sentence,
        streams=settings.streams,
        total_bytes=tally.moved,
    )
