"""How long each turn of an event loop takes: the exact lag of everything that runs on it.

Must not know: what runs on the loop.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import time
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Each step halves the interval: 60 steps are exact to the last significant bit.
_STEPS = 60


class TurnSelector(selectors.DefaultSelector):
    """A selector that records how long the loop stayed away from it, once enabled.

    The turn is from the return of `select` to its next call: timers due in between had to wait for
    its end. `wall` is in seconds, `cpu` the thread's own CPU seconds of the same.
    """

    def __init__(self) -> None:
        super().__init__()
        self.noting = False
        self.wall = array("d")
        self.cpu = array("d")
        self._began = (0.0, 0.0)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for events as every selector does; the time outside is the turn."""
        if self.noting:
            began, cpu_began = self._began
            if began:
                self.wall.append(time.monotonic() - began)
                self.cpu.append(time.thread_time() - cpu_began)
        ready = super().select(timeout)
        self._began = (time.monotonic(), time.thread_time()) if self.noting else (0.0, 0.0)
        return ready

    def restart(self) -> None:
        """Discard the turns so far and record those that follow."""
        self.wall, self.cpu = array("d"), array("d")
        self._began = (0.0, 0.0)
        self.noting = True


@dataclass(frozen=True, slots=True)
class Lag:
    """The lag of a loop in milliseconds, over all instants of a period."""

    p50: float
    p99: float
    p999: float
    longest: float
    busy: float
    """Share of the period that the loop was in a turn."""


def lag(turns: Sequence[float], seconds: float) -> Lag:
    """Return the lag that a timer due at any instant of the period would have had.

    A timer that comes due inside a turn waits for the rest of it; outside of turns it waits
    for nothing. `turns` and the period are in seconds.
    """
    p50, p99, p999 = (_exceeded_by(turns, seconds, share) * 1e3 for share in (0.5, 0.01, 0.001))
    return Lag(p50, p99, p999, max(turns, default=0.0) * 1e3, math.fsum(turns) / seconds)


def _exceeded_by(turns: Iterable[float], seconds: float, share: float) -> float:
    """Return the lag that is exceeded in no more than this share of the period."""
    turns = sorted(turns, reverse=True)
    if math.fsum(turns) <= share * seconds:
        return 0.0
    low, high = 0.0, turns[0]
    for _ in range(_STEPS):
        middle = (low + high) / 2
        beyond = 0.0
        for turn in turns:
            if turn <= middle:
                break
            beyond += turn - middle
        low, high = (middle, high) if beyond > share * seconds else (low, middle)
    return high


def new_loop(selector: selectors.BaseSelector) -> asyncio.AbstractEventLoop:
    """Return asyncio's own event loop over this selector."""
    return asyncio.SelectorEventLoop(selector)
