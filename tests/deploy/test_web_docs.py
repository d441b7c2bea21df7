"""The examples of docs/web.md are accepted by the programs they are for."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from monitor.cli import main
from monitor.cli.doctor_service import web_file
from monitor.cli.export_addresses import Addresses
from monitor.cli.export_files import scrape_jobs
from monitor.cli.finding import Health
from monitor.web.refusals import Refusal
from tests.deploy.rules import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (ROOT / "docs" / "web.md").read_text(encoding="utf-8")
FILES = ("/etc/prometheus/schulnetz.password", "/etc/prometheus/schulnetz-ca.pem")


def example(language: str, begin: str) -> str:
    (found,) = re.findall(rf"```{language}\n({re.escape(begin)}.*?)```", TEXT, re.DOTALL)
    return str(found)


def jobs(text: str) -> dict[str, Any]:
    return {one["job_name"]: one for one in yaml.safe_load(text)["scrape_configs"]}


@pytest.mark.integration
def test_prometheus_accepts_the_example_with_login_and_tls(tmp_path: Path) -> None:
    text = example("yaml", "scrape_configs:")
    for name in FILES:
        assert name in text
        (tmp_path / name.rsplit("/", 1)[1]).write_text("geheim\n")
        text = text.replace(name, str(tmp_path / name.rsplit("/", 1)[1]))
    assert checked(tmp_path, text) == 0
    assert checked(tmp_path, text.replace("tls_config:", "tls_conifg:")) != 0


def checked(folder: Path, text: str) -> int:
    """Return promtool's exit code for a configuration."""
    config = folder / "prometheus.yml"
    config.write_text(text)
    command = ["promtool", "check", "config", str(config)]
    return subprocess.run(command, capture_output=True, timeout=120, check=False).returncode


def test_the_example_has_the_jobs_of_the_deployment_and_a_login_at_each_place() -> None:
    shown = jobs(example("yaml", "scrape_configs:"))
    deployed = jobs((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    assert shown.keys() == deployed.keys() & {"schulnetz", "schools"}
    (discovery,) = shown["schools"]["http_sd_configs"]
    assert discovery["url"].startswith("https://")
    for place in (*shown.values(), discovery):
        assert {"basic_auth", "tls_config"} <= place.keys()
    for name, job in shown.items():
        assert job["scheme"] == "https"
        for key in ("metrics_path", "honor_labels"):
            assert job.get(key) == deployed[name].get(key)


def test_the_example_is_what_export_prometheus_writes() -> None:
    written = scrape_jobs(Addresses("https://monitor.example.org:9822"))["schulnetz.scrape.yaml"]
    assert jobs(example("yaml", "scrape_configs:")) == jobs(written)


@pytest.mark.integration
def test_the_doors_are_closed_by_the_commands_of_the_page(tmp_path: Path) -> None:
    (steps,) = re.findall(r"   ```sh\n(   cd /etc/schulnetz\n.*?)   ```", TEXT, re.DOTALL)
    lines = steps.replace("/etc/schulnetz", str(tmp_path))
    lines = lines.replace("chgrp schulnetz", f"chgrp {os.getgid()}")
    subprocess.run(["sh", "-ec", lines], check=True, timeout=120, capture_output=True)
    assert (tmp_path / "server.key").stat().st_mode & 0o777 == 0o640
    done = CliRunner().invoke(main, ["hash-password"], input="geheim\n")
    file = example("yaml", "tls_server_config:").replace("/etc/schulnetz", str(tmp_path))
    hashed = file.replace("$2b$10$…", done.stdout.strip())
    assert hashed != file
    web = tmp_path / "web.config.yml.new"
    web.write_text(hashed)
    (finding,) = web_file(web, tmp_path / "schools.yaml", "0.0.0.0", datetime.now(UTC))
    assert finding.health is Health.GOOD, finding
    assert "TLS, 1 user; certificate CN=monitor.example.org, ends " in finding.seen


@pytest.mark.integration
def test_systemd_accepts_the_drop_in(tmp_path: Path) -> None:
    drop_in = example("ini", "[Service]")
    assert faults(tmp_path, drop_in) == ""
    assert "Unknown key" in faults(tmp_path, drop_in.replace("ExecStart", "ExecStrat"))


def faults(folder: Path, drop_in: str) -> str:
    """Return what systemd finds wrong with the lines of the unit and a drop-in."""
    unit = (ROOT / "deploy/systemd/schulnetz.service").read_text(encoding="utf-8") + drop_in
    place = folder / "schulnetz.service"
    # An existing program, so that only these lines are checked.
    place.write_text(unit.replace("ExecStart=schulnetz", "ExecStart=/bin/true"))
    command = ["systemd-analyze", "verify", "--man=no", str(place)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stderr
    return "\n".join(line for line in said.splitlines() if "schulnetz.service:" in line)


def test_every_reason_of_a_refusal_is_explained() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| .+ \|$", TEXT, re.MULTILINE)
    assert rows == [reason.value for reason in Refusal]
