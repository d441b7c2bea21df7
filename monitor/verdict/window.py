"""A ratio over a sliding window, of amounts that arrive one by one.

Must not know: what is counted.
"""

from __future__ import annotations

from collections import deque

_PIECES = 10


class Window:
    """Sums weights and amounts over the last `seconds`, in ten buckets."""

    __slots__ = ("_from", "_pieces", "amount", "seconds", "weight")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.weight = 0.0
        self.amount = 0.0
        self._pieces: deque[list[float]] = deque()
        self._from = 0.0

    def add(self, now: float, weight: float, amount: float) -> None:
        """Add an amount with a weight at a monotonic time; times must not decrease."""
        pieces = self._pieces
        if not pieces:
            self._from = now
        if not pieces or now - pieces[-1][0] >= self.seconds / _PIECES:
            pieces.append([now, 0.0, 0.0])
            while now - pieces[0][0] >= self.seconds:
                pieces.popleft()
            # Summed again, so that rounding errors disappear with their bucket.
            self.weight = sum(piece[1] for piece in pieces)
            self.amount = sum(piece[2] for piece in pieces)
        last = pieces[-1]
        last[1] += weight
        last[2] += amount
        self.weight += weight
        self.amount += amount

    @property
    def ratio(self) -> float:
        """Return the amount per weight, 0 while there is none."""
        return self.amount / self.weight if self.weight else 0.0

    def known(self, now: float) -> float:
        """Return how many seconds have been measured, the whole window at most."""
        return min(self.seconds, now - self._from) if self._pieces else 0.0

    def is_telling(self, now: float) -> bool:
        """Return whether at least half of the window has been measured."""
        return bool(self._pieces) and now - self._pieces[0][0] >= self.seconds / 2

    def above_since(self, ratio: float) -> float | None:
        """Return the start of the oldest bucket above that ratio, None if there is none."""
        return next(
            (begun for begun, weight, amount in self._pieces if amount > ratio * weight), None
        )
