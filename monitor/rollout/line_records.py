"""Ledger entries on a site's line: which one it is, and 24 hours that prove live or not live.

A `line` entry is written when the line becomes, or ceases to be, the expected one; a `line_day`
entry when the result of 24 hours changes.

Must not know: where entries are kept, or how a line is identified.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.campaigns.evidence import LineDay
from monitor.ledger.chain import Entry, Json, milliseconds
from monitor.ledger.payload import Payload

if TYPE_CHECKING:
    from datetime import datetime

LINE: Final = "line"
LINE_DAY: Final = "line_day"


@dataclass(frozen=True, slots=True)
class LineChange:
    """From `at` on a site's line is the expected one, or is another; `why` says what was seen.

    `expected` is what was expected then, as text: with another expectation it says nothing.
    """

    site: str
    at: datetime
    right: bool
    expected: str
    why: str


def line_entry(change: LineChange) -> Entry:
    """Return the entry of a change of the line."""
    payload: dict[str, Json] = {
        "right": change.right,
        "expected": change.expected,
        "why": change.why,
    }
    return Entry(change.at, LINE, change.site, payload)


def read_line(entry: Entry) -> LineChange:
    """Return the change of an entry.

    Raises:
        MalformedEntryError: if it is another kind of entry, or malformed.
    """
    payload = Payload(entry, LINE)
    return LineChange(
        entry.subject,
        entry.at,
        payload.flag("right"),
        payload.text("expected"),
        payload.text("why"),
    )


def line_day_entry(day: LineDay) -> Entry:
    """Return the entry of 24 hours of a line; its instant is their end."""
    payload: dict[str, Json] = {
        "since": milliseconds(day.since),
        "answered_minutes": day.answered_minutes,
        "counted_minutes": day.counted_minutes,
        "right_line": day.right_line,
        "line": day.line,
    }
    return Entry(day.until, LINE_DAY, day.site, payload)


def read_line_day(entry: Entry) -> LineDay:
    """Return the 24 hours of an entry.

    Raises:
        MalformedEntryError: if the entry holds none.
    """
    payload = Payload(entry, LINE_DAY)
    return LineDay(
        site=entry.subject,
        since=payload.instant("since"),
        until=entry.at,
        answered_minutes=payload.integer("answered_minutes"),
        counted_minutes=payload.integer("counted_minutes"),
        right_line=payload.flag_or_none("right_line"),
        line=payload.text("line"),
    )
