"""Which daemon exports the whole city: while it holds a lock in the database, and for how long.

The lock ends with the session that holds it. A daemon that cannot reach the database does not know
when its session ends, so it stops exporting before that. A daemon that has just acquired the lock
waits until the previous one has stopped and disappeared from Prometheus. So the city's figures
never appear twice, and their sum is correct.

Must not know: the database, metrics, event loops. Times are monotonic seconds.
"""

from __future__ import annotations

from typing import Final

ASK_SECONDS: Final = 3.0
"""How often the lock is requested, or confirmed to be still held."""
LEASE_SECONDS: Final = 15.0
"""How long a confirmation is valid: less than the 20 s after which the server ends a lost
session."""
QUIET_SECONDS: Final = 35.0
"""How long a new leader waits until its predecessor has asked (3 s) and was scraped (30 s)."""


class Leadership:
    """Leadership as derived from the answers to requests for the lock."""

    __slots__ = ("_confirmed", "_since")

    def __init__(self) -> None:
        self._since: float | None = None
        self._confirmed = 0.0

    @property
    def holds(self) -> bool:
        """Return whether the last answer granted us the lock."""
        return self._since is not None

    def granted(self, asked: float, answered: float) -> None:
        """Process a granted lock; it counts from the time of the request."""
        if self._since is None:
            self._since = answered
        self._confirmed = asked

    def withheld(self) -> None:
        """Process a denied lock, or a missing answer."""
        self._since = None

    def speaks(self, now: float) -> bool:
        """Return whether this process may export the city's figures now."""
        return (
            self._since is not None
            and now >= self._since + QUIET_SECONDS
            and now < self._confirmed + LEASE_SECONDS
        )
