from __future__ import annotations

from monitor.exposition.render import CheckRenderer
from monitor.observation import EchoRound, Observation, Outcome, rtts_and_gaps
from tests.exposition.support import exact_names, icmp_check, observed, with_host

LABELS = frozenset(
    {("school", "goethe"), ("site", "main"), ("device", "router"), ("check", "icmp")}
)


def own(labels: frozenset[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the labels of a series without the host, which smokeping_prober's series add."""
    return {(name, value) for name, value in labels if name != "host"}


def rendered(renderer: CheckRenderer, observation: Observation) -> dict[str, float]:
    """Return the values of series that have only the labels of their check."""
    text = b"".join(renderer.render(observation, 1000.0).values()).decode()
    return {
        name: value for (name, labels), value in exact_names(text).items() if own(labels) == LABELS
    }


def test_rounds_add_up() -> None:
    renderer = CheckRenderer(icmp_check())
    first = EchoRound("192.0.2.1", 5, (0.010, 0.012, 0.011), discarded=1)
    second = EchoRound("192.0.2.1", 5, (0.020,) * 5, late=1, duplicates=2)
    rendered(renderer, observed(icmp_check(), first))
    found = rendered(renderer, observed(icmp_check(), second))
    assert found["smokeping_requests_total"] == 10
    assert found["probe_icmp_replies_total"] == 9
    assert found["probe_icmp_lost_total"] == 1
    assert found["probe_icmp_late_total"] == 1
    assert found["probe_icmp_duplicate_total"] == 2
    assert found["probe_icmp_discarded_total"] == 1
    assert found["smokeping_response_duration_seconds_count"] == 8
    assert abs(found["smokeping_response_duration_seconds_sum"] - 0.133) < 1e-9


def test_a_round_trip_time_equal_to_a_bucket_bound_is_in_that_bucket() -> None:
    renderer = CheckRenderer(icmp_check())
    echo = EchoRound("192.0.2.1", 3, (0.00005, 0.00006, 9.0))
    text = renderer.render(observed(icmp_check(), echo), 1000.0)[
        "smokeping_response_duration_seconds"
    ]
    buckets = {
        dict(labels)["le"]: value
        for (name, labels), value in exact_names(text.decode()).items()
        if name.endswith("_bucket")
    }
    assert buckets["5e-05"] == 1
    assert buckets["0.0001"] == 2
    assert buckets["6.5536"] == 2
    assert buckets["+Inf"] == 3


def test_total_loss_is_exported_without_a_round_trip_time() -> None:
    found = rendered(
        CheckRenderer(icmp_check()),
        observed(icmp_check(), EchoRound("192.0.2.1", 5, ()), Outcome.FAILED),
    )
    assert found["probe_icmp_loss_ratio"] == 1
    assert found["probe_success"] == 0
    assert "probe_icmp_rtt_difference_seconds" not in found


def test_rtt_jitter_and_hop_limit_are_those_of_the_last_round() -> None:
    echo = EchoRound("2001:db8::1", 2, (0.010, 0.014), hop_limit=61, resolve_seconds=0.003)
    blocks = CheckRenderer(icmp_check()).render(observed(icmp_check(), echo), 1000.0)
    found = exact_names(b"".join(blocks.values()).decode())
    assert found["probe_ip_protocol", LABELS] == 6
    assert found["probe_icmp_reply_hop_limit", LABELS] == 61
    assert abs(found["probe_icmp_rtt_difference_seconds", LABELS] - 0.004) < 1e-9
    assert found["probe_icmp_duration_seconds", LABELS | {("phase", "rtt")}] == 0.012
    assert found["probe_icmp_duration_seconds", LABELS | {("phase", "resolve")}] == 0.003


def test_no_jitter_is_computed_across_a_lost_packet() -> None:
    rtts, gaps = rtts_and_gaps([None, 0.010, 0.011, None, None, 0.050, 0.052, None])
    assert rtts == (0.010, 0.011, 0.050, 0.052)
    echo = EchoRound("192.0.2.1", 8, rtts, gaps=gaps)
    found = rendered(CheckRenderer(icmp_check()), observed(icmp_check(), echo))
    assert abs(found["probe_icmp_rtt_difference_seconds"] - 0.0015) < 1e-9


def test_packets_that_were_not_consecutive_have_no_jitter() -> None:
    rtts, gaps = rtts_and_gaps([0.010, None, 0.050])
    echo = EchoRound("192.0.2.1", 3, rtts, gaps=gaps)
    found = rendered(CheckRenderer(icmp_check()), observed(icmp_check(), echo))
    assert "probe_icmp_rtt_difference_seconds" not in found


def test_a_link_local_address_with_a_zone_has_an_ip_version() -> None:
    echo = EchoRound("fe80::1%eth0", 1, (0.01,))
    assert rendered(CheckRenderer(icmp_check()), observed(icmp_check(), echo))[
        "probe_ip_protocol"
    ] == 6  # fmt: skip


def test_an_unknown_run_keeps_the_totals_and_nothing_else() -> None:
    renderer = CheckRenderer(icmp_check())
    rendered(renderer, observed(icmp_check(), EchoRound("192.0.2.1", 5, (0.01,) * 5)))
    found = rendered(renderer, observed(icmp_check(), None, Outcome.UNKNOWN))
    assert found["smokeping_requests_total"] == 5
    assert not {"probe_success", "probe_duration_seconds", "probe_icmp_loss_ratio"} & found.keys()


def test_totals_continue_when_the_host_changes() -> None:
    renderer = CheckRenderer(icmp_check())
    echo = EchoRound("192.0.2.1", 5, (0.01,) * 5)
    rendered(renderer, observed(icmp_check(), echo))
    moved = with_host(icmp_check(), "192.0.2.99")
    assert rendered(renderer, observed(moved, echo))["smokeping_requests_total"] == 10
