"""SIGTERM ends the daemon within five seconds, though its peers keep it waiting."""

from __future__ import annotations

import contextlib
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.running import PATIENCE_SECONDS, Town, run, until
from tests.ports import free_port

if TYPE_CHECKING:
    from tests.integration.running import Daemon

pytestmark = pytest.mark.integration

STOP_SECONDS = 5.0
# Checks that would run for much longer than a stop may take.
PATIENT = ("snmp: {timeout: 10s}", "interfaces: {interval: 15s, timeout: 12s}")


def seconds_waiting_for_cpu(pid: int) -> float:
    """Return how many seconds the threads of a process waited for a CPU.

    Source: Documentation/scheduler/sched-stats.rst of the kernel, `/proc/<pid>/schedstat`.
    """
    waited = 0
    for place in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            waited += int(place.read_text().split()[1])
    return waited / 1e9


def seconds_to_stop(daemon: Daemon) -> float:
    """Send SIGTERM; return the time to the exit minus the time spent waiting for a CPU."""
    pid = daemon.process.pid
    before = waited = seconds_waiting_for_cpu(pid)
    began = time.monotonic()
    daemon.process.send_signal(signal.SIGTERM)
    while daemon.process.poll() is None:
        assert time.monotonic() < began + PATIENCE_SECONDS, daemon.said
        # A thread's waiting time is lost when it ends.
        waited = max(waited, seconds_waiting_for_cpu(pid))
        time.sleep(0.01)
    return time.monotonic() - began - (waited - before)


def test_a_stop_waits_for_no_device_and_no_reader(tmp_path: Path) -> None:
    port = free_port()
    schools = {"voede": 1, "goethe": 2}
    town = Town(port, schools, switches=0, extra=dict.fromkeys(schools, PATIENT))
    with contextlib.ExitStack() as stack:
        silent = []
        for network in schools.values():
            device = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            device.bind((f"127.82.{network}.1", port))
            device.settimeout(PATIENCE_SECONDS)
            silent.append(device)
        daemon = stack.enter_context(run(town.write(tmp_path / "town.yaml"), tmp_path / "state"))
        reader = stack.enter_context(socket.create_connection((daemon.host, daemon.port)))
        reader.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        for device in silent:
            device.recv(2000)
        until(lambda: daemon.get("/metrics/monitor").status == 200, daemon)
        assert seconds_to_stop(daemon) < STOP_SECONDS, daemon.said
        assert daemon.process.returncode == 0, daemon.said
