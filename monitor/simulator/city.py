"""The whole simulated city in one process: a socket per device on loopback, one event loop.

The process runs until it is stopped or its standard input closes, so it never outlives its
parent. A line of JSON on that input replaces the faults of the running city.

Must not know: how the inventory was read, or who polls.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import selectors
import signal
import socket
import sys
from random import Random
from typing import TYPE_CHECKING, Final, Self, TextIO
from zoneinfo import ZoneInfo

from monitor.simulator.agent import Agent
from monitor.simulator.faults import FaultError, FaultPlan
from monitor.simulator.loopback import loopback_inventory
from monitor.simulator.model import build_devices
from monitor.simulator.table import TableBuilder
from monitor.simulator.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.clock import Clock
    from monitor.inventory.city import Inventory
    from monitor.simulator.faults import Fault

SLOW_REPLY_SECONDS: Final = 0.3
"""Delay of a slow device's SNMP replies in seconds."""

_LARGEST_REQUEST_BYTES: Final = 16 * 1024
_BATCH: Final = 16
_SPARE_FILES: Final = 32


class CityError(RuntimeError):
    """The city cannot be started; the message has the remedy in one line."""


class City:
    """The sockets and agents of a city; an async context manager that owns both."""

    def __init__(  # noqa: PLR0913  # all but the inventory by keyword
        self,
        inventory: Inventory,
        *,
        clock: Clock,
        community: bytes,
        port: int = 0,
        faults: Iterable[Fault] = (),
        seed: int = 0,
        hostile: bool = True,
    ) -> None:
        self._clock = clock
        self._port = port
        self._plan = FaultPlan(inventory, faults)
        self._random = Random(seed)  # noqa: S311  # which packets a lossy line loses
        self._sockets: list[socket.socket] = []
        self._started = clock.monotonic()
        traffic = Traffic(_local(clock.now(), inventory.calendar.timezone))
        builder = TableBuilder()
        # The port is rewritten, too, but only the addresses matter here.
        devices = build_devices(loopback_inventory(inventory, port), seed, hostile=hostile)
        self._agents = [Agent(device, community, builder, traffic) for device in devices]

    @property
    def port(self) -> int:
        """Return the UDP port of all agents; known once the city has started."""
        return self._port

    @property
    def devices(self) -> int:
        """Return the number of devices, each with an address of its own."""
        return len(self._agents)

    async def __aenter__(self) -> Self:
        _allow_open_files(len(self._agents) + _SPARE_FILES)
        loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as unless_all_listen:
            unless_all_listen.callback(self._close)
            for agent in self._agents:
                listener = self._listen(agent.device.host)
                loop.add_reader(listener.fileno(), self._drain, listener, agent)
            unless_all_listen.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    def command(self, line: bytes) -> str:
        """Execute a line of JSON, `{"faults": [...]}`; return the answer, JSON as well."""
        try:
            command = json.loads(line)
            if not isinstance(command, dict) or set(command) != {"faults"}:
                raise FaultError('a command is {"faults": ["KIND@SCHOOL", …]}')
            faults = command["faults"]
            if not isinstance(faults, list) or not all(isinstance(f, str | dict) for f in faults):
                raise FaultError("faults is a list of texts or objects")
            self._plan.replace(faults, self._seconds())
        except json.JSONDecodeError as error:
            return json.dumps({"error": f"not JSON: {error}"})
        except (ValueError, OverflowError, RecursionError) as error:
            return json.dumps({"error": str(error)})
        return json.dumps({"faults": [str(fault) for fault in self._plan.faults]})

    def _listen(self, address: str) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._sockets.append(listener)
        try:
            listener.bind((address, self._port))
        except OSError as error:
            place = f"{address} port {self._port}"
            raise CityError(f"cannot listen on {place}: {error.strerror}; try --port") from error
        # Port 0 asks the kernel once; all devices then share the first device's port.
        self._port = listener.getsockname()[1]
        return listener

    def _close(self) -> None:
        loop = asyncio.get_running_loop()
        for listener in self._sockets:
            loop.remove_reader(listener.fileno())
            listener.close()
        self._sockets.clear()

    def _seconds(self) -> float:
        return self._clock.monotonic() - self._started

    def _drain(self, listener: socket.socket, agent: Agent) -> None:
        for _ in range(_BATCH):
            try:
                datagram, peer = listener.recvfrom(_LARGEST_REQUEST_BYTES + 1)
            except OSError:
                # Empty, or an ICMP error about a former peer.
                return
            self._serve(listener, agent, datagram, peer)

    def _serve(
        self, listener: socket.socket, agent: Agent, datagram: bytes, peer: tuple[str, int]
    ) -> None:
        seconds = self._seconds()
        condition = self._plan.condition(agent.device.place, seconds)
        if condition.silent or condition.snmp_silent:
            return
        if condition.loss and self._random.random() < condition.loss:
            return
        reply = agent.answer(datagram, seconds, condition)
        if reply is None:
            return
        if condition.slow:
            loop = asyncio.get_running_loop()
            loop.call_later(SLOW_REPLY_SECONDS, _send, listener, reply, peer)
        else:
            _send(listener, reply, peer)


async def serve(city: City) -> None:
    """Run a city until SIGTERM, SIGINT or the end of standard input.

    Prints one line of JSON when every device answers, then one for each command.

    Raises:
        CityError: if the sockets cannot be opened, or standard input cannot be watched.
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    async with city:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        commands = asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(commands), _watchable_input()
        )
        _say(json.dumps({"ready": True, "devices": city.devices, "port": city.port}))
        try:
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(_obey(city, commands, ended))
                await ended.wait()
                listening.cancel()
        finally:
            transport.close()


def _watchable_input() -> TextIO:
    """Return standard input if the event loop can detect its end.

    Raises:
        CityError: if it is already closed, a file, or a device such as /dev/null.
    """
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(sys.stdin, selectors.EVENT_READ)
    except (ValueError, OSError) as error:
        reason = "standard input must be a pipe or a terminal, because its end stops the city"
        raise CityError(reason) from error
    return sys.stdin


async def _obey(city: City, commands: asyncio.StreamReader, ended: asyncio.Event) -> None:
    try:
        while True:
            try:
                line = await commands.readline()
            except ValueError:
                _say(json.dumps({"error": "the line is too long"}))
                continue
            if not line:
                return
            _say(city.command(line))
    finally:
        ended.set()


def _say(line: str) -> None:
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader is gone; the end of standard input will follow.
        return


def _send(listener: socket.socket, reply: bytes, peer: tuple[str, int]) -> None:
    if listener.fileno() < 0:
        return
    try:
        listener.sendto(reply, peer)
    except OSError:
        # A full buffer or a vanished peer: the reply is lost, as on any network.
        return


def _allow_open_files(needed: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise CityError(
            f"the city needs {needed} open files and the limit is {hard}; "
            f"raise it (ulimit -Hn {needed}, LimitNOFILE={needed}) or simulate fewer --schools"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _local(instant: datetime, timezone: str) -> datetime:
    return instant.astimezone(ZoneInfo(timezone))
