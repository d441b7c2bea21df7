"""Decides for every request whether it is answered: host name, password, certificate.

Must not know: what is served, where the rules come from.
"""

from __future__ import annotations

import logging
import socket
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, Protocol

from aiohttp import web

from monitor.web.login import Login, Logins
from monitor.web.refusals import Refusal

if TYPE_CHECKING:
    import ssl
    from collections import Counter
    from collections.abc import Iterable

    from aiohttp.typedefs import Handler, Middleware

    from monitor.web.door import Door
    from monitor.web_access import WebAccess

audit = logging.getLogger("monitor.audit")

_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="schulnetz", charset="UTF-8"'}
_AUDIT_SECONDS: Final = 60.0


class Rules(Protocol):
    """Says what holds now; it may change while the server runs."""

    def current(self) -> WebAccess:
        """Return the rules that hold."""

    def present(self, context: ssl.SSLContext) -> None:
        """Have the server's context present the certificate that the rules name at any time."""


class Guard:
    """Lets a request through, or answers it with a refusal."""

    def __init__(
        self, rules: Rules, door: Door, host_names: Iterable[str], refused: Counter[str]
    ) -> None:
        self._rules = rules
        self._door = door
        self._hosts = {"localhost", socket.gethostname().lower(), socket.getfqdn().lower()}
        self._hosts |= {name.lower() for name in host_names}
        self._logins = Logins(time.monotonic)
        self._told = -_AUDIT_SECONDS
        self._refused = refused

    def close(self) -> None:
        """End what checks passwords."""
        self._logins.close()

    @property
    def middleware(self) -> Middleware:
        """Return this as aiohttp takes it."""

        @web.middleware
        async def let_through(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._refusal(request) or await handler(request)

        return let_through

    async def _refusal(self, request: web.Request) -> web.Response | None:
        if not self._is_ours(request.host):
            self._refused[Refusal.HOST] += 1
            said = "this server does not go by that name; allow it with --allowed-host\n"
            return web.Response(text=said, status=421)
        rules = self._rules.current()
        address = request.remote or ""
        if rules.tls is not None and rules.tls.allowed_names:
            certificate = request.get_extra_info("peercert") or {}
            names = {value for _, value in certificate.get("subjectAltName", ())}
            if not names & set(rules.tls.allowed_names):
                return self._turn_away(Refusal.CERTIFICATE, 403, "this certificate may not")
        if rules.users:
            header = request.headers.get("Authorization", "")
            found = await self._logins.check(header, address, rules.users)
            if found is Login.TOO_MANY:
                return self._turn_away(Refusal.TOO_MANY_LOGINS, 429, "too many failed logins")
            if found is Login.BAD:
                if header:
                    return self._turn_away(Refusal.LOGIN, 401, "wrong user or password")
                return web.Response(text="log in\n", status=401, headers=_CHALLENGE)
        self._door.welcome(address)
        return None

    def _turn_away(self, reason: Refusal, status: int, said: str) -> web.Response:
        self._refused[reason] += 1
        now = time.monotonic()
        if now - self._told >= _AUDIT_SECONDS:
            self._told = now
            # No address: whose it is is nobody's business.
            counts = ", ".join(f"{why} {count}" for why, count in self._refused.items() if count)
            audit.warning("refused so far: %s; the last one: %s", counts, said)
        headers = _CHALLENGE if status == web.HTTPUnauthorized.status_code else {}
        return web.Response(text=f"{said}\n", status=status, headers=headers)

    def _is_ours(self, host: str) -> bool:
        """Return whether a Host header names this server; an address of its own always does.

        A name that somebody else's DNS turned into our address does not (DNS rebinding).
        """
        name = host.lower()
        if name.startswith("["):
            name = name[1:].partition("]")[0]
        elif name.count(":") == 1:
            name = name.partition(":")[0]
        try:
            ip_address(name)
        except ValueError:
            return name.rstrip(".") in self._hosts
        return True
