"""How a probe reads from a peer that sends endlessly.

A read that finds bytes does not suspend the task. A peer that sends faster than the probe reads
would therefore block the event loop, and with it every time-out and the whole daemon. So each loop
over a peer's bytes yields between two reads: all other ready tasks run once, and the deadline is
checked.

Must not know: sockets, protocols, or how much a peer may send.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.clock import Clock


class Turns:
    """The turns of one attempt, until its deadline (a monotonic instant in seconds)."""

    __slots__ = ("_clock", "_deadline")

    def __init__(self, clock: Clock, deadline: float) -> None:
        self._clock = clock
        self._deadline = deadline

    async def next(self) -> None:
        """Let the other tasks run.

        Raises:
            TimeoutError: if the deadline has passed.
        """
        await asyncio.sleep(0)
        if self._clock.monotonic() >= self._deadline:
            raise TimeoutError
