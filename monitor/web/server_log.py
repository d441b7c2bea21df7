"""Replaces aiohttp's log of requests that it could not serve.

aiohttp would write a traceback and the client's address for every request that is not HTTP.

Must not know: what is served.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aiohttp import ClientConnectionResetError
from aiohttp.http_exceptions import HttpProcessingError

from monitor.web.refusals import Refusal

if TYPE_CHECKING:
    from collections import Counter

log = logging.getLogger(__name__)


class ServerLog:
    """In place of aiohttp's logger; counts requests that are not HTTP, and logs bugs."""

    def __init__(self, refused: Counter[str]) -> None:
        self._refused = refused

    def exception(
        self, message: str, *_: object, exc_info: BaseException | bool | None = True
    ) -> None:
        """Log a request that ended in an exception."""
        if isinstance(exc_info, HttpProcessingError):
            self._refused[Refusal.MALFORMED] += 1
        elif not isinstance(exc_info, ClientConnectionResetError):  # the client has disconnected
            log.error(
                "a bug of the monitor in a request: %s",
                message.partition(" %s")[0],
                exc_info=exc_info,
            )

    def debug(self, *_: object, exc_info: BaseException | bool | None = None) -> None:
        """Count a request that is not HTTP; aiohttp reports it only here."""
        if isinstance(exc_info, HttpProcessingError):
            self._refused[Refusal.MALFORMED] += 1
