"""Metrics of the TCP, HTTP(S) and DNS checks, under blackbox_exporter's names.

Only declarations; `catalogue.py` gathers them.
"""

from __future__ import annotations

from typing import Final

from monitor.exposition.metric import Kind, Metric
from monitor.exposition.mib import DEVICE

_CHECK: Final = (*DEVICE, "check")


def _gauge(name: str, unit: str, text: str, *labels: str) -> Metric:
    kind = Kind.INFO if name.endswith("_info") else Kind.GAUGE
    return Metric(name, kind, unit, text, (*_CHECK, *labels))


CONNECTION_METRICS: Final = (
    _gauge(
        "probe_ip_addr_hash",
        "",
        "FNV-1a hash of the address that was asked; another one means another address",
    ),
    _gauge(
        "probe_failed_due_to_regex",
        "",
        "Whether the answer did not match what was expected: 1 yes, 0 no",
    ),
)

HTTP_METRICS: Final = (
    _gauge(
        "probe_http_duration_seconds",
        "seconds",
        "Phases of the HTTP exchange, summed over redirects",
        "phase",
    ),
    _gauge("probe_http_status_code", "", "Status code of the last response; 0 without one"),
    _gauge("probe_http_version", "", "HTTP version of the last response; 0 without one"),
    _gauge(
        "probe_http_content_length",
        "bytes",
        "Content-Length of the last response; -1 if it had none",
    ),
    _gauge(
        "probe_http_uncompressed_body_length",
        "bytes",
        "Length of the last response's body, uncompressed",
    ),
    _gauge("probe_http_redirects", "redirects", "Redirects that were followed"),
    _gauge("probe_http_ssl", "", "Whether the last response came over TLS: 1 yes, 0 no"),
    _gauge(
        "probe_http_last_modified_timestamp_seconds",
        "seconds",
        "Last-Modified of the last response, Unix time",
    ),
    _gauge(
        "probe_ssl_earliest_cert_expiry",
        "seconds",
        "Earliest expiry of any certificate presented, Unix time",
    ),
    _gauge(
        "probe_ssl_last_chain_expiry_timestamp_seconds",
        "seconds",
        "Expiry of the verified chain, Unix time",
    ),
    _gauge(
        "probe_ssl_last_chain_info",
        "",
        "The server's own certificate",
        "fingerprint_sha256",
        "issuer",
        "subject",
        "subjectalternative",
    ),
    _gauge("probe_tls_version_info", "", "Version of TLS that was spoken", "version"),
)

DNS_METRICS: Final = (
    _gauge("probe_dns_duration_seconds", "seconds", "Phases of the DNS query", "phase"),
    _gauge("probe_dns_answer_rrs", "records", "Records in the answer section"),
    _gauge("probe_dns_authority_rrs", "records", "Records in the authority section"),
    _gauge("probe_dns_additional_rrs", "records", "Records in the additional section"),
    _gauge(
        "probe_dns_query_succeeded", "", "Whether a reply came, whatever its rcode: 1 yes, 0 no"
    ),
    _gauge("probe_dns_serial", "", "Serial number of the zone (SOA)"),
)
