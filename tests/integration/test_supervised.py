"""The daemon under a service manager: a socket that receives the notifications for systemd."""

from __future__ import annotations

import contextlib
import signal
import socket
import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.running import COMMUNITY, COMMUNITY_OF_RUN, Town, city, started, until
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration

WATCHDOG_SECONDS = 2.0


class Manager:
    """Listens in place of a service manager."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._receiving = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._receiving.bind(str(place))

    def heard(self, seconds: float) -> list[str]:
        """Return the notifications received within this many seconds."""
        ends, found = time.monotonic() + seconds, []
        while (left := ends - time.monotonic()) > 0:
            self._receiving.settimeout(left)
            with contextlib.suppress(TimeoutError):
                found.append(self._receiving.recv(100).decode())
        return found

    def close(self) -> None:
        self._receiving.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    listening = Manager(tmp_path / "notify")
    yield listening
    listening.close()


def test_ready_alive_stalled_and_stopping_are_notified(tmp_path: Path, manager: Manager) -> None:
    port = free_port()
    config = Town(port, {"voede": 1}, switches=1).write(tmp_path / "schools.yaml")
    environment = {
        COMMUNITY_OF_RUN: COMMUNITY,
        "NOTIFY_SOCKET": str(manager.place),
        "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1e6)),
    }
    place = ("--config", str(config), "--state-dir", str(tmp_path / "state"))
    listen = ("--listen", "127.0.0.1:0", "--log-format", "json")
    with city(config, port), started("run", *place, *listen, environment=environment) as daemon:
        daemon.await_listening()
        told: list[str] = []

        def is_fed() -> bool:
            told.extend(manager.heard(0.5))
            return told.count("WATCHDOG=1") >= 3

        until(is_fed, daemon)
        assert told[0] == "READY=1"
        daemon.process.send_signal(signal.SIGSTOP)
        manager.heard(0.2)
        # Nothing for longer than the watchdog timeout: systemd would restart it.
        assert manager.heard(WATCHDOG_SECONDS * 1.5) == []
        daemon.process.send_signal(signal.SIGCONT)
        until(lambda: "WATCHDOG=1" in manager.heard(0.5), daemon)
        config.write_text(config.read_text().replace("Voede-Schule", "Vöde-Schule"))
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: "reload by SIGHUP" in daemon.said, daemon)
        assert "schools: 0 added, 0 removed, 1 changed (voede)" in daemon.said
        assert daemon.stop() == 0
    assert "STOPPING=1" in manager.heard(0.2)
