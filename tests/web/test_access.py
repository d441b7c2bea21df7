"""Which clients are served, by host name, password or certificate, and how long they may take."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import ssl
import threading
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp
import bcrypt
import pytest

from monitor.web import connection, login, turns
from monitor.web.app import Listen, Unchanging, serve
from monitor.web.door import MAX_OF_STRANGER
from monitor.web.login import Login, Logins
from monitor.web.refusals import Refusal, no_refusals
from monitor.web.returning import Returning
from monitor.web.tls import StrangersError, Tls, WebAccess
from tests.integration.probe_servers import Issued, issue
from tests.web.test_app import Shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HASH = bcrypt.hashpw(b"geheim", bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$")
USERS = {"prometheus": HASH}
EVERY_PAGE = ("/", "/metrics", "/api/v1/schools", "/static/status.css", "/nowhere")


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@asynccontextmanager
async def served(access: WebAccess, **listen: object) -> AsyncIterator[int]:
    place = Listen("127.0.0.1", 0, Unchanging(access), **listen)  # type: ignore[arg-type]  # as named
    async with serve(Shown(), place) as port:
        yield port


async def status(port: int, path: str = "/metrics", **headers: str) -> int:
    async with (
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as web,
        web.get(path, headers=headers) as answer,
    ):
        return answer.status


@pytest.mark.parametrize("path", EVERY_PAGE)
async def test_without_a_login_everything_is_refused(path: str) -> None:
    async with served(WebAccess(users=USERS)) as port:
        assert await status(port, path) == 401
        found = await status(port, path, **basic("prometheus", "geheim"))
        assert found == (404 if path == "/nowhere" else 200)


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready"])
async def test_health_is_served_without_a_login(path: str) -> None:
    refused = no_refusals()
    async with served(WebAccess(users=USERS), refused=refused) as port:
        assert await status(port, path) in {200, 503}
        assert await status(port, path, **basic("prometheus", "geheim")) in {200, 503}
        assert await status(port, path, **basic("prometheus", "falsch")) == 401
        assert await status(port, path, Host="evil.example") == 421
    assert refused == {**no_refusals(), Refusal.LOGIN: 1, Refusal.HOST: 1}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/-/healthy"),
        ("POST", "/-/reload"),
        ("GET", "/-/healthy/"),
        ("GET", "//-/healthy"),
        ("GET", "/-/healthy/../../metrics"),
        ("GET", "/metrics?/-/healthy"),
        ("GET", "/%2D%2Fhealthy"),
        ("GET", "/-/readyz"),
    ],
)
async def test_only_health_is_served_without_a_login(method: str, path: str) -> None:
    reload = Reload()
    async with served(WebAccess(users=USERS), reload=reload) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 60)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert reload.asked == []


async def test_asking_for_health_does_not_make_an_address_known() -> None:
    """Linux has all of 127.0.0.0/8; only 127.0.0.1 counts as this machine itself."""
    asked = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n"
    refused = no_refusals()
    async with served(WebAccess(users=USERS), refused=refused) as port:

        async def connected() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            return await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))

        reader, writer = await connected()
        writer.write(asked)
        answer = await asyncio.wait_for(reader.read(), 60)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"\r\nConnection: close\r\n" in answer
        writer.close()
        held = [await connected() for _ in range(MAX_OF_STRANGER + 1)]
        last, _ = held[-1]
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(last.read(), 60) == b""
        assert refused[Refusal.NO_ROOM] == 1
        for _, one in held:
            one.transport.abort()


@pytest.mark.parametrize(
    "header",
    [
        basic("prometheus", "falsch")["Authorization"],
        basic("nobody", "geheim")["Authorization"],
        basic("", "")["Authorization"],
        basic("prometheus", "geheim" + "x" * 80)["Authorization"],
        basic("prometheus", "geheim\0")["Authorization"],
        "Basic !!!",
        "Basic",
        "Bearer geheim",
        "Basic " + base64.b64encode(b"prometheus").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:geheim").decode(),
        "Basic " + base64.b64encode(f"prometheus:{HASH}".encode()).decode(),
    ],
)
async def test_a_wrong_login_is_refused(header: str) -> None:
    refused = no_refusals()
    async with served(WebAccess(users=USERS), refused=refused) as port:
        assert await status(port, Authorization=header) == 401
    assert refused == {**no_refusals(), Refusal.LOGIN: 1}


async def test_user_and_password_cannot_be_shifted_in_the_cache() -> None:
    """CVE-2022-46146: a user `ab` with password `c` is not `a` with `bc`."""
    logins = Logins(time.monotonic, Returning())
    users = {"ab": bcrypt.hashpw(b"c", bcrypt.gensalt(4)).decode()}
    users["a"] = users["ab"]
    assert await logins.check(basic("ab", "c")["Authorization"], "x", users) is Login.GOOD
    assert await logins.check(basic("a", "bc")["Authorization"], "x", users) is Login.BAD
    logins.close()


async def test_a_changed_password_applies_at_once() -> None:
    logins = Logins(time.monotonic, Returning())
    header = basic("prometheus", "geheim")["Authorization"]
    assert await logins.check(header, "x", USERS) is Login.GOOD
    other = {"prometheus": bcrypt.hashpw(b"neu", bcrypt.gensalt(4)).decode()}
    assert await logins.check(header, "x", other) is Login.BAD
    logins.close()


async def test_a_flood_of_wrong_logins_does_not_lock_out_known_addresses() -> None:
    now = 0.0
    logins = Logins(lambda: now, Returning())
    good = basic("prometheus", "geheim")["Authorization"]
    assert await logins.check(good, "10.0.0.1", USERS) is Login.GOOD
    bad = [basic("prometheus", f"falsch-{number}")["Authorization"] for number in range(1000)]
    found = await asyncio.gather(*(logins.check(one, "10.0.0.1", USERS) for one in bad))
    assert Login.GOOD not in found
    # One of them did not wait.
    assert found.count(Login.BAD) <= turns.MAX_WAITING_OF_ONE + 1
    for _ in range(login.FAILURES):
        await logins.check(bad[0], "10.0.0.1", USERS)
    assert await logins.check(bad[0], "10.0.0.1", USERS) is Login.TOO_MANY
    assert await logins.check(good, "10.0.0.1", USERS) is Login.GOOD
    assert await logins.check(bad[0], "10.0.0.2", USERS) is Login.BAD
    now += 2 * login.FAILURES / login.FORGIVEN_A_SECOND
    assert await logins.check(bad[0], "10.0.0.1", USERS) is Login.BAD
    logins.close()


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("127.0.0.1", 200),
        ("localhost:1", 200),
        ("[::1]:9822", 200),
        ("10.1.2.3", 200),
        ("monitor.example", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("", 400),
    ],
)
async def test_only_our_own_host_names_are_answered(host: str, answered: int) -> None:
    async with served(WebAccess(), host_names=("monitor.example",)) as port:
        found = await status(port, Host=host)
        assert found in {answered, 421 if not host else answered}


async def test_a_silent_name_server_delays_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered = threading.Event()

    def full_name() -> str:
        answered.wait(120)
        return "Monitor.City.example"

    monkeypatch.setattr(socket, "getfqdn", full_name)
    async with asyncio.timeout(110), served(WebAccess()) as port:
        assert await status(port, Host=socket.gethostname()) == 200
        assert await status(port, Host="monitor.city.example") == 421
        answered.set()
        while await status(port, Host="monitor.city.example") != 200:  # noqa: ASYNC110  # no event
            await asyncio.sleep(0.01)


async def test_a_machine_with_a_name_of_64_letters_is_served_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raised: list[object] = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    monkeypatch.setattr(socket, "gethostname", lambda: "m" * 64)
    async with served(WebAccess()) as port:
        for thread in threading.enumerate():
            if thread.name == "own-name":
                await asyncio.to_thread(thread.join, 60)
        assert await status(port, Host="localhost") == 200
    assert raised == []


async def test_configured_headers_are_on_every_response() -> None:
    async with (
        served(WebAccess(headers={"X-Frame-Options": "deny"})) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as web,
        web.get("/nowhere") as answer,
    ):
        assert answer.headers["X-Frame-Options"] == "deny"
        assert answer.headers["Server"] == "schulnetz"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "monitor.example"])
async def test_remote_clients_need_a_login_unless_configured(host: str) -> None:
    with pytest.raises(StrangersError, match="--web-config"):
        async with serve(Shown(), Listen(host, 0)):
            raise AssertionError("it listens")


async def test_remote_clients_are_served_if_configured() -> None:
    async with serve(Shown(), Listen("0.0.0.0", 0, without_login=True)) as port:
        assert await status(port) == 200


@dataclass
class Reload:
    """Counts its requests."""

    result: bool = True
    asked: list[str] = field(default_factory=list)

    async def __call__(self, user: str) -> bool:
        self.asked.append(user)
        return self.result


@pytest.mark.parametrize(
    ("method", "headers", "answered"),
    [
        ("POST", {}, 401),
        ("POST", basic("prometheus", "falsch"), 401),
        ("GET", basic("prometheus", "geheim"), 405),
        ("POST", basic("prometheus", "geheim") | {"Origin": "https://evil.example"}, 403),
        ("POST", basic("prometheus", "geheim") | {"Origin": "null"}, 403),
        ("POST", basic("prometheus", "geheim"), 200),
    ],
)
async def test_a_reload_needs_a_login_and_our_own_origin(
    method: str, headers: dict[str, str], answered: int
) -> None:
    reload = Reload()
    async with (
        served(WebAccess(users=USERS), reload=reload) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as web,
        web.request(method, "/-/reload", headers=headers) as answer,
    ):
        assert answer.status == answered
        assert reload.asked == (["prometheus"] if answered == 200 else [])


async def test_a_reload_needs_users() -> None:
    with pytest.raises(StrangersError, match="reload"):
        async with served(WebAccess(), reload=Reload()):
            raise AssertionError("it listens")


async def test_a_client_that_does_not_finish_its_request_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    refused = no_refusals()
    async with served(WebAccess(), refused=refused) as port:
        for sent in (b"", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: "):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            async with asyncio.timeout(60):
                with contextlib.suppress(ConnectionResetError):
                    assert await reader.read() == b""
            writer.close()
        assert refused == {**no_refusals(), Refusal.SLOW: 2}
        # A busy machine may take longer than that for an honest request.
        monkeypatch.setattr(connection, "HEAD_SECONDS", 60.0)
        assert await status(port) == 200


@pytest.fixture(scope="module")
def authority() -> Issued:
    return issue("authority", None, days=30, is_authority=True)


@pytest.mark.parametrize(
    ("name", "allowed", "answered"),
    [("prometheus.example", (), 200), ("prometheus.example", ("prometheus.example",), 200),
     ("other.example", ("prometheus.example",), 403), (None, (), None)],
)  # fmt: skip
async def test_a_client_certificate_admits_its_permitted_names(
    authority: Issued, tmp_path_factory: pytest.TempPathFactory, name: str | None,
    allowed: tuple[str, ...], answered: int | None,
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("tls")
    server = issue("server", authority, days=9, names=("localhost",))
    tls = Tls(
        server.pem.decode(),
        server.key_pem.decode(),
        client_ca=authority.pem.decode(),
        must_have_certificate=True,
        allowed_names=allowed,
    )
    context = ssl.create_default_context(cadata=authority.pem.decode())
    if name:
        client = issue(name, authority, days=9, names=(name,))
        (folder / "client.pem").write_bytes(client.pem + client.key_pem)
        context.load_cert_chain(folder / "client.pem")
    async with served(WebAccess(tls=tls)) as port, aiohttp.ClientSession() as web:
        try:
            async with web.get(f"https://localhost:{port}/-/healthy", ssl=context) as answer:
                found: int | None = answer.status
        except (aiohttp.ClientError, ConnectionError):
            found = None
    assert found == answered
