"""A flood of wrong logins against a restarted monitor that does not know Prometheus yet."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import bcrypt

from monitor.web.app import Listen, Unchanging, serve
from monitor.web.door import MAX_OF_STRANGER
from monitor.web.refusals import Refusal, no_refusals
from monitor.web.tls import WebAccess
from monitor.web.turns import MAX_WAITING
from tests.attack.test_door_slow import LONG_ENOUGH, counted
from tests.web.test_access import basic
from tests.web.test_app import Shown
from tests.web.test_login import Checked

if TYPE_CHECKING:
    import pytest

USERS = {"prometheus": bcrypt.hashpw(b"geheim", bcrypt.gensalt(4)).decode()}
ADDRESSES = 8


async def login(port: int, source: str, password: str) -> bytes:
    """Return the answer to one login; empty if the connection was closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    header = basic("prometheus", password)["Authorization"]
    with contextlib.suppress(ConnectionError):
        writer.write(
            f"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: {header}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        async with asyncio.timeout(LONG_ENOUGH):
            answer = await reader.read()
        writer.close()
        return answer
    writer.close()
    return b""


async def test_prometheus_is_served_even_if_the_flood_started_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checked, refused = Checked(monkeypatch), no_refusals()
    listen = Listen("127.0.0.1", 0, Unchanging(WebAccess(users=USERS)), refused=refused)
    async with serve(Shown(), listen) as port:
        checked.may.clear()
        flood = [
            asyncio.create_task(
                login(port, f"127.0.0.{20 + number % ADDRESSES}", f"falsch {number}")
            )
            for number in range(ADDRESSES * MAX_OF_STRANGER)
        ]
        # One is being checked, as many as allowed are waiting; the rest was refused.
        out = len(flood) - MAX_WAITING - 1
        await counted(refused, Refusal.TOO_MANY_LOGINS, out)
        mine = asyncio.create_task(login(port, "127.0.0.99", "geheim"))
        await counted(refused, Refusal.TOO_MANY_LOGINS, out + 1)
        assert not mine.done()
        checked.may.set()
        assert (await mine).startswith(b"HTTP/1.1 200 OK")
        assert not any(b" 200 OK" in answer for answer in await asyncio.gather(*flood))
    order = list(dict.fromkeys(checked.passwords))
    # At most one from each address before it, and the one being checked.
    assert order.index(b"geheim") <= ADDRESSES + 1
