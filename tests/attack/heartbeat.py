"""How much of the event loop an attack takes: a task that wants its turn every few milliseconds.

On a busy machine the wall clock tells of other programs. So the measure is the processor time
that the loop's own thread spends between two turns of the heartbeat.
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
    """The longest processor time between two beats, and the time that others took meanwhile."""

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
    """Return the most processor seconds that a turn may take: 0.1 on a machine that is quiet."""
    return _LONGEST_TURN_SECONDS * max(1.0, processor_slowness())


@asynccontextmanager
async def heartbeat() -> AsyncIterator[Heartbeat]:
    """Run a heartbeat in the running loop for the length of the block.

    What the tests before have left is kept out of garbage collection, whose time would be ours.
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
