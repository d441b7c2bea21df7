"""Clients that are slow to send or to read: each is closed by its deadline, whatever it sends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import TYPE_CHECKING

import pytest

from monitor.web.app import Listen, Unchanging, serve
from monitor.web.connection import HEAD_SECONDS, WRITE_SECONDS
from monitor.web.refusals import Refusal, no_refusals
from monitor.web.tls import Tls, WebAccess
from tests.integration.probe_servers import issue
from tests.web.test_access import USERS, basic
from tests.web.test_app import Shown

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import AsyncIterator, Callable, Coroutine
    from typing import Any

pytestmark = pytest.mark.integration

LONG_ENOUGH = 60.0
LATE = 1.0
GET = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n"
HALF = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nX: "
POST = b"POST /-/healthy HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n"
MEBIBYTE = b"# " + b"x" * (1024 * 1024 - 3) + b"\n"

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Large(Shown):
    """A view whose answer is larger than every buffer on the way."""

    async def metrics(self, school_id: str | None, *, gzip: bool) -> AsyncIterator[bytes]:
        del school_id, gzip
        for _ in range(64):
            yield MEBIBYTE


async def nothing(_: asyncio.StreamWriter) -> None:
    """Send nothing."""


def once(text: bytes) -> Callable[[asyncio.StreamWriter], Coroutine[Any, Any, None]]:
    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(text)

    return send


def slowly(
    first: bytes, again: bytes
) -> Callable[[asyncio.StreamWriter], Coroutine[Any, Any, None]]:
    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            await asyncio.sleep(0.2)
            writer.write(again)

    return send


def fast(first: bytes, again: bytes) -> Callable[[asyncio.StreamWriter], Coroutine[Any, Any, None]]:
    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(again)
            await writer.drain()

    return send


CLIENTS = {
    "nothing": nothing,
    "half a head": once(HALF),
    "a head byte by byte": slowly(HALF, b"x"),
    "blank lines": slowly(b"\r\n", b"\r\n\r\n"),
    "blank lines at full speed": fast(b"", b"\r\n" * 1000),
    "half a second request": once(GET + HALF),
    "a second request byte by byte": slowly(GET + HALF, b"x"),
    "blank lines after a request": slowly(GET, b"\r\n\r\n"),
    "a body byte by byte": slowly(POST, b"x"),
    "blank lines as a body": slowly(POST, b"\r\n\r\n"),
    "a body at full speed": fast(POST, b"\r\n" * 1000),
    "nothing after a request": once(GET),
}


async def closed_after(client: Client, send: Coroutine[Any, Any, None]) -> float:
    """Return after how many seconds the server closed a connection."""
    reader, writer = client
    loop = asyncio.get_running_loop()
    began = loop.time()
    sending = asyncio.create_task(send)
    with contextlib.suppress(OSError):
        async with asyncio.timeout(LONG_ENOUGH):
            while await reader.read(65536):
                pass
    took = loop.time() - began
    sending.cancel()
    with contextlib.suppress(OSError, asyncio.CancelledError):
        await sending
    writer.close()
    return took


async def counted(refused: Counter[str], why: Refusal, times: int) -> None:
    """Wait until this many were refused for a reason."""
    async with asyncio.timeout(LONG_ENOUGH):
        while refused[why] < times:  # noqa: ASYNC110  # a counter has no event
            await asyncio.sleep(0.05)


async def patience() -> float:
    """Return how long the deadline takes in this loop under its current load."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.sleep(HEAD_SECONDS)
    return loop.time() - began


async def test_slow_clients_are_closed_at_the_request_header_deadline(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = no_refusals()
    async with serve(Shown(), Listen("127.0.0.1", 0, refused=refused)) as port:
        opened = {name: await asyncio.open_connection("127.0.0.1", port) for name in CLIENTS}
        idle, *took = await asyncio.gather(
            patience(),
            *(closed_after(opened[name], CLIENTS[name](opened[name][1])) for name in CLIENTS),
        )
        for name, seconds in zip(CLIENTS, took, strict=True):
            assert seconds <= idle + LATE, name
        assert refused[Refusal.SLOW] >= len(CLIENTS) / 2
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"healthy\n"), LONG_ENOUGH)
        writer.close()
    assert caplog.records == []


async def test_a_tls_handshake_has_the_same_deadline() -> None:
    issued = issue("server", None, days=9, names=("localhost",), is_authority=True)
    access = WebAccess(Tls(issued.pem.decode(), issued.key_pem.decode()), USERS)
    refused = no_refusals()
    hello = ssl.MemoryBIO()
    shaking = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="x")
    with contextlib.suppress(ssl.SSLWantReadError):
        shaking.do_handshake()
    text = hello.read()
    sends = [nothing, once(text[:50]), slowly(text[:5], text[5:6]), once(text)]
    listen = Listen("127.0.0.1", 0, Unchanging(access), refused=refused)
    async with serve(Shown(), listen) as port:
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in sends]
        idle, *took = await asyncio.gather(
            patience(),
            *(closed_after(one, send(one[1])) for one, send in zip(opened, sends, strict=True)),
        )
        assert max(took) <= idle + LATE
        assert refused[Refusal.SLOW] == len(sends)


async def test_http_at_the_port_of_https_is_answered_and_closed() -> None:
    issued = issue("server", None, days=9, names=("localhost",), is_authority=True)
    access = WebAccess(Tls(issued.pem.decode(), issued.key_pem.decode()), USERS)
    refused = no_refusals()
    listen = Listen("127.0.0.1", 0, Unchanging(access), refused=refused)
    async with serve(Shown(), listen) as port:
        for number, sent in enumerate((GET, HALF, POST), start=1):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            answer = await asyncio.wait_for(reader.read(), LONG_ENOUGH)
            assert answer.startswith(b"HTTP/1.0 400 Bad Request\r\n")
            assert answer.endswith(b"\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
            assert refused[Refusal.HANDSHAKE] == number
            writer.close()
        # A beginning that may still become TLS is left to the handshake.
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"G")
        await asyncio.sleep(0.1)
        writer.write(GET[1:])
        with contextlib.suppress(ConnectionError):
            assert b"200" not in await asyncio.wait_for(reader.read(), LONG_ENOUGH)
        await counted(refused, Refusal.HANDSHAKE, 4)
        writer.close()
    assert refused.total() == 4


@pytest.mark.parametrize("by_tls", [False, True])
async def test_a_client_that_does_not_read_its_answer_loses_its_slot(
    caplog: pytest.LogCaptureFixture, *, by_tls: bool
) -> None:
    """Eight addresses with eight connections each hold them until the deadline, not longer."""
    issued = issue("server", None, days=9, names=("localhost",), is_authority=True)
    tls = Tls(issued.pem.decode(), issued.key_pem.decode()) if by_tls else None
    context = ssl.create_default_context(cadata=issued.pem.decode()) if by_tls else None
    refused = no_refusals()
    loop = asyncio.get_running_loop()
    listen = Listen("127.0.0.1", 0, Unchanging(WebAccess(tls)), refused=refused)
    opened: list[Client] = []
    async with contextlib.AsyncExitStack() as stack:
        port = await stack.enter_async_context(serve(Large(), listen))
        for number in range(64):
            sock = socket.socket()
            sock.settimeout(0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.bind((f"127.0.0.{20 + number % 8}", 0))
            await loop.sock_connect(sock, ("127.0.0.1", port))
            name = "localhost" if by_tls else None
            # Answers beyond the limit that are not read stay in the server.
            reader, writer = await asyncio.open_connection(
                sock=sock, limit=1024, ssl=context, server_hostname=name
            )
            opened.append((reader, writer))
            stack.callback(writer.transport.abort)
            writer.write(GET.replace(b"/-/healthy", b"/metrics"))
        idle = asyncio.create_task(patience())
        began = loop.time()
        await counted(refused, Refusal.UNREAD, 64)
        took = loop.time() - began
        assert took <= await idle + (WRITE_SECONDS - HEAD_SECONDS) + LATE
        assert refused[Refusal.NO_ROOM] == 0
    assert caplog.records == []


async def test_a_refusal_closes_the_connection() -> None:
    listen = Listen("127.0.0.1", 0, Unchanging(WebAccess(users=USERS)))
    wrong = basic("prometheus", "falsch")["Authorization"].encode()
    heads = [
        (b"401", GET.replace(b"/-/healthy", b"/metrics")),
        (b"401", GET.replace(b"\r\n\r\n", b"\r\nAuthorization: " + wrong + b"\r\n\r\n")),
        (b"421", GET.replace(b"localhost", b"[::1].evil.example")),
    ]
    async with serve(Shown(), listen) as port:
        for status, head in heads:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head)
            answer = await asyncio.wait_for(reader.read(), LONG_ENOUGH)
            assert answer.startswith(b"HTTP/1.1 " + status)
            assert b"\r\nConnection: close\r\n" in answer
            writer.close()


HOSTS = [
    (b"Host: localhost", 200),
    (b"Host: LOCALHOST.:1", 200),
    (b"Host: [::1]:9822", 200),
    (b"Host: [::1].evil.example", 421),
    (b"Host: [localhost].evil.example", 421),
    (b"Host: localhost@evil.example", 421),
    (b"Host: evil.example:localhost", 421),
    (b"Host: local%68ost", 421),
    (b"Host: localhost:80:80", 421),
    (b"Host: localhost..", 421),
    (b"Host:", 421),
    (b"X: y", 400),
    (b"Host: localhost\r\nHost: evil.example", 400),
    (b"Host: localhost\r\nHost: localhost", 400),
]


@pytest.mark.parametrize(("lines", "status"), HOSTS)
async def test_only_a_host_header_that_names_this_server_is_answered(
    lines: bytes, status: int
) -> None:
    async with serve(Shown(), Listen("127.0.0.1", 0)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /-/healthy HTTP/1.1\r\n" + lines + b"\r\nConnection: close\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), LONG_ENOUGH)
        assert int(answer.split()[1]) == status
        writer.close()


async def test_input_that_is_not_http_is_counted_and_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = no_refusals()
    texts = [b"\x16\x03\x01\0\1", b"GET / HTTP/1.1\r\nX: y\r\n\r\n", b"GET / HTTP/9\r\n\r\n"]
    texts += [b"GET / HTTP/1.1\r\nHost: a\r\nX\0: y\r\n\r\n", GET[:-2] + b"X: " + b"y" * 9000]
    async with serve(Shown(), Listen("127.0.0.1", 0, refused=refused)) as port:
        for text in texts:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(text)
            assert b" 400 " in await asyncio.wait_for(reader.read(), LONG_ENOUGH)
            writer.close()
    assert refused[Refusal.MALFORMED] == len(texts)
    assert caplog.records == []


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET http://localhost/-/healthy HTTP/1.1", 200),
        (b"GET http://evil.example/-/healthy HTTP/1.1", 421),
        (b"GET http://localhost@evil.example/-/healthy HTTP/1.1", 421),
        (b"GET /-/healthy?http://evil.example HTTP/1.1", 200),
    ],
)
async def test_the_host_in_an_absolute_request_target_is_checked_too(
    line: bytes, status: int
) -> None:
    async with serve(Shown(), Listen("127.0.0.1", 0)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(line + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), LONG_ENOUGH)
        assert int(answer.split()[1]) == status
        writer.close()
