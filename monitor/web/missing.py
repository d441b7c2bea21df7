"""Responds with 404 in the client's form: a page for a browser, JSON below the API, else a line.

Must not know: which paths exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from monitor.web.api import DOCUMENT, PREFIX, problem

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

    from monitor.web.pages import Pages

_STATUS: Final = 404


def missing(pages: Pages) -> Middleware:
    """Return the middleware that responds when no route matches the path.

    Source: RFC 9110 §15.5.5.
    """

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPNotFound:
            if request.path.startswith(f"{PREFIX}/"):
                return problem(f"this path does not exist; {DOCUMENT} lists those that do", _STATUS)
            if "text/html" in request.headers.get("Accept", ""):
                return pages.missing(request)
            return web.Response(text="this path does not exist\n", status=_STATUS)

    return answer
