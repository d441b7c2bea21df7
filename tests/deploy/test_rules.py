"""Rules: only declared metrics, a firing and a silent test each, useful details in alerts."""

from __future__ import annotations

import re
import subprocess

import pytest

from monitor.config.shape.checks import InterfacesRules
from monitor.exposition.catalogue import CATALOGUE
from monitor.exposition.interfaces import INTERFACE_METRICS
from monitor.exposition.metric import Kind
from tests.deploy.rules import ROOT, RULES, TESTS, alerts, all_rules, unit_tests
from tests.drills.pace import seconds

# Prometheus creates these itself.
ITS_OWN = {"up", "ALERTS"}
SEVERITIES = {"page", "ticket", "info", "none"}
LOOKBACK_SECONDS = 300


def promtool(*arguments: str) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.integration
def test_promtool_accepts_the_rules_and_the_configuration() -> None:
    files = [str(path) for path in sorted(RULES.glob("*.yml"))]
    promtool("check", "rules", "--lint=all", "--lint-fatal", *files)
    promtool("check", "config", "--lint=all", "--lint-fatal", str(RULES.parent / "prometheus.yml"))


@pytest.mark.integration
def test_unit_tests_of_the_rules_pass() -> None:
    promtool("test", "rules", *(str(path) for path in sorted(TESTS.glob("*.yml"))))


def test_every_metric_in_a_rule_is_declared() -> None:
    declared = {*CATALOGUE, *ITS_OWN, *(rule.record for rule in all_rules())}
    for metric in CATALOGUE.values():
        if metric.kind is Kind.HISTOGRAM:
            declared |= {f"{metric.name}_{part}" for part in ("bucket", "sum", "count")}
    for rule in all_rules():
        unknown = rule.metrics - declared
        assert not unknown, f"{rule.record or rule.alert} asks for {unknown}"


def test_every_expression_except_the_watchdog_names_a_metric() -> None:
    """Also guards the test above: a parser that finds no names would accept anything."""
    silent = [rule.alert or rule.record for rule in all_rules() if not rule.metrics]
    assert silent == ["Watchdog"]


def test_recording_rules_run_well_within_the_prometheus_lookback() -> None:
    """Otherwise a series would vanish between evaluations, and each `for` on it start over."""
    for rule in all_rules():
        if rule.record and rule.interval:
            assert 2 * seconds(rule.interval) < LOOKBACK_SECONDS, rule.record


def test_windows_over_polled_metrics_span_four_polls() -> None:
    polled = "|".join(metric.name for metric in INTERFACE_METRICS)
    asked = re.compile(rf"\b(?:{polled})\b(?:{{[^}}]*}})?\[(\w+)\]")
    windows = [window for rule in all_rules() for window in asked.findall(rule.expression)]
    assert windows
    assert all(seconds(window) >= 4 * InterfacesRules().interval for window in windows), windows


def test_every_alert_gives_the_details_a_person_needs() -> None:
    for rule in alerts():
        assert rule.labels["severity"] in SEVERITIES, rule.alert
        assert rule.labels["product"] == "schulnetz", rule.alert
        needed = {"summary", "description", "dashboard", "runbook_url"}
        needed |= {"summary_de", "description_de"}
        may_have = {"status_page", "since", "schools", "switches", "planned_until"}
        assert set(rule.annotations) - may_have == needed, rule.alert
        summary = rule.annotations["summary"]
        assert "\n" not in summary, rule.alert
        assert len(summary) < 100, rule.alert


# Of these Prometheus alone decides, and so knows since when.
BY_PROMETHEUS = {
    "AvailabilityBurnRate",
    "CertificateExpiring",
    "RoundTripTimeTripled",
    "SwitchLinkLost",
    "SwitchRebooted",
}


def test_every_alert_on_a_decision_of_the_daemon_shows_its_start() -> None:
    about = [rule for rule in alerts() if "$labels.school" in str(rule.annotations)]
    assert {rule.alert for rule in about if "since" not in rule.annotations} == BY_PROMETHEUS
    # They survive a restart of the daemon, or they would start with it. Lost links are forgotten.
    mailed = [rule for rule in about if rule.labels["severity"] != "info"]
    assert [rule.alert for rule in mailed if not rule.keeps] == ["SwitchLinkLost"]


# Announced work at a school causes none of these.
NOT_BY_WORK = {"AvailabilityBurnRate", "CertificateExpiring", "StageRegressed"}


def test_every_alert_that_work_at_a_school_may_cause_shows_until_when_it_is_planned() -> None:
    about = {rule.alert for rule in alerts() if "$labels.school" in str(rule.annotations)}
    planned = {rule.alert for rule in alerts() if "planned_until" in rule.annotations}
    assert about - planned == NOT_BY_WORK
    assert len({rule.annotations.get("planned_until") for rule in alerts()}) == 2  # or none


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    runbooks = {path.stem for path in (ROOT / "docs" / "runbooks").glob("*.md")}
    assert runbooks == {rule.alert for rule in alerts()}


def test_runbooks_have_meaning_checks_actions_and_contacts() -> None:
    for path in sorted((ROOT / "docs" / "runbooks").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        places = [
            text.find(f"\n## {title}\n") for title in ("What it means", "Look at", "Do", "Call")
        ]
        assert -1 not in places, path.name
        assert places == sorted(places), path.name
        assert text.startswith(f"# {path.stem}\n"), path.name
        assert "```promql\n" in text, f"{path.name} shows no query"


@pytest.mark.integration
def test_runbook_queries_parse_and_use_declared_metrics(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    declared = {*CATALOGUE, *ITS_OWN, *(rule.record for rule in all_rules())}
    lines = ["groups:", "  - name: runbooks", "    rules:"]
    for path in sorted((ROOT / "docs" / "runbooks").glob("*.md")):
        for block in path.read_text(encoding="utf-8").split("```promql\n")[1:]:
            for number, query in enumerate(block.split("```")[0].strip().splitlines()):
                lines += [f"      - record: {path.stem}:{number}", f"        expr: {query!r}"]
                known = any(name in query for name in declared)
                assert known or "prometheus_" in query or "alertmanager_" in query, query
    file = tmp_path_factory.mktemp("runbooks") / "queries.yml"
    file.write_text("\n".join(lines), encoding="utf-8")
    promtool("check", "rules", "--lint=none", str(file))


def test_every_alert_is_tested_both_firing_and_silent() -> None:
    firing: set[tuple[str, str, str]] = set()
    quiet: set[str] = set()
    for test in unit_tests():
        for case in test.get("alert_rule_test", ()):
            if not case["exp_alerts"]:
                quiet.add(case["alertname"])
            for one in case["exp_alerts"]:
                labels = one["exp_labels"]
                firing.add((case["alertname"], labels["severity"], labels.get("window", "")))
    assert firing == {rule.variant for rule in alerts()}
    assert quiet == {rule.alert for rule in alerts()} - {"Watchdog"}


def test_every_recording_rule_is_tested() -> None:
    asked = [case["expr"] for test in unit_tests() for case in test.get("promql_expr_test", ())]
    for rule in all_rules():
        if rule.record:
            assert any(rule.record in expression for expression in asked), rule.record
