"""Responses that break the rules of HTTP/1.1 but that browsers show all the same.

A website that users can read is not down. Chromium and curl accept each response here; this test
runs curl again. docs/decisions/11-own-http-reader.md has the measurement.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from monitor.inventory.checks import HttpOptions
from monitor.observation import HttpReading, Outcome, Reason
from tests.probes.support import probe, stream_server

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

STATUS = b"HTTP/1.1 200 OK"
LENGTH = b"Content-Length: 2"
CODED = b"Transfer-Encoding: chunked"
CHUNKS = b"2\r\nok\r\n0\r\n\r\n"


def answer(*fields: bytes, body: bytes = b"ok", status: bytes = STATUS) -> bytes:
    return b"\r\n".join((status, *fields, b"", body))


SHOWN = {
    "blank-before-colon": answer(b"X-Blank : 1", b"Content-Length\t: 2"),
    "folded": answer(b"X-Long: one", b"  two", b"\tthree", LENGTH),
    "bare-line-feeds": answer(LENGTH).replace(b"\r", b""),
    "equal-lengths": answer(LENGTH, LENGTH),
    "list-of-equal-lengths": answer(b"Content-Length: 2, 2"),
    "length-of-many-zeros": answer(b"Content-Length: 0000000000000000000002"),
    "length-and-chunked": answer(LENGTH, CODED, body=CHUNKS),
    "chunked-twice": answer(CODED, CODED, body=CHUNKS),
    "chunked-in-capitals": answer(b"Transfer-Encoding: Chunked", body=CHUNKS),
    "identity": answer(b"Transfer-Encoding: identity", LENGTH),
    "identity-until-the-end": answer(b"Transfer-Encoding: identity"),
    "chunks-with-bare-line-feeds": answer(CODED, body=CHUNKS.replace(b"\r", b"")),
    "blanks-behind-the-size": answer(CODED, body=b"2  \r\nok\r\n0 \r\n\r\n"),
    "blanks-before-the-extension": answer(CODED, body=b"2 ; a=b\r\nok\r\n0\r\n\r\n"),
    "trailer-with-blank": answer(CODED, body=b"2\r\nok\r\n0\r\nT : x\r\n\r\n"),
    "no-reason": answer(LENGTH, status=b"HTTP/1.1 200"),
    "two-blanks-in-the-status-line": answer(LENGTH, status=b"HTTP/1.1  200  OK"),
    "reason-with-umlaut": answer(LENGTH, status="HTTP/1.1 200 Für alle".encode()),
    "name-with-blank": answer(b"Na me: x", LENGTH),
    "name-with-brackets": answer(b"X(a): b", b"X@a: b", LENGTH),
    "name-with-umlaut": answer("Größe: 2".encode(), LENGTH),
    "no-name": answer(b": x", LENGTH),
    "value-with-umlaut": answer("X-Ort: Köln".encode(), "X-Ort: Köln".encode("latin-1"), LENGTH),
    "value-with-controls": answer(b"X: a\x01b\x1b[0mc\x7f", LENGTH),
    "value-with-carriage-return": answer(b"X: a\rb", LENGTH),
    "more-than-announced": answer(LENGTH, body=b"okmore"),
}

# Chromium, curl and Go refuse these.
BROKEN = {
    "different-lengths": answer(LENGTH, b"Content-Length: 3"),
    "shorter-than-announced": answer(b"Content-Length: 9"),
    "no-last-chunk": answer(CODED, body=b"2\r\nok\r\n"),
}


def site(answers: dict[str, bytes]) -> AbstractAsyncContextManager[int]:
    """Serve each answer at the path of its name; return the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(answers[request.split(b" ")[1].decode().removeprefix("/")])
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    return stream_server(serve)


async def curl(urls: list[str]) -> list[str]:
    """Return for each URL the body, the status and the exit code of curl."""
    arguments = ["-sS", "--max-time", "60", "-w", " %{http_code} %{exitcode}\n", *urls]
    process = await asyncio.create_subprocess_exec(
        "curl", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    output, _ = await process.communicate()
    return output.decode().splitlines()


async def test_responses_that_curl_and_browsers_show_are_no_fault() -> None:
    async with site(SHOWN) as port:
        urls = [f"http://127.0.0.1:{port}/{name}" for name in SHOWN]
        ours = [await probe(HttpOptions(url, body="^ok$"), seconds=60) for url in urls]
        theirs = await curl(urls)
    assert dict(zip(SHOWN, theirs, strict=True)) == dict.fromkeys(SHOWN, "ok 200 0")
    assert {name: one.detail for name, one in zip(SHOWN, ours, strict=True) if one.detail} == {}


@pytest.mark.parametrize("name", BROKEN)
async def test_responses_that_every_browser_refuses_are_a_fault(name: str) -> None:
    async with site(BROKEN) as port:
        found = await probe(HttpOptions(f"http://127.0.0.1:{port}/{name}"), seconds=60)
    assert found.reason is Reason.MALFORMED


async def test_a_field_whose_name_is_not_a_token_has_no_effect() -> None:
    answers = {"x": answer(b"Content-Length(x): 9", b"Content Length: 9", LENGTH)}
    async with site(answers) as port:
        found = await probe(HttpOptions(f"http://127.0.0.1:{port}/x"), seconds=60)
    assert isinstance(found.values, HttpReading)
    assert (found.outcome, found.values.content_length) == (Outcome.OK, 2)
