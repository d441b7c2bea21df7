"""Responds with 503 if the ledger cannot be reached, or too many clients read it.

Must not know: what was requested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from monitor.status.view import BusyError, UnavailableError
from monitor.web.api import PREFIX, problem
from monitor.web.refusals import Refusal
from monitor.words.plain import plain

if TYPE_CHECKING:
    from collections import Counter

    from aiohttp.typedefs import Handler, Middleware

RETRY_SECONDS: Final = 5
_STATUS: Final = 503


def unavailable(refused: Counter[str]) -> Middleware:
    """Return the middleware that answers an `UnavailableError`; `refused` counts busy responses.

    Source: RFC 9110 §10.2.3 and §15.6.4.
    """

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except UnavailableError as error:
            if request.path.startswith(PREFIX):
                response = problem(str(error), _STATUS)
            else:
                response = web.Response(text=f"{plain(str(error))}\n", status=_STATUS)
            if isinstance(error, BusyError):
                refused[Refusal.BUSY] += 1
                response.headers["Retry-After"] = str(RETRY_SECONDS)
            return response

    return answer
