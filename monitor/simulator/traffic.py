"""A school's traffic at any second, so that counters are pure functions of time.

A week of hourly levels (lessons in the morning, little at night, less at the weekend) is
integrated once; the amount of traffic up to a second is then looked up, not added up.
Every interface follows one of a few streams, which run ahead of and behind that pattern.

Must not know: devices, interfaces, or SNMP.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

STREAMS: Final = 4
"""Number of streams; not all interfaces of a device rise and fall together."""

_HOUR: Final = 3600.0
_WEEK_HOURS: Final = 168
_SCHOOL_DAY: Final = (
    *(0.02, 0.02, 0.02, 0.03, 0.02, 0.02, 0.05, 0.35, 0.60, 0.62, 0.55, 0.60),
    *(0.62, 0.45, 0.30, 0.25, 0.15, 0.10, 0.08, 0.06, 0.05, 0.04, 0.10, 0.12),
)
_FREE_DAY: Final = tuple(0.02 + 0.1 * level for level in _SCHOOL_DAY)

# Each wave is (period in seconds, share): the streams' clocks run fast and slow by that share.
# The shares sum to less than 1, so neither a stream's clock nor a counter runs backwards.
_WAVES: Final = ((420.0, 0.35), (2300.0, 0.25))


class Traffic:
    """The activity of a city since its start, which was at an aware local time."""

    __slots__ = ("_levels", "_offset", "_start", "_sums")

    def __init__(self, started: datetime) -> None:
        self._levels = (*_SCHOOL_DAY * 5, *_FREE_DAY * 2)
        sums = [0.0]
        for hour, level in enumerate(self._levels):
            following = self._levels[(hour + 1) % _WEEK_HOURS]
            sums.append(sums[-1] + _HOUR * (level + following) / 2)
        self._sums = tuple(sums)
        midnight = started.hour * _HOUR + started.minute * 60.0 + started.second
        self._offset = started.weekday() * 24 * _HOUR + midnight
        self._start = self._integral(self._offset)

    @property
    def mean_level(self) -> float:
        """Return the mean level over a week, as a ratio of the busiest possible second."""
        return self._sums[-1] / (_WEEK_HOURS * _HOUR)

    def amounts(self, seconds: float, phase: float) -> tuple[float, ...]:
        """Return each stream's busy seconds from the start up to `seconds`; never decreasing.

        `phase` (0 to 1) makes the streams of devices differ.
        """
        amounts = []
        for stream in range(STREAMS):
            turn = math.tau * (phase + stream / STREAMS)
            warped = seconds
            for period, share in _WAVES:
                speed = math.tau / period
                warped += share / speed * (math.sin(speed * seconds + turn) - math.sin(turn))
            amounts.append(self._integral(self._offset + warped) - self._start)
        return tuple(amounts)

    def _integral(self, seconds: float) -> float:
        weeks, within = divmod(seconds, _WEEK_HOURS * _HOUR)
        hour = int(within / _HOUR)
        rest = within - hour * _HOUR
        level = self._levels[hour]
        slope = (self._levels[(hour + 1) % _WEEK_HOURS] - level) / _HOUR
        return weeks * self._sums[-1] + self._sums[hour] + rest * (level + slope * rest / 2)
