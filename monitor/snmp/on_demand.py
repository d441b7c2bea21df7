"""The pysnmp engine, loaded when the first device needs it.

pysnmp and its parser take 20 MB and a quarter of a second to load, and most cities have no
device that needs them.

Must not know: what is read, or from which device.
"""

from __future__ import annotations

import asyncio
import importlib
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

    from monitor.snmp.model import Agent, Request, Result
    from monitor.snmp.read import Reader
    from monitor.threads import Threads

_MODULE = "monitor.snmp.reference"


class PysnmpOnDemand:
    """Reads through a `PysnmpReader` that the first read opens; an async context manager."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._reader: Reader | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def read(self, agent: Agent, request: Request, deadline: float) -> Result:
        """Return the agent's values; see `Reader`."""
        async with self._opening:
            reader = self._reader or await self._open()
        return await reader.read(agent, request, deadline)

    async def _open(self) -> Reader:
        # In a thread: the import would block the probes of a whole city.
        module = await self._threads.run(importlib.import_module, _MODULE)
        reader: Reader = await self._stack.enter_async_context(module.PysnmpReader())
        self._reader = reader
        return reader
