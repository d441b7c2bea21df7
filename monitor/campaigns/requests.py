"""Requests from the shell to start or cancel a campaign.

Must not know: schools, plans, or what a request leads to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from monitor.state.request_file import RequestFileError, StoredRequests

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
        super().__init__(path, "campaigns", _encode, _decode)


def _encode(one: Request) -> dict[str, Any]:
    return {
        "action": one.action,
        "site": one.site,
        "campaign": one.campaign,
        "at": one.at.isoformat(),
    }


def _decode(one: Any) -> Request:  # noqa: ANN401  # JSON is anything until checked
    action, site, campaign = one["action"], one["site"], one["campaign"]
    at = datetime.fromisoformat(one["at"])
    if action not in {"start", "cancel"} or not isinstance(site, str) or at.tzinfo is None:
        raise ValueError("a request is malformed")
    return Request(action, site, str(campaign), at.astimezone(UTC))
