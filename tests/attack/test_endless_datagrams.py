"""Agents and pinged devices that flood the shared sockets: all other replies still arrive."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from monitor.flood_filter import STRAYS_A_SECOND
from monitor.inventory.checks import IcmpOptions
from monitor.probes.echo.port import Mode
from monitor.probes.echo.socket import EchoSocket
from monitor.snmp.client import SnmpClient
from monitor.snmp.model import Agent, FailureKind
from monitor.snmp.read import NativeReader, Request
from monitor.snmp.reference import PysnmpReader
from tests.attack.agents import (
    ECHO,
    ECHO_HOSTILE,
    FLOODS,
    HEALTHY,
    HONEST,
    HOSTILE,
    agent,
)
from tests.attack.heartbeat import heartbeat, longest_turn_allowed
from tests.integration.namespace import namespace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from monitor.observation import EchoRound
    from monitor.snmp.read import Reader

pytestmark = pytest.mark.integration

REQUEST = Request(("sysUpTime", "sysDescr"), ("ifName", "ifInOctets", "ifHCInOctets"))
ATTACK_SECONDS = 1.0
FEWEST_READS = 5
PATIENCE_SECONDS = 60.0


def at(address: str, port: int) -> Agent:
    # Until the first overflow is noticed, a reply may be dropped: that is what retries are for.
    return Agent(address, port, "2c", b"public", timeout=2.0, retries=5)


@asynccontextmanager
async def native() -> AsyncIterator[Reader]:
    async with SnmpClient() as client:
        yield NativeReader(client)


@pytest.mark.parametrize("opened", [native, PysnmpReader])
@pytest.mark.parametrize("pace", ["full", "paced"])
@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flooding_agent_is_abandoned_on_time_and_others_are_read(
    kind: str, pace: str, opened: Callable[[], AbstractAsyncContextManager[Reader]]
) -> None:
    loop = asyncio.get_running_loop()
    with agent(kind, pace, PATIENCE_SECONDS) as hostile, agent(HONEST) as honest:
        async with opened() as reader, heartbeat() as heart:
            # Creating a pysnmp engine is slow, which has nothing to do with the attack.
            await reader.read(at(HEALTHY, honest), REQUEST, loop.time() + 30.0)
            await asyncio.sleep(0.02)
            heart.longest_turn = heart.starved = 0.0
            begun = loop.time()
            deadline = begun + ATTACK_SECONDS
            attack = asyncio.create_task(reader.read(at(HOSTILE, hostile), REQUEST, deadline))
            ended: list[float] = []
            attack.add_done_callback(lambda _: ended.append(loop.time() - begun - heart.starved))
            reads = 0
            while not attack.done() or reads < FEWEST_READS:
                found = await reader.read(at(HEALTHY, honest), REQUEST, loop.time() + 30.0)
                assert found.failure is None, found.failure
                reads += 1
                await asyncio.sleep(0.01)
            flooded = await attack
            await asyncio.sleep(0.02)
    assert flooded.failure is not None
    assert flooded.failure.kind in {FailureKind.LIMIT, FailureKind.MALFORMED, FailureKind.TIMEOUT}
    assert heart.longest_turn < longest_turn_allowed()
    assert ended[0] < ATTACK_SECONDS + 1.0


@pytest.mark.root
@pytest.mark.parametrize("mode", Mode)
async def test_a_flooding_ping_target_costs_other_targets_no_packet(mode: Mode) -> None:
    options = IcmpOptions(packets=3, spacing=0.01, wait=1.0)
    loop = asyncio.get_running_loop()
    with namespace("echo") as inside, agent(ECHO, "full", PATIENCE_SECONDS, inside):
        inside.allow_datagram_ping(allowed=mode is Mode.DATAGRAM)
        with inside.entered():
            opened = EchoSocket.open()
        async with opened as echo, heartbeat() as heart:
            assert echo.modes[4] is mode
            floods = echo._families[4].floods
            async with asyncio.timeout(PATIENCE_SECONDS):
                # The kernel answers for 127.0.0.9 as well; the flood comes on top.
                while not floods.is_dropped(ECHO_HOSTILE):
                    await echo.ping(ECHO_HOSTILE, options)
            begun = loop.time()
            rounds: list[EchoRound] = []
            while loop.time() < begun + ATTACK_SECONDS or len(rounds) < FEWEST_READS:
                others = (echo.ping(f"127.0.1.{host}", options) for host in range(1, 11))
                rounds += await asyncio.gather(*others)
            assert echo.drops["unknown_sequence"] >= STRAYS_A_SECOND
            assert heart.longest_turn < longest_turn_allowed()
    assert not [found.address for found in rounds if found.lost]


async def test_a_forged_source_is_not_dropped_while_the_buffer_has_room() -> None:
    """Forging the address of a device at a harmless rate does not silence the device."""
    with agent(HONEST) as honest:
        async with SnmpClient() as client:
            reader = NativeReader(client)
            deadline = asyncio.get_running_loop().time() + 30.0
            assert (await reader.read(at(HEALTHY, honest), REQUEST, deadline)).failure is None
            endpoint, _ = next(iter(client._endpoints.values()))
            filtered = endpoint._floods
            for _ in range(10_000):
                assert not filtered.stray(HEALTHY)
            assert (await reader.read(at(HEALTHY, honest), REQUEST, deadline)).failure is None
