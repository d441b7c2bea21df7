"""How fast this machine is now, so that drills and lines are no faster than it can keep up with.

Must not know: what depends on it.
"""

from __future__ import annotations

import time

_ROUNDS = 750
# CPU seconds for the same work on the machine that set the pace of the drills: two cores of 2026,
# idle.
_REFERENCE_SECONDS = 1.0


def slowness() -> float:
    """Return how many times as long a piece of work takes here and now as there; about a second.

    By wall time: a busy or throttled machine is slow as well.
    """
    began = time.monotonic()
    _work()
    return (time.monotonic() - began) / _REFERENCE_SECONDS


def processor_slowness() -> float:
    """Return how many times as much CPU time the work takes here and now; 0.1 s and more.

    A slow CPU takes more, and so does one that shares caches and threads with others.
    """
    began = time.thread_time()
    _work(_ROUNDS // 10)
    return (time.thread_time() - began) / (_REFERENCE_SECONDS / 10)


def _work(rounds: int = _ROUNDS) -> None:
    for _ in range(rounds):
        sum(number * number for number in range(30_000))
