"""Garbage collection that neither grows with the number of schools nor blocks the loop for long.

Python searches for unreachable cycles whenever there are 700 more objects than before. A group of
checks that start together creates more than that, and temporary objects are then promoted to old
ones: at 10,000 sites this took a third of the daemon's CPU time, with 42 full collections a minute.

Must not know: what the objects are.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

YOUNG_OBJECTS = 20_000
# A twentieth of the checks starts at once, each with some 25 objects; this is three times that.
_MORE_FOR_A_CHECK = 4


@contextmanager
def rare_collections(checks: int) -> Iterator[None]:
    """Collect only when many more objects exist than before; the threshold is restored on exit.

    The threshold is above the number of objects that so many checks need temporarily.
    """
    before = gc.get_threshold()
    gc.set_threshold(YOUNG_OBJECTS + _MORE_FOR_A_CHECK * checks, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def keep_what_is_there() -> None:
    """Exclude all current objects from garbage collection.

    A full collection over the state of a whole city blocks the loop for 0.1 s (measured); objects
    that live as long as the daemon need not be scanned again.
    """
    gc.collect()
    gc.freeze()
