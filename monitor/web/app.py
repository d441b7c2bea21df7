"""The aiohttp application: what is served, and the limits of serving it.

Must not know: probes, schedules, files. Everything it shows comes through `View`.
"""

from __future__ import annotations

import re
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from monitor.exposition.gate import CONTENT_TYPE
from monitor.status.view import UnknownTargetError, View, elsewhere
from monitor.web.accepting import Acceptor, listening_sockets
from monitor.web.access import USER, Guard, Rules
from monitor.web.api import api_routes
from monitor.web.connection import HEAD_SECONDS, Serving
from monitor.web.discovery import discovery_route
from monitor.web.door import Door
from monitor.web.missing import missing
from monitor.web.pages import Pages, page_routes
from monitor.web.refusals import no_refusals
from monitor.web.returning import Returning
from monitor.web.server_log import ServerLog
from monitor.web.tls import Audience, WebAccess, server_context
from monitor.web.unavailable import unavailable
from monitor.words.plain import plain

if TYPE_CHECKING:
    import socket
    import ssl
    from collections import Counter
    from collections.abc import AsyncIterator, Awaitable, Callable

NO_SCHOOL = ""
SHUTDOWN_SECONDS = 2.0
MAX_LINE_BYTES = 8190
HEALTHY, READY = "/-/healthy", "/-/ready"
OPEN_PATHS = frozenset({HEALTHY, READY})
"""Paths without a login: the probes of load balancers and kubelets have none."""
VIEW: web.AppKey[View] = web.AppKey("view", View)


class AddressInUseError(OSError):
    """The listening address is not available; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class Listen:
    """The listening address, who can reach it, and the allowed names of the server.

    `without_login` allows an address that others can reach although no login is needed.
    `reload` reloads the configuration for the user that it is given; None if that is not allowed.
    `refused` counts refusals, `returning` has the addresses of earlier logins.
    """

    host: str
    port: int
    rules: Rules = field(default_factory=lambda: Unchanging(WebAccess()))
    host_names: tuple[str, ...] = ()
    without_login: bool = False
    reload: Callable[[str], Awaitable[bool]] | None = None
    refused: Counter[str] = field(default_factory=no_refusals)
    returning: Returning = field(default_factory=Returning)

    @property
    def audience(self) -> Audience:
        """Return who can reach the server."""
        return Audience(self.host, self.without_login, self.reload is not None)


class Unchanging:
    """Rules that never change."""

    def __init__(self, access: WebAccess) -> None:
        self._access = access
        self._context = None if access.tls is None else server_context(access.tls)

    def current(self) -> WebAccess:
        """Return the rules in force."""
        return self._access

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the TLS context of these rules."""
        return self._context


@asynccontextmanager
async def serve(view: View, listen: Listen) -> AsyncIterator[int]:
    """Serve until the context ends; yields the port (differs from the setting if that is 0).

    Raises:
        AddressInUseError: if the address cannot be listened on.
        StrangersError: if others could read everything without a login.
    """
    listen.audience.refuse_strangers(listen.rules.current())
    door = Door(listen.refused)
    guard = Guard(listen.rules, door, listen.host_names, OPEN_PATHS, listen.returning)
    runner = web.AppRunner(
        application(view, guard, listen),
        access_log=None,
        logger=ServerLog(listen.refused),
        # The connection's deadline ends an idle connection before this one does.
        keepalive_timeout=2 * HEAD_SECONDS,
        shutdown_timeout=SHUTDOWN_SECONDS,
        handler_cancellation=True,
        max_line_size=MAX_LINE_BYTES,
    )
    async with AsyncExitStack() as stack:
        stack.callback(guard.close)
        guard.open()
        sockets = await _listen(listen)
        for listening in sockets:
            stack.callback(listening.close)
        port = int(sockets[0].getsockname()[1])
        await runner.setup()
        if runner.server is None:
            raise RuntimeError("the server is not set up")
        serving = Serving(door, runner.server, listen.rules.tls_context, guard.connections)
        acceptor = await stack.enter_async_context(Acceptor(sockets, serving))
        # Responses under way may finish while no new connection is accepted; the rest is closed.
        stack.push_async_callback(runner.cleanup)
        stack.callback(acceptor.stop)
        yield port


async def _listen(listen: Listen) -> list[socket.socket]:
    try:
        return await listening_sockets(listen.host, listen.port)
    except (OSError, UnicodeError) as error:
        # Names that the IDNA codec refuses never reach the resolver.
        why = (error.strerror or error) if isinstance(error, OSError) else "invalid host name"
        raise AddressInUseError(
            f"cannot listen on {listen.host}:{listen.port}: {why}; "
            "choose another address with --listen"
        ) from error


def application(view: View, guard: Guard, listen: Listen) -> web.Application:
    """Return the application for a view of the daemon."""
    pages = Pages(view, view.timezone)
    middlewares = [guard.middleware, unavailable(listen.refused, pages), missing(pages)]
    app = web.Application(client_max_size=0, middlewares=middlewares)
    app[VIEW] = view
    app.add_routes(
        [
            *page_routes(pages),
            *api_routes(view),
            web.get("/metrics", _metrics),
            web.get("/metrics/monitor", _own_metrics),
            discovery_route(view),
            web.get("/probe", _probe),
            web.get(HEALTHY, _healthy),
            web.get(READY, _ready),
        ]
    )

    async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
        _add_safe_headers(response)
        response.headers.update(listen.rules.current().headers)

    app.on_response_prepare.append(add_headers)
    if listen.reload is not None:
        app.router.add_post("/-/reload", _reload_route(listen.reload))
    return app


def _reload_route(
    reload: Callable[[str], Awaitable[bool]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        # A page of another site must not trigger it through a browser that is logged in.
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.host:
            return web.Response(text="not from another page\n", status=403)
        if await reload(request.get(USER, "")):
            return web.Response(text="reloaded\n")
        return web.Response(text="not reloaded; the log says why\n", status=500)

    return answer


def _add_safe_headers(response: web.StreamResponse) -> None:
    """Add the same headers to every response, including errors of any kind."""
    for name, value in _SAFE_HEADERS.items():
        # A page has its own policy.
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
        other = request.app[VIEW].other_shard(school_id)
        why = elsewhere(school_id, other) if other else "no school with that id is configured"
        return web.Response(text=f"{why}\n", status=404)
    return await _exposition(request, school_id)


async def _own_metrics(request: web.Request) -> web.StreamResponse:
    return await _exposition(request, NO_SCHOOL)


async def _exposition(request: web.Request, school_id: str | None) -> web.StreamResponse:
    compress = _takes_gzip(request.headers.get("Accept-Encoding", ""))
    response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE})
    if compress:
        response.headers["Content-Encoding"] = "gzip"
    await response.prepare(request)
    # aiohttp would send the body of a response to HEAD, which must have none.
    if request.method == "HEAD":
        return response
    async for piece in request.app[VIEW].metrics(school_id, gzip=compress):
        await response.write(piece)
    await response.write_eof()
    return response


def _takes_gzip(accepted: str) -> bool:
    """Return whether an Accept-Encoding header accepts gzip.

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
        return web.Response(text=f"{plain(str(error))}\n", status=400)
    return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})
