"""An engine's boots and time, tracked so that they never go backwards (RFC 3414 §2.3).

Must not know: messages, or how they are authenticated.
"""

from __future__ import annotations

_WINDOW_SECONDS = 150
_MAX_BOOTS = 2**31 - 1
_MAX_TIME = 2**31 - 1


class EngineClock:
    """The clock of one engine.

    `proven` says whether an authenticated message has set it; until then it is a guess.
    `complaint` says why the last time was refused.
    """

    __slots__ = ("_boots", "_latest", "_noted_at", "_time", "complaint", "proven")

    def __init__(self) -> None:
        self._boots = 0
        self._time = 0
        self._latest = 0
        self._noted_at = 0.0
        self.proven = False
        self.complaint = ""

    def at(self, now: float) -> tuple[int, int]:
        """Return the engine's boots and time, as far as known."""
        if not self._boots and not self._time:
            return 0, 0
        return self._boots, min(_MAX_TIME, self._time + int(now - self._noted_at))

    def guess(self, boots: int, time: int, now: float) -> None:
        """Set an unauthenticated time; a proven one is kept."""
        if not self.proven:
            self._boots, self._time, self._noted_at = boots, time, now

    def follow(self, boots: int, time: int, now: float) -> bool:
        """Return whether an authenticated message of this time is timely; follow it if it is ahead.

        Source: RFC 3414 §3.2 step 7b.
        """
        if boots == _MAX_BOOTS:
            self.complaint = "a message from an engine whose boot counter has reached its maximum"
            return False
        known = (self._boots, self._latest)
        if not self.proven or (boots, time) > known:
            self._boots, self._time, self._noted_at = boots, time, now
            self._latest = time
            self.proven = True
            return True
        _, expected = self.at(now)
        if boots < self._boots or time < expected - _WINDOW_SECONDS:
            self.complaint = (
                f"a message outside the time window: boots {boots}, time {time} s, "
                f"after boots {self._boots}, time {expected} s"
            )
            return False
        return True
