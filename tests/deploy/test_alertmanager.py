"""Alertmanager's configuration, checked and asked by its own tool."""

from __future__ import annotations

import json
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
GRAFANA = "http://grafana.test"
PAGES = "http://pages.test"
RUNBOOKS = "http://runbooks.test"


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
def test_every_alert_reaches_whom_its_severity_says() -> None:
    config = f"--config.file={CONFIGURATION}"
    wanted = {"page": "page", "ticket": "ticket", "info": "nobody", "none": "heartbeat"}
    for alert, severity, _ in {rule.variant for rule in alerts()}:
        labels = (f"alertname={alert}", f"severity={severity}")
        found = amtool("config", "routes", "test", config, *labels).strip()
        assert found == wanted[severity], alert


def test_what_inhibits_outlives_its_target_by_a_group_interval() -> None:
    """Else every alert that it held back is told of on recovery."""
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


@pytest.mark.integration
def test_the_subject_is_the_one_line_that_a_person_needs(tmp_path: Path) -> None:
    firing = alert("firing", "Goethe-Schule: no broadband")
    over = alert("resolved", "Frauenlobschule: no broadband")
    assert subject(tmp_path, "firing", [over, firing]) == "Goethe-Schule: no broadband"
    assert subject(tmp_path, "firing", [firing, firing]) == "Goethe-Schule: no broadband (of 2)"
    assert subject(tmp_path, "resolved", [over]) == "over: Frauenlobschule: no broadband"


@pytest.mark.integration
def test_the_text_has_the_links_and_separates_what_is_over(tmp_path: Path) -> None:
    alerts = [alert("firing", "Goethe-Schule: no broadband"), alert("resolved", "B: no broadband")]
    text = rendered(tmp_path, "firing", alerts, "schulnetz.text")
    first, over = text.split("Over:\n")
    assert first.startswith("Goethe-Schule: no broadband\nIt does not answer.\n")
    assert f"look: {GRAFANA}/d/schulnetz-school-de?var-school=goethe\n" in first
    assert f"page: {PAGES}/schools/goethe\n" in first
    assert f"do:   {RUNBOOKS}/UplinkDown.md\n" in first
    assert over.startswith("B: no broadband\n")
    assert " until " in over


def alert(status: str, summary: str) -> dict[str, object]:
    return {
        "status": status,
        "labels": {"alertname": "UplinkDown"},
        "annotations": {
            "summary": summary,
            "description": "It does not answer.",
            "dashboard": f"{GRAFANA}/d/schulnetz-school-de?var-school=goethe",
            "status_page": f"{PAGES}/schools/goethe",
            "runbook_url": f"{RUNBOOKS}/UplinkDown.md",
        },
        "startsAt": "2026-11-25T08:00:00Z",
        "endsAt": "2026-11-25T09:00:00Z",
    }


def subject(folder: Path, status: str, alerts: list[dict[str, object]]) -> str:
    return rendered(folder, status, alerts, "schulnetz.subject")


def rendered(folder: Path, status: str, alerts: list[dict[str, object]], template: str) -> str:
    data = {
        "receiver": "page",
        "status": status,
        "alerts": alerts,
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://127.0.0.1:9093",
    }
    file = folder / "data.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    return amtool(
        "template",
        "render",
        f"--template.glob={FOLDER}/templates/*.tmpl",
        f"--template.data={file}",
        f'--template.text={{{{ template "{template}" . }}}}',
    ).removesuffix("\n")
