"""What people ask of campaigns from the shell: start and cancel, in one small file.

The command writes, the daemon reads when the file has changed. Every request has an id of its
own and is obeyed once: the daemon knows from the ledger what it has done already. The file is
replaced whole under a lock and synced, so a reader sees the old or the new one.

Must not know: schools, plans, what a request leads to.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from monitor.state_file import StateFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.state_file import Stamp

FILE_NAME: Final = "campaigns.json"
SCHEMA: Final = 1
_MAX_BYTES: Final = 1 << 20
_KEPT: Final = timedelta(days=30)

Action = Literal["start", "cancel"]


class RequestFileError(Exception):
    """The file cannot be read or written; the message names it and the cure."""


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody's wish for a `school/site`: the id is its campaign's, or the one to cancel."""

    action: Action
    site: str
    campaign: str
    at: datetime


class RequestFile:
    """The requests of the last 30 days."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = StateFile(path)

    def stamp(self) -> Stamp:
        """Return what identifies the present version, None without a file; one stat call.

        Raises:
            RequestFileError: if the folder cannot be read.
        """
        with self._telling():
            return self._file.stamp()

    def read(self) -> tuple[Request, ...]:
        """Return the requests in the order they were made, none without a file.

        Raises:
            RequestFileError: if it cannot be read or is not what this program writes.
        """
        with self._telling():
            content = self._file.content(_MAX_BYTES)
        if content is None:
            return ()
        try:
            return _decode(content)
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
            raise RequestFileError(
                f"{self.path} is damaged ({error}); move it away and give the command again"
            ) from error

    def add(self, request: Request) -> None:
        """Add a request; when this returns, it survives kill -9 and a power cut.

        Raises:
            RequestFileError: if it cannot be stored, or another command is just storing one.
        """
        with self._telling(), self._file.locked():
            old = request.at - _KEPT
            kept = [one for one in self.read() if one.at > old]
            self._file.replace(_encode([*kept, request]))

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except BlockingIOError:
            raise RequestFileError("another command is changing campaigns; try again") from None
        except OSError as error:
            raise RequestFileError(f"{self.path}: {error.strerror}") from error


def _encode(requests: list[Request]) -> bytes:
    document = {
        "schema": SCHEMA,
        "requests": [
            {
                "action": one.action,
                "site": one.site,
                "campaign": one.campaign,
                "at": one.at.isoformat(),
            }
            for one in requests
        ],
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def _decode(content: bytes) -> tuple[Request, ...]:
    if len(content) > _MAX_BYTES:
        raise ValueError(f"larger than {_MAX_BYTES} bytes")
    document = json.loads(content)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError(f"not of schema {SCHEMA}")
    return tuple(_request(one) for one in document["requests"])


def _request(one: Any) -> Request:  # noqa: ANN401  # JSON is anything until checked
    action, site, campaign = one["action"], one["site"], one["campaign"]
    at = datetime.fromisoformat(one["at"])
    if action not in {"start", "cancel"} or not isinstance(site, str) or at.tzinfo is None:
        raise ValueError("a request is malformed")
    return Request(action, site, str(campaign), at.astimezone(UTC))
