"""Garbage collection that neither grows with the number of schools nor holds the loop for long.

Python looks for unreachable cycles whenever 700 more objects live than before. A group of checks
that start together makes more than that, and what is under way is then taken for old: at 10,000
sites a third of the daemon's CPU time went into that, with 42 full collections a minute (measured).

Must not know: what the objects are.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# More than 10,000 sites have under way at once; looking at so many takes about a millisecond.
YOUNG_OBJECTS = 20_000


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect only once `YOUNG_OBJECTS` more live than before; as it was when this ends."""
    before = gc.get_threshold()
    gc.set_threshold(YOUNG_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def keep_what_is_there() -> None:
    """Take all that lives now out of garbage collection.

    A full collection over the state of a whole city holds the loop for 0.1 s (measured); what
    lives as long as the daemon need not be looked at again.
    """
    gc.collect()
    gc.freeze()
