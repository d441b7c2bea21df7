"""A silent name server blocks a thread for minutes; the daemon stops without waiting."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.integration.running import COMMUNITY, COMMUNITY_OF_RUN, MONITOR, Daemon, Town, until
from tests.integration.test_daemon_stop import STOP_SECONDS, seconds_to_stop
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.root, pytest.mark.heavy]

# On loopback, at the one port that the system resolver uses.
SILENT = ("127.82.53.53", 53)


@contextlib.contextmanager
def silent_name_server() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(SILENT)
        server.settimeout(60)
        yield server


def test_a_pending_name_lookup_does_not_delay_the_exit(tmp_path: Path) -> None:
    # Five tries of 30 s each: longer than a stop may take. Source: resolv.conf(5).
    resolver = tmp_path / "resolv.conf"
    resolver.write_text(f"nameserver {SILENT[0]}\noptions timeout:30 attempts:5\n")
    town = Town(9, {"voede": 43}, extra={"voede": ["switches: [{name: s, host: schule.example}]"]})
    config = town.write(tmp_path / "schools.yaml")
    # In a mount namespace of its own, whose resolv.conf no other process sees.
    mounted = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
    inside = ("unshare", "--mount", "sh", "-c", mounted, str(resolver))
    arguments = ("--config", str(config), "--state-dir", str(tmp_path / "state"))
    command = (*inside, *MONITOR, "run", *arguments, "--listen", "127.0.0.1:0")
    with silent_name_server() as server, started_as(command) as daemon:
        daemon.await_listening()
        asked, _ = server.recvfrom(512)
        assert b"schule" in asked
        until(lambda: daemon.get("/metrics/monitor").status == 200, daemon)
        assert seconds_to_stop(daemon) < STOP_SECONDS, daemon.said
        assert daemon.process.returncode == 0, daemon.said
        assert "Traceback" not in daemon.said


@contextlib.contextmanager
def started_as(command: tuple[str, ...]) -> Iterator[Daemon]:
    environment = {COMMUNITY_OF_RUN: COMMUNITY, "PYTHONUNBUFFERED": "1"}
    with running(
        *command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, environment=environment
    ) as process:
        daemon = Daemon(process)
        try:
            yield daemon
        finally:
            process.kill()
