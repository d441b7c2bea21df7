"""From a reason to its verdict, its alert and its runbook: pages, rules and docs agree."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from monitor.inventory.checks import CheckKind
from monitor.status.alerts import (
    NAME_SERVICE,
    OF_CAUSE,
    OF_LINES_ALONE,
    OF_TROUBLE,
    POWER_OVER_ETHERNET,
    alert_of_cause,
    alert_of_trouble,
    alert_status,
)
from monitor.status.certificates import NEAR, OF_CERTIFICATE
from monitor.verdict import Cause, Degradation, SubjectKind, Trouble
from monitor.verdict.conditions import LastRun
from tests.deploy.rules import ROOT, RULES, alerts
from tests.verdict.world import icmp, numbered_city

if TYPE_CHECKING:
    from pathlib import Path

_ROW = re.compile(
    r"^\| `(\w+)`([^|]*) \| ([^|]+) \| (?:\[(\w+)\]\(runbooks/(\w+)\.md\)|–) \|", re.MULTILINE
)
NAMED = {
    *OF_TROUBLE.values(),
    *(name for each in OF_CAUSE.values() for name in each.values()),
    NAME_SERVICE,
    POWER_OVER_ETHERNET,
    OF_CERTIFICATE,
}
# Errors per second and their share of packets at every port; the share of the power budget in use.
BEYOND_VERDICTS = {"PortErrors": ["0.05", "0.001"], "PoeBudget": ["0", "0.9"]}
UPLINK, SWITCH = SubjectKind.UPLINK, SubjectKind.SWITCH


def found(trouble: Trouble, part: str = "", check: str = "icmp") -> Degradation:
    return Degradation(trouble, check, part, datetime(2026, 11, 25, tzinfo=UTC), "")


def test_each_alert_named_on_a_page_has_a_rule_and_a_runbook() -> None:
    rules = {rule.alert for rule in alerts()}
    for name in NAMED:
        assert name in rules
        assert (ROOT / "docs" / "runbooks" / f"{name}.md").is_file()


def test_the_table_in_the_docs_matches_the_pages() -> None:
    text = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    section = text[text.index("## From the reason to the runbook") :]
    rows = _ROW.findall(section[: section.index("\n## ", 3)])
    assert all(alert == runbook for *_, alert, runbook in rows)
    listed = {(reason, note.strip()): (verdict, alert) for reason, note, verdict, alert, _ in rows}
    wanted: dict[tuple[str, str], tuple[str, str]] = {}
    for cause in Cause:
        if cause is Cause.ANSWERS:
            continue
        down = cause in {Cause.NO_ANSWER, Cause.PROVIDER_OUTAGE}
        names = {kind: alert_of_cause(kind, cause) for kind in (UPLINK, SWITCH)}
        apart = len(set(filter(None, names.values()))) > 1
        for kind, name in names.items():
            if name or not any(names.values()):
                note = f"of {'an uplink' if kind is UPLINK else 'a switch'}" if apart else ""
                wanted[cause.value, note] = ("down" if down else "unknown", name)
    for trouble in Trouble:
        note = "of a line" if trouble in OF_LINES_ALONE else ""
        wanted[trouble.value, note] = ("degraded", OF_TROUBLE[trouble])
        if note:
            assert alert_of_trouble(SWITCH, found(trouble), ()) == ""
            wanted[trouble.value, "of a switch"] = ("degraded", "")
    wanted["service", "of a DNS check"] = ("degraded", NAME_SERVICE)
    wanted["hardware", "of power over Ethernet"] = ("degraded", POWER_OVER_ETHERNET)
    assert listed == wanted


@pytest.mark.parametrize("name", [OF_CERTIFICATE, "MonitorCertificateExpiring"])
def test_pages_and_alerts_have_one_limit_for_certificates(name: str) -> None:
    [rule] = [rule for rule in alerts() if rule.alert == name]
    assert f"< {NEAR.days} * 86400" in rule.expression


FOLLOWS = {
    *((trouble, name) for trouble, name in OF_TROUBLE.items()),
    (Trouble.SERVICE, NAME_SERVICE),
    (Trouble.HARDWARE, POWER_OVER_ETHERNET),
}


@pytest.mark.parametrize(("trouble", "name"), sorted(FOLLOWS))
def test_the_degraded_device_rule_uses_the_verdict_of_the_daemon(
    trouble: Trouble, name: str
) -> None:
    """It has its own thresholds only for what the daemon does not judge."""
    expressions = [rule.expression for rule in alerts() if rule.alert == name]
    assert expressions
    for expression in expressions:
        assert f'reason="{trouble.value}"' in expression
        assert re.findall(r"[<>=]=?\s*([\d.]+)", expression) == BEYOND_VERDICTS.get(name, [])


@pytest.mark.integration
def test_a_finding_of_the_daemon_fires_the_alert_the_page_names(tmp_path: Path) -> None:
    """Each reason in a city of its own, with nothing else wrong there."""
    cases = [(trouble, name, CheckKind.HTTP, "") for trouble, name in OF_TROUBLE.items()]
    cases.append((Trouble.SERVICE, NAME_SERVICE, CheckKind.DNS, ""))
    cases.append(
        (Trouble.HARDWARE, POWER_OVER_ETHERNET, CheckKind.HARDWARE, "power over Ethernet 1")
    )
    tests = [_fires(*case) for case in cases]
    files = sorted(map(str, RULES.glob("*.yml")))
    document = {"rule_files": files, "evaluation_interval": "1m", "tests": tests}
    place = tmp_path / "reasons.yml"
    place.write_text(yaml.safe_dump(document), encoding="utf-8")
    # promtool reports which alerts fire: exactly the named ones among those of a reason.
    done = subprocess.run(
        ["promtool", "test", "rules", str(place)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _fires(trouble: Trouble, name: str, kind: CheckKind, part: str) -> dict[str, Any]:
    """Return the test that after 40 minutes only this alert of those for reasons fires."""
    place = 'school="a", site="main", device="router"'
    since = f'{place}, check="one", reason="{trouble.value}", part="{part}"'
    series = {
        'school_info{school="a", name="A"}': "1x60",
        'school_site_info{school="a", site="main", provider="P"}': "1x60",
        f'school_device_info{{{place}, role="uplink"}}': "1x60",
        'school_uplink_up{school="a", site="main"}': "1x60",
        'school_uplink_errors_per_second{school="a", site="main", direction="down"}': "3x60",
        'site:uplink_loss:ratio_rate15m{school="a", site="main"}': "0.4x60",
        f"school_degraded_since_timestamp_seconds{{{since}}}": "_x5 300x55",
    }
    if kind is CheckKind.DNS:
        series[f'probe_dns_query_succeeded{{{place}, check="one"}}'] = "0x60"
    names = "|".join(one for _, one in FOLLOWS)
    firing = f'ALERTS{{alertstate="firing", alertname=~"{names}"}}'
    expressions = [
        {
            "expr": f"count by (alertname) ({firing})",
            "eval_time": "40m",
            "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1}],
        }
    ]
    return {
        "name": f"{trouble.value} {kind.value}",
        "interval": "1m",
        "input_series": [{"series": one, "values": values} for one, values in series.items()],
        "promql_expr_test": expressions,
    }


def test_dns_checks_and_poe_have_their_own_alerts() -> None:
    check = next(iter(numbered_city(1, 0).checks()))
    dns = LastRun(check)
    assert icmp().kind is CheckKind.ICMP
    assert alert_of_trouble(UPLINK, found(Trouble.SERVICE), (dns,)) == "ServiceDown"
    power = found(Trouble.HARDWARE, "power over Ethernet 1", "hardware")
    assert alert_of_trouble(SWITCH, power, ()) == "PoeBudget"
    fan = found(Trouble.HARDWARE, "fan 2", "hardware")
    assert alert_of_trouble(SWITCH, fan, ()) == "HardwareFault"


def test_a_runbook_has_an_address_where_one_is_configured() -> None:
    with_one = alert_status("UplinkDown", "https://wiki.example.org/runbooks/")
    assert with_one is not None
    assert with_one.runbook == "https://wiki.example.org/runbooks/UplinkDown.md"
    without = alert_status("UplinkDown", "")
    assert without is not None
    assert without.runbook == ""
    assert alert_status("", "https://wiki.example.org") is None
