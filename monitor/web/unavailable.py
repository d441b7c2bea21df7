"""Responds with 503 if the ledger cannot be reached, or too many clients read it.

A browser gets a page, the API's client JSON, everybody else a line.

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

    from monitor.web.pages import Pages

RETRY_SECONDS: Final = 5
_STATUS: Final = 503


def unavailable(refused: Counter[str], pages: Pages) -> Middleware:
    """Return the middleware that answers an `UnavailableError`; `refused` counts busy responses.

    Source: RFC 9110 §10.2.3 and §15.6.4.
    """

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except UnavailableError as error:
            is_busy = isinstance(error, BusyError)
            if request.path.startswith(PREFIX):
                response = problem(str(error), _STATUS)
            elif "text/html" in request.headers.get("Accept", ""):
                response = pages.unavailable(request, "many_readers" if is_busy else "no_ledger")
            else:
                response = web.Response(text=f"{plain(str(error))}\n", status=_STATUS)
            if is_busy:
                refused[Refusal.BUSY] += 1
                response.headers["Retry-After"] = str(RETRY_SECONDS)
            return response

    return answer
