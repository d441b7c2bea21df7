"""A sender floods the trap port: the loop stays responsive, nothing grows, other traps arrive."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import termios
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.config.secrets import Secret
from monitor.daemon.consumers.traps import open_traps
from monitor.exposition.store import Exposition
from monitor.inventory.checks import (
    HttpOptions,
    InterfacesOptions,
    SnmpAccess,
    SnmpUser,
    password_names,
)
from monitor.inventory.city import Switch
from monitor.observation import Outcome
from monitor.probes.snmp_transport import SnmpReaders
from tests.attack.heartbeat import heartbeat, longest_turn_allowed
from tests.attack.traps import COMMUNITY, FLOODS, cold_start, flooding
from tests.exposition.support import city_with_gateway, exact_names, exposed_school
from tests.probes.support import THREADS, probe, stream_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from monitor.daemon.consumers.traps import TrapListener
    from monitor.inventory.checks import CheckPlan
    from monitor.inventory.city import Inventory

pytestmark = [pytest.mark.integration, pytest.mark.heavy]

FLOODER, HEALTHY, STRANGER = "127.0.0.21", "127.0.0.22", "127.0.0.23"
USERS = 10
# Ended by the end of its block.
FLOOD_SECONDS = 600.0
PATIENCE_SECONDS = 120.0
DATAGRAMS = 100_000
LEGAL_TRAPS = 5
MEMORY_ALLOWED = 16 << 20


def plan(access: SnmpAccess) -> tuple[CheckPlan, ...]:
    (template,) = exposed_school().sites[0].switches[0].checks
    return (replace(template, options=InterfacesOptions(access)),)


def town() -> tuple[Inventory, SnmpReaders]:
    """Return a school whose router floods, a healthy switch, and users of many devices."""
    one = exposed_school()
    (site,) = one.sites
    community = SnmpAccess("2c", "public")
    credentials = {"public": Secret(COMMUNITY.decode())}
    devices = [Switch("healthy", HEALTHY, plan(community))]
    for number in range(USERS):
        name = f"v3-{number}"
        user = SnmpUser("monitor" if not number else name, "sha256", "aes128")
        access = SnmpAccess("3", name, user=user)
        devices.append(Switch(name, f"127.0.1.{number}", plan(access)))
        credentials |= {part: Secret(f"{part} is long") for part in password_names(name)}
    uplink = replace(site.uplink, host=FLOODER, checks=plan(community))
    site = replace(site, uplink=uplink, switches=tuple(devices))
    return city_with_gateway(replace(one, sites=(site,))), SnmpReaders({}, credentials)


class Attacked:
    """A trap receiver, a sender besides the flood, and the counts."""

    def __init__(self, listener: TrapListener, exposition: Exposition, port: int) -> None:
        self.listener, self._exposition, self.port = listener, exposition, port
        self._sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sender.bind((HEALTHY, 0))

    def close(self) -> None:
        self._sender.close()

    def send(self) -> None:
        """Send a legal trap of the healthy switch."""
        self._sender.sendto(cold_start(), ("127.0.0.1", self.port))

    async def taken(self, device: str = "healthy") -> float:
        """Return how many traps of a device were accepted."""
        text = "".join([part.decode() async for part in self._exposition.stream()])
        return sum(
            value
            for (_, labels), value in exact_names(text).items()
            if dict(labels).get("device") == device
        )

    async def until_taken(self, traps: int) -> None:
        """Wait until this many traps of the healthy switch were accepted."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.taken() < traps:  # noqa: ASYNC110  # there is no event
                await asyncio.sleep(0.01)

    async def until_dropped(self, source: str) -> None:
        """Wait until the kernel drops the datagrams of a source and earlier ones have been read."""
        waiting = bytearray(4)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.listener._floods.is_dropped(source) or any(waiting):
                await asyncio.sleep(0.01)
                fcntl.ioctl(self.listener._receiving, termios.FIONREAD, waiting)

    async def until_unread(self, datagrams: int) -> None:
        """Wait until the kernel has dropped this many."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.listener.drops["unread"] < datagrams:  # noqa: ASYNC110  # there is no event
                await asyncio.sleep(0.01)


@pytest.fixture
async def attacked() -> AsyncIterator[Attacked]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        place = one.getsockname()
    clock = SystemClock()
    exposition = Exposition(clock)
    async with open_traps(place, exposition, clock, lambda _: None, THREADS) as listener:
        found = Attacked(listener, exposition, place[1])
        try:
            await listener.listen(*town())
            yield found
        finally:
            found.close()


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    await writer.drain()


@pytest.mark.parametrize("source", [FLOODER, STRANGER], ids=["device", "stranger"])
@pytest.mark.parametrize("kind", FLOODS)
async def test_a_trap_flood_does_not_disturb_the_daemon(
    attacked: Attacked, kind: str, source: str
) -> None:
    attacked.send()
    await attacked.until_taken(1)
    async with stream_server(answer) as healthy, heartbeat() as heart:
        with flooding(kind, FLOOD_SECONDS, source, attacked.port):
            await attacked.until_dropped(source)
            before = resident()
            # From here on, every trap of a device within its rate arrives.
            for number in range(LEGAL_TRAPS):
                attacked.send()
                await attacked.until_taken(2 + number)
                url = f"http://127.0.0.1:{healthy}/"
                observation = await probe(HttpOptions(url), seconds=PATIENCE_SECONDS)
                assert observation.outcome is Outcome.OK, observation.detail
            await attacked.until_unread(DATAGRAMS)
            grown = resident() - before
            await asyncio.sleep(0.02)
    assert heart.longest_turn < longest_turn_allowed()
    assert grown < MEMORY_ALLOWED
    believed = await attacked.taken("router")
    assert bool(believed) == (kind == "valid" and source == FLOODER)
