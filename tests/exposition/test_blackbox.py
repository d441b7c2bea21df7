"""Observations in blackbox_exporter's format; tests/integration compares with the real one."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.exposition.blackbox import (
    CONNECTION_METRICS,
    DNS_METRICS,
    HTTP_METRICS,
    blackbox_samples,
    blackbox_text,
)
from monitor.exposition.catalogue import CATALOGUE
from monitor.inventory.checks import HttpOptions
from monitor.observation import (
    CertificateChain,
    DnsReading,
    EchoRound,
    HttpReading,
    Observation,
    Outcome,
    Reason,
    TcpReading,
    Values,
)
from tests import build

STARTED = datetime(2026, 10, 15, tzinfo=UTC)


def observed(values: Values | None, outcome: Outcome = Outcome.OK) -> Observation:
    page = build.check(HttpOptions("https://www.example/"))
    return Observation(page, STARTED, 0.25, outcome, Reason.NONE, "", values)


def values_of(observation: Observation) -> dict[str, float]:
    return {sample.metric.name: sample.value for sample in blackbox_samples(observation)}


def test_every_exposable_name_has_a_help_text_and_parses() -> None:
    chain = CertificateChain(STARTED, STARTED, "ab", 'CN="quoted\\"', "CN=x\ny", ("a", "b"))
    readings: tuple[Values, ...] = (
        EchoRound("192.0.2.1", 1, (0.1,), hop_limit=60),
        TcpReading("192.0.2.1", 4, 80),
        DnsReading("2001:db8::1", 6, serial=7),
        HttpReading(
            "fe80::1%eth0",
            6,
            status=200,
            version="1.1",
            last_modified=STARTED,
            tls_version="TLS 1.3",
            certificate=chain,
        ),
    )
    seen: set[str] = set()
    for reading in readings:
        observation = observed(reading)
        families = list(text_string_to_metric_families(blackbox_text(observation)))
        read = {(s.name, s.value, *s.labels.values()) for f in families for s in f.samples}
        samples = blackbox_samples(observation)
        assert read == {
            (s.metric.name, s.value, *(value for _, value in s.labels)) for s in samples
        }
        assert len({family.name for family in families}) == len(families)
        seen |= {family.name for family in families}
    services = {metric.name for metric in (*CONNECTION_METRICS, *HTTP_METRICS, *DNS_METRICS)}
    assert services <= seen <= CATALOGUE.keys()


def test_failed_exchange_has_zeros_where_blackbox_exporter_has_them() -> None:
    found = values_of(observed(HttpReading("", None), Outcome.FAILED))
    assert found["probe_success"] == found["probe_http_status_code"] == 0
    assert found["probe_http_content_length"] == found["probe_ip_addr_hash"] == 0
    assert "probe_ssl_earliest_cert_expiry" not in found


def test_response_without_a_length_reports_minus_one() -> None:
    found = values_of(observed(HttpReading("192.0.2.1", 4, status=200, version="1.1")))
    assert found["probe_http_content_length"] == -1


def test_handshake_without_a_response_is_not_reported_as_ssl() -> None:
    found = values_of(observed(HttpReading("192.0.2.1", 4, tls_version="TLS 1.3")))
    assert found["probe_http_ssl"] == 0


def test_check_that_was_not_run_is_not_a_success() -> None:
    assert values_of(observed(None, Outcome.UNKNOWN)) == {
        "probe_success": 0,
        "probe_duration_seconds": 0.25,
    }


EMPTY: tuple[Values | None, ...] = (
    None,
    EchoRound("192.0.2.1", 5, ()),
    EchoRound("", 0, ()),
    TcpReading("", None, 80),
    HttpReading("", None),
    DnsReading("", None),
)


@pytest.mark.parametrize("values", EMPTY, ids=repr)
def test_help_texts_are_right_about_absent_and_zero_values(
    values: Values | None,
) -> None:
    families = text_string_to_metric_families(blackbox_text(observed(values, Outcome.FAILED)))
    for family in families:
        said = family.documentation
        assert not re.search("absent if|rtt absent", said), family
        # Zero redirects is a measurement; all other zeros mean "not measured".
        if family.name != "probe_http_redirects" and not all(one.value for one in family.samples):
            assert re.search(r"\b0\b", said), family
