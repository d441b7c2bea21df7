"""Reads an agent on a loopback socket through the client and checks that nothing is left open."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.snmp.decode import decode_message
from monitor.snmp.encode import encode_message
from monitor.snmp.read import NativeReader, Request, Result
from tests.snmp.agent import ByteAgent, interfaces

if TYPE_CHECKING:
    from monitor.snmp.client import SnmpClient
    from monitor.snmp.model import Agent

REQUEST = Request(("sysUpTime", "sysName"), ("ifInOctets", "ifName"))
ROWS = range(1, 21)


def honest() -> ByteAgent:
    """Return an agent with `ROWS`."""
    return ByteAgent(interfaces(ROWS))


def within(seconds: float) -> float:
    """Return the loop's time this many seconds from now, as a deadline."""
    return asyncio.get_running_loop().time() + seconds


async def read(
    client: SnmpClient, agent: Agent, request: Request = REQUEST, seconds: float = 3.0
) -> Result:
    """Return the result of one read, which ends by its deadline and leaves no request in flight."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    result = await NativeReader(client).read(agent, request, began + seconds)
    assert loop.time() - began < seconds + 0.2
    assert client.requests_in_flight == 0
    return result


def changed(reply: bytes, **fields: object) -> bytes:
    """Return a message with other fields."""
    return encode_message(replace(decode_message(reply), **fields))  # type: ignore[arg-type]
