"""Which texts are literal addresses, and which are names to look up."""

from __future__ import annotations

import socket

import pytest

from monitor.clock import SystemClock
from monitor.probes.resolve import ResolveError, resolve
from tests.probes.support import THREADS


@pytest.mark.parametrize(
    ("host", "version"), [("192.0.2.1", 4), ("2001:db8::1", 6), ("fe80::1%lo", 6)]
)
async def test_a_literal_address_is_not_looked_up(host: str, version: int) -> None:
    clock = SystemClock()
    found = await resolve(host, clock, clock.monotonic() + 60, THREADS.names)
    assert (found.address, found.ip_version, found.seconds) == (host, version, 0.0)


async def test_an_ipv4_address_with_a_zone_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    clock = SystemClock()
    with pytest.raises(ResolveError, match=r"192\.0\.2\.1%x does not resolve"):
        await resolve("192.0.2.1%x", clock, clock.monotonic() + 60, THREADS.names)
