from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.exposition.catalogue import CATALOGUE
from monitor.exposition.own import OwnMetrics
from monitor.inventory.checks import CheckKind
from monitor.observation import Outcome
from tests.exposition.support import (
    MONDAY,
    city_with_gateway,
    exact_names,
    exposed_school,
    interfaces_check,
    observed,
)

if TYPE_CHECKING:
    from tests.exposition.support import Samples


@pytest.fixture
def own() -> OwnMetrics:
    return OwnMetrics("1.2.3")


def text_of(own: OwnMetrics) -> str:
    return b"".join(own.families()).decode()


def samples(own: OwnMetrics) -> Samples:
    return exact_names(text_of(own))


def value(own: OwnMetrics, name: str, **labels: str) -> float:
    return samples(own)[name, frozenset(labels.items())]


def test_every_family_about_the_daemon_has_its_declared_labels(own: OwnMetrics) -> None:
    own.count_run(observed(interfaces_check()))
    own.count_inventory(city_with_gateway(exposed_school()))
    own.count_drops_of("snmp", lambda: {"source": 1})
    for family in text_string_to_metric_families(text_of(own)):
        if family.name.startswith("process_"):
            continue
        name = family.name + ("_total" if family.type == "counter" else "")
        metric = CATALOGUE[name]
        assert family.type == metric.text_type
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels), name


def test_there_are_no_created_series(own: OwnMetrics) -> None:
    assert "_created" not in text_of(own)


def test_runs_are_counted_by_kind_and_outcome_from_zero(own: OwnMetrics) -> None:
    own.count_run(observed(interfaces_check(), None, Outcome.FAILED))
    assert value(own, "monitor_runs_total", kind="interfaces", outcome="failed") == 1
    assert value(own, "monitor_runs_total", kind="icmp", outcome="ok") == 0
    assert value(own, "monitor_run_duration_seconds_count", kind="interfaces") == 1


def test_skipped_runs_are_counted(own: OwnMetrics) -> None:
    own.count_skipped(CheckKind.ICMP, 3)
    assert value(own, "monitor_runs_skipped_total", kind="icmp") == 3


def test_drops_are_read_from_the_transports_at_each_scrape(own: OwnMetrics) -> None:
    dropped = {"source": 0}
    own.count_drops_of("snmp", lambda: dropped)
    dropped["source"] = 4
    found = value(own, "monitor_replies_dropped_total", protocol="snmp", reason="source")
    assert found == 4


def test_a_refused_reload_keeps_the_time_of_the_last_good_one(own: OwnMetrics) -> None:
    own.count_reload(MONDAY, successful=True)
    own.count_reload(MONDAY.replace(hour=12), successful=False)
    assert value(own, "monitor_config_last_reload_successful") == 0
    name = "monitor_config_last_reload_success_timestamp_seconds"
    assert value(own, name) == MONDAY.timestamp()


def test_configured_objects_are_counted(own: OwnMetrics) -> None:
    own.count_inventory(
        city_with_gateway(exposed_school("goethe", 3), exposed_school("schiller", 2))
    )
    assert value(own, "monitor_schools") == 2
    assert value(own, "monitor_devices", role="switch") == 5
    assert value(own, "monitor_devices", role="uplink") == 2
    assert value(own, "monitor_devices", role="reference") == 1
    assert value(own, "monitor_checks", kind="interfaces") == 7


def test_lag_build_and_process_metrics_are_present(own: OwnMetrics) -> None:
    own.loop_lag.observe(0.0015)
    found = samples(own)
    assert found["monitor_loop_lag_seconds_bucket", frozenset({("le", "0.002")})] == 1
    assert any(
        name == "monitor_build_info" and ("version", "1.2.3") in labels for name, labels in found
    )
    assert ("process_resident_memory_bytes", frozenset()) in found


def test_the_end_of_the_certificate_is_that_of_the_one_in_force(own: OwnMetrics) -> None:
    name = "monitor_web_certificate_expiry_timestamp_seconds"
    assert name not in text_of(own)
    ends: list[datetime | None] = [None]
    own.export_certificate_end(lambda: ends[-1])
    assert name not in text_of(own)
    for end in (MONDAY, MONDAY + timedelta(days=90)):
        ends.append(end)
        assert value(own, name) == end.timestamp()
