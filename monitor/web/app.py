"""The aiohttp application: what is served, and the limits of serving it.

Must not know: probes, schedules, files. Everything it shows comes through `View`.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING

from aiohttp import web

from monitor.exposition.gate import CONTENT_TYPE
from monitor.plain import plain
from monitor.web.access import Guard, Rules
from monitor.web.api import api_routes
from monitor.web.discovery import discovery_route
from monitor.web.door import HEAD_SECONDS, Door, guarded
from monitor.web.pages import page_routes
from monitor.web.refusals import no_refusals
from monitor.web.unavailable import unavailable
from monitor.web.view import UnknownTargetError, View
from monitor.web_access import WebAccess, server_context

if TYPE_CHECKING:
    import ssl
    from collections import Counter
    from collections.abc import AsyncIterator, Awaitable, Callable

NO_SCHOOL = ""
KEEP_ALIVE_SECONDS = 15.0
SHUTDOWN_SECONDS = 2.0
MAX_LINE_BYTES = 8190
VIEW: web.AppKey[View] = web.AppKey("view", View)


class AddressInUseError(OSError):
    """The listening address cannot be had; the message names the cure."""


class StrangersError(ValueError):
    """Others than this machine could read everything; the message names the cure."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where is listened, for whom, and by which names the server may be called.

    `without_login` allows an address that others reach although nobody has to log in.
    `reload` has a configuration read again when it is asked for; None where it may not be.
    `refused` counts who is turned away.
    """

    host: str
    port: int
    rules: Rules = field(default_factory=lambda: Unchanging(WebAccess()))
    host_names: tuple[str, ...] = ()
    without_login: bool = False
    reload: Callable[[], Awaitable[bool]] | None = None
    refused: Counter[str] = field(default_factory=no_refusals)


@dataclass(frozen=True, slots=True)
class Unchanging:
    """Rules that stay as they are."""

    access: WebAccess

    def current(self) -> WebAccess:
        """Return the rules that hold."""
        return self.access

    def present(self, context: ssl.SSLContext) -> None:
        """Do nothing: the context presents what it does already."""


@asynccontextmanager
async def serve(view: View, listen: Listen) -> AsyncIterator[int]:
    """Serve until the context ends; yields the port (which differs from 0).

    Raises:
        AddressInUseError: if the address cannot be listened on.
        StrangersError: if others could read everything without a login.
    """
    access = listen.rules.current()
    refuse_strangers(listen, access)
    door = Door(listen.refused)
    guard = Guard(listen.rules, door, listen.host_names, listen.refused)
    runner = web.AppRunner(
        application(view, guard, listen),
        access_log=None,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
        shutdown_timeout=SHUTDOWN_SECONDS,
        handler_cancellation=True,
        max_line_size=MAX_LINE_BYTES,
    )
    await runner.setup()
    try:
        server = await _listen(runner, door, listen, access)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
    finally:
        await runner.cleanup()
        guard.close()


def refuse_strangers(listen: Listen, access: WebAccess) -> None:
    """Refuse to serve others than this machine without a login, unless told to.

    Raises:
        StrangersError: if that is so.
    """
    if access.keeps_strangers_out:
        return
    if listen.reload is not None:
        raise StrangersError(
            "/-/reload needs users to log in; name a file with users with --web-config"
        )
    if listen.without_login or _is_loopback(listen.host):
        return
    raise StrangersError(
        f"{listen.host} can be reached by others, and nobody would have to log in; name a file "
        "with users with --web-config, or say --without-login"
    )


async def _listen(
    runner: web.AppRunner, door: Door, listen: Listen, access: WebAccess
) -> asyncio.Server:
    if runner.server is None:
        raise RuntimeError("the server is not set up")
    context = server_context(access.tls) if access.tls else None
    if context is not None:
        listen.rules.present(context)
    try:
        return await asyncio.get_running_loop().create_server(
            guarded(door, runner.server),
            listen.host,
            listen.port,
            ssl=context,
            ssl_handshake_timeout=HEAD_SECONDS if context else None,
        )
    except OSError as error:
        raise AddressInUseError(
            f"cannot listen on {listen.host}:{listen.port}: {error.strerror or error}; "
            "choose another address with --listen"
        ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def application(view: View, guard: Guard, listen: Listen) -> web.Application:
    """Return the application over a view of the daemon."""
    middlewares = [guard.middleware, unavailable(listen.refused)]
    app = web.Application(client_max_size=0, middlewares=middlewares)
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

    async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
        _add_safe_headers(response)
        response.headers.update(listen.rules.current().headers)

    app.on_response_prepare.append(add_headers)
    if listen.reload is not None:
        app.router.add_post("/-/reload", _reload_route(listen.reload))
    return app


def _reload_route(
    reload: Callable[[], Awaitable[bool]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        # A page of somebody else's must not be able to have it done by a browser that is logged in.
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.host:
            return web.Response(text="not from another page\n", status=403)
        if await reload():
            return web.Response(text="reloaded\n")
        return web.Response(text="not reloaded; the log says why\n", status=500)

    return answer


def _add_safe_headers(response: web.StreamResponse) -> None:
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
        return web.Response(text=f"{plain(str(error))}\n", status=400)
    return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})
