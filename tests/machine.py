"""How fast this machine is now, so that drills and lines are no faster than it can follow.

Must not know: what is adapted to it.
"""

from __future__ import annotations

import time

_ROUNDS = 750
# CPU seconds for the same rounds where the drills were paced: two cores of 2026, with no load.
_REFERENCE_SECONDS = 1.0


def slowness() -> float:
    """Return how many times as long as there a piece of work takes here and now; about a second.

    By the wall's clock: a busy machine and one that is throttled are slow as well.
    """
    began = time.monotonic()
    _work()
    return (time.monotonic() - began) / _REFERENCE_SECONDS


def processor_slowness() -> float:
    """Return how many times as much processor time work takes here and now; 0.1 s and more.

    A slow processor takes more, and so does one whose caches and threads others share.
    """
    began = time.thread_time()
    _work(_ROUNDS // 10)
    return (time.thread_time() - began) / (_REFERENCE_SECONDS / 10)


def _work(rounds: int = _ROUNDS) -> None:
    for _ in range(rounds):
        sum(number * number for number in range(30_000))
