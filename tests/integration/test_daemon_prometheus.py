"""A real Prometheus scrapes the running daemon and answers questions about the schools."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
import yaml

from tests.integration.running import DEAD_SCHOOL, DEMO_SCHOOLS, Daemon
from tests.probes.support import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration

PATIENCE_SECONDS = 40.0
DEPLOYED = Path(__file__).parents[2] / "deploy" / "prometheus" / "prometheus.yml"


def configuration(daemon: str) -> str:
    """Return how the deployed Prometheus scrapes the daemon, every second and at this address."""
    deployed = yaml.safe_load(DEPLOYED.read_text(encoding="utf-8"))
    jobs = [
        job for job in deployed["scrape_configs"] if job["job_name"] in {"schulnetz", "schools"}
    ]
    document = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs}
    return yaml.safe_dump(document).replace("127.0.0.1:9822", daemon)


Vector = dict[str, float]


class Prometheus:
    """A Prometheus of ours on loopback."""

    def __init__(self, port: int, log: Path) -> None:
        self._port = port
        self._log = log

    def ask(self, question: str, label: str = "school") -> Vector:
        """Return the answer's values by one of its labels."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        with closing(connection):
            connection.request("GET", f"/api/v1/query?{urlencode({'query': question})}")
            answer = json.load(connection.getresponse())
        assert answer["status"] == "success", answer
        found = answer["data"]["result"]
        return {one["metric"].get(label, ""): float(one["value"][1]) for one in found}

    def await_answer(self, question: str, size: int, label: str = "school") -> Vector:
        """Ask until the answer has that many labels."""
        ends = time.monotonic() + PATIENCE_SECONDS
        found: Vector = {}
        while time.monotonic() < ends:
            try:
                found = self.ask(question, label)
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                found = {}
            if len(found) == size:
                return found
            time.sleep(0.2)
        raise AssertionError(f"{question}: {found}\n{self._log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def prometheus(
    dead_school_demo: Daemon, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    place, port = tmp_path_factory.mktemp("prometheus"), free_port()
    target = f"{dead_school_demo.host}:{dead_school_demo.port}"
    file = place / "prometheus.yml"
    file.write_text(configuration(target), encoding="utf-8")
    command = [
        "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={place / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    log = place / "log"
    with log.open("w") as output, subprocess.Popen(command, stderr=output, cwd=place) as process:
        try:
            yield Prometheus(port, log)
        finally:
            process.terminate()
            process.wait(20)


def test_each_school_is_scraped_on_its_own_and_the_monitor_once(prometheus: Prometheus) -> None:
    """`instance` is the school; what the daemon writes itself keeps its labels."""
    schools = dict.fromkeys(DEMO_SCHOOLS, 1.0)
    assert prometheus.await_answer('up{job="schools"}', len(schools), "instance") == schools
    assert prometheus.await_answer('up{job="schulnetz"}', 1, "job") == {"schulnetz": 1}
    assert prometheus.ask("monitor_schools", "job") == {"schulnetz": len(schools)}
    assert prometheus.ask('count({exported_school!=""})') == {}
    assert prometheus.ask('count({job="schulnetz", school!=""})') == {}
    assert prometheus.ask("scrape_samples_scraped", "instance")["voede"] > 500


def test_the_schools_are_counted(prometheus: Prometheus) -> None:
    assert prometheus.await_answer("count(school_info)", 1) == {"": len(DEMO_SCHOOLS)}
    assert prometheus.ask("monitor_schools") == {"": len(DEMO_SCHOOLS)}
    devices = prometheus.ask("count by (school) (school_device_info)")
    assert devices == dict.fromkeys(DEMO_SCHOOLS, 3)


def test_traffic_flows_at_every_school_that_is_not_dead(prometheus: Prometheus) -> None:
    counters = '{__name__=~"ifHCInOctets|ifInOctets"}'
    question = f"sum by (school) (rate({counters}[10s])) > 0"
    alive = set(DEMO_SCHOOLS) - {DEAD_SCHOOL}
    assert set(prometheus.await_answer(question, len(alive))) == alive
    wide = prometheus.ask("sum by (school) (rate(ifHCInOctets[10s])) > 0")
    assert wide
    assert set(wide) <= alive


def test_uplinks_are_up_where_they_answer(prometheus: Prometheus) -> None:
    alive = set(DEMO_SCHOOLS) - {DEAD_SCHOOL}
    up = prometheus.await_answer("school_uplink_up == 1", len(alive))
    assert set(up) == alive
    # Joined with the school's attributes, as the dashboards do.
    join = "school_uplink_up * on (school) group_left (name) school_info"
    assert prometheus.ask(f"{join} == 1", "name").keys() == {
        f"{one.title()}-Schule" for one in alive
    }


def test_round_trip_times_make_a_quantile(prometheus: Prometheus) -> None:
    # References have an empty school.
    times = 'smokeping_response_duration_seconds_bucket{school!=""}'
    question = f"histogram_quantile(0.9, sum by (school, le) (rate({times}[10s]))) > 0"
    found = prometheus.await_answer(question, len(DEMO_SCHOOLS) - 1)
    assert all(0.0001 < seconds < 0.1 for seconds in found.values())
