"""Every web.config.yml that is refused or would admit strangers leaves access control unchanged.

The clients are curl and openssl, on sockets of the real server.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import bcrypt
import pytest

from monitor.threads import Threads
from monitor.web import accepting
from monitor.web.access_file import LOOK_SECONDS, WebFile
from monitor.web.app import Listen, serve
from tests.integration.probe_servers import issue
from tests.integration.running import COMMUNITY, COMMUNITY_OF_RUN, Town, started, until
from tests.web.test_access import Reload, basic
from tests.web.test_access_file import Clock
from tests.web.test_app import Shown
from tests.web.test_web_file import BAD, GOOD, ODD, STRICTER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.integration

HASH = bcrypt.hashpw(b"geheim", bcrypt.gensalt(4)).decode()
USERS = f'basic_auth_users: {{prometheus: "{HASH}"}}\n'
LOGIN = "prometheus:geheim"
TLS = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n"
CLIENTS = "  client_ca_file: authority.pem\n  client_auth_type: RequireAndVerifyClientCert\n"
OPEN = {
    "emptied": "",
    "users alone": "basic_auth_users:",
    "a comment": "# basic_auth_users\n",
    "headers alone": "http_server_config: {headers: {X-Frame-Options: deny}}\n",
    "cut after tls": TLS,
    "cut in tls": "tls_server_config:\n",
    "no users": "basic_auth_users: {}\n",
    "nothing": "~",
    "a limit": "rate_limit: {interval: 1s, burst: 1}\n",
}
# Files that once lifted the access control of a running daemon.
FOUND_OPEN = ("emptied", "users alone", "a comment", "headers alone", "cut after tls")
KEEPS_STRANGERS_OUT = {"users", "users and tls", "2a"}
LONG_ENOUGH = 60.0


@dataclass(frozen=True)
class Served:
    """A server whose file can be changed; a change is detected at once."""

    folder: Path
    port: int
    clock: Clock
    rules: WebFile
    threads: Threads
    reload: Reload
    scheme: str

    async def change(self, text: str) -> None:
        (self.folder / "web.yml").write_text(text)
        for _ in range(2):
            self.clock.time += LOOK_SECONDS
            await self.rules.look(self.threads)

    async def curl(self, *arguments: str) -> str:
        """Return the status of a request, or 000 if there was none."""
        return await run(
            *("curl", "-sk", "-m", f"{LONG_ENOUGH:g}", "-o", "/dev/null", "-w", "%{http_code}"),
            *(*arguments, f"{self.scheme}://127.0.0.1:{self.port}/metrics"),
        )

    async def reloads(self, *arguments: str) -> str:
        """Return the status of a request to reload."""
        url = f"{self.scheme}://127.0.0.1:{self.port}/-/reload"
        flags = ("-sk", "-m", f"{LONG_ENOUGH:g}", "-o", "/dev/null", "-w", "%{http_code}")
        return await run("curl", *flags, "-X", "POST", *arguments, url)

    async def shakes_hands(self, *arguments: str) -> bool:
        """Return whether openssl gets an answer with these options."""
        said = await run(
            *("openssl", "s_client", "-ign_eof", "-connect", f"127.0.0.1:{self.port}"),
            *arguments,
            sent=b"GET /-/healthy HTTP/1.0\r\nHost: localhost\r\n\r\n",
        )
        return "Server: schulnetz" in said


async def run(*command: str, sent: bytes = b"") -> str:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(process.communicate(sent), 2 * LONG_ENOUGH)
    return said.decode(errors="replace")


@asynccontextmanager
async def served(folder: Path, text: str) -> AsyncIterator[Served]:
    clock, reload = Clock(), Reload()
    (folder / "web.yml").write_text(text)
    listen = Listen("0.0.0.0", 0, reload=reload)
    rules = WebFile(folder / "web.yml", clock, listen.audience, lambda _: None)
    listen = Listen("0.0.0.0", 0, rules, reload=reload)
    scheme = "https" if "server.pem" in text else "http"
    with Threads("web file", 1, 1) as threads:
        async with serve(Shown(), listen) as port:
            yield Served(folder, port, clock, rules, threads, reload, scheme)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("door")
    authority = issue("authority", None, days=30, is_authority=True)
    other = issue("other", None, days=30, is_authority=True)
    (found / "authority.pem").write_bytes(authority.pem)
    (found / "other-authority.pem").write_bytes(other.pem)
    for name, issuer in (("server", authority), ("client", authority), ("stranger", other)):
        issued = issue(name, issuer, days=30, names=("localhost", "127.0.0.1"))
        (found / f"{name}.pem").write_bytes(issued.pem)
        (found / f"{name}.key").write_bytes(issued.key_pem)
    (found / "other.key").write_bytes(other.key_pem)
    (found / "junk.pem").write_text("junk")
    return found


async def test_an_invalid_or_open_file_never_lifts_access_control(folder: Path) -> None:
    """One after another, so that a bad file cannot keep open what the previous one opened."""
    opening = {name: text for name, text in GOOD.items() if name not in KEEPS_STRANGERS_OUT}
    async with served(folder, USERS) as here:
        for name, text in (OPEN | BAD | STRICTER | ODD | opening).items():
            await here.change(text)
            found = await here.curl(), await here.reloads(), await here.curl("-u", LOGIN)
            assert found == ("401", "401", "200"), name
        assert here.reload.asked == []
        await here.change(USERS.replace("prometheus", "another"))
        assert await here.curl("-u", LOGIN) == "401"
        assert await here.curl("-u", "another:geheim") == "200"


async def test_a_truncated_file_never_lifts_access_control(folder: Path) -> None:
    """Written in place, as by an editor whose file is read half-written."""
    whole = TLS + CLIENTS + USERS
    async with served(folder, whole) as here:
        with_certificate = ("--cert", f"{folder}/client.pem", "--key", f"{folder}/client.key")
        for end in range(0, len(whole), 3):
            await here.change(whole[:end])
            assert await here.curl() == "000", whole[:end]
            assert await here.curl(*with_certificate) == "401", whole[:end]
        assert await here.curl(*with_certificate, "-u", LOGIN) == "200"


async def test_client_certificates_are_required_from_the_next_connection(
    folder: Path,
) -> None:
    client = ("--cert", f"{folder}/client.pem", "--key", f"{folder}/client.key")
    stranger = ("--cert", f"{folder}/stranger.pem", "--key", f"{folder}/stranger.key")
    async with served(folder, USERS + TLS) as here:
        assert await here.curl("-u", LOGIN) == "200"
        await here.change(USERS + TLS + CLIENTS)
        assert await here.curl("-u", LOGIN) == "000"
        assert await here.curl("-u", LOGIN, *stranger) == "000"
        assert await here.curl("-u", LOGIN, *client) == "200"
        await here.change(USERS + TLS + CLIENTS.replace("authority.pem", "other-authority.pem"))
        assert await here.curl("-u", LOGIN, *client) == "000"
        assert await here.curl("-u", LOGIN, *stranger) == "200"
        await here.change(USERS + TLS)
        assert await here.curl("-u", LOGIN) == "000"


async def test_tls_versions_ciphers_and_curves_apply_from_the_next_connection(folder: Path) -> None:
    cipher = ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")
    async with served(folder, USERS + TLS) as here:
        assert await here.shakes_hands(*cipher)
        assert await here.shakes_hands("-groups", "P-256")
        await here.change(f"{USERS}{TLS}  min_version: TLS13\n")
        assert not await here.shakes_hands(*cipher)
        assert await here.shakes_hands("-tls1_3")
        await here.change(f"{USERS}{TLS}  max_version: TLS12\n")
        assert not await here.shakes_hands("-tls1_3")
        suites = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
        await here.change(f"{USERS}{TLS}  cipher_suites: [{suites}]\n")
        assert not await here.shakes_hands(*cipher)
        assert await here.shakes_hands("-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384")
        await here.change(f"{USERS}{TLS}  curve_preferences: [CurveP384]\n")
        assert not await here.shakes_hands("-groups", "P-256")
        assert await here.shakes_hands("-groups", "P-384")


async def test_an_open_connection_is_not_answered_under_the_old_tls_settings(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    context = ssl.create_default_context(cafile=folder / "authority.pem")
    asked = (
        b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n"
        b"Authorization: Basic cHJvbWV0aGV1czpnZWhlaW0=\r\n\r\n"
    )
    async with served(folder, USERS + TLS) as here:
        reader, writer = await asyncio.open_connection("localhost", here.port, ssl=context)
        writer.write(asked)
        assert b"200 OK" in await reader.readuntil(b"healthy\n")
        await here.change(USERS + TLS + CLIENTS)
        writer.write(asked)
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            assert await asyncio.wait_for(reader.read(), LONG_ENOUGH) == b""
        writer.close()
    assert [one for one in caplog.records if one.levelname != "INFO"] == []


def test_the_daemon_keeps_access_control_when_the_file_is_emptied(tmp_path: Path) -> None:
    web = tmp_path / "web.yml"
    web.write_text(USERS)
    config = Town(161, {"voede": 1}).write(tmp_path / "schools.yaml")
    place = ("--config", str(config), "--state-dir", str(tmp_path / "state"))
    listen = ("--listen", "0.0.0.0:0", "--web-config", str(web), "--enable-reload")
    environment = {COMMUNITY_OF_RUN: COMMUNITY}
    with started("run", *place, *listen, environment=environment) as daemon:
        daemon.await_listening()
        daemon.host = "127.0.0.1"
        for number, name in enumerate(FOUND_OPEN, start=1):
            web.write_text(USERS.replace("prometheus", f"user-{number}"))
            login = basic(f"user-{number}", "geheim")

            def is_applied(sent: dict[str, str] = login) -> bool:
                return daemon.get("/metrics", sent).status == 200

            until(is_applied, daemon, LONG_ENOUGH)
            web.write_text(OPEN[name])

            def is_rejected(times: int = number) -> bool:
                assert daemon.get("/metrics").status == 401
                assert daemon.get("/-/reload", method="POST").status == 401
                return daemon.said.count("web configuration rejected") == times

            until(is_rejected, daemon, LONG_ENOUGH)
            assert daemon.get("/metrics", login).status == 200
        assert "Traceback" not in daemon.said
        assert daemon.stop() == 0
    web.write_text("")
    with started("run", *place, *listen, environment=environment) as daemon:
        assert daemon.process.wait(LONG_ENOUGH) != 0
    assert "name a file with users" in daemon.said


async def test_the_log_says_once_what_a_client_lacks_for_tls(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is, the second client comes too early for a second line.
    monkeypatch.setattr(accepting, "LOG_SECONDS", math.inf)
    async with served(folder, USERS + TLS + CLIENTS) as here:
        for asked, status in ((here, "000"), (replace(here, scheme="http"), "400")):
            for _ in range(2):
                assert await asked.curl() == status
    said = [one.getMessage() for one in caplog.records if "handshake" in one.getMessage()]
    begin = "a client was refused during the TLS handshake: "
    assert said == [
        f"{begin}it has no certificate, which client_auth_type requires",
        f"{begin}it speaks http, and this port speaks https; correct its address",
    ]
