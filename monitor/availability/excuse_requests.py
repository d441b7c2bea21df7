"""Requests from the shell to reclassify minutes, and to withdraw that.

Must not know: the ledger, or what an excuse does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from monitor.availability.excuses import (
    Excuse,
    Withdrawal,
    excuse_entry,
    read_asked,
    withdrawal_entry,
)
from monitor.ledger.chain import Entry, LedgerError
from monitor.state.request_file import StoredRequests

if TYPE_CHECKING:
    from pathlib import Path

EXCUSES_FILE: Final = "excuses.json"


class ExcuseFile(StoredRequests[Excuse | Withdrawal]):
    """The requests of the last 30 days."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "excuses", _encode, _decode)


def _encode(one: Excuse | Withdrawal) -> dict[str, Any]:
    entry = excuse_entry(one) if isinstance(one, Excuse) else withdrawal_entry(one)
    return {"kind": entry.kind, "at": entry.at.isoformat(), "payload": dict(entry.payload)}


def _decode(one: Any) -> Excuse | Withdrawal:  # noqa: ANN401  # JSON is anything until checked
    at = datetime.fromisoformat(one["at"])
    if at.tzinfo is None or not isinstance(one["payload"], dict):
        raise ValueError("a request is malformed")
    try:
        return read_asked(Entry(at.astimezone(UTC), str(one["kind"]), "", one["payload"]))
    except LedgerError as error:
        raise ValueError(str(error)) from error
