"""A running NetBox is read page by page, and the token is sent only to it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from monitor.importing.netbox_server import ask_netbox
from monitor.importing.taken import ImportProblemError
from tests.importing.office import Office
from tests.importing.test_netbox import device, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "0123456789abcdef"


class NetBox(ThreadingHTTPServer):
    """A server that behaves like NetBox: a token, a maximum page size, URLs of next pages."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.largest_page = 2
        self.tables: dict[str, list[dict[str, Any]]] = {"sites": [], "devices": []}
        self.asked: list[tuple[str, str | None]] = []
        self.redirect = ""
        self.address = f"http://127.0.0.1:{self.server_port}/netbox"


class _Handler(BaseHTTPRequestHandler):
    server: NetBox

    def do_GET(self) -> None:
        token = self.headers.get("Authorization")
        self.server.asked.append((self.path, token))
        if self.server.redirect:
            self._answer(302, b"", Location=self.server.redirect)
            return
        if token not in {f"Token {TOKEN}", "Bearer nbt_abc.def"}:
            self._answer(403, b"{}")
            return
        parts = urlsplit(self.path)
        kind = parts.path.removeprefix("/netbox/api/dcim/").strip("/")
        if kind not in self.server.tables:
            self._answer(404, b"not here")
            return
        asked = {key: int(one[0]) for key, one in parse_qs(parts.query).items()}
        limit, offset = min(asked["limit"], self.server.largest_page), asked["offset"]
        every = self.server.tables[kind]
        has_more = offset + limit < len(every)
        # Behind a proxy NetBox returns URLs that are not reachable.
        more = f"http://inside.invalid/api/dcim/{kind}/?offset={offset + limit}"
        page = {"count": len(every), "next": more if has_more else None}
        said = page | {"results": every[offset : offset + limit]}
        self._answer(200, json.dumps(said).encode())

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Log nothing."""


@pytest.fixture
def netbox() -> Iterator[NetBox]:
    with NetBox() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setenv("NETBOX_TOKEN", TOKEN)
    return Office(tmp_path)


def test_all_pages_are_read_and_become_schools(office: Office, netbox: NetBox) -> None:
    rathaus = [site("", id=at, name=f"Rathaus {at}") for at in range(1, 5)]
    netbox.tables["sites"] = [*rathaus, site()]
    netbox.tables["devices"] = [device("rt", "Router", "10.82.2.254/24")]
    said = office.taken("netbox", netbox.address)
    assert office.school().sites[0].uplink.host == "10.82.2.254"
    assert "passed over: Rathaus 1 (empty), Rathaus 2 (empty), Rathaus 3 (empty)," in said
    assert "anyone on the path can read the token" in said
    assert len(netbox.asked) == 4
    assert {token for _, token in netbox.asked} == {f"Token {TOKEN}"}


def test_the_token_can_come_from_a_file(
    office: Office, netbox: NetBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NETBOX_TOKEN")
    code, _, errors = office.take("netbox", netbox.address)
    assert (code, "set $NETBOX_TOKEN, or name --token-file" in errors) == (2, True)
    file = office.folder / "token"
    file.write_text("nbt_abc.def\n", encoding="utf-8")
    netbox.tables["sites"] = [site()]
    office.taken("netbox", netbox.address, "--token-file", file)
    assert netbox.asked[0][1] == "Bearer nbt_abc.def"


def test_a_redirect_is_refused_with_its_address_and_gets_no_token(netbox: NetBox) -> None:
    with NetBox() as other:
        netbox.redirect = f"{other.address}/api/dcim/sites/"
        with pytest.raises(ImportProblemError, match=f"HTTP 302; {other.address}"):
            ask_netbox(netbox.address, TOKEN)
        assert not other.asked


@pytest.mark.parametrize(
    ("path", "token", "said"),
    [
        ("", "wrong", "HTTP 403; the token is refused"),
        ("/elsewhere", TOKEN, "HTTP 404; there is no NetBox"),
        ("?limit=1", TOKEN, "without a login or a ?"),
        ("", "two\nlines", "not one line"),
        ("/Büro", TOKEN, "not a valid address"),
    ],
)
def test_each_server_error_is_reported(netbox: NetBox, path: str, token: str, said: str) -> None:
    with pytest.raises(ImportProblemError) as caught:
        ask_netbox(netbox.address + path, token)
    assert said in str(caught.value)
    assert token not in str(caught.value)


def test_an_unreachable_server_is_reported(office: Office) -> None:
    with NetBox() as closed:
        address = closed.address
    code, _, errors = office.take("netbox", address)
    assert code == 1
    assert "Connection refused: nothing listens there; check host and port" in errors
    assert "Errno" not in errors


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://[::1", "the address is HTTPS://HOST/PATH alone"),
        (f"https://{'x' * 64}.invalid", "no host has this name"),
    ],
)
def test_an_address_of_no_host_is_reported(address: str, said: str) -> None:
    with pytest.raises(ImportProblemError, match=said):
        ask_netbox(address, TOKEN)
