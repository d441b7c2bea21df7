"""Three lines of YAML through the whole product: check, run, page, API, metrics, probe, sla."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.integration.running import MONITOR, Daemon, labels_of, run, series, until, value

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.root]

THREE_LINES = """\
schools:
  - {id: goethe-schule, router: 127.82.210.10}
  - {id: schiller-schule, router: 127.82.210.20}
"""
NO_CONTRACT = "no contract: availability is measured, not judged"


def said(*arguments: str) -> str:
    """Return what a command prints; it must succeed."""
    done = subprocess.run(
        [*MONITOR, *arguments], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("three")
    (place / "schools.yaml").write_text(THREE_LINES, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def daemon(folder: Path) -> Iterator[Daemon]:
    with run(folder / "schools.yaml", folder / "state") as one:
        # Each school's series comes with its own first round.
        until(lambda: list(series(one.samples(), "school_uplink_up").values()) == [1, 1], one)
        yield one


def test_check_accepts_three_lines(folder: Path) -> None:
    text = said("check", str(folder / "schools.yaml"))
    assert "2 schools, 2 sites, 0 switches, 2 checks; no errors" in text
    assert "watched: 2 devices by ping, none of them by SNMP" in text
    assert "hint: no contract at 2 of 2 sites: availability is measured, not judged; add" in text


def test_metrics_have_only_what_is_measured(daemon: Daemon) -> None:
    samples = daemon.samples()
    assert value(samples, "school_uplink_up", school="goethe-schule") == 1
    assert labels_of(samples, "school_info", "name") == {"Goethe-Schule", "Schiller-Schule"}
    assert len(series(samples, "school_site_info")) == 2
    assert value(samples, "smokeping_requests_total", school="goethe-schule") > 0
    owed = {name for name, _ in samples if name.startswith("school_contract_")}
    assert owed == set()
    assert not [name for name, _ in samples if name.startswith("school_provider_")]
    result = subprocess.run(
        ["promtool", "check", "metrics"],
        input=daemon.get("/metrics").body,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert result.returncode in {0, 3}, result.stderr.decode()


def test_pages_say_in_both_languages_that_there_is_no_contract(daemon: Daemon) -> None:
    assert daemon.get("/").status == 200
    assert "Goethe-Schule" in daemon.get("/").text
    english, german = (
        daemon.get(f"/schools/goethe-schule?lang={language}").text for language in ("en", "de")
    )
    assert NO_CONTRACT in english
    assert "kein Vertrag: Die Verfügbarkeit wird gemessen, nicht beurteilt" in german
    assert "None bit" not in english + german
    assert "None<" not in german


def test_the_api_has_null_for_unknown_values(daemon: Daemon) -> None:
    school = json.loads(daemon.get("/api/v1/schools/goethe-schule").text)
    assert (school["state"], school["latitude"], school["type"]) == ("up", None, "")
    [site] = school["sites"]
    assert (site["provider"], site["contracted_down_bps"]) == ("", None)
    [line, _] = json.loads(daemon.get("/api/v1/sla").text)["sites"]
    assert (line["verdict"], line["contracted"]) == ("no contract", None)


def test_sla_measures_and_does_not_judge(daemon: Daemon, folder: Path) -> None:
    place = ("--config", str(folder / "schools.yaml"), "--state-dir", str(folder / "state"))
    assert daemon.process.poll() is None
    assert NO_CONTRACT in said("sla", "--lang", "en", *place)
    [line, _] = json.loads(said("sla", "--json", *place))["sites"]
    assert (line["verdict"], line["provider"]) == ("no contract", "")
    assert (line["contract_availability"], line["left_down_minutes"]) == (None, None)
    rows = said("sla", "--format", "csv", *place).splitlines()
    assert len(rows) == 3
    assert "no contract" in rows[1]


def test_probe_pings_and_says_that_there_is_no_contract(folder: Path) -> None:
    text = said("probe", "--config", str(folder / "schools.yaml"), "goethe-schule")
    assert f"uplink: {NO_CONTRACT}" in text
    assert "all is well: 1 check ran" in text
