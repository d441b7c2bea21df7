"""Parses points in time as people write them, in the city's local time.

Accepted: a span from now (`2h`, `+90m`, `1d12h`, `2w`), a local date and time
(`2026-12-24 18:00`, `24.12.2026 18:00`), a local time alone (`18:00`, the nearest one in the
direction that is meant), a local date (its whole day, so the next midnight), or ISO 8601 with an
offset (`2026-12-24T18:00+01:00`, `...Z`). Local times that the clock change skips or repeats
are rejected with the cure.

Must not know: what the time is for.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

_SPAN = re.compile(r"\+?((?:[0-9]{1,6}[wdhm])+)")
_PART = re.compile(r"([0-9]+)([wdhm])")
_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
}
# DIN 1355-1: day first, leading zeros optional.
_GERMAN = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?:,?[ T]+(.*))?")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?: Uhr)?")
_LOCAL_FORMS = (
    "a local time (14:00, 2026-12-24 18:00, 24.12.2026 18:00), or ISO 8601 with an offset"
)
_FORMS = f"write a span (2h, +90m, 3d), {_LOCAL_FORMS}"
_PAST_FORMS = f"write {_LOCAL_FORMS}"


class TimeError(ValueError):
    """The text does not denote exactly one point in time; the message has the remedy."""


def parse_until(
    text: str, timezone: ZoneInfo, now: datetime, *, after: datetime | None = None
) -> datetime:
    """Return the aware UTC instant that a person's text means.

    A span counts from `now` in elapsed hours, also across a clock change. A time alone is
    the next one after `now`, or after the instant `after` if that is later.

    Raises:
        TimeError: if the text has none of the forms, or is a local time that does not exist or
            exists twice.
    """
    text = text.strip()
    span = _SPAN.fullmatch(text.lower())
    with _within_calendar(text, _FORMS):
        if span is not None:
            return now.astimezone(UTC) + _span(span.group(1))
        if (clock := _clock(text)) is not None:
            return _next(clock, timezone, max(now, after or now))
        return _instant(text, timezone, timedelta(days=1), _FORMS)


def is_span(text: str) -> bool:
    """Return whether a person's text is a span, which counts from now."""
    return _SPAN.fullmatch(text.strip().lower()) is not None


def parse_began(text: str, timezone: ZoneInfo, now: datetime) -> datetime:
    """Return the aware UTC instant of a beginning in a person's text.

    A date alone is the midnight at which it begins, a time alone the last one before `now`.
    Spans are rejected: they count from now on.

    Raises:
        TimeError: if the text has no such form, or is a local time that does not exist or
            exists twice.
    """
    text = text.strip()
    with _within_calendar(text, _PAST_FORMS):
        if (clock := _clock(text)) is not None:
            return _last(clock, timezone, now)
        return _past(text, timezone, timedelta(), "began, 2026-10-05 08:00")


def parse_ended(text: str, timezone: ZoneInfo, began: datetime) -> datetime:
    """Return the aware UTC instant of an end in a person's text.

    A date alone is the midnight at which it ends, a time alone the next one after it `began`.
    Spans are rejected: they count from now on.

    Raises:
        TimeError: if the text has no such form, or is a local time that does not exist or
            exists twice.
    """
    text = text.strip()
    with _within_calendar(text, _PAST_FORMS):
        if (clock := _clock(text)) is not None:
            return _next(clock, timezone, began)
        return _past(text, timezone, timedelta(days=1), "ended, 2026-10-05 09:30")


def parse_day(text: str) -> date:
    """Return the calendar day that a person's text means: `2026-12-24` or `24.12.2026`.

    Raises:
        TimeError: if the text is neither, or there is no such day.
    """
    text = text.strip()
    try:
        return date.fromisoformat(_iso(text))
    except ValueError:
        raise TimeError(f"{text!r} is not a day; write 2026-12-24 or 24.12.2026") from None


def _past(text: str, timezone: ZoneInfo, of_date: timedelta, example: str) -> datetime:
    if is_span(text):
        raise TimeError(f"{text!r} is a span from now; write when it {example}")
    return _instant(text, timezone, of_date, _PAST_FORMS)


@contextmanager
def _within_calendar(text: str, forms: str) -> Iterator[None]:
    """Reject a text whose instant, or a day on the way to it, `datetime` cannot hold."""
    try:
        yield
    except OverflowError:
        raise TimeError(f"{text!r} is beyond the calendar; {forms}") from None


def _span(text: str) -> timedelta:
    parts = _PART.findall(text)
    units = [unit for _, unit in parts]
    if len(set(units)) != len(units):
        raise TimeError(f"{text!r} names a unit twice; {_FORMS}")
    return sum((int(number) * _UNITS[unit] for number, unit in parts), timedelta())


def _clock(text: str) -> time | None:
    """Return a time of day without a date, None if the text is anything else."""
    found = _CLOCK.fullmatch(text)
    try:
        return None if found is None else time(int(found[1]), int(found[2]))
    except ValueError:
        return None


def _next(clock: time, timezone: ZoneInfo, after: datetime) -> datetime:
    """Return when a local clock shows a time next, after an instant."""
    wall = datetime.combine(after.astimezone(timezone).date(), clock)
    if max(_readings(wall, timezone)) <= after:
        wall += timedelta(days=1)
    return _from_local(wall, timezone)


def _last(clock: time, timezone: ZoneInfo, before: datetime) -> datetime:
    """Return when a local clock last showed a time, up to an instant."""
    wall = datetime.combine(before.astimezone(timezone).date(), clock)
    if min(_readings(wall, timezone)) > before:
        wall -= timedelta(days=1)
    return _from_local(wall, timezone)


def _readings(wall: datetime, timezone: ZoneInfo) -> list[datetime]:
    """Return the UTC instants that a naive local time may mean: they differ at a clock change."""
    return [wall.replace(tzinfo=timezone, fold=fold).astimezone(UTC) for fold in (0, 1)]


def _iso(text: str) -> str:
    """Return a German date, with what follows it, in the order of ISO 8601; others unchanged."""
    found = _GERMAN.fullmatch(text)
    if found is None:
        return text
    day, month, year, clock = found.groups()
    written = f"{year}-{month:0>2}-{day:0>2}"
    if clock is None:
        return written
    hour = _clock(clock.strip())
    return f"{written} {clock if hour is None else hour.isoformat('minutes')}"


def _instant(text: str, timezone: ZoneInfo, of_date: timedelta, forms: str) -> datetime:
    """Return an instant; for a date alone, `of_date` after the midnight at which it begins."""
    try:
        day = date.fromisoformat(_iso(text))
    except ValueError:
        pass
    else:
        return _from_local(datetime.combine(day + of_date, time()), timezone)
    try:
        moment = datetime.fromisoformat(_iso(text))
    except ValueError:
        raise TimeError(f"{text!r} is not a time; {forms}") from None
    return to_utc(moment, timezone)


def to_utc(written: datetime, timezone: ZoneInfo) -> datetime:
    """Return the UTC instant of a time with an offset, or of a local time without one.

    Raises:
        TimeError: if it is a local time that the clock change skips or repeats.
    """
    if written.tzinfo is not None:
        return written.astimezone(UTC)
    return _from_local(written, timezone)


def is_repeated(instant: datetime, timezone: ZoneInfo) -> bool:
    """Return whether the local time of an instant is in an hour that a change of clocks repeats."""
    local = instant.astimezone(timezone)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _from_local(wall: datetime, timezone: ZoneInfo) -> datetime:
    """Return the UTC instant of a naive local time.

    Raises:
        TimeError: if the clock change skips that time or repeats it.
    """
    early = wall.replace(tzinfo=timezone, fold=0)
    late = wall.replace(tzinfo=timezone, fold=1)
    instant = early.astimezone(UTC)
    if instant.astimezone(timezone).replace(tzinfo=None) != wall.replace(fold=0):
        raise TimeError(
            f"{wall:%Y-%m-%d %H:%M} does not exist in {timezone.key}: the clocks go forward "
            f"then; name a time before or after the change"
        )
    if early.utcoffset() != late.utcoffset():
        raise TimeError(
            f"{wall:%Y-%m-%d %H:%M} exists twice in {timezone.key}: the clocks go back then; "
            f"write {early.isoformat(timespec='minutes')} or {late.isoformat(timespec='minutes')}"
        )
    return instant
