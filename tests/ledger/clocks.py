"""A clock controlled by tests: it stands still, and sleeping moves it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class ManualClock:
    """Time moves only when a test sets it or a task sleeps."""

    def __init__(self, at: datetime = datetime(2026, 10, 5, 6, 0, tzinfo=UTC)) -> None:
        self.at = at
        self.slept: list[float] = []
        self._start = at

    def monotonic(self) -> float:
        return (self.at - self._start).total_seconds()

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)
        # A real moment: the disk the sleeper waits for is real.
        await asyncio.sleep(0.002)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a change made by a worker thread."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # the thread has no event of ours to set
            await asyncio.sleep(0.001)
