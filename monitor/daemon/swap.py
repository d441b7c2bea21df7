"""Changes many objects at once, for a reload that applies a configuration completely or not at all.

Each object gets a twin, a shallow copy. The twin is changed, which may fail at any step without
affecting the object. Then `commit` gives every object its twin's attributes by plain
assignments: none of our code runs there, so nothing is left half done.

Code that changes a twin must replace an attribute's value, never change it in place: until the
commit, the object has the same value.

Must not know: what is changed.
"""

from __future__ import annotations

from copy import copy
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Swap:
    """Twins of objects until they replace them; created and committed without an await in between.

    The objects' classes must have no `__slots__`.
    """

    def __init__(self) -> None:
        self._twins: dict[int, tuple[Any, Any]] = {}

    def twin(self, original: T) -> T:
        """Return the copy to change, one per object; the object gets its attributes at `commit`."""
        _, twin = self._twins.setdefault(id(original), (original, copy(original)))
        vars(twin)  # fails here, not at the commit, for objects without `__dict__`
        return cast("T", twin)

    def commit(self) -> None:
        """Give every original its twin's attributes; nothing in here can fail."""
        for original, twin in self._twins.values():
            original.__dict__ = twin.__dict__
