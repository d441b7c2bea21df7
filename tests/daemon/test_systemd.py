"""The watchdog is fed while work gets done, and no longer."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from typing import TYPE_CHECKING

from monitor.daemon.systemd import ALIVE, READY, Supervisor
from tests.virtual_time import VirtualClock, run_virtually

if TYPE_CHECKING:
    from pathlib import Path

WATCHDOG_SECONDS = 30
LONGEST_PAUSE = 40.0


class Manager:
    """The socket of a service manager, and the notifications it received."""

    def __init__(self, path: Path) -> None:
        self.environment = {
            "NOTIFY_SOCKET": str(path),
            "WATCHDOG_USEC": f"{WATCHDOG_SECONDS}000000",
        }
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))

    def said(self) -> list[str]:
        found = []
        while True:
            try:
                found.append(self._socket.recv(100).decode())
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()


def test_the_watchdog_is_not_fed_once_nothing_gets_done(tmp_path: Path) -> None:
    manager = Manager(tmp_path / "notify")
    done = 0

    async def main() -> None:
        nonlocal done
        feed = Supervisor(manager.environment).feed(
            VirtualClock(), lambda: done, lambda: LONGEST_PAUSE
        )
        task = asyncio.create_task(feed)
        for _ in range(20):
            await asyncio.sleep(WATCHDOG_SECONDS)
            done += 1
            assert manager.said() == [ALIVE, ALIVE]
        await asyncio.sleep(LONGEST_PAUSE + WATCHDOG_SECONDS)
        manager.said()
        await asyncio.sleep(600)
        assert manager.said() == []
        done += 1
        await asyncio.sleep(WATCHDOG_SECONDS)
        assert ALIVE in manager.said()
        task.cancel()

    run_virtually(main())
    manager.close()


def test_without_a_service_manager_no_notification_is_sent(tmp_path: Path) -> None:
    manager = Manager(tmp_path / "notify")
    others = manager.environment | {"WATCHDOG_PID": str(os.getpid() + 1)}

    async def fed(environment: dict[str, str]) -> None:
        await Supervisor(environment).feed(VirtualClock(), lambda: 0, lambda: LONGEST_PAUSE)

    run_virtually(fed({}))
    run_virtually(fed(others))
    assert manager.said() == []
    Supervisor(others).tell(READY)
    assert manager.said() == [READY]
    manager.close()


def test_a_process_without_a_free_file_descriptor_goes_on(tmp_path: Path) -> None:
    manager = Manager(tmp_path / "notify")
    supervisor = Supervisor(manager.environment)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        supervisor.tell(READY)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    supervisor.tell(READY)
    assert manager.said() == [READY]
    manager.close()
