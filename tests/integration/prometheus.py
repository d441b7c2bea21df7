"""Runs a real Prometheus on loopback that scrapes a running daemon, and queries it.

Must not know: what any test expects.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import yaml

from tests.ports import free_port
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_SECONDS = 120.0
DEPLOYED = Path(__file__).parents[2] / "deploy" / "prometheus" / "prometheus.yml"

Vector = dict[str, float]


def configuration(daemon: str, remote_write: str = "", scrape_interval: str = "1s") -> str:
    """Return how the deployed Prometheus scrapes the daemon, but more often and at an address.

    `remote_write` is a URL to which it sends its samples, if any.
    """
    deployed = yaml.safe_load(DEPLOYED.read_text(encoding="utf-8"))
    jobs = [
        job for job in deployed["scrape_configs"] if job["job_name"] in {"schulnetz", "schools"}
    ]
    often = ("scrape_interval", "scrape_timeout", "evaluation_interval")
    document = {
        "global": dict.fromkeys(often, scrape_interval),
        "rule_files": ["rules/*.yml"],
        "scrape_configs": jobs,
        "remote_write": [{"url": remote_write}] if remote_write else [],
    }
    return yaml.safe_dump(document).replace("127.0.0.1:9822", daemon)


class Prometheus:
    """A Prometheus of ours on loopback."""

    def __init__(self, port: int, log: Path) -> None:
        self.address = f"127.0.0.1:{port}"
        self._log = log

    def await_ready(self, path: str) -> None:
        """Wait until it has read its stored data: before that, it answers 503 to every query."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while True:
            connection = http.client.HTTPConnection(self.address, timeout=60)
            with closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
                connection.request("GET", path)
                if connection.getresponse().status == HTTPStatus.OK:
                    return
            assert time.monotonic() < ends, self._log.read_text()[-2000:]
            time.sleep(0.1)

    def vector(self, question: str) -> list[dict[str, Any]]:
        """Return the answer's elements, each with its labels and value."""
        connection = http.client.HTTPConnection(self.address, timeout=60)
        with closing(connection):
            connection.request("GET", f"/api/v1/query?{urlencode({'query': question})}")
            response = connection.getresponse()
            said = response.read()
        assert response.status == HTTPStatus.OK, (question, response.status, said)
        answer = json.loads(said)
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def ask(self, question: str, label: str = "school") -> Vector:
        """Return the answer's values by one of its labels."""
        found = self.vector(question)
        return {one["metric"].get(label, ""): float(one["value"][1]) for one in found}

    def await_answer(self, question: str, size: int, label: str = "school") -> Vector:
        """Query until the result has this many values of a label."""
        ends = time.monotonic() + PATIENCE_SECONDS
        found: Vector = {}
        while time.monotonic() < ends:
            found = self.ask(question, label)
            if len(found) == size:
                return found
            time.sleep(0.2)
        raise AssertionError(f"{question}: {found}\n{self._log.read_text()[-2000:]}")


@contextlib.contextmanager
def prometheus_of(
    daemon: str, place: Path, remote_write: str = "", scrape_interval: str = "1s"
) -> Iterator[Prometheus]:
    """Run a Prometheus that scrapes the daemon at `host:port`, with its files in a folder.

    Rules that the folder has in `rules` are evaluated.
    """
    with running_prometheus(
        configuration(daemon, remote_write, scrape_interval), place
    ) as prometheus:
        yield prometheus


@contextlib.contextmanager
def running_prometheus(config: str, place: Path) -> Iterator[Prometheus]:
    """Run a Prometheus with that configuration, with its files in a folder."""
    port = free_port()
    file = place / "prometheus.yml"
    file.write_text(config, encoding="utf-8")
    command = (
        "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={place / 'data'}",
        # Data written there before is kept, however old.
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    log = place / "log"
    with log.open("wb") as output, running(*command, stderr=output, cwd=place):
        prometheus = Prometheus(port, log)
        prometheus.await_ready("/-/ready")
        yield prometheus


@contextlib.contextmanager
def victoria_metrics(place: Path) -> Iterator[Prometheus]:
    """Run a VictoriaMetrics that keeps one sample per second of each series; same query API."""
    port = free_port()
    command = (
        "victoria-metrics",
        f"-storageDataPath={place / 'victoria'}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-dedup.minScrapeInterval=1s",
        "-search.latencyOffset=0s",
        "-loggerLevel=ERROR",
    )
    log = place / "victoria.log"
    with log.open("wb") as output, running(*command, stderr=output, cwd=place):
        store = Prometheus(port, log)
        store.await_ready("/health")
        yield store
