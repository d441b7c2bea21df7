"""The real daemon on a simulated city, in time that passes sixty times faster.

Run as a process of its own, so that a drill can kill it. Its event loop's time is multiplied:
every interval, deadline and hysteresis keeps its configured value and elapses that much faster.
The faults of a drill come as lines of JSON on standard input: `{"faults": [...]}`.
"""

from __future__ import annotations

import asyncio
import json
import os
import selectors
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from monitor.cli.common import read_inventory
from monitor.cli.demo import demo_parts
from monitor.clock import SystemClock
from monitor.daemon.open import open_daemon
from monitor.daemon.settings import Loaded, Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from monitor.probes.context import EchoTransport


@dataclass(frozen=True, slots=True)
class Order:
    """Its options: the ports are those of the daemon and of the simulated devices."""

    config: str
    state: str
    port: int
    city_port: int
    factor: float
    begins: str

    @classmethod
    def read(cls, text: str) -> Self:
        return cls(**json.loads(text))


class _FastSelector(selectors.DefaultSelector):
    """Waits for a fraction of the requested time."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self._factor = factor

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / self._factor)


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop whose seconds are shorter by a factor."""

    def __init__(self, factor: float) -> None:
        super().__init__(_FastSelector(factor))
        self._factor = factor

    def time(self) -> float:
        return super().time() * self._factor


class FastClock(SystemClock):
    """A wall clock that starts at a given time and runs with the loop's time."""

    __slots__ = ("_begins", "_offset")

    def __init__(self, begins: datetime) -> None:
        self._begins = begins
        self._offset = self.monotonic()

    def now(self) -> datetime:
        return self._begins + timedelta(seconds=self.monotonic() - self._offset)


async def _run(order: Order) -> None:
    clock = FastClock(datetime.fromisoformat(order.begins))
    inventory = read_inventory(Path(order.config))
    parts = demo_parts(inventory, clock, order.city_port, ())

    @asynccontextmanager
    async def echo() -> AsyncIterator[EchoTransport]:
        yield parts.echo

    def load() -> Loaded:
        return Loaded(parts.inventory, parts.credentials)

    settings = Settings(Path(order.state), port=order.port)
    stop = asyncio.Event()
    async with open_daemon(settings, load, clock, echo) as daemon, asyncio.TaskGroup() as group:
        group.create_task(daemon.run(stop))
        _say({"port": daemon.port})
        async for line in _commands():
            parts.echo.replace_faults(line["faults"])
            _say({"done": True})
        stop.set()


def _say(what: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def _commands() -> AsyncIterator[Mapping[str, list[str]]]:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    with os.fdopen(sys.stdin.fileno(), "rb", closefd=False) as stream:
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), stream)
        while line := await reader.readline():
            yield json.loads(line)


def main() -> None:
    """Run until standard input closes."""
    order = Order.read(sys.argv[1])
    with asyncio.Runner(loop_factory=lambda: FastLoop(order.factor)) as runner:
        runner.run(_run(order))


if __name__ == "__main__":
    main()
