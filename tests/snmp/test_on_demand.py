from __future__ import annotations

import asyncio
import subprocess
import sys

from monitor.snmp.model import Agent, Request
from monitor.snmp.on_demand import PysnmpOnDemand
from tests.probes.support import THREADS


def test_the_daemon_does_not_load_pysnmp_before_a_device_asks_for_it() -> None:
    check = "import sys, monitor.daemon; sys.exit('pysnmp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


async def test_the_first_read_opens_the_engine_and_reads_through_it() -> None:
    async with PysnmpOnDemand(THREADS.chores) as reader:
        # No server listens on port 9 of this loopback address.
        agent = Agent("127.0.0.99", 9, "2c", b"community", timeout=0.1, retries=0)
        deadline = asyncio.get_running_loop().time() + 5
        first, second = await asyncio.gather(
            reader.read(agent, Request(("sysName",), ()), deadline),
            reader.read(agent, Request(("sysDescr",), ()), deadline),
        )
    assert first.failure is not None
    assert second.failure is not None
