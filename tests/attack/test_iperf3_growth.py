"""iperf3 servers that make the client's memory or output grow: the client is stopped."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from monitor.clock import SystemClock
from monitor.inventory.city import Throughput
from monitor.observation import Outcome, Reason
from tests.attack.heartbeat import heartbeat, longest_turn_allowed
from tests.attack.iperf3_server import ANNOUNCED_BYTES, MEMORY, OUTPUT, iperf3_server
from tests.probes.support import measure

pytestmark = [pytest.mark.integration, pytest.mark.heavy]

MEMORY_LIMIT = 256 << 20
# What 200 MB/s amount to while a starved machine does not check.
OVERSHOOT = 256 << 20
# The bound of the test: a client that is not stopped must fail the test, not hang the run.
BOUND_SECONDS = 120.0


def iperf3_clients() -> list[Path]:
    """Return /proc of every iperf3 that this process has started and not yet waited for."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    found = [Path(f"/proc/{child}") for child in children]
    return [one for one in found if (one / "comm").read_text() == "iperf3\n"]


class Peak:
    """The most memory seen in any of our iperf3 processes, in bytes."""

    def __init__(self) -> None:
        self.resident = 0

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            for client in iperf3_clients():
                try:
                    pages = int((client / "statm").read_text().split()[1])
                except (OSError, IndexError):  # it ends just now
                    continue
                self.resident = max(self.resident, pages * os.sysconf("SC_PAGE_SIZE"))
            await asyncio.sleep(0.01)


async def attacked(kind: str) -> tuple[str, int]:
    """Test a line against a hostile server; return the message and the client's peak memory."""
    peak = Peak()
    with iperf3_server(kind) as port:
        settings = Throughput("iperf3", "127.0.0.1", port, streams=4, seconds=1, warm_up=0)
        async with asyncio.timeout(BOUND_SECONDS), heartbeat() as heart:
            watch = asyncio.create_task(peak.watch())
            reading = await measure(settings, "down", 10**12, SystemClock())
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.MALFORMED), reading.detail
    assert reading.bits_per_second is None
    assert heart.longest_turn < longest_turn_allowed()
    assert not iperf3_clients(), "no client is left"
    return reading.detail, peak.resident


async def test_iperf3_is_stopped_at_its_memory_limit() -> None:
    said, peak = await attacked(MEMORY)
    assert said.endswith("its server made it take over 256 MiB of memory")
    assert MEMORY_LIMIT // 4 < peak < MEMORY_LIMIT + OVERSHOOT < ANNOUNCED_BYTES


async def test_iperf3_is_stopped_at_its_output_limit() -> None:
    said, peak = await attacked(OUTPUT)
    assert said.endswith("it is longer than 4 MiB")
    assert peak < MEMORY_LIMIT
