"""Requests from the shell to reclassify minutes, or to withdraw a reclassification.

Must not know: the ledger, or what an excuse does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from monitor.availability.excuses import (
    Excuse,
    Withdrawal,
    excuse_entry,
    read_asked,
    withdrawal_entry,
)
from monitor.ledger.chain import Entry, LedgerError
from monitor.state.json_fields import FieldError, JsonFields
from monitor.state.request_file import StoredRequests
from monitor.state.wire import INSTANTS_AS_TEXT

if TYPE_CHECKING:
    from pathlib import Path

EXCUSES_FILE: Final = "excuses.json"


@dataclass(frozen=True, slots=True)
class _Asked:
    kind: str
    at: datetime
    payload: dict[str, Any]


class _Fields:
    """A request is stored as the ledger entry that it asks for."""

    def __init__(self) -> None:
        self._asked = JsonFields(_Asked, {datetime: INSTANTS_AS_TEXT})

    def plain(self, value: Excuse | Withdrawal) -> dict[str, Any]:
        entry = excuse_entry(value) if isinstance(value, Excuse) else withdrawal_entry(value)
        return self._asked.plain(_Asked(entry.kind, entry.at, dict(entry.payload)))

    def value(self, plain: object) -> Excuse | Withdrawal:
        asked = self._asked.value(plain)
        try:
            return read_asked(Entry(asked.at, asked.kind, "", asked.payload))
        except LedgerError as error:
            raise FieldError(str(error)) from error


class ExcuseFile(StoredRequests[Excuse | Withdrawal]):
    """The requests of the last 30 days."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "excuses", _Fields())
