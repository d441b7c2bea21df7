"""Slow clients, wrong logins and few file descriptors: the authorised are served all the same."""

from __future__ import annotations

import base64
import json
import re
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import bcrypt
import pytest

from monitor.web.door import MAX_CONNECTIONS
from tests.integration.running import (
    COMMUNITY,
    COMMUNITY_OF_RUN,
    Town,
    city,
    started,
    until,
)
from tests.ports import free_port
from tools.processes import running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.running import Daemon

pytestmark = [pytest.mark.integration, pytest.mark.heavy]

CLIENTS = 10_000
LOGINS_A_SECOND = 1000
SECONDS = 10
OPEN_FILES = 1024
LONGEST_P99 = 1.0
# On a busy machine, how many times as long as the slowest of a few before and after the flood.
SLOWER = 10
MOST_LINES = 10


def timed_scrape(daemon: Daemon, login: dict[str, str]) -> float:
    """Return how many seconds an answer took in which no line is down."""
    began = time.monotonic()
    answer = daemon.get("/metrics", login)
    took = time.monotonic() - began
    assert answer.status == 200
    assert not re.search(r"school_uplink_up{[^}]*} 0\n", answer.text)
    return took


def test_prometheus_is_served_during_a_flood(tmp_path: Path) -> None:
    hashed = bcrypt.hashpw(b"geheim", bcrypt.gensalt(10)).decode()
    web = tmp_path / "web.yml"
    web.write_text(f'basic_auth_users: {{prometheus: "{hashed}"}}')
    login = {"Authorization": "Basic " + base64.b64encode(b"prometheus:geheim").decode()}
    port = free_port()
    config = Town(port, {"voede": 1, "schiller": 3}, switches=4).write(tmp_path / "schools.yaml")
    place = ("--config", str(config), "--state-dir", str(tmp_path / "state"))
    listen = ("--listen", "127.0.0.1:0", "--web-config", str(web))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard >= CLIENTS
    with (
        city(config, port),
        started("run", *place, *listen, environment={COMMUNITY_OF_RUN: COMMUNITY}) as daemon,
    ):
        daemon.await_listening()
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
        until(lambda: daemon.get("/-/ready", login).status == 200, daemon)
        calm = max(timed_scrape(daemon, login) for _ in range(10))
        before = len(daemon.lines)
        flood = [sys.executable, "-m", "tests.integration.flood", str(daemon.port)]
        amounts = [str(CLIENTS), str(LOGINS_A_SECOND), str(SECONDS)]
        took: list[float] = []
        with running(*flood, *amounts, stdout=subprocess.PIPE) as flooding:
            while flooding.poll() is None:
                took.append(timed_scrape(daemon, login))
                time.sleep(0.2)
            said = flooding.stdout.read() if flooding.stdout else ""
        done = json.loads(said)
        connected, refused = done.pop("connected"), done.get("401", 0) + done.get("429", 0)
        assert connected > 2 * MAX_CONNECTIONS
        assert refused
        assert "200" not in done
        own = daemon.get("/metrics/monitor", login).text
        counted = dict(re.findall(r'monitor_web_refusals_total{reason="(\w+)"} (\S+)', own))
        # Of those that the kernel took: how many that are in a time is the machine's to say.
        assert float(counted["too_many_connections"]) > connected / 2
        assert float(counted["wrong_login"]) + float(counted["too_many_logins"]) >= refused
        # The machine may have become busier meanwhile.
        calm = max(calm, *(timed_scrape(daemon, login) for _ in range(10)))
        took.sort()
        assert len(took) > 10
        assert took[int(len(took) * 0.99) - 1] < max(LONGEST_P99, SLOWER * calm), (calm, took[-5:])
        assert len(daemon.lines) - before < MOST_LINES, daemon.said
        assert daemon.stop() == 0
