"""The demo as a user starts it: the whole daemon on a simulated city with one dead school."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.config import load
from monitor.inventory.checks import Role
from monitor.report.forecast import Outlook
from monitor.simulator.day import ROUNDS
from monitor.web.pages import POLICY
from tests.cli.test_main import invoke
from tests.exposition.test_oracle import is_allowed
from tests.integration.running import (
    DEAD_SCHOOL,
    DEMO_SCHOOLS,
    MONITOR,
    PATIENCE_SECONDS,
    Daemon,
    Town,
    children_of,
    demo,
    is_alive,
    labels_of,
    series,
    started,
    until,
)
from tests.machine import slowness

pytestmark = pytest.mark.integration

STOP_SECONDS = 5.0
CONFIG = Path("config/schools.yaml")


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a configuration of one school, for demos that are stopped soon."""
    return Town(161, {"voede": 71}).write(tmp_path_factory.mktemp("short") / "schools.yaml")


def goal_of(daemon: Daemon) -> dict[str, Any]:
    goal: dict[str, Any] = json.loads(daemon.get("/api/v1/goal").text)
    return goal


def probe_json(config: Path, school: str) -> tuple[int, dict[str, object]]:
    place = ("--config", str(config), "--state-dir", str(config.with_name("state")))
    found = subprocess.run(
        [*MONITOR, "probe", school, "--demo", "--json", *place],
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert found.stdout, (found.returncode, found.stderr.decode())
    document: dict[str, object] = json.loads(found.stdout)
    return found.returncode, document


def test_promtool_complains_only_about_deliberate_names(dead_school_demo: Daemon) -> None:
    result = subprocess.run(
        ["promtool", "check", "metrics"],
        input=dead_school_demo.get("/metrics").body,
        capture_output=True,
        check=False,
        timeout=120,
    )
    lints = (result.stdout + result.stderr).decode().splitlines()
    assert [lint for lint in lints if not is_allowed(lint)] == []
    assert result.returncode in {0, 3}


def test_every_school_and_device_of_the_inventory_is_exposed(
    dead_school_demo: Daemon, demo_config: Path
) -> None:
    inventory = load(demo_config)
    samples = dead_school_demo.samples()
    assert labels_of(samples, "school_info", "school") == {one.id for one in inventory.schools}
    exposed = {
        (of["school"], of["site"], of["device"], of["role"])
        for of in map(dict, series(samples, "school_device_info"))
    }
    targets = {check.target for check in inventory.checks()}
    devices = {t for t in targets if t.role is not Role.REFERENCE}
    assert exposed == {(t.school, t.site, t.device, t.role) for t in devices}
    assert len(exposed) == len(DEMO_SCHOOLS) * 3
    assert labels_of(samples, "monitor_reference_info", "device") == {
        "reference-1", "reference-2", "reference-3",
    }  # fmt: skip


def test_interface_counters_of_living_devices_are_exposed(dead_school_demo: Daemon) -> None:
    samples = dead_school_demo.samples()
    names = ("ifHCInOctets", "ifInOctets")
    read = {dict(key)["school"] for name in names for key in series(samples, name)}
    assert read == set(DEMO_SCHOOLS) - {DEAD_SCHOOL}


def test_one_school_can_be_served_alone(dead_school_demo: Daemon) -> None:
    samples = dead_school_demo.samples("?school=voede")
    assert labels_of(samples, "school_info", "school") == {"voede"}
    schools = {dict(labels).get("school", "voede") for _, labels in samples}
    assert schools == {"voede"}


@pytest.mark.parametrize("school", ["weimar", "", "voede/main", "%00", "VOEDE"])
def test_an_unknown_school_is_a_404(dead_school_demo: Daemon, school: str) -> None:
    answer = dead_school_demo.get(f"/metrics?school={school}")
    assert (answer.status, answer.text) == (404, "no school with that id is configured\n")


def test_not_ready_before_every_check_has_run(tmp_path: Path) -> None:
    rarely = {"voede": ["interfaces: {interval: 1d}"]}
    config = Town(161, {"voede": 72}, extra=rarely).write(tmp_path / "schools.yaml")
    with demo(config, tmp_path / "state") as daemon:
        answer = daemon.get("/-/ready")
        assert answer.status == 503
        assert "checks have not run yet" in answer.text
        assert daemon.get("/-/healthy").status == 200


def test_ready_when_every_check_has_run(dead_school_demo: Daemon) -> None:
    assert dead_school_demo.get("/-/ready").text == "ready\n"
    assert dead_school_demo.get("/-/healthy").text == "healthy\n"


@pytest.mark.parametrize(
    "path", ["/", "/metrics", "/metrics?school=weimar", "/nowhere", "/-/healthy", "/probe"]
)
def test_every_response_has_the_security_headers(dead_school_demo: Daemon, path: str) -> None:
    headers = dead_school_demo.get(path).headers
    plain = "default-src 'none'; frame-ancestors 'none'"
    assert headers["Content-Security-Policy"] == (POLICY if path == "/" else plain)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"] == "schulnetz"


def test_the_compressed_response_has_the_same_content(dead_school_demo: Daemon) -> None:
    # The daemon's own metrics change between two scrapes, however fast.
    for query in ("", "?school=voede"):
        plain = dead_school_demo.get(f"/metrics{query}")
        packed = dead_school_demo.get(f"/metrics{query}", {"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Type"] == plain.headers["Content-Type"]
        assert settled(gzip.decompress(packed.body)) == settled(plain.body)


_VALUE = re.compile(r" [^ ]+(?: \d{13})?$")


def settled(body: bytes) -> list[str]:
    """Return the lines of an exposition without changing values and time stamps."""
    lines = body.decode().splitlines()
    return sorted(line if line[0] == "#" else _VALUE.sub("", line) for line in lines)


def test_compression_the_client_does_not_accept_is_not_used(dead_school_demo: Daemon) -> None:
    answer = dead_school_demo.get(
        "/metrics?school=voede", {"Accept-Encoding": "gzip;q=0, identity"}
    )
    assert "Content-Encoding" not in answer.headers
    assert answer.text.startswith("# HELP")


def test_probe_shows_what_is_broken_in_the_running_demo(
    dead_school_demo: Daemon, demo_config: Path
) -> None:
    assert dead_school_demo.process.poll() is None
    code, document = probe_json(demo_config, DEAD_SCHOOL)
    assert code == 4
    checks = document["checks"]
    assert isinstance(checks, list)
    assert {one["outcome"] for one in checks} == {"failed"}
    assert {one["reason"] for one in checks} == {"timeout"}
    code, document = probe_json(demo_config, "voede")
    assert code == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_demo_and_its_city(
    short: Path, tmp_path: Path, number: signal.Signals
) -> None:
    with demo(short, tmp_path / "state") as daemon:
        cities = children_of(daemon.process.pid)
        assert len(cities) == 1
        allowed = STOP_SECONDS * max(1.0, slowness())
        begun = time.monotonic()
        assert daemon.stop(number) == 0
        assert time.monotonic() - begun < allowed
        assert not is_alive(cities[0])
        assert "Traceback" not in daemon.said
    assert not (tmp_path / "state" / "running.json").exists()


def test_a_killed_demo_leaves_no_city_behind(short: Path, tmp_path: Path) -> None:
    with demo(short, tmp_path / "state") as daemon:
        (city,) = children_of(daemon.process.pid)
        daemon.process.kill()
        until(lambda: not is_alive(city), daemon)


def test_the_demo_ends_after_its_time(short: Path, tmp_path: Path) -> None:
    with demo(short, tmp_path / "state", "--for", "2s") as daemon:
        assert daemon.process.wait(PATIENCE_SECONDS) == 0
    assert "schools up" in daemon.said


def test_years_of_zero_duration_are_written_before_the_start(short: Path, tmp_path: Path) -> None:
    years = ("--years", "2018..2019", "--year-lasts", "0s")
    with demo(short, tmp_path / "state", *years) as daemon:
        until(lambda: "verified" in daemon.said, daemon)
    assert "2020-01-01: " in daemon.said


def test_the_demo_starts_with_a_past_and_breaks_once_all_has_answered(
    tmp_path: Path,
) -> None:
    """The shipped city with a few schools: its first page shows the whole story."""
    state, fault = tmp_path / "state", "uplink-down@frauenlobschule"
    options = ("--schools", "12", "--fault", fault, "--fault-after", "3s")
    place = ("--state-dir", state)
    began = datetime.now(UTC)
    # The story of so few schools ends differently on different days of the year.
    told = {Outlook.EXPECTED, Outlook.NO_END_IN_SIGHT, Outlook.STALLED}
    with demo(CONFIG, state, *options, past=True) as daemon:
        announced = f"in 3s, when everything has answered: {fault}"
        until(lambda: announced in daemon.said, daemon)
        until(lambda: goal_of(daemon)["outlook"] in told, daemon)
        goal = goal_of(daemon)
        due = {f"{at.year - 1}-12-31" for at in (began, datetime.now(UTC))}
        assert goal["target"] in due
        assert 0 < goal["verified"] <= goal["built"] < goal["denominator"] == 12
        text = daemon.get("/?lang=en").text
        assert re.search(r"\d days? late", text)
        assert f"Schools by stage: {goal['verified']} verified" in text
        (site,) = json.loads(daemon.get("/api/v1/schools/frauenlobschule").text)["sites"]
        assert len(site["last_day"]) >= ROUNDS - 1
        told_by_report = json.loads(invoke("report", "--demo", "--format", "json", *place)[1])
        assert told_by_report["goal"]["denominator"] == 12
        assert told_by_report["goal"]["source"] == goal["source"] == "simulated"
        assert told_by_report["now"]["verified"] == goal["verified"]
        for one in ("target", "built", "outlook"):
            assert told_by_report["forecast"][one] == goal[one], one
        assert len(json.loads(invoke("sla", "--demo", "--json", *place)[1])["sites"]) >= 12
        note = state / "running.json"
        until(lambda: json.loads(note.read_text(encoding="utf-8"))["faults"] == [fault], daemon)


def test_the_demo_reports_the_death_of_its_city(short: Path, tmp_path: Path) -> None:
    with demo(short, tmp_path / "state") as daemon:
        (city,) = children_of(daemon.process.pid)
        os.kill(city, signal.SIGKILL)
        assert daemon.process.wait(PATIENCE_SECONDS) == 3
    assert "error: the simulated city ended" in daemon.lines[-1]
    assert "Traceback" not in daemon.said


def test_the_demo_serves_on_ipv6(short: Path, tmp_path: Path) -> None:
    with demo(short, tmp_path / "state", "--listen", "[::1]:0") as daemon:
        assert daemon.host == "::1"
        assert f"http://[::1]:{daemon.port}/metrics" in daemon.said
        assert daemon.get("/-/healthy").status == 200


@pytest.mark.parametrize(
    ("fault", "meant"),
    [
        ("uplink-dwn@voede", "did you mean uplink-down?"),
        ("uplink-down@vode", "did you mean voede?"),
    ],
)
def test_a_misspelt_fault_is_refused_with_a_suggestion(
    short: Path, tmp_path: Path, fault: str, meant: str
) -> None:
    with started(
        "demo", "--config", str(short), "--state-dir", str(tmp_path), "--fault", fault
    ) as one:
        assert one.process.wait(PATIENCE_SECONDS) == 2
    assert len(one.lines) == 1
    assert meant in one.said
