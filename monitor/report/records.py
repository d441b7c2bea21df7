"""An issued report as a ledger entry, so that the next one can list what changed since.

Must not know: where entries are kept, or what a report contains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.ledger.chain import Entry, Json
from monitor.ledger.payload import Payload

if TYPE_CHECKING:
    from datetime import datetime

REPORT: Final = "report"


@dataclass(frozen=True, slots=True)
class HandedOut:
    """At `at` a report was handed out that said `verified` of `denominator`.

    `row` is what made it so, `ledger` the place it was read at.
    """

    at: datetime
    verified: int
    denominator: int
    row: int
    ledger: str


def report_entry(report: HandedOut) -> Entry:
    """Return the entry of a report; its instant is the one the report speaks of."""
    payload: dict[str, Json] = {
        "verified": report.verified,
        "denominator": report.denominator,
        "row": report.row,
        "ledger": report.ledger,
    }
    return Entry(report.at, REPORT, "", payload)


def read_report(entry: Entry) -> HandedOut:
    """Return the report of an entry.

    Raises:
        MalformedEntryError: if it is another kind of entry, or malformed.
    """
    payload = Payload(entry, REPORT)
    return HandedOut(
        entry.at,
        payload.integer("verified"),
        payload.integer("denominator"),
        payload.integer("row"),
        payload.text("ledger"),
    )
