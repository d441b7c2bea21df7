"""How much of the event loop an attack takes: a task that wants to run every few milliseconds.

On a busy machine wall time includes other programs. So the measure is the CPU time that the loop's
own thread spends between two beats.
"""

from __future__ import annotations

import asyncio
import gc
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.machine import processor_slowness

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PERIOD_SECONDS = 0.005
_LONGEST_TURN_SECONDS = 0.1


@dataclass
class Heartbeat:
    """The longest CPU time between two beats, and the time that other programs took meanwhile."""

    beats: int = 0
    longest_turn: float = 0.0
    starved: float = 0.0

    async def beat(self) -> None:
        """Beat until cancelled."""
        wall, used = time.monotonic(), time.thread_time()
        while True:
            await asyncio.sleep(_PERIOD_SECONDS)
            now, cpu = time.monotonic(), time.thread_time()
            self.beats += 1
            self.longest_turn = max(self.longest_turn, cpu - used)
            late = now - wall - _PERIOD_SECONDS
            self.starved += max(0.0, late - (cpu - used))
            wall, used = now, cpu


def longest_turn_allowed() -> float:
    """Return the most CPU seconds that a turn may take: 0.1 on a quiet machine."""
    return _LONGEST_TURN_SECONDS * max(1.0, processor_slowness())


@asynccontextmanager
async def heartbeat() -> AsyncIterator[Heartbeat]:
    """Run a heartbeat in the running loop for the length of the block.

    Objects left by earlier tests are excluded from garbage collection, whose time would count here.
    """
    heart = Heartbeat()
    gc.collect()
    gc.freeze()
    task = asyncio.create_task(heart.beat())
    try:
        yield heart
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        gc.unfreeze()
