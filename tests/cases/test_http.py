"""Odd web servers from the field whose oddities a browser hides from its user."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from monitor.inventory.checks import HttpOptions
from monitor.observation import Outcome, Reason
from monitor.probes.stream.cookies import Cookies
from monitor.probes.stream.url import parse_url
from tests.probes.support import probe, stream_server

if TYPE_CHECKING:
    import asyncio

    from monitor.observation import Observation

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)


async def asked(*answers: bytes, body: str | None = None) -> tuple[Observation, list[bytes]]:
    """Return what a check finds on a server with these answers, and the requests it received."""
    requests: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answers[len(requests) - 1])
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with stream_server(answer) as port:
        found = await probe(HttpOptions(f"http://127.0.0.1:{port}/", body=body), seconds=60)
    return found, requests


def response(*fields: str | bytes, body: bytes = b"", status: str = "200 OK") -> bytes:
    lines = [one.encode() if isinstance(one, str) else one for one in fields]
    return b"\r\n".join([f"HTTP/1.1 {status}".encode(), *lines, b"", body])


def redirect(*fields: str | bytes) -> bytes:
    return response("Content-Length: 0", *fields, status="302 Found")


class NeedsCookie:
    """blackbox_exporter#186, #257: a page that redirects to itself until its cookie is returned."""

    def __init__(self, *cookies: str) -> None:
        self.cookies = [f"Set-Cookie: {cookie}" for cookie in cookies]

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if b"\r\nCookie: seen=1" in request:
            writer.write(response("Content-Length: 2", body=b"ok"))
        else:
            writer.write(redirect("Location: /", *self.cookies))
        await writer.drain()


@pytest.mark.parametrize(
    "cookies",
    [
        ("seen=1",),
        ("seen=1; Path=/; HttpOnly; SameSite=Lax", "other=2; Path=/elsewhere"),
        ("seen=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",),
    ],
)
async def test_a_self_redirect_that_sets_a_cookie_succeeds(cookies: tuple[str, ...]) -> None:
    async with stream_server(NeedsCookie(*cookies)) as port:
        found = await probe(HttpOptions(f"http://127.0.0.1:{port}/"), seconds=60)
    assert (found.outcome, found.detail) == (Outcome.OK, "")


@pytest.mark.parametrize(
    "cookies", [("seen=1; Secure",), ("seen=1; Max-Age=0",), ("seen=1; Path=/elsewhere",), ()]
)
async def test_an_endless_redirect_is_cut_off(cookies: tuple[str, ...]) -> None:
    async with stream_server(NeedsCookie(*cookies)) as port:
        found = await probe(HttpOptions(f"http://127.0.0.1:{port}/"), seconds=60)
    assert found.reason is Reason.REDIRECTS


@pytest.mark.parametrize(
    ("field", "place", "sent"),
    [
        ("a=1", "http://goethe.example/", "a=1"),
        ("a=1", "http://www.goethe.example/", ""),
        ("a=1; Domain=goethe.example", "http://www.goethe.example/", "a=1"),
        ("a=1; Domain=.goethe.example", "http://goethe.example/x", "a=1"),
        ("a=1; Domain=schiller.example", "http://schiller.example/", ""),
        ("a=1; Domain=example", "http://schiller.example/", ""),
        ("a=1; Path=/app", "http://goethe.example/app", "a=1"),
        ("a=1; Path=/app", "http://goethe.example/app/login", "a=1"),
        ("a=1; Path=/app", "http://goethe.example/apple", ""),
        ("a=1; Secure", "https://goethe.example/", "a=1"),
        ("a=1; Secure", "http://goethe.example/", ""),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://goethe.example/", ""),
        ("a=1; Expires=never", "http://goethe.example/", "a=1"),
        ("no pair", "http://goethe.example/", ""),
        ("a=1\x01", "http://goethe.example/", ""),
        ("a=1\rHost: schiller.example", "http://goethe.example/", ""),
    ],
)
def test_a_cookie_is_sent_where_rfc_6265_says(field: str, place: str, sent: str) -> None:
    cookies = Cookies()
    cookies.take([field], parse_url("http://goethe.example/"), NOW)
    assert cookies.value(parse_url(place)) == sent


# envoy#31009; RFC 9112 §5.1 and §5.2.
@pytest.mark.parametrize(
    "fields",
    [
        ("X-Long: one", "  two", "Content-Length: 2"),
        ("X-Long: one", "\ttwo", " three", "Content-Length: 2"),
        ("Content-Length:", " 2"),
        ("Content-Length : 2",),
        ("X-Blank\t: 1", "Content-Length: 2"),
    ],
)
async def test_folded_fields_and_spaces_before_the_colon_are_accepted(
    fields: tuple[str, ...],
) -> None:
    found, _ = await asked(response(*fields, body=b"ok"), body="^ok$")
    assert (found.outcome, found.detail) == (Outcome.OK, "")


# request#570; without a valid charset, a browser guesses.
@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("text/html; charset=ISO-8859-1", "latin-1"),
        ('text/plain;charset="windows-1252"', "cp1252"),
        ("text/html; charset=UTF-16LE", "utf-16-le"),
        ("text/html; charset=utf-8", "utf-8"),
        ("text/html", "utf-8"),
        ("text/html", "latin-1"),
        ("text/html; charset=rot13", "utf-8"),
        ("text/html; charset=punycode", "utf-8"),
    ],
)
async def test_the_body_is_decoded_by_its_charset(content_type: str, charset: str) -> None:
    text = "Für alle Schüler"
    answer = response(f"Content-Type: {content_type}", body=text.encode(charset))
    found, _ = await asked(answer, body=f"^{text}$")
    assert (found.outcome, found.detail) == (Outcome.OK, "")


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/schüler".encode(), b"/sch%C3%BCler"),
        ("/schüler?fach=französisch".encode(), b"/sch%C3%BCler?fach=franz%C3%B6sisch"),
        ("/schüler".encode("latin-1"), b"/sch%FCler"),
        (b"/sch%C3%BCler", b"/sch%C3%BCler"),
    ],
)
async def test_a_non_ascii_location_is_requested_unchanged(location: bytes, target: bytes) -> None:
    onward = redirect(b"Location: " + location)
    found, requests = await asked(onward, response("Content-Length: 2", body=b"ok"))
    assert (found.outcome, found.detail) == (Outcome.OK, "")
    assert requests[1].startswith(b"GET " + target + b" HTTP/1.1\r\n")


async def test_a_redirect_to_an_ipv4_address_with_a_zone_is_the_servers_fault() -> None:
    found, _ = await asked(redirect("Location: http://127.0.0.1%x/"))
    assert (found.outcome, found.reason) == (Outcome.FAILED, Reason.REDIRECTS)
