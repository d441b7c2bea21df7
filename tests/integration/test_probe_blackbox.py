"""Same target, same metrics: ours and Debian's prometheus-blackbox-exporter, name by name."""

from __future__ import annotations

import asyncio
import os
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.clock import SystemClock
from monitor.exposition.blackbox import blackbox_text
from monitor.inventory.checks import (
    DnsOptions,
    HttpOptions,
    IcmpOptions,
    TcpOptions,
)
from monitor.observation import EchoRound, Outcome
from monitor.probes import icmp
from monitor.probes.context import ProbeContext
from monitor.probes.echo.socket import EchoSocket
from tests import build
from tests.exposition.support import icmp_check, observed
from tests.integration.probe_servers import (
    LOOPBACK_NAMES,
    blackbox_exporter,
    dnsmasq,
    issue,
    nginx,
)
from tests.ports import free_port
from tests.probes.support import THREADS, NoTransport, probe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.integration

Series = tuple[str, str, tuple[tuple[str, str], ...]]

# Values measured in each run, which therefore differ.
TIMES = {
    "probe_duration_seconds",
    "probe_dns_lookup_time_seconds",
    "probe_http_duration_seconds",
    "probe_dns_duration_seconds",
    "probe_icmp_duration_seconds",
}

MODULES = """
modules:
  http:
    prober: http
    timeout: 5s
    http: &http
      preferred_ip_protocol: ip4
      valid_status_codes: [200]
      tls_config: {{ca_file: {ca_file}}}
  http6: {{prober: http, timeout: 5s, http: {{<<: *http, preferred_ip_protocol: ip6}}}}
  body:
    prober: http
    timeout: 5s
    http: {{<<: *http, fail_if_body_not_matches_regexp: [Goethe]}}
  lax:
    prober: http
    timeout: 5s
    http: {{<<: *http, tls_config: {{insecure_skip_verify: true}}}}
  tcp: {{prober: tcp, timeout: 5s, tcp: {{preferred_ip_protocol: ip4}}}}
  icmp: {{prober: icmp, timeout: 5s, icmp: {{preferred_ip_protocol: ip4}}}}
  icmp_unsent:
    prober: icmp
    timeout: 5s
    # An address that is not ours: its packet is never sent, so no reply comes.
    icmp: {{preferred_ip_protocol: ip4, source_ip_address: 192.0.2.9}}
  dns_a:
    prober: dns
    timeout: 5s
    dns: &dns {{preferred_ip_protocol: ip4, query_name: www.schule.example, query_type: A}}
  dns_soa:
    prober: dns
    timeout: 5s
    dns: {{<<: *dns, query_name: schule.example, query_type: SOA}}
  dns_none: {{prober: dns, timeout: 5s, dns: {{<<: *dns, query_name: nosuch.schule.example}}}}
  dns_refused: {{prober: dns, timeout: 5s, dns: {{<<: *dns, query_name: elsewhere.example}}}}
"""


@dataclass(frozen=True, slots=True)
class Town:
    """The ports of all servers."""

    ports: dict[str, int]
    ca_file: str


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("blackbox")
    kinds = ("plain", "good", "chain", "expired", "dns", "blackbox", "closed")
    ports = {kind: free_port() for kind in kinds}
    blocks = _servers(folder, ports)
    ca_file = str(folder / "ca.pem")
    zone = (
        "auth-server=ns.schule.example,127.0.0.1",
        "auth-zone=schule.example",
        "auth-soa=2026101501,admin.schule.example",
        "host-record=www.schule.example,192.0.2.10",
        "host-record=www.schule.example,192.0.2.11",
    )
    listening = [ports[kind] for kind in ("plain", "good", "chain", "expired")]
    with (
        nginx(folder, blocks, listening),
        dnsmasq(folder, zone, ports["dns"]),
        blackbox_exporter(folder, MODULES.format(ca_file=ca_file), ports["blackbox"]),
    ):
        yield Town(ports, ca_file)


def _servers(folder: Path, ports: Mapping[str, int]) -> str:
    root = issue("Test Root", None, days=900, is_authority=True)
    middle = issue("Short Intermediate", root, days=20, is_authority=True)
    (folder / "ca.pem").write_bytes(root.pem)
    pages = folder / "pages"
    pages.mkdir()
    pages.chmod(0o755)
    folder.chmod(0o755)
    (pages / "index.html").write_text("Schiller\n" * 500)
    plain = (
        f"server {{ listen 127.0.0.1:{ports['plain']}; listen [::1]:{ports['plain']};"
        f" root {pages}; absolute_redirect off;"
        " location = /moved { return 301 /again; } location = /again { return 302 /; }"
        " location = /error { return 503 busy; }"
        " location = /chunked { gzip off; ssi on; ssi_types *; try_files /index.html =404; } }"
    )
    blocks = [plain]
    certificates = {
        "good": (issue("good", root, days=90, names=LOOPBACK_NAMES), None),
        "chain": (issue("leaf", middle, days=90, names=LOOPBACK_NAMES), middle),
        "expired": (issue("expired", root, days=-3, names=LOOPBACK_NAMES), None),
    }
    for name, (own, above) in certificates.items():
        (folder / f"{name}.pem").write_bytes(own.pem + (above.pem if above else b""))
        (folder / f"{name}.key").write_bytes(own.key_pem)
        blocks.append(
            f"server {{ listen 127.0.0.1:{ports[name]} ssl; root {pages};"
            f" ssl_certificate {folder}/{name}.pem; ssl_certificate_key {folder}/{name}.key; }}"
        )
    return "\n".join(blocks)


def parsed(text: str) -> dict[Series, float]:
    """Return each series (name, type, labels) with its value."""
    return {
        (sample.name, family.type, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def theirs(town: Town, module: str, target: str) -> str:
    query = urllib.parse.urlencode({"module": module, "target": target})
    url = f"http://127.0.0.1:{town.ports['blackbox']}/probe?{query}"

    def fetch() -> str:
        with urllib.request.urlopen(url, timeout=60) as answer:
            text: str = answer.read().decode()
            return text

    return await asyncio.to_thread(fetch)


def compare(
    ours: str,
    other: str,
    *,
    only_ours: frozenset[str] = frozenset(),
    only_theirs: frozenset[str] = frozenset(),
) -> None:
    """Compare two expositions; the test names each exception and its reason."""
    mine, peer = parsed(ours), parsed(other)
    assert {series[0] for series in mine.keys() - peer.keys()} == only_ours
    assert {series[0] for series in peer.keys() - mine.keys()} == only_theirs
    for series in mine.keys() & peer.keys():
        if series[0] not in TIMES:
            assert mine[series] == peer[series], series


async def test_chunked_body_has_the_length_minus_one(town: Town) -> None:
    url = f"http://127.0.0.1:{town.ports['plain']}/chunked"
    text = blackbox_text(await probe(HttpOptions(url)))
    assert parsed(text)["probe_http_content_length", "gauge", ()] == -1
    compare(text, await theirs(town, "http", url))


@pytest.mark.parametrize("path", ["/", "/moved", "/error"])
async def test_http_gives_the_same_metrics(town: Town, path: str) -> None:
    url = f"http://127.0.0.1:{town.ports['plain']}{path}"
    ours = await probe(HttpOptions(url))
    compare(blackbox_text(ours), await theirs(town, "http", url))


async def test_http_over_ipv6_gives_the_same_metrics(town: Town) -> None:
    url = f"http://[::1]:{town.ports['plain']}/"
    ours = await probe(HttpOptions(url))
    compare(blackbox_text(ours), await theirs(town, "http6", url))


async def test_an_unexpected_body_gives_the_same_metrics(town: Town) -> None:
    url = f"http://127.0.0.1:{town.ports['plain']}/"
    ours = await probe(HttpOptions(url, body="Goethe"))
    text = blackbox_text(ours)
    assert parsed(text)["probe_failed_due_to_regex", "gauge", ()] == 1
    compare(text, await theirs(town, "body", url))


@pytest.mark.parametrize("server", ["good", "chain"])
async def test_https_gives_the_same_metrics_with_expiries_and_chain_info(
    town: Town, server: str
) -> None:
    url = f"https://127.0.0.1:{town.ports[server]}/"
    ours = await probe(HttpOptions(url, ca_file=town.ca_file))
    compare(blackbox_text(ours), await theirs(town, "http", url))


async def test_a_refused_certificate_differs_only_by_what_we_add(town: Town) -> None:
    url = f"https://127.0.0.1:{town.ports['expired']}/"
    ours = await probe(HttpOptions(url, ca_file=town.ca_file))
    # blackbox_exporter drops the certificate that it refuses, just when its expiry matters.
    added = frozenset(
        {"probe_ssl_earliest_cert_expiry", "probe_ssl_last_chain_info", "probe_tls_version_info"}
    )
    compare(blackbox_text(ours), await theirs(town, "http", url), only_ours=added)


async def test_an_unverified_certificate_differs_only_by_an_absurd_date(town: Town) -> None:
    url = f"https://127.0.0.1:{town.ports['expired']}/"
    ours = await probe(HttpOptions(url, verify=False))
    other = await theirs(town, "lax", url)
    # Without a verified chain, blackbox_exporter reports an expiry in the year 1.
    absurd = "probe_ssl_last_chain_expiry_timestamp_seconds"
    assert parsed(other)[absurd, "gauge", ()] == datetime(1, 1, 1, tzinfo=UTC).timestamp()
    compare(blackbox_text(ours), other, only_theirs=frozenset({absurd}))


async def test_http_without_a_server_gives_the_same_metrics(town: Town) -> None:
    url = f"http://127.0.0.1:{town.ports['closed']}/"
    ours = await probe(HttpOptions(url))
    compare(blackbox_text(ours), await theirs(town, "http", url))


async def test_http_without_an_address_adds_the_phases_it_never_reached(town: Town) -> None:
    url = "http://nosuch.invalid/"
    ours = await probe(HttpOptions(url))
    phases = frozenset({"probe_http_duration_seconds"})
    compare(blackbox_text(ours), await theirs(town, "http", url), only_ours=phases)


@pytest.mark.parametrize("server", ["plain", "closed"])
async def test_tcp_gives_the_same_metrics(town: Town, server: str) -> None:
    port = town.ports[server]
    ours = await probe(TcpOptions(port))
    compare(blackbox_text(ours), await theirs(town, "tcp", f"127.0.0.1:{port}"))


@pytest.mark.parametrize(
    ("module", "name", "record"),
    [
        ("dns_a", "www.schule.example", "A"),
        ("dns_soa", "schule.example", "SOA"),
        ("dns_none", "nosuch.schule.example", "A"),
        ("dns_refused", "elsewhere.example", "A"),
    ],
)
async def test_dns_gives_the_same_metrics(town: Town, module: str, name: str, record: str) -> None:
    port = town.ports["dns"]
    ours = await probe(DnsOptions("127.0.0.1", name, record, port))
    compare(blackbox_text(ours), await theirs(town, module, f"127.0.0.1:{port}"))


async def test_dns_without_a_server_gives_the_same_metrics(town: Town) -> None:
    port = town.ports["closed"]
    ours = await probe(DnsOptions("127.0.0.1", "www.schule.example", "A", port))
    compare(blackbox_text(ours), await theirs(town, "dns_a", f"127.0.0.1:{port}"))


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, or an open ping_group_range, to ping")
async def test_icmp_gives_the_same_metrics(town: Town) -> None:
    check = build.check(IcmpOptions(packets=1))
    clock = SystemClock()
    async with EchoSocket.open() as echo:
        around = ProbeContext(clock, clock.monotonic() + 5, echo, NoTransport(), THREADS)
        ours = await icmp.run(check, around)
    assert ours.outcome is Outcome.OK
    compare(blackbox_text(ours), await theirs(town, "icmp", "127.0.0.1"))


async def test_a_round_without_a_reply_has_the_same_zeros(town: Town) -> None:
    silent = observed(icmp_check(), EchoRound("127.0.0.1", 1, ()), Outcome.FAILED)
    ours = blackbox_text(silent)
    other = await theirs(town, "icmp_unsent", "127.0.0.1")
    compare(ours, other)
    rtt = ("probe_icmp_duration_seconds", "gauge", (("phase", "rtt"),))
    assert parsed(ours)[rtt] == parsed(other)[rtt] == 0
