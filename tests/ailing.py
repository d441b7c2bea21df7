"""A school on virtual time whose devices answer their pings but work badly, fault by fault.

The daemon's parts are the real ones; pings and SNMP are modelled, the website is a server in the
same loop, at the address of the school's router.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from monitor.config import load_text
from monitor.observation import EchoRound
from monitor.snmp.read import Failure, FailureKind, Result
from tests.integration.running import Town
from tests.modelled import Network, running
from tests.virtual_time import VirtualTimeLoop

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Coroutine, Mapping
    from pathlib import Path

    from monitor.inventory.checks import IcmpOptions
    from monitor.inventory.city import Inventory
    from monitor.snmp.read import Agent, Request
    from monitor.snmp.scalars import ScalarValue
    from tests.modelled import Running

SCHOOL = "goethe"
ROUTER, FIRST_SWITCH, SECOND_SWITCH = "127.82.2.1", "127.82.2.11", "127.82.2.12"
FLAPPING_ROUTER = "127.82.3.1"
LOSSY_ROUTER = "127.82.4.1"
TOWN = Town(161, {SCHOOL: 2, "kant": 3, "natorp": 4}, switches=2)
_FAST = (
    "{interval: 1s, switch_interval: 1s, timeout: 800ms, packets: 2, spacing: 20ms, wait: 300ms}"
)
_SHIPPED = "{interval: 10s, timeout: 5s, packets: 5, switch_interval: 60s}"
_CHECKS = """\
    checks:
      website: {{kind: http, url: "http://{{host}}:{web}/", interval: 60s}}
      mail: {{kind: tcp, port: {mail}, interval: 60s}}
"""
_LINE_BPS = 10**9


class LoopbackLoop(VirtualTimeLoop):
    """Virtual time that stands still while one of our sockets waits for its peer on loopback."""

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:  # asyncio's
        with self.waiting():
            await super().sock_connect(sock, address)

    async def sock_recv(self, sock: socket.socket, nbytes: int) -> bytes:
        with self.waiting():
            return await super().sock_recv(sock, nbytes)

    async def sock_recv_into(self, sock: socket.socket, buf: Any) -> int:  # asyncio's
        with self.waiting():
            return await super().sock_recv_into(sock, buf)


def run_beside_loopback(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end on a loop of that kind."""
    with asyncio.Runner(loop_factory=LoopbackLoop) as runner:
        runner.run(main)


@dataclass
class AilingNetwork(Network):
    """Besides dead hosts: hosts that lose packets, have no SNMP, or worse.

    `answered` is how many of five packets come back, `load` the share of the line that is used,
    `speed` what the lossy router's port runs at in Mbit/s; `is_fan_good` and `celsius` are what the
    second switch reports.
    """

    answered: dict[str, int] = field(default_factory=dict)
    mute: set[str] = field(default_factory=set)
    load: float = 0.1
    speed: int = 1000
    is_fan_good: bool = True
    celsius: int = 41
    _octets: float = 0.0
    _counted: float = 1000.0

    async def ping(self, address: str, options: IcmpOptions) -> EchoRound:
        found = await super().ping(address, options)
        few = self.answered.get(address)
        return found if few is None else EchoRound(address, found.sent, found.rtts[:few])

    async def read(self, agent: Agent, request: Request, deadline: float) -> Result:
        if agent.address in self.mute and self.is_alive(agent.address):
            loop = asyncio.get_running_loop()
            await asyncio.sleep(max(0.0, deadline - loop.time()))
            return Result({}, {}, Failure(FailureKind.TIMEOUT, "no reply"), 1, 0)
        result = await super().read(agent, request, deadline)
        if result.failure:
            return result
        now = asyncio.get_running_loop().time()
        columns = self._interfaces(now) if agent.address == ROUTER else {}
        if agent.address == LOSSY_ROUTER:
            columns = self._port(self.speed, octets=0)
        if agent.address == SECOND_SWITCH:
            columns = self._sensors()
        asked = {name: column for name, column in columns.items() if name in request.columns}
        scalars: Mapping[str, ScalarValue] = {"sysUpTime": int(100 * now), "sysName": b"box"}
        return Result(scalars, {**result.columns, **asked}, None, 1, 3)

    def _interfaces(self, now: float) -> Mapping[str, Mapping[int, int | bytes]]:
        self._octets += (now - self._counted) * self.load * _LINE_BPS / 8
        self._counted = now
        return self._port(1000, int(self._octets))

    def _port(self, speed: int, octets: int) -> Mapping[str, Mapping[int, int | bytes]]:
        return {
            "ifDescr": {1: b"wan"},
            "ifName": {1: b"wan"},
            "ifOperStatus": {1: 1},
            "ifHighSpeed": {1: speed},
            "ifHCInOctets": {1: octets},
            "ifHCOutOctets": {1: 0},
        }

    def _sensors(self) -> Mapping[str, Mapping[int, int | bytes]]:
        return {
            "entPhySensorType": {1: 8, 2: 10},
            "entPhySensorScale": {1: 9, 2: 9},
            "entPhySensorPrecision": {1: 0, 2: 0},
            "entPhySensorValue": {1: self.celsius, 2: 3000},
            "entPhySensorOperStatus": {1: 1, 2: 1 if self.is_fan_good else 3},
            "entPhysicalName": {1: b"Chassis", 2: b"Fan 1"},
        }


@dataclass
class Website:
    """A web server at the router's address, and a second port that may refuse."""

    status: int = 200
    web: int = 0
    mail: int = 0
    _mail: asyncio.Server | None = None

    async def open_mail(self) -> None:
        """Take connections at the second port, the same as before."""
        self._mail = await asyncio.start_server(_hang_up, ROUTER, self.mail)
        self.mail = self._mail.sockets[0].getsockname()[1]

    async def refuse_mail(self) -> None:
        """Take no more connections there."""
        if self._mail is not None:
            self._mail.close()
            await self._mail.wait_closed()
            self._mail = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d Said\r\nContent-Length: 0\r\n\r\n" % self.status)
        await writer.drain()
        writer.close()


async def _hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


def inventory_of(website: Website) -> Inventory:
    """Return three schools at the shipped pace; the first has a website and a mail server."""
    text = TOWN.text()
    assert _FAST in text
    text = text.replace(_FAST, _SHIPPED).replace(
        "interfaces: {interval: 2s, timeout: 1500ms,", ("interfaces: {interval: 60s, timeout: 20s,")
    )
    first = text.index("  - id: kant")
    checks = _CHECKS.format(web=website.web, mail=website.mail)
    return load_text((text[:first] + checks + text[first:]).encode(), "ailing.yaml")


@dataclass
class Ailing:
    """The daemon and the parts that a test breaks."""

    running: Running
    network: AilingNetwork
    website: Website


@asynccontextmanager
async def ailing(folder: Path) -> AsyncIterator[Ailing]:
    """Run the school's daemon within the context, on a loop that waits for loopback."""
    website, network = Website(), AilingNetwork()
    server = await asyncio.start_server(website.serve, ROUTER, 0)
    website.web = server.sockets[0].getsockname()[1]
    await website.open_mail()
    try:
        async with running(folder, inventory_of(website), network) as one:
            yield Ailing(one, network, website)
    finally:
        server.close()
        await server.wait_closed()
        await website.refuse_mail()
