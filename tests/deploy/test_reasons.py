"""From a reason to its verdict, its alert and its runbook: pages, rules and docs agree."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

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
from monitor.verdict import Cause, Degradation, SubjectKind, Trouble
from monitor.verdict.conditions import LastRun
from tests.deploy.rules import ROOT, alerts
from tests.verdict.world import icmp, numbered_city

_ROW = re.compile(
    r"^\| `(\w+)`([^|]*) \| ([^|]+) \| (?:\[(\w+)\]\(runbooks/(\w+)\.md\)|–) \|", re.MULTILINE
)
NAMED = {
    *OF_TROUBLE.values(),
    *(name for each in OF_CAUSE.values() for name in each.values()),
    NAME_SERVICE,
    POWER_OVER_ETHERNET,
}
UPLINK, SWITCH = SubjectKind.UPLINK, SubjectKind.SWITCH


def found(trouble: Trouble, part: str = "", check: str = "icmp") -> Degradation:
    return Degradation(trouble, check, part, datetime(2026, 11, 25, tzinfo=UTC), "")


def test_each_alert_that_a_page_names_is_a_rule_and_has_a_runbook() -> None:
    rules = {rule.alert for rule in alerts()}
    for name in NAMED:
        assert name in rules
        assert (ROOT / "docs" / "runbooks" / f"{name}.md").is_file()


def test_the_table_in_the_docs_is_that_of_the_pages() -> None:
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


@pytest.mark.parametrize("trouble", Trouble)
def test_the_rule_on_a_degraded_device_asks_for_its_reason(trouble: Trouble) -> None:
    """Rules that go by the daemon's verdict name the reason; three have a metric of their own."""
    asked = f'reason="{trouble.value}"'
    expressions = [rule.expression for rule in alerts() if rule.alert == OF_TROUBLE[trouble]]
    own = {Trouble.LINE_ERRORS, Trouble.SLOWER_THAN_CONTRACT}
    assert all((asked in expression) is (trouble not in own) for expression in expressions)


def test_a_dns_check_and_power_over_ethernet_have_alerts_of_their_own() -> None:
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
