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


def _work() -> None:
    for _ in range(_ROUNDS):
        sum(number * number for number in range(30_000))
