from __future__ import annotations

import json
import socket
import subprocess
import time
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from monitor.report.backfill import write_openmetrics
from monitor.report.history import read_history
from monitor.report.report import end_of
from monitor.simulator.years import rollout_history
from tests.rollout.rollouts import Entries, city_with_goal, listed_school
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CITY = city_with_goal(*(listed_school(f"school-{number}") for number in range(30)))
DAY = end_of(date(2022, 6, 30), "Europe/Berlin")


@contextmanager
def prometheus(data: Path, folder: Path) -> Iterator[str]:
    """Run Prometheus on a data folder, without scrape targets; yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / "prometheus.yml"
    config.write_text("scrape_configs: []\n", encoding="utf-8")
    command = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with (
        (folder / "prometheus.log").open("wb") as log,
        running(*command, stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 120
        while True:
            try:
                with urlopen(f"{url}/-/ready", timeout=60):  # noqa: S310  # our own server
                    break
            except (URLError, ConnectionError):
                said = (folder / "prometheus.log").read_text(encoding="utf-8")
                assert process.poll() is None, said
                assert time.monotonic() < deadline, said
                time.sleep(0.1)
        yield url


def asked(url: str, query: str) -> dict[str, float]:
    """Return the values of an instant query at the day's end, by stage."""
    parameters = urlencode({"query": query, "time": f"{DAY.timestamp():.3f}"})
    with urlopen(f"{url}/api/v1/query?{parameters}", timeout=60) as answer:  # noqa: S310  # our own server
        found = json.load(answer)["data"]["result"]
    return {one["metric"].get("stage", ""): float(one["value"][1]) for one in found}


@pytest.mark.integration
def test_prometheus_answers_with_the_numbers_of_the_ledger(tmp_path: Path) -> None:
    source = Entries(rollout_history(CITY, 2021, 2022, seed=1))
    history = read_history(source)
    file, data = tmp_path / "history.om", tmp_path / "data"
    with file.open("w", encoding="utf-8", newline="\n") as stream:
        write_openmetrics(history, stream, history.points[-1].at)
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(file), str(data)]
    made = subprocess.run(
        [*command, "--max-block-duration=720h"], capture_output=True, check=False, timeout=120
    )
    assert made.returncode == 0, made.stderr
    known = history.point(DAY)
    assert known is not None
    assert 0 < known.verified < known.denominator
    with prometheus(data, tmp_path) as url:
        assert asked(url, "last_over_time(rollout_goal_verified[2h])") == {"": known.verified}
        assert asked(url, "last_over_time(rollout_goal_denominator[2h])") == {"": known.denominator}
        by_stage = asked(url, "last_over_time(rollout_sites[2h])")
    assert by_stage == {stage.value: number for stage, number in known.stages.items()}
