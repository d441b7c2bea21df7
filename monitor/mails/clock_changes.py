"""When a time zone changes its clocks, as a table for programs that do not know the zone.

Must not know: who needs it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_BEFORE = timedelta(days=366)
_AFTER = timedelta(days=3660)
_STEP = timedelta(days=1)
# Later than any instant in use: the last period has no end.
_FOR_EVER = 1 << 60


def clock_changes(timezone: str, now: datetime) -> list[tuple[int, int]]:
    """Return periods of one offset each: the first Unix second after each, and the offset in s.

    Changes are included from a year before `now` until ten years after it; the last period has
    no end.
    """
    zone = ZoneInfo(timezone)
    found: list[tuple[int, int]] = []
    at = now.astimezone(UTC).replace(microsecond=0) - _BEFORE
    last = at + _BEFORE + _AFTER
    while at < last:
        after = at + _STEP
        if _offset(at, zone) != _offset(after, zone):
            found.append((_change(at, after, zone), _offset(at, zone)))
        at = after
    return [*found, (_FOR_EVER, _offset(at, zone))]


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> int:
    """Return the first second at which the offset is no longer that of `before`."""
    low, high = int(before.timestamp()), int(after.timestamp())
    offset = _offset(before, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(datetime.fromtimestamp(middle, UTC), zone) == offset:
            low = middle
        else:
            high = middle
    return high


def _offset(at: datetime, zone: ZoneInfo) -> int:
    found = at.astimezone(zone).utcoffset()
    return 0 if found is None else int(found.total_seconds())
