"""Requests from the shell to start or cancel a campaign.

Must not know: schools, plans, or what a request leads to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from monitor.state.json_fields import JsonFields
from monitor.state.request_file import RequestFileError, StoredRequests
from monitor.state.wire import INSTANTS_AS_TEXT

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FILE_NAME", "Action", "Request", "RequestFile", "RequestFileError"]

FILE_NAME: Final = "campaigns.json"

Action = Literal["start", "cancel"]


@dataclass(frozen=True, slots=True)
class Request:
    """A request for a `school/site`; the id is that of the campaign to start or to cancel."""

    action: Action
    site: str
    campaign: str
    at: datetime


class RequestFile(StoredRequests[Request]):
    """The requests of the last 30 days."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "campaigns", JsonFields(Request, {datetime: INSTANTS_AS_TEXT}))
