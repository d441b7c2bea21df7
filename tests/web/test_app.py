"""The HTTP interface over a test view: statuses, headers, limits."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import pytest

from monitor.status.outage_model import Sla
from monitor.status.view import BusyError, UnavailableError, UnknownMonthError, UnknownTargetError
from monitor.web.app import AddressInUseError, Listen, serve
from monitor.web.refusals import Refusal
from tests.web import answers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from monitor.status.model import CityStatus, Finding, SchoolStatus, SchoolSummary, Window
    from monitor.status.uptime import Uptime

TEXT = b"# HELP a A\n# TYPE a gauge\na 1\n"


class Shown:
    """A view that shows little; `reason` says why it is not ready."""

    def __init__(self) -> None:
        self.reason = ""
        self.probed: list[tuple[str, str]] = []

    def other_shard(self, school_id: str) -> str:
        return "2/2" if school_id == "schule-3" else ""

    def knows_school(self, school_id: str) -> bool:
        return school_id == "goethe"

    def school_ids(self) -> tuple[str, ...]:
        return ("goethe",)

    async def metrics(self, school_id: str | None, *, gzip: bool) -> AsyncIterator[bytes]:
        text = TEXT if school_id is None else TEXT.replace(b"a 1", b"a 2")
        yield packed(text) if gzip else text

    def not_ready(self) -> str:
        return self.reason

    async def probe(self, target: str, module: str) -> str:
        self.probed.append((target, module))
        if target == "bug":
            raise ZeroDivisionError("geheim")
        if target != "goethe":
            raise UnknownTargetError(f"no school {target!r} is configured")
        return "probe_success 1\n"

    def timezone(self) -> str:
        return "Europe/Berlin"

    def city(self) -> CityStatus:
        return answers.city()

    def schools(self) -> tuple[SchoolSummary, ...]:
        return (answers.summary(),)

    async def school(self, school_id: str) -> SchoolStatus | None:
        return answers.school() if school_id == "goethe" else None

    async def uptime(self) -> dict[str, Uptime]:
        return {"goethe": answers.uptime()}

    def verdicts(self) -> tuple[Finding, ...]:
        return (answers.finding(),)

    def config_rejected_since(self) -> datetime | None:
        return None

    def web_config_rejected_since(self) -> datetime | None:
        return None

    def ledger_is_written(self) -> bool:
        return True

    def windows(self) -> tuple[Window, ...]:
        return ()

    async def sla(self, month: str | None) -> Sla:
        if month == "2099-01":
            raise UnknownMonthError("2099-01 has not begun")
        if month == "2000-01":
            raise UnavailableError("the ledger cannot be read: gone")
        return Sla(month=month or "2022-03", sites=())


def packed(text: bytes) -> bytes:
    return gzip.compress(text, mtime=0)


@asynccontextmanager
async def client(
    view: Shown | None = None, *host_names: str
) -> AsyncIterator[aiohttp.ClientSession]:
    async with serve(view or Shown(), Listen("127.0.0.1", 0, host_names=host_names)) as port:
        base = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession(base, auto_decompress=False) as session:
            yield session


async def test_metrics_are_served_in_the_prometheus_format() -> None:
    async with client() as web, web.get("/metrics", headers={"Accept-Encoding": ""}) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert await answer.read() == TEXT


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("GZIP", True),
        ("gzip;q=0.001", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, identity", False),
        ("x-gzipped", False),
        ("identity", False),
        ("", False),
    ],
)
async def test_metrics_are_compressed_for_clients_that_accept_it(
    accepted: str, *, is_packed: bool
) -> None:
    headers = {"Accept-Encoding": accepted}
    async with client() as web, web.get("/metrics", headers=headers) as answer:
        body = await answer.read()
        assert ("Content-Encoding" in answer.headers) is is_packed
        assert (gzip.decompress(body) if is_packed else body) == TEXT


async def test_metrics_of_one_school_are_served_and_an_unknown_one_is_404() -> None:
    async with client() as web:
        async with web.get("/metrics?school=goethe") as answer:
            assert b"a 2" in gzip.decompress(await answer.read())
        async with web.get("/metrics?school=weimar") as answer:
            assert answer.status == 404


async def test_ready_says_why_it_is_not_ready() -> None:
    view = Shown()
    view.reason = "7 checks have not run yet"
    async with client(view) as web:
        async with web.get("/-/ready") as answer:
            assert (answer.status, await answer.text()) == (
                503,
                "not ready: 7 checks have not run yet\n",
            )
        async with web.get("/-/healthy") as answer:
            assert answer.status == 200


async def test_probe_runs_configured_checks_and_reports_others() -> None:
    view = Shown()
    async with client(view) as web:
        async with web.get("/probe") as answer:
            assert answer.status == 400
        async with web.get("/probe?target=goethe") as answer:
            assert (answer.status, await answer.text()) == (200, "probe_success 1\n")
        async with web.get("/probe?target=<script>") as answer:
            assert answer.status == 400
            assert answer.headers["Content-Type"].startswith("text/plain")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert view.probed == [("goethe", "icmp"), ("<script>", "icmp")]


async def test_a_bug_reveals_nothing_to_the_client() -> None:
    async with client() as web, web.get("/probe?target=bug") as answer:
        assert answer.status == 500
        assert "geheim" not in await answer.text()
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Server"] == "schulnetz"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_the_server_is_read_only(method: str) -> None:
    async with client() as web:
        for path in ("/metrics", "/probe?target=goethe", "/-/healthy"):
            async with web.request(method, path) as answer:
                assert answer.status == 405
                assert answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/metrics/../../etc/passwd",
        "/static/app.py",
        "/-/reload",
        "/-/quit",
        "/debug/pprof",
    ],
)
async def test_there_are_no_other_pages(path: str) -> None:
    async with client() as web, web.get(path) as answer:
        assert answer.status == 404


async def test_head_has_no_body_and_keeps_the_connection_usable() -> None:
    async with serve(Shown(), Listen("127.0.0.1", 0)) as port:
        request = "{} /metrics HTTP/1.1\r\nHost: localhost\r\n{}\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request.format("HEAD", "").encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        writer.write(request.format("GET", "Connection: close\r\n").encode())
        rest = await reader.read()
        assert rest.startswith(b"HTTP/1.1 200")
        assert TEXT.splitlines()[-1] in rest
        writer.close()
        await writer.wait_closed()


async def test_an_endless_request_line_is_refused() -> None:
    async with client() as web, web.get(f"/metrics?school={'a' * 9000}") as answer:
        assert answer.status == 400


async def test_an_address_in_use_is_reported_with_the_cure() -> None:
    async with serve(Shown(), Listen("127.0.0.1", 0)) as port:
        with pytest.raises(AddressInUseError, match=f"cannot listen on 127.0.0.1:{port}"):
            async with serve(Shown(), Listen("127.0.0.1", port)):
                raise AssertionError("it listened")


async def test_a_name_that_no_host_can_have_is_reported_with_the_cure() -> None:
    """Python encodes the name before it is looked up, and raises an error that is no OSError."""
    with pytest.raises(AddressInUseError, match="invalid host name; choose another address"):
        async with serve(Shown(), Listen("a..b", 0, without_login=True)):
            raise AssertionError("it listened")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UnavailableError("gone"), "Das Messprotokoll lässt sich gerade nicht lesen"),
        (BusyError("full"), "Zu viele fragen gerade das Messprotokoll ab"),
    ],
)
async def test_a_browser_gets_a_page_while_the_ledger_cannot_be_read(
    error: UnavailableError, said: str
) -> None:
    class Off(Shown):
        async def school(self, school_id: str) -> SchoolStatus | None:
            assert school_id == "goethe"
            raise error

    path, headers = "/schools/goethe?lang=de", {"Accept": "text/html,*/*;q=0.8"}
    async with client(Off()) as web, web.get(path, headers=headers) as answer:
        text = (await answer.read()).decode()
        assert (answer.status, answer.content_type) == (503, "text/html")
        assert ("Retry-After" in answer.headers) == isinstance(error, BusyError)
    assert said in text
    assert 'href="../?lang=de"' in text


@pytest.mark.parametrize("path", ["/schools/goethe", "/api/v1/schools/goethe", "/api/v1/sla"])
async def test_a_reader_beyond_the_limit_is_asked_to_retry(path: str) -> None:
    class Busy(Shown):
        async def school(self, school_id: str) -> SchoolStatus | None:
            raise BusyError(f"too many read the ledger now ({school_id})")

        async def sla(self, month: str | None) -> Sla:
            raise BusyError(f"too many read the ledger now ({month})")

    listen = Listen("127.0.0.1", 0)
    async with (
        serve(Busy(), listen) as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}") as answer,
    ):
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert "too many read the ledger now" in await answer.text()
    assert listen.refused[Refusal.BUSY] == 1
