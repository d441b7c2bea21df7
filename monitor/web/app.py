"""The aiohttp application: what is served, and the limits of serving it.

Must not know: probes, schedules, files. Everything it shows comes through `View`.
"""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from monitor.exposition.gate import CONTENT_TYPE
from monitor.web.api import api_routes
from monitor.web.discovery import discovery_route
from monitor.web.pages import page_routes
from monitor.web.view import UnknownTargetError, View

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NO_SCHOOL = ""
KEEP_ALIVE_SECONDS = 15.0
SHUTDOWN_SECONDS = 2.0
MAX_LINE_BYTES = 8190
VIEW: web.AppKey[View] = web.AppKey("view", View)


class AddressInUseError(OSError):
    """The listening address cannot be had; the message names the cure."""


@asynccontextmanager
async def serve(view: View, host: str, port: int) -> AsyncIterator[int]:
    """Serve until the context ends; yields the port (which differs from 0).

    Raises:
        AddressInUseError: if the address cannot be listened on.
    """
    runner = web.AppRunner(
        application(view),
        access_log=None,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
        shutdown_timeout=SHUTDOWN_SECONDS,
        handler_cancellation=True,
        max_line_size=MAX_LINE_BYTES,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise AddressInUseError(
                f"cannot listen on {host}:{port}: {error.strerror or error}; "
                "choose another address with --listen"
            ) from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def application(view: View) -> web.Application:
    """Return the application over a view of the daemon."""
    app = web.Application(client_max_size=0)
    app.on_response_prepare.append(_add_headers)
    app[VIEW] = view
    app.add_routes(
        [
            *page_routes(view, view.timezone),
            *api_routes(view),
            web.get("/metrics", _metrics),
            web.get("/metrics/monitor", _own_metrics),
            discovery_route(view),
            web.get("/probe", _probe),
            web.get("/-/healthy", _healthy),
            web.get("/-/ready", _ready),
        ]
    )
    return app


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Give every answer the same headers, errors of any kind included."""
    for name, value in _SAFE_HEADERS.items():
        # A page has a policy of its own.
        response.headers.setdefault(name, value)
    response.headers["Server"] = "schulnetz"


_SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


async def _healthy(_request: web.Request) -> web.Response:
    return web.Response(text="healthy\n")


async def _ready(request: web.Request) -> web.Response:
    why_not = request.app[VIEW].not_ready()
    if why_not:
        return web.Response(text=f"not ready: {why_not}\n", status=503)
    return web.Response(text="ready\n")


async def _metrics(request: web.Request) -> web.StreamResponse:
    school_id = request.query.get("school")
    if school_id is not None and not request.app[VIEW].knows_school(school_id):
        return web.Response(text="no school with that id is configured\n", status=404)
    return await _exposition(request, school_id)


async def _own_metrics(request: web.Request) -> web.StreamResponse:
    return await _exposition(request, NO_SCHOOL)


async def _exposition(request: web.Request, school_id: str | None) -> web.StreamResponse:
    compress = _takes_gzip(request.headers.get("Accept-Encoding", ""))
    response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE})
    if compress:
        response.headers["Content-Encoding"] = "gzip"
    await response.prepare(request)
    # aiohttp would put the body of an answer to HEAD on the wire, where none may be.
    if request.method == "HEAD":
        return response
    async for piece in request.app[VIEW].metrics(school_id, gzip=compress):
        await response.write(piece)
    await response.write_eof()
    return response


def _takes_gzip(accepted: str) -> bool:
    """Return whether an Accept-Encoding names gzip and does not refuse it.

    Source: RFC 9110 §12.5.3.
    """
    for entry in accepted.lower().split(","):
        coding, _, weight = (part.strip() for part in entry.partition(";"))
        if coding == "gzip":
            return re.fullmatch(r"q\s*=\s*0(\.0*)?", weight) is None
    return False


async def _probe(request: web.Request) -> web.Response:
    target, module = request.query.get("target", ""), request.query.get("module", "icmp")
    if not target:
        return web.Response(text="target is missing: name a school or school/site\n", status=400)
    try:
        text = await request.app[VIEW].probe(target, module)
    except UnknownTargetError as error:
        return web.Response(text=f"{error}\n", status=400)
    return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})
