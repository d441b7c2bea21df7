"""An issued report as a ledger entry, so that the next one can list what changed since.

Must not know: where entries are kept, or what a report contains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.ledger.codec import Codec

if TYPE_CHECKING:
    from datetime import datetime

REPORT: Final = "report"


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A report issued at `at`: `verified` of `denominator`.

    `row` is the ledger row of that state, `ledger` the anchor at which it was read.
    """

    at: datetime
    verified: int
    denominator: int
    row: int
    ledger: str


_REPORT: Final = Codec(REPORT, HandedOut)
report_entry, read_report = _REPORT.entry, _REPORT.read
