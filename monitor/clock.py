"""Time as an argument.

Code that needs the time is passed a clock and never reads the system clock itself. Durations
come from the monotonic clock of the running event loop, so a step of the wall clock neither
shortens nor extends a wait, and a test's event loop can jump.

Must not know: what the time is used for.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The time source used throughout the product."""

    def monotonic(self) -> float:
        """Return seconds on a clock that never steps; only differences mean anything."""

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task for that many monotonic seconds."""


class SystemClock:
    """The machine's clocks: the event loop's for durations, the wall clock for instants."""

    __slots__ = ()

    def monotonic(self) -> float:
        """Return the running event loop's time in seconds."""
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task for that many seconds."""
        await asyncio.sleep(seconds)


async def pause(clock: Clock, seconds: float, end: asyncio.Event) -> None:
    """Suspend the calling task for that many seconds, or until `end` is set."""
    waits = [asyncio.ensure_future(one) for one in (clock.sleep(seconds), end.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
