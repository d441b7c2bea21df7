"""Ledger entries on a site's line: which one it is, and 24 hours that prove live or not live.

A `line` entry is written when the line becomes, or ceases to be, the expected one; a `line_day`
entry when the result of 24 hours changes.

Must not know: where entries are kept, or how a line is identified.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.campaigns.evidence import LineDay
from monitor.ledger.codec import Codec

if TYPE_CHECKING:
    from datetime import datetime

LINE: Final = "line"
LINE_DAY: Final = "line_day"


@dataclass(frozen=True, slots=True)
class LineChange:
    """From `at` on, a site's line is the expected one, or is not; `why` says what was seen.

    `expected` is the expectation at the time, as text: it does not apply to another one.
    """

    site: str
    at: datetime
    right: bool
    expected: str
    why: str


_LINE: Final = Codec(LINE, LineChange, subject="site")
line_entry, read_line = _LINE.entry, _LINE.read

_LINE_DAY: Final = Codec(LINE_DAY, LineDay, at="until", subject="site")
line_day_entry, read_line_day = _LINE_DAY.entry, _LINE_DAY.read
