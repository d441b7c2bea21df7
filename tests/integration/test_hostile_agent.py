"""Ten thousand values from an agent that forges, floods and falls silent: none of them is false."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from monitor.snmp.client import SnmpClient
from monitor.snmp.model import Agent
from monitor.snmp.read import NativeReader, Request
from tests.integration.hostile_agent import FORGED, ROWS
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.snmp.read import Result

pytestmark = pytest.mark.integration

WANTED = 10_000
AT_ONCE = 16
READ_SECONDS = 2.0
LONGEST_LAG = 0.1
REQUEST = Request(
    ("sysUpTime", "sysDescr"), ("ifName", "ifInOctets", "ifOutOctets", "ifHCInOctets")
)


@pytest.fixture
def port() -> Iterator[int]:
    command = (sys.executable, "-m", "tests.integration.hostile_agent", "82")
    with running(*command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


def honest(name: str, row: int) -> int | bytes:
    values: dict[str, int | bytes] = {
        "ifName": b"Gi0/%d" % row,
        "ifInOctets": row * 1000,
        "ifOutOctets": 2**32 - row,
        "ifHCInOctets": 2**64 - row,
    }
    return values[name]


def check(result: Result) -> int:
    """Return how many values were read; each must be the agent's true value."""
    count = 0
    for name, rows in result.columns.items():
        for row, value in rows.items():
            assert value == honest(name, row), (name, row, value)
            assert row in ROWS
            count += 1
    assert result.scalars.get("sysDescr", b"a switch") == b"a switch"
    assert result.scalars.get("sysUpTime", 4_000_000_000) == 4_000_000_000
    assert FORGED not in result.scalars.values()
    return count + len(result.scalars)


async def test_none_of_ten_thousand_values_is_forged_and_no_device_waits(port: int) -> None:
    loop = asyncio.get_running_loop()
    agent = Agent("127.0.0.1", port, "2c", b"public", timeout=0.2, retries=2)
    worst_lag = 0.0
    read = 0

    async def sample() -> None:
        nonlocal worst_lag
        while True:
            # CPU time, not wall time: time taken by other processes is not our lag.
            before = time.thread_time()
            await asyncio.sleep(0)
            worst_lag = max(worst_lag, time.thread_time() - before)
            await asyncio.sleep(0.002)

    async def ask(reader: NativeReader) -> None:
        nonlocal read
        while read < WANTED:
            deadline = loop.time() + READ_SECONDS
            found = check(await reader.read(agent, REQUEST, deadline))
            read += found
            # A busy machine gets here late; a successful attack would never get here.
            assert loop.time() < deadline + 20

    async with SnmpClient() as client:
        reader = NativeReader(client)
        sampler = loop.create_task(sample())
        async with asyncio.timeout(120), asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(ask(reader))
        sampler.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sampler
        drops = client.drops
    assert worst_lag < LONGEST_LAG
    for reason in ("unknown_request", "wrong_source", "malformed", "wrong_community"):
        # Each trick is chosen at random, some 50 to 100 times.
        assert drops[reason] > 20, (reason, drops)
