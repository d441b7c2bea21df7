"""Starts the product as its users do, as a process on loopback, and queries it over HTTP.

Must not know: what any test expects.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.simulator.process import COMMUNITY_VARIABLE
from tests.exposition.support import exact_names
from tests.ports import free_port
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.exposition.support import Samples

COMMUNITY = "geheime-gemeinschaft"
COMMUNITY_OF_RUN = "SCHULNETZ_TEST_COMMUNITY"
MONITOR = (sys.executable, "-m", "monitor")
DEMO_SCHOOLS = {"voede": 1, "goethe": 2, "schiller": 3, "natorp": 4}
DEAD_SCHOOL = "goethe"
PATIENCE_SECONDS = 120.0
_SERVING = re.compile(r"https?://(\S+):(\d+)/metrics")
_LABEL = re.compile(r'(\w+)="([^"]*)"')

_HEAD = """\
version: 1
city: {name: Bochum, timezone: Europe/Berlin, state: NW}
credentials:
  devices: {environment: SCHULNETZ_TEST_COMMUNITY}
providers:
  stadtnetz: {name: Stadtnetz}
references:
  - {name: reference-1, host: 127.240.0.1}
  - {name: reference-2, host: 127.240.0.2}
  - {name: reference-3, host: 127.240.0.3}
lessons:
  Grundschule: []
defaults:
  snmp: {credential: devices, version: v2c, timeout: 400ms, retries: 0, port: PORT}
  icmp: {interval: P1, switch_interval: P1, timeout: 800ms, packets: 2, spacing: 20ms, wait: 300ms}
  interfaces: {interval: P2, timeout: 1500ms, uplink: wan}
  contract:
    provider: stadtnetz
    down: 1 Gbit/s
    up: 1 Gbit/s
    normal_down: 900 Mbit/s
    normal_up: 900 Mbit/s
    minimum_down: 600 Mbit/s
    minimum_up: 600 Mbit/s
    availability: 99.5 %
schools:
"""


@dataclass(frozen=True)
class Town:
    """A small configuration: schools by id, each with the number of its network 127.82.N.0/24.

    `extra` has further lines of YAML by school, without the indentation. `pace` is the ping
    interval in seconds; tests over hours of virtual time use more than one.
    """

    port: int
    schools: Mapping[str, int]
    switches: int = 2
    extra: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pace: int = 1

    def text(self) -> str:
        """Return the configuration file's text."""
        head = _HEAD.replace("PORT", str(self.port))
        parts = [head.replace("P1", f"{self.pace}s").replace("P2", f"{2 * self.pace}s")]
        for school, network in self.schools.items():
            lines = [
                f"- id: {school}",
                f'  number: "{100_000 + network}"',
                f"  name: {school.title()}-Schule",
                "  type: Grundschule",
                "  location: [51.48, 7.22]",
                f"  network: 127.82.{network}.0/24",
            ]
            further = self.extra.get(school, ())
            if not any(line.startswith("switches") for line in further):
                lines.append(f"  switches: {self.switches}")
            lines += [f"  {line}" for line in further]
            parts.extend(f"  {line}\n" for line in lines)
        return "".join([*parts, "...\n"])

    def write(self, path: Path) -> Path:
        """Replace the file atomically, so that it is never read half-written."""
        draft = path.with_suffix(".new")
        draft.write_text(self.text(), encoding="utf-8")
        draft.replace(path)
        return path


@dataclass(frozen=True)
class Answer:
    """A response of the daemon."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Daemon:
    """A running process of the product; `lines` are its output."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.host = ""
        self.port = 0

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def said(self) -> str:
        """Return everything that the process has written."""
        return "\n".join(self.lines)

    def await_listening(self) -> None:
        """Wait until the process prints its address."""
        until(lambda: _SERVING.search(self.said) or self.process.poll() is not None, self)
        found = _SERVING.search(self.said)
        assert found, f"it does not serve: {self.said}"
        self.host, self.port = found[1].strip("[]"), int(found[2])

    def get(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> Answer:
        """Return the response to one request on a new connection."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, headers=dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers.items()), response.read())

    def samples(self, query: str = "") -> Samples:
        """Return the samples of a scrape."""
        answer = self.get(f"/metrics{query}")
        assert answer.status == HTTPStatus.OK, answer.text
        return exact_names(answer.text)

    def await_ready(self) -> None:
        """Wait until every check has run once."""
        until(lambda: self.get("/-/ready").status == 200, self)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; return the exit code, which must come."""
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        return code


def series(samples: Samples, name: str, **labels: str) -> dict[frozenset[tuple[str, str]], float]:
    """Return the series of a name that have these labels."""
    wanted = labels.items()
    return {key: value for (one, key), value in samples.items() if one == name and wanted <= key}


def value(samples: Samples, name: str, **labels: str) -> float:
    """Return the value of the one series with that name and these labels."""
    found = list(series(samples, name, **labels).values())
    assert len(found) == 1, f"{name} {labels}: {found}"
    return found[0]


def labels_of(samples: Samples, name: str, label: str) -> set[str]:
    """Return the values of a label across the series of a name."""
    return {dict(key)[label] for key in series(samples, name)}


def until(
    condition: Callable[[], object], daemon: Daemon, seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait for a condition; the failure message contains the daemon's last output."""
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise AssertionError(f"not within {seconds:g} s; the daemon's output:\n{daemon.said}")
        time.sleep(0.05)


@contextlib.contextmanager
def started(*arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Daemon]:
    """Run a command of the product; any process left of it at the end is killed."""
    with running(
        *MONITOR,
        *arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        environment={"PYTHONUNBUFFERED": "1", **(environment or {})},
    ) as process:
        daemon = Daemon(process)
        try:
            yield daemon
        finally:
            process.kill()
            daemon._reader.join(PATIENCE_SECONDS)


@contextlib.contextmanager
def demo(config: Path, state: Path, *arguments: str, past: bool = False) -> Iterator[Daemon]:
    """Run the demo on free ports, with its output in one wide line each.

    It starts with its faults, and without a past unless requested.
    """
    place = ("--config", str(config), "--state-dir", str(state), "--listen", "127.0.0.1:0")
    place += ("--fault-after", "0s", "--hostile", *(() if past else ("--no-past",)))
    device_port = ("--port", str(free_port()))
    with started("demo", *place, *device_port, *arguments, environment={"COLUMNS": "300"}) as one:
        one.await_listening()
        yield one


@contextlib.contextmanager
def run(config: Path, state: Path, *arguments: str) -> Iterator[Daemon]:
    """Run the daemon itself, with the community of the simulated devices."""
    place = ("--config", str(config), "--state-dir", str(state), "--listen", "127.0.0.1:0")
    environment = {COMMUNITY_OF_RUN: COMMUNITY}
    with started("run", *place, *arguments, environment=environment) as one:
        one.await_listening()
        yield one


@contextlib.contextmanager
def city(config: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Serve the devices of a configuration on loopback."""
    command = (sys.executable, "-m", "monitor.simulator", "--config", str(config))
    environment, pipe = {COMMUNITY_VARIABLE: COMMUNITY}, subprocess.PIPE
    with running(
        *command, "--port", str(port), stdin=pipe, stdout=pipe, environment=environment
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["ready"]
        yield process


def children_of(pid: int) -> list[int]:
    """Return the ids of a process's children.

    Source: proc_pid_stat(5).
    """
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # After the name, which is in parentheses: state, then the parent's id.
            if int(place.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(place.parent.name))
    return found


def is_alive(pid: int) -> bool:
    """Return whether a process with that id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
