"""Alertmanager's configuration, checked and queried with its own tool."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.deploy.rules import ROOT, alerts
from tests.drills.pace import seconds

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "deploy" / "alertmanager"
CONFIGURATION = FOLDER / "alertmanager.yml"


def amtool(*arguments: str) -> str:
    done = subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.integration
def test_amtool_accepts_the_configuration_and_its_templates() -> None:
    assert "SUCCESS" in amtool("check-config", str(CONFIGURATION))


# What a city has already: a root of its own, and a route that takes every page.
FOREIGN = """
route:
  receiver: platform
  group_by: ["..."]
  repeat_interval: 30d
  routes:
    - {matchers: [severity = "page"], receiver: platform}
receivers:
  - name: platform
"""


@pytest.fixture(params=["as shipped", "merged"])
def configuration(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return the shipped file, or one into which it is merged as docs/alerts.md says."""
    if request.param == "as shipped":
        return CONFIGURATION
    shipped = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    merged = yaml.safe_load(FOREIGN)
    merged["route"]["routes"] = shipped["route"]["routes"] + merged["route"]["routes"]
    merged["receivers"] += shipped["receivers"]
    merged |= {key: shipped[key] for key in ("global", "inhibit_rules", "time_intervals")}
    path = tmp_path / "alertmanager.yml"
    path.write_text(yaml.safe_dump(merged), encoding="utf-8")
    return path


def receiver_of(configuration: Path, *labels: str) -> str:
    return amtool("config", "routes", "test", f"--config.file={configuration}", *labels).strip()


@pytest.mark.integration
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("alertname=UplinkDown severity=page provider=A school=a site=main", "page"),
        ("alertname=UplinkDown severity=ticket provider=A school=a site=main", "ticket"),
        ("alertname=ProviderOutage severity=page provider=A", "page"),
        ("alertname=ProviderOutage severity=ticket provider=A", "ticket"),
        ("alertname=CommonOutage severity=page", "page"),
        ("alertname=CommonOutage severity=ticket", "ticket"),
        ("alertname=MonitorIsolated severity=page", "page"),
        ("alertname=MonitorDown severity=page", "page"),
        ("alertname=SwitchDown severity=ticket school=a site=main device=switch-01", "ticket"),
        ("alertname=SwitchRebooted severity=info school=a site=main", "nobody"),
        ("alertname=Watchdog severity=none", "heartbeat"),
        ("alertname=LedgerQuarantined severity=ticket", "ticket"),
        ("alertname=SomethingNew", "ticket"),
    ],
)
def test_each_route_leads_to_its_receiver(configuration: Path, labels: str, receiver: str) -> None:
    assert receiver_of(configuration, "product=schulnetz", *labels.split()) == receiver


@pytest.mark.integration
def test_every_alert_reaches_the_receiver_of_its_severity(configuration: Path) -> None:
    wanted = {"page": "page", "ticket": "ticket", "info": "nobody", "none": "heartbeat"}
    for rule in alerts():
        labels = [f"{name}={value}" for name, value in rule.labels.items()]
        found = receiver_of(configuration, f"alertname={rule.alert}", *labels)
        assert found == wanted[rule.labels["severity"]], rule.alert


@pytest.mark.integration
@pytest.mark.parametrize("configuration", ["merged"], indirect=True)
@pytest.mark.parametrize(
    "labels",
    [
        "alertname=DiskFull severity=page team=platform",
        "alertname=UplinkDown severity=page",
        "alertname=Watchdog severity=none",
        "alertname=ServiceDown severity=info",
    ],
)
def test_alerts_of_others_keep_their_receiver(configuration: Path, labels: str) -> None:
    assert receiver_of(configuration, *labels.split()) == "platform"


def test_inhibition_is_only_among_alerts_of_the_rules() -> None:
    rules = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["inhibit_rules"]
    assert rules
    for rule in rules:
        for side in ("source_matchers", "target_matchers"):
            assert 'product = "schulnetz"' in rule[side], rule


def test_an_inhibiting_alert_outlives_its_target_by_a_group_interval() -> None:
    """Otherwise every inhibited alert would be notified on recovery."""
    keeps = {rule.alert: seconds(rule.keeps) for rule in alerts() if rule.keeps}
    (route,) = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["route"]["routes"]
    longest = max(
        seconds(each["group_interval"])
        for each in (route, *route["routes"])
        if "group_interval" in each
    )
    assert keeps["UplinkDown"] >= keeps["SwitchDown"] + longest
    assert keeps["MonitorIsolated"] >= keeps["UplinkDown"] + longest
    assert keeps["CommonOutage"] >= keeps["UplinkDown"] + longest
    assert keeps["MonitorIsolated"] >= keeps["ProviderOutage"] + longest


def test_each_alert_has_text_in_both_languages() -> None:
    for rule in alerts():
        for key in ("summary", "description"):
            assert rule.annotations[key] != rule.annotations[f"{key}_de"], rule.alert


def test_no_alert_text_contains_a_time_because_the_mail_does() -> None:
    for rule in alerts():
        for key, text in rule.annotations.items():
            assert "humanizeTimestamp" not in text, (rule.alert, key)
