"""TCP against the kernel: each way to fail to connect has its own reason."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.inventory.checks import HttpOptions, TcpOptions
from monitor.observation import Outcome, Reason, TcpReading
from tests.ports import free_port
from tests.probes.support import (
    DEADLINE,
    EARLY_SECONDS,
    LATE_SECONDS,
    probe,
    stream_server,
)

if TYPE_CHECKING:
    import asyncio

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]

# Runs the probe in a network namespace of its own, where only loopback has a route.
_ALONE = """
import asyncio, json, sys
from monitor.inventory.checks import TcpOptions
from tests.probes.support import probe
found = asyncio.run(probe(TcpOptions(80), sys.argv[1], 2.0))
print(json.dumps([found.outcome, found.reason, found.detail]))
"""


async def swallow(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize(("host", "version"), [("127.0.0.1", 4), ("::1", 6), ("localhost", None)])
async def test_open_port_connects(host: str, version: int | None) -> None:
    async with stream_server(swallow, host) as port:
        observation = await probe(TcpOptions(port), host)
    reading = observation.values
    assert observation.outcome is Outcome.OK, observation.detail
    assert isinstance(reading, TcpReading)
    assert version in {None, reading.ip_version}
    assert reading.connect_seconds > 0
    assert reading.resolve_seconds + reading.connect_seconds == pytest.approx(
        observation.duration, abs=1e-9
    )


async def test_closed_port_is_refused() -> None:
    port = free_port()
    observation = await probe(TcpOptions(port))
    assert (observation.outcome, observation.reason) == (Outcome.FAILED, Reason.REFUSED)
    assert observation.detail == f"127.0.0.1 port {port} refuses connections"


async def test_full_backlog_times_out_by_the_deadline() -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        # With a full queue and no accept(), Linux ignores every further SYN.
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0)
            filler.connect_ex(address)
        observation = await probe(TcpOptions(address[1]), seconds=DEADLINE)
    assert observation.reason is Reason.TIMEOUT
    assert observation.detail == (
        f"no answer from 127.0.0.1 port {address[1]} in 2.0 s while connecting"
    )
    assert DEADLINE - EARLY_SECONDS <= observation.duration < DEADLINE + LATE_SECONDS


async def test_reset_is_distinguished_from_refused() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        plain: socket.socket = writer.get_extra_info("socket")
        # A linger time of zero turns the close into a reset.
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    async with stream_server(reset) as port:
        observation = await probe(HttpOptions(f"http://127.0.0.1:{port}/"))
    assert (observation.outcome, observation.reason) == (Outcome.FAILED, Reason.RESET)
    assert observation.detail == f"127.0.0.1 port {port} reset the connection"


async def test_name_without_an_address_is_a_finding() -> None:
    observation = await probe(TcpOptions(80), "nosuch.invalid")
    assert (observation.outcome, observation.reason) == (Outcome.FAILED, Reason.RESOLVE)
    assert "nosuch.invalid" in observation.detail


async def test_no_time_left_is_our_own_fault() -> None:
    observation = await probe(TcpOptions(80), seconds=0.0)
    assert (observation.outcome, observation.reason) == (Outcome.UNKNOWN, Reason.NOT_RUN)


def alone(host: str) -> list[str]:
    """Return outcome, reason and detail of a probe in an empty network namespace."""
    command = ("unshare", "--net", sys.executable, "-c", _ALONE, host)
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    found: list[str] = json.loads(ended.stdout)
    return found


@pytest.mark.root
def test_host_without_a_route_is_unreachable() -> None:
    sentence = "192.0.2.1 port 80 cannot be reached: network unreachable"
    assert alone("192.0.2.1") == ["failed", "unreachable", sentence]


@pytest.mark.root
def test_monitor_without_an_ipv6_address_blames_itself() -> None:
    outcome, reason, detail = alone("2001:db8::1")
    assert (outcome, reason) == ("unknown", "no_socket")
    assert detail.startswith("no connection to 2001:db8::1 port 80: ")
