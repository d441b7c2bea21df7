"""Floods of connections against a running daemon that has few file descriptors."""

from __future__ import annotations

import contextlib
import http.client
import re
import resource
import socket
import ssl
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import bcrypt
import pytest

from tests.integration.probe_servers import issue
from tests.integration.running import COMMUNITY, COMMUNITY_OF_RUN, Town, started, until
from tests.web.test_access import basic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.running import Daemon

pytestmark = pytest.mark.integration

LOGIN = basic("prometheus", "geheim")
LONG_ENOUGH = 60.0
OPEN_FILES = 1024
CONNECTIONS = 3000
KEPT_OPEN = 300
MOST_LINES = 10


@contextmanager
def daemon_with(folder: Path, web_config: str) -> Iterator[Daemon]:
    (folder / "web.yml").write_text(web_config)
    config = Town(161, {"voede": 1}).write(folder / "schools.yaml")
    place = ("--config", str(config), "--state-dir", str(folder / "state"))
    listen = ("--listen", "127.0.0.1:0", "--web-config", str(folder / "web.yml"))
    environment = {COMMUNITY_OF_RUN: COMMUNITY}
    with started("run", *place, *listen, environment=environment) as daemon:
        daemon.await_listening()
        yield daemon
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.said


def users() -> str:
    hashed = bcrypt.hashpw(b"geheim", bcrypt.gensalt(4)).decode()
    return f'basic_auth_users: {{prometheus: "{hashed}"}}\n'


def descriptors(daemon: Daemon) -> list[Path]:
    return list(Path(f"/proc/{daemon.process.pid}/fd").iterdir())


def limit(daemon: Daemon, files: int) -> None:
    _, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (files, hard))


def refused(metrics: str, reason: str) -> float:
    found = re.search(rf'monitor_web_refusals_total{{reason="{reason}"}} (\S+)', metrics)
    assert found, reason
    return float(found[1])


class Flood(threading.Thread):
    """Opens connections from its own address, sends nothing, and keeps the last ones."""

    def __init__(self, daemon: Daemon) -> None:
        super().__init__()
        self._daemon = daemon
        self.failed: OSError | None = None

    def run(self) -> None:
        """Open them all."""
        with contextlib.ExitStack() as stack:
            kept: list[socket.socket] = []
            for _ in range(CONNECTIONS):
                sock = stack.enter_context(socket.socket())
                sock.bind(("127.0.0.9", 0))
                sock.settimeout(LONG_ENOUGH)
                try:
                    sock.connect(("127.0.0.1", self._daemon.port))
                except ConnectionError:
                    continue
                except OSError as error:
                    self.failed = error
                    return
                kept.append(sock)
                if len(kept) > KEPT_OPEN:
                    kept.pop(0).close()


def test_connections_without_a_handshake_leave_room_for_prometheus(tmp_path: Path) -> None:
    issued = issue("server", None, days=9, names=("127.0.0.1",), is_authority=True)
    (tmp_path / "server.pem").write_bytes(issued.pem)
    (tmp_path / "server.key").write_bytes(issued.key_pem)
    context = ssl.create_default_context(cadata=issued.pem.decode())

    def scrape(path: str = "/metrics") -> str:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", daemon.port, timeout=LONG_ENOUGH, context=context
        )
        with contextlib.closing(connection):
            connection.request("GET", path, headers=LOGIN)
            answer = connection.getresponse()
            assert answer.status == 200
            return answer.read().decode()

    tls = "tls_server_config: {cert_file: server.pem, key_file: server.key}\n"
    with daemon_with(tmp_path, users() + tls) as daemon:
        limit(daemon, OPEN_FILES)
        scrape()
        before, lines = len(descriptors(daemon)), len(daemon.lines)
        flood = Flood(daemon)
        flood.start()
        scrapes, most = 0, 0
        while flood.is_alive() or scrapes < 3:
            scrape()
            scrapes += 1
            most = max(most, len(descriptors(daemon)))
        flood.join()
        assert flood.failed is None
        assert refused(scrape("/metrics/monitor"), "too_many_connections") > CONNECTIONS / 2
        # Eight from the address of the flood, plus those of concurrent checks and scrapes.
        assert most < before + OPEN_FILES // 4
        assert len(daemon.lines) - lines < MOST_LINES, daemon.said


def test_with_no_free_descriptor_only_known_addresses_are_served(
    tmp_path: Path,
) -> None:
    with daemon_with(tmp_path, users()) as daemon, contextlib.ExitStack() as stack:
        until(lambda: daemon.get("/-/ready", LOGIN).status == 200, daemon, LONG_ENOUGH)
        lines = len(daemon.lines)
        files = max(int(one.name) for one in descriptors(daemon)) + 1
        limit(daemon, files)
        idle: list[socket.socket] = []

        def is_refused() -> bool:
            # The daemon releases some now and then: idle connections, ledger files.
            for _ in range(files - len(descriptors(daemon))):
                idle.append(stack.enter_context(connected(daemon, "127.0.0.1")))
            with connected(daemon, "127.0.0.9") as stranger, contextlib.suppress(ConnectionError):
                assert stranger.recv(1) == b""
            own = daemon.get("/metrics/monitor", LOGIN)
            assert own.status == 200
            return refused(own.text, "no_file_descriptor") >= 1

        until(is_refused, daemon, LONG_ENOUGH)
        # The reserved descriptor serves one client at a time; the next waits for it to finish.
        idle += [stack.enter_context(connected(daemon, "127.0.0.1")) for _ in range(2)]
        waiting = stack.enter_context(connected(daemon, "127.0.0.1"))
        login = LOGIN["Authorization"]
        head = f"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: {login}\r\n\r\n"
        waiting.sendall(head.encode())
        for one in idle:
            one.close()
        assert waiting.recv(100).startswith(b"HTTP/1.1 200 OK")
        said = [line for line in daemon.lines[lines:] if "connections cannot be accepted" in line]
        # Once a minute.
        assert 1 <= len(said) <= 3, daemon.said


def connected(daemon: Daemon, source: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", daemon.port), LONG_ENOUGH, (source, 0))
