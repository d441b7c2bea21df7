"""Alertmanager's configuration, checked and queried with its own tool."""

from __future__ import annotations

import subprocess

import pytest
import yaml

from tests.deploy.rules import ROOT, alerts
from tests.drills.pace import seconds

FOLDER = ROOT / "deploy" / "alertmanager"
CONFIGURATION = FOLDER / "alertmanager.yml"


def amtool(*arguments: str) -> str:
    done = subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.integration
def test_amtool_accepts_the_configuration_and_its_templates() -> None:
    assert "SUCCESS" in amtool("check-config", str(CONFIGURATION))


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
def test_each_route_leads_to_its_receiver(labels: str, receiver: str) -> None:
    config = f"--config.file={CONFIGURATION}"
    amtool("config", "routes", "test", config, f"--verify.receivers={receiver}", *labels.split())


@pytest.mark.integration
def test_every_alert_reaches_the_receiver_of_its_severity() -> None:
    config = f"--config.file={CONFIGURATION}"
    wanted = {"page": "page", "ticket": "ticket", "info": "nobody", "none": "heartbeat"}
    for alert, severity, _ in {rule.variant for rule in alerts()}:
        labels = (f"alertname={alert}", f"severity={severity}")
        found = amtool("config", "routes", "test", config, *labels).strip()
        assert found == wanted[severity], alert


def test_an_inhibiting_alert_outlives_its_target_by_a_group_interval() -> None:
    """Otherwise every inhibited alert would be notified on recovery."""
    keeps = {rule.alert: seconds(rule.keeps) for rule in alerts() if rule.keeps}
    route = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["route"]
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
