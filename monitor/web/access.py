"""Decides for every request whether it is answered: host name, password, certificate.

Must not know: what is served, or where the rules come from.
"""

from __future__ import annotations

import logging
import math
import re
import socket
import time
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Final, Protocol

from aiohttp import HttpVersion11, web

from monitor.web.host import parse_host
from monitor.web.login import Login, Logins, user_of
from monitor.web.refusals import Refusal
from monitor.web.returning import Returning

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import Iterable, Mapping

    from aiohttp.typedefs import Handler, Middleware

    from monitor.web.connection import Connection
    from monitor.web.door import Door
    from monitor.web.tls import WebAccess

audit = logging.getLogger("monitor.audit")

_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="schulnetz", charset="UTF-8"'}
_AUDIT_SECONDS: Final = 60.0
USER: Final = web.RequestKey("user", str)
"""The key of a request, with the user who is logged in; without users it is absent."""


class Rules(Protocol):
    """Returns the rules in force; they may change while the server runs."""

    def current(self) -> WebAccess:
        """Return the rules in force."""

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the TLS context of the rules in force; the same object until they change."""


class Guard:
    """Passes a request on, or answers it with a refusal.

    `connections` are the open ones, by the protocols that serve them; `open_paths`
    are routes without a login; `returning` has the addresses of earlier logins.
    """

    def __init__(
        self,
        rules: Rules,
        door: Door,
        host_names: Iterable[str],
        open_paths: frozenset[str] = frozenset(),
        returning: Returning | None = None,
    ) -> None:
        self.connections: dict[asyncio.BaseProtocol, Connection] = {}
        self._rules = rules
        self._door = door
        self._open_paths = open_paths
        self._hosts = {"localhost", socket.gethostname().lower()}
        self._hosts |= {name.lower() for name in host_names}
        self._logins = Logins(time.monotonic, returning or Returning())
        self._logged = -math.inf
        self._refused = door.refused

    def open(self) -> None:
        """Learn the machine's full name, by a look-up that may take long; nothing waits for it."""
        Thread(target=self._learn_full_name, name="own-name", daemon=True).start()

    def close(self) -> None:
        """Stop the thread that checks passwords; that of the name ends by itself."""
        self._logins.close()

    def _learn_full_name(self) -> None:
        # The IDNA codec refuses a name of 64 characters without a dot, which Linux allows.
        with suppress(UnicodeError):
            self._hosts = self._hosts | {socket.getfqdn().lower()}

    @property
    def middleware(self) -> Middleware:
        """Return the guard as an aiohttp middleware."""

        @web.middleware
        async def let_through(request: web.Request, handler: Handler) -> web.StreamResponse:
            connection = self.connections.get(request.protocol)
            if connection is None or not connection.asked():
                # It was closed in the meantime; this response is not sent.
                return web.Response(status=421)
            try:
                return await self._answer(request, handler, connection.address)
            finally:
                connection.answered()

        return let_through

    async def _answer(
        self, request: web.Request, handler: Handler, address: str
    ) -> web.StreamResponse:
        response: web.StreamResponse | None = await self._refusal(request, address)
        if response is not None:
            # A client that must retry has to queue for a place again.
            response.force_close()
        else:
            try:
                response = await handler(request)
            except web.HTTPException as answer:
                await _write(request, answer)
                raise
            if not self._door.knows(address):
                # Answered without a login: an unknown client must not keep its place longer.
                response.force_close()
        await _write(request, response)
        return response

    async def _refusal(self, request: web.Request, address: str) -> web.Response | None:
        if not self._is_ours(request):
            self._refused[Refusal.HOST] += 1
            said = "this server does not have that name; allow it with --allowed-host\n"
            return web.Response(text=said, status=421)
        rules = self._rules.current()
        if rules.tls is not None and rules.tls.allowed_names:
            certificate = request.get_extra_info("peercert") or {}
            names = {value for _, value in certificate.get("subjectAltName", ())}
            if not names & set(rules.tls.allowed_names):
                return self._turn_away(Refusal.CERTIFICATE, 403, "this certificate is not allowed")
        if rules.users and not request.headers.get("Authorization") and self._is_open(request):
            return None
        refusal = await self._refusal_of_login(request, address, rules.users)
        if refusal is None:
            self._door.welcome(address)
        return refusal

    async def _refusal_of_login(
        self, request: web.Request, address: str, users: Mapping[str, str]
    ) -> web.Response | None:
        header = request.headers.get("Authorization", "")
        found = await self._logins.check(header, address, users) if users else Login.GOOD
        if found is Login.TOO_MANY:
            return self._turn_away(Refusal.TOO_MANY_LOGINS, 429, "too many failed logins")
        if found is Login.BAD and header:
            return self._turn_away(Refusal.LOGIN, 401, "wrong user or password")
        if found is Login.BAD:
            return web.Response(text="log in\n", status=401, headers=_CHALLENGE)
        if users:
            request[USER] = user_of(header)
        return None

    def _turn_away(self, reason: Refusal, status: int, said: str) -> web.Response:
        self._refused[reason] += 1
        now = time.monotonic()
        if now - self._logged >= _AUDIT_SECONDS:
            self._logged = now
            # No address: it does not matter here.
            counts = ", ".join(f"{why} {count}" for why, count in self._refused.items() if count)
            audit.warning("refused so far: %s; the last one: %s", counts, said)
        headers = _CHALLENGE if status == web.HTTPUnauthorized.status_code else {}
        return web.Response(text=f"{said}\n", status=status, headers=headers)

    def _is_open(self, request: web.Request) -> bool:
        """Return whether a request needs no login; the route decides, not the text of the path."""
        resource = request.match_info.route.resource
        is_reading = request.method in {"GET", "HEAD"}
        return is_reading and resource is not None and resource.canonical in self._open_paths

    def _is_ours(self, request: web.Request) -> bool:
        """Return whether a request names this server and nothing else; an address always does.

        A name that a foreign DNS server resolves to our address does not (DNS rebinding).

        Source: RFC 9112 §3.2: one Host header, which only HTTP/1.0 may omit; the host of
        an absolute request target takes precedence over it.
        """
        named = request.headers.getall("Host", [])
        if not named and request.version < HttpVersion11:
            named = ["localhost"]
        if len(named) != 1:
            return False
        _, is_absolute, rest = request.raw_path.partition("://")
        if is_absolute and not request.raw_path.startswith("/"):
            named.append(re.split("[/?#]", rest, maxsplit=1)[0])
        hosts = [parse_host(value) for value in named]
        return all(
            host in self._hosts if isinstance(host, str) else host is not None for host in hosts
        )


async def _write(request: web.Request, response: web.StreamResponse) -> None:
    """Write a response to its end; aiohttp would do so later, where errors are not seen here."""
    await response.prepare(request)
    await response.write_eof()
