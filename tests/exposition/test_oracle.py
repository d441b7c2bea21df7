"""Our text against prometheus-client's own, and under promtool."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from monitor.exposition.catalogue import CATALOGUE
from monitor.exposition.echo import RTT_BOUNDS
from monitor.exposition.hardware import HARDWARE_METRICS
from monitor.exposition.interfaces import IF_TYPE_INFO, INTERFACE_METRICS
from monitor.exposition.metric import DEVICE
from monitor.exposition.own import OwnMetrics
from monitor.exposition.store import Exposition
from monitor.observation import EchoRound, Outcome
from tests.exposition.support import (
    HandClock,
    city_with_gateway,
    exposed_school,
    icmp_check,
    interfaces_check,
    observed,
    scrape,
    two_ports,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.metrics_core import Metric as Family

    from monitor.observation import DeviceReading

Typed = dict[tuple[str, str, frozenset[tuple[str, str]]], float]

MIB_NAMES = {metric.name for metric in (*INTERFACE_METRICS, *HARDWARE_METRICS)} | {"sysUpTime"}

HOSTILE_NAMES: dict[int, int | bytes] = {
    1: b'a"b\\c\nd',
    2: b"\xff\xfe",
    3: "Süd {x=1} # ".encode(),
}


def typed_samples(text: str) -> Typed:
    """Return what prometheus-client reads in an exposition: type, name, labels to value."""
    return {
        (family.type, sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def full_reading() -> DeviceReading:
    """Return a reading with every declared interface object, big numbers and hostile names."""
    columns: dict[str, dict[int, int | bytes]] = {
        metric.name: {index: 2**53 - at * index for index in (1, 2, 3)}
        for at, metric in enumerate(INTERFACE_METRICS)
        if not metric.name.startswith(("ifIn", "ifOut")) and metric is not IF_TYPE_INFO
    }
    columns["ifType"] = {1: 6, 2: 136, 3: 4711}
    return two_ports(**columns, ifName=HOSTILE_NAMES, ifDescr={1: b"x" * 300}, ifInErrors={1: 5})


class InterfaceTables(Collector):
    """The interface families as a custom collector of prometheus-client would yield them."""

    def __init__(self, device_reading: DeviceReading) -> None:
        self._columns = device_reading.columns

    def collect(self) -> Iterable[Family]:
        names = {1: 'a"b\\cd', 2: "\ufffd\ufffd", 3: "Süd {x=1} # "}
        for metric in INTERFACE_METRICS:
            of_type = CounterMetricFamily if metric.text_type == "counter" else GaugeMetricFamily
            labels = [*DEVICE, "ifName", "ifDescr"]
            if metric is IF_TYPE_INFO:
                labels += ["ifIndex", "ifType"]
            family = of_type(metric.name, metric.help, labels=labels)
            for index, kind in enumerate(("ethernetCsmacd", "l3ipvlan", "4711"), 1):
                if metric is IF_TYPE_INFO:
                    place = ("goethe", "main", "switch-1", names[index], "x" * 128 * (index == 1))
                    family.add_metric((*place, str(index), kind), 1)
            for index, value in self._columns.get(metric.name, {}).items():
                descr = "x" * 128 if index == 1 else ""
                place = ("goethe", "main", "switch-1", names[index], descr)
                assert isinstance(value, int)
                family.add_metric(place, value)
            if family.samples:
                yield family


async def test_interface_tables_equal_what_prometheus_client_would_expose() -> None:
    exposition = Exposition(HandClock())
    exposition.observe(observed(interfaces_check(), full_reading()))
    ours = {
        key: value
        for key, value in typed_samples(await scrape(exposition)).items()
        if key[1].startswith("if")
    }
    theirs = typed_samples(generate_latest(InterfaceTables(full_reading())).decode())
    assert ours == theirs
    assert len(ours) > 30


async def test_icmp_totals_equal_what_prometheus_client_would_count() -> None:
    exposition = Exposition(HandClock())
    registry = CollectorRegistry()
    names = CATALOGUE["smokeping_requests_total"].labels
    place = ("goethe", "main", "router", "icmp", "10.0.0.1")
    sent = Counter("smokeping_requests", "Sent", names, registry=registry).labels(*place)
    loss = Gauge("probe_icmp_loss_ratio", "Lost", names[:-1], registry=registry).labels(*place[:-1])
    name = "smokeping_response_duration_seconds"
    times = Histogram(name, "RTT", names, registry=registry, buckets=RTT_BOUNDS).labels(*place)
    rounds = [
        EchoRound("192.0.2.1", 4, (0.0001, 0.0002, 0.5)),
        EchoRound("192.0.2.1", 2, ()),
        EchoRound("192.0.2.1", 3, (0.25, 8.0, 0.00001)),
    ]
    for echo in rounds:
        exposition.observe(observed(icmp_check(), echo))
        sent.inc(echo.sent)
        loss.set(echo.lost / echo.sent)
        for rtt in echo.rtts:
            times.observe(rtt)
    theirs = typed_samples(generate_latest(registry).decode())
    theirs = {key: value for key, value in theirs.items() if not key[1].endswith("_created")}
    names_there = {key[1] for key in theirs}
    found = typed_samples(await scrape(exposition))
    assert {key: value for key, value in found.items() if key[1] in names_there} == theirs


async def full_exposition() -> str:
    own = OwnMetrics("1.2.3")
    own.count_drops_of("snmp", lambda: {"source": 2})
    exposition = Exposition(HandClock(), own)
    exposition.set_inventory(
        city_with_gateway(exposed_school("goethe"), exposed_school("schiller"))
    )
    for school_id in ("goethe", "schiller"):
        echo = EchoRound("192.0.2.1", 5, (0.01, 0.02), hop_limit=60)
        for observation in (
            observed(icmp_check("router", school_id), echo),
            observed(interfaces_check("router", school_id), two_ports(), Outcome.FAILED),
            observed(interfaces_check("switch-1", school_id), full_reading()),
        ):
            own.count_run(observation)
            exposition.observe(observation)
    return await scrape(exposition)


# promtool's complaints about names that the MIB chose; any other complaint is our fault.
_MIB_LINTS = (
    'counter metrics should have "_total" suffix',
    "label names should be written in 'snake_case' not 'camelCase'",
    "metric names should be written in 'snake_case' not 'camelCase'",
)
# Contracts and line speeds are written in bit/s, and so are their metrics.
_RATE_NAMES = ("school_contract_", "school_uplink_")
_RATE_LINT = 'use base unit "bytes" instead of "bits"'


# Units that the ledger records and the contract counts in.
_MINUTES = 'school_minutes_total use base unit "seconds" instead of "minutes"'


def is_allowed(lint: str) -> bool:
    """Return whether a line of promtool's is about a deliberate name."""
    if lint == _MINUTES:
        return True
    name, _, complaint = lint.partition(" ")
    if name.startswith(_RATE_NAMES) and name.endswith("_bits_per_second"):
        return complaint == _RATE_LINT
    return name in MIB_NAMES and complaint in _MIB_LINTS


@pytest.mark.integration
async def test_promtool_complains_only_about_deliberate_names() -> None:
    text = await full_exposition()
    result = subprocess.run(  # noqa: ASYNC221  # nothing else runs in this test
        ["promtool", "check", "metrics"],
        input=text.encode(),
        capture_output=True,
        check=False,
        timeout=120,
    )
    lints = (result.stdout + result.stderr).decode().splitlines()
    assert [lint for lint in lints if not is_allowed(lint)] == []
    assert result.returncode in {0, 3}


async def test_everything_exposed_is_declared_with_its_type() -> None:
    lines = (await full_exposition()).splitlines()
    types = dict(line.split(" ")[2:4] for line in lines if line.startswith("# TYPE "))
    for name, text_type in types.items():
        if not name.startswith("process_"):
            assert CATALOGUE[name].text_type == text_type, name
