from __future__ import annotations

from dataclasses import replace

from monitor.exposition.render import CheckRenderer
from monitor.observation import Outcome, Reason
from tests.exposition.support import (
    MONDAY,
    Samples,
    exact_names,
    icmp_check,
    interfaces_check,
    observed,
    two_ports,
)

CHECK = frozenset(
    {("school", "goethe"), ("site", "main"), ("device", "switch-1"), ("check", "interfaces")}
)

NOW = 1000.0


def rendered(outcome: Outcome, reason: Reason = Reason.NONE) -> Samples:
    observation = replace(observed(interfaces_check(), two_ports(), outcome), reason=reason)
    blocks = CheckRenderer(interfaces_check()).render(observation, NOW)
    return exact_names(b"".join(blocks.values()).decode())


def test_an_ok_run_is_a_success_without_a_reason() -> None:
    found = rendered(Outcome.OK)
    assert found["probe_success", CHECK] == 1
    assert found["probe_duration_seconds", CHECK] == 0.25
    assert found["probe_last_run_timestamp_seconds", CHECK] == MONDAY.timestamp()
    assert not any(name == "probe_failure_reason" for name, _ in found)


def test_a_failed_run_gives_its_reason_and_partial_measurements() -> None:
    found = rendered(Outcome.FAILED, Reason.TIMEOUT)
    assert found["probe_success", CHECK] == 0
    assert found["probe_failure_reason", CHECK | {("reason", "timeout")}] == 1
    assert any(name == "ifHCInOctets" for name, _ in found)


def test_an_unknown_outcome_is_a_state_of_its_own() -> None:
    found = rendered(Outcome.UNKNOWN, Reason.NO_SOCKET)
    assert ("probe_success", CHECK) not in found
    states = {
        state: found["probe_outcome", CHECK | {("outcome", state)}]
        for state in ("ok", "failed", "unknown")
    }
    assert states == {"ok": 0, "failed": 0, "unknown": 1}


def test_an_alias_switched_on_appears_with_the_next_poll() -> None:
    renderer = CheckRenderer(interfaces_check())
    named = two_ports(ifAlias={1: b"to the city", 7: b""})
    before = renderer.render(observed(interfaces_check(), named), NOW)
    after = renderer.render(observed(interfaces_check(alias=True), named), NOW)
    assert b"to the city" not in before["ifOperStatus"]
    assert b'ifAlias="to the city"' in after["ifOperStatus"]


def test_only_icmp_checks_have_packet_totals() -> None:
    assert "smokeping_requests_total" in CheckRenderer(icmp_check()).render(
        observed(icmp_check()), NOW
    )
    blocks = CheckRenderer(interfaces_check()).render(observed(interfaces_check()), NOW)
    assert "smokeping_requests_total" not in blocks
