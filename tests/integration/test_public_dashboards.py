"""Our daemon answers the queries of public dashboards for the exporters: names and labels match.

The queries are those of the boards that people import for blackbox_exporter (7587 and 13659 in
Grafana's collection), snmp_exporter (11169, and Grafana's own mixin) and smokeping_prober (11335),
with their variables in place; docs/dashboards.md says which works with which setting.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.probe_servers import issue, nginx
from tests.integration.prometheus import prometheus_of
from tests.integration.running import Town, demo
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.prometheus import Prometheus

pytestmark = pytest.mark.integration

SCHOOL = "goethe"
INDEXED = "voede"
# A host of that school, by its network.
HOST = "127.82.2.1"
VARIABLES = {"$target": SCHOOL, "$indexed": INDEXED, "$host": HOST, "$interval": "30s"}
PATIENCE_SECONDS = 60.0
BLACKBOX = (
    'probe_success{instance=~"$target"}',
    'avg_over_time(probe_success{instance=~"$target"}[$interval])',
    'probe_duration_seconds{instance=~"$target"}',
    'avg(probe_duration_seconds{instance=~"$target"})',
    'probe_http_duration_seconds{instance=~"$target"}',
    'sum(probe_http_duration_seconds{instance=~"$target"}) by (instance)',
    'sum(probe_http_duration_seconds{instance=~"$target"}) by (phase)',
    'probe_http_status_code{instance=~"$target"}',
    'probe_http_version{instance=~"$target"}',
    'probe_http_ssl{instance=~"$target"}',
    'probe_http_redirects{instance=~"$target"}',
    'probe_ssl_earliest_cert_expiry{instance=~"$target"} - time()',
    'min(probe_ssl_earliest_cert_expiry{instance=~"$target"} - time()) by (instance) / 86400',
    'probe_tls_version_info{instance=~"$target"}',
    'avg(probe_dns_lookup_time_seconds{instance=~"$target"})',
    'probe_ip_protocol{instance=~"$target"}',
    'probe_icmp_duration_seconds{instance=~"$target",phase="rtt"}',
    'probe_icmp_reply_hop_limit{instance=~"$target"}',
)
SNMP = (
    'sysUpTime{instance=~"$target"} * 10',
    'sysUpTime{instance=~"$target"} / 100',
    'irate(ifHCInOctets{instance=~"$target",ifDescr=~".+"}[$interval]) * 8',
    'irate(ifHCOutOctets{instance=~"$target",ifDescr=~".+"}[$interval]) * 8',
    'sum(irate(ifHCInOctets{instance=~"$target"}[$interval]) * 8)',
    'max(delta(ifHCInOctets{instance=~"$target",ifName=~".+"}[$interval]))',
    'irate(ifHCInUcastPkts{instance=~"$target"}[$interval])',
    'irate(ifInErrors{instance=~"$target"}[$interval])',
    'irate(ifOutErrors{instance=~"$target"}[$interval])',
    'irate(ifInDiscards{instance=~"$target"}[$interval])',
    'irate(ifOutDiscards{instance=~"$target"}[$interval])',
    'ifOperStatus{instance=~"$target"}',
    'count(ifOperStatus{instance=~"$target"} == 1)',
    'ifAdminStatus{instance=~"$target"}',
    'ifHighSpeed{instance=~"$target"} * 1000000',
    'irate(ifHCInOctets{instance=~"$target"}[$interval]) / (ifHighSpeed{instance=~"$target"} > 0)',
)
# The label ifIndex exists only with `interfaces: {identity: ifIndex}`.
BY_INDEX = (
    'irate(ifInErrors{instance=~"$indexed",ifIndex=~".+"}[$interval])',
    'irate(ifHCInOctets{instance=~"$indexed",ifIndex=~".+"}[$interval]) * 8',
)
_BUCKETS = 'smokeping_response_duration_seconds_bucket{instance=~"$target"}'
_ANSWERED = 'smokeping_response_duration_seconds_count{instance=~"$target"}'
_ASKED = 'smokeping_requests_total{instance=~"$target"}'
# The whole of 11335: its one panel; its variables are `prober`, an instance, and `target`, a host.
_OF_HOST = 'smokeping_response_duration_seconds_bucket{instance=~"$target",host="$host"}'
SMOKEPING = (
    f"rate({_BUCKETS}[$interval])",
    f"histogram_quantile(0.5, rate({_BUCKETS}[$interval]))",
    f"sum(rate({_OF_HOST}[5m])) by (le)",
    f"1 - rate({_ANSWERED}[$interval]) / rate({_ASKED}[$interval])",
)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Run a demo with a website, and Prometheus."""
    place, web = tmp_path_factory.mktemp("public"), free_port()
    issued = issue("127.0.0.1", None, days=90, names=("127.0.0.1",))
    (place / "server.pem").write_bytes(issued.pem)
    (place / "server.key").write_bytes(issued.key_pem)
    block = (
        f"server {{ listen 127.0.0.1:{web} ssl; location / {{ return 200 'ok'; }}"
        f" ssl_certificate {place}/server.pem; ssl_certificate_key {place}/server.key; }}"
    )
    website = (
        "checks:",
        "  website:",
        "    kind: http",
        "    interval: 2s",
        "    timeout: 1500ms",
        "    verify: false",
        "    redirects: 0",
        f'    url: "https://127.0.0.1:{web}/"',
    )
    extra = {SCHOOL: website, INDEXED: ("interfaces: {identity: ifIndex}",)}
    town = Town(161, {SCHOOL: 2, INDEXED: 3}, extra=extra).write(place / "schools.yaml")
    with (
        nginx(place, block, [web]),
        demo(town, place / "state") as daemon,
        prometheus_of(f"{daemon.host}:{daemon.port}", place) as found,
    ):
        yield found


@pytest.mark.parametrize(
    "questions",
    [BLACKBOX, SNMP, BY_INDEX, SMOKEPING],
    ids=["blackbox", "snmp", "snmp by ifIndex", "ping"],
)
def test_every_query_of_a_public_dashboard_returns_data(
    prometheus: Prometheus, questions: tuple[str, ...]
) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    unanswered = set(questions)
    for variable, value in VARIABLES.items():
        unanswered = {question.replace(variable, value) for question in unanswered}
    while unanswered:
        unanswered = {one for one in unanswered if not prometheus.vector(one)}
        assert not unanswered or time.monotonic() < ends, sorted(unanswered)
        time.sleep(0.5 if unanswered else 0)
