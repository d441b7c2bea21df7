"""docs/alerts.md lists the alerts as they are."""

from __future__ import annotations

import re

from tests.deploy.rules import ROOT, alerts

_ROW = re.compile(r"\| \[(\w+)\]\(runbooks/(\w+)\.md\) \| (\w+) \| ([^|]*) \| [^|]+ \|")


def test_the_table_of_alerts_matches_the_rules() -> None:
    text = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    rows = _ROW.findall(text)
    assert all(name == runbook for name, runbook, _, _ in rows)
    shown = [(name, severity, waits) for name, _, severity, waits in rows]
    waits: dict[tuple[str, str], list[str]] = {}
    for rule in alerts():
        waits.setdefault((rule.alert, rule.labels["severity"]), []).append(rule.waits or "–")
    wanted = [(alert, severity, ", ".join(each)) for (alert, severity), each in waits.items()]
    assert sorted(shown) == sorted(wanted)


def test_the_promised_total_uses_the_deployed_times() -> None:
    """The table in docs/alerts.md adds up to less than 3 min 30 s of deployed values."""
    text = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    parts = [int(number) for number in re.findall(r"^\| .* \| (\d+) s \|$", text, re.MULTILINE)]
    total = re.search(r"^\| \*\*.*\*\* \| \*\*(\d+) s\*\* \|$", text, re.MULTILINE)
    assert total
    assert int(total[1]) == sum(parts) < 210
    prometheus = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    assert "scrape_interval: 30s" in prometheus
    assert "evaluation_interval: 15s" in prometheus
    page = next(rule for rule in alerts() if rule.variant == ("UplinkDown", "page", ""))
    assert page.waits == "30s"
    assert parts.count(30) == 2, "the scrape and the `for`"
    assert parts.count(15) == 2, "the evaluation and Alertmanager's group_wait"
