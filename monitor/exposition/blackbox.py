"""One observation as blackbox_exporter would expose it, for `/probe`.

Names, types, labels and figures are those of blackbox_exporter 0.23, so that existing
dashboards and rules work. That includes its zeros: a gauge that it declares before it has
measured anything reads 0, where our own metrics would be absent.

Must not know: HTTP, or which checks exist.
"""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.exposition.echo import PROBE_ICMP_DURATION_SECONDS, PROBE_ICMP_REPLY_HOP_LIMIT
from monitor.exposition.metric import CHECK, Kind, Metric
from monitor.exposition.outcome import (
    PROBE_DNS_LOOKUP_TIME_SECONDS,
    PROBE_DURATION_SECONDS,
    PROBE_IP_PROTOCOL,
    PROBE_SUCCESS,
)
from monitor.observation import DnsReading, EchoRound, HttpReading, Outcome, TcpReading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.observation import CertificateChain, Observation


def _gauge(name: str, unit: str, text: str, *labels: str) -> Metric:
    kind = Kind.INFO if name.endswith("_info") else Kind.GAUGE
    return Metric(name, kind, unit, text, (*CHECK, *labels))


PROBE_IP_ADDR_HASH: Final = _gauge(
    "probe_ip_addr_hash",
    "",
    "FNV-1a hash of the target's address; it changes with the address; 0 without one",
)
PROBE_FAILED_DUE_TO_REGEX: Final = _gauge(
    "probe_failed_due_to_regex",
    "",
    "Whether the response did not match the expectation: 1 yes, 0 no",
)

CONNECTION_METRICS: Final = (
    PROBE_IP_ADDR_HASH,
    PROBE_FAILED_DUE_TO_REGEX,
)

PROBE_HTTP_DURATION_SECONDS: Final = _gauge(
    "probe_http_duration_seconds",
    "seconds",
    "Phases of the HTTP exchange, summed over redirects; 0 for one that was not reached",
    "phase",
)
PROBE_HTTP_STATUS_CODE: Final = _gauge(
    "probe_http_status_code", "", "Status code of the last response; 0 without one"
)
PROBE_HTTP_VERSION: Final = _gauge(
    "probe_http_version", "", "HTTP version of the last response; 0 without one"
)
PROBE_HTTP_CONTENT_LENGTH: Final = _gauge(
    "probe_http_content_length",
    "bytes",
    "Content-Length of the last response; -1 if it had none, 0 without a response",
)
PROBE_HTTP_UNCOMPRESSED_BODY_LENGTH: Final = _gauge(
    "probe_http_uncompressed_body_length",
    "bytes",
    "Length of the last response's body, uncompressed; 0 without one",
)
PROBE_HTTP_REDIRECTS: Final = _gauge(
    "probe_http_redirects", "redirects", "Redirects that were followed"
)
PROBE_HTTP_SSL: Final = _gauge(
    "probe_http_ssl", "", "Whether the last response came over TLS: 1 yes; 0 no, or without one"
)
PROBE_HTTP_LAST_MODIFIED_TIMESTAMP_SECONDS: Final = _gauge(
    "probe_http_last_modified_timestamp_seconds",
    "seconds",
    "Last-Modified of the last response, Unix time",
)
PROBE_SSL_EARLIEST_CERT_EXPIRY: Final = _gauge(
    "probe_ssl_earliest_cert_expiry",
    "seconds",
    "Earliest expiry of any certificate presented, Unix time",
)
PROBE_SSL_LAST_CHAIN_EXPIRY_TIMESTAMP_SECONDS: Final = _gauge(
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "seconds",
    "Expiry of the verified chain, Unix time",
)
PROBE_SSL_LAST_CHAIN_INFO: Final = _gauge(
    "probe_ssl_last_chain_info",
    "",
    "The server's own certificate",
    "fingerprint_sha256",
    "issuer",
    "subject",
    "subjectalternative",
)
PROBE_TLS_VERSION_INFO: Final = _gauge("probe_tls_version_info", "", "TLS version used", "version")

HTTP_METRICS: Final = (
    PROBE_HTTP_DURATION_SECONDS,
    PROBE_HTTP_STATUS_CODE,
    PROBE_HTTP_VERSION,
    PROBE_HTTP_CONTENT_LENGTH,
    PROBE_HTTP_UNCOMPRESSED_BODY_LENGTH,
    PROBE_HTTP_REDIRECTS,
    PROBE_HTTP_SSL,
    PROBE_HTTP_LAST_MODIFIED_TIMESTAMP_SECONDS,
    PROBE_SSL_EARLIEST_CERT_EXPIRY,
    PROBE_SSL_LAST_CHAIN_EXPIRY_TIMESTAMP_SECONDS,
    PROBE_SSL_LAST_CHAIN_INFO,
    PROBE_TLS_VERSION_INFO,
)

PROBE_DNS_DURATION_SECONDS: Final = _gauge(
    "probe_dns_duration_seconds",
    "seconds",
    "Phases of the DNS query; 0 for one that was not reached",
    "phase",
)
PROBE_DNS_ANSWER_RRS: Final = _gauge(
    "probe_dns_answer_rrs", "records", "Records in the answer section; 0 without a reply"
)
PROBE_DNS_AUTHORITY_RRS: Final = _gauge(
    "probe_dns_authority_rrs", "records", "Records in the authority section; 0 without a reply"
)
PROBE_DNS_ADDITIONAL_RRS: Final = _gauge(
    "probe_dns_additional_rrs", "records", "Records in the additional section; 0 without a reply"
)
PROBE_DNS_QUERY_SUCCEEDED: Final = _gauge(
    "probe_dns_query_succeeded", "", "Whether a reply arrived, whatever its rcode: 1 yes, 0 no"
)
PROBE_DNS_SERIAL: Final = _gauge("probe_dns_serial", "", "Serial number of the zone (SOA)")

DNS_METRICS: Final = (
    PROBE_DNS_DURATION_SECONDS,
    PROBE_DNS_ANSWER_RRS,
    PROBE_DNS_AUTHORITY_RRS,
    PROBE_DNS_ADDITIONAL_RRS,
    PROBE_DNS_QUERY_SUCCEEDED,
    PROBE_DNS_SERIAL,
)


# Families that `/metrics` leaves out while nothing was measured; `/probe` has a 0 then, and their
# HELP texts here say so.
_FILLED: Final = {
    PROBE_SUCCESS: "Whether the check succeeded: 1 yes; 0 no, or if its outcome is unknown",
    PROBE_DURATION_SECONDS: "How long the check took, successful or not",
    PROBE_ICMP_DURATION_SECONDS: (
        "Phases of the round: resolve, setup (0, as the socket is open already), and rtt as its"
        " mean; rtt is 0 without a reply, as in blackbox_exporter: use it where probe_success is 1"
    ),
}
_SAID_HERE: Final = {metric: replace(metric, help=said) for metric, said in _FILLED.items()}

Labels = tuple[tuple[str, str], ...]


class Sample(NamedTuple):
    """One sample of a gauge: its metric, its value, its labels in their order."""

    metric: Metric
    value: float
    labels: Labels = ()


def blackbox_text(observation: Observation) -> str:
    """Return an observation as a complete text exposition, families sorted by name."""
    lines: list[str] = []
    previous: Metric | None = None
    for sample in sorted(blackbox_samples(observation), key=_place):
        metric, name = sample.metric, sample.metric.name
        if metric is not previous:
            lines.append(_SAID_HERE.get(metric, metric).header.decode().rstrip())
            previous = metric
        labels = ",".join(f'{label}="{_escaped(value)}"' for label, value in sample.labels)
        shown = f"{name}{{{labels}}}" if labels else name
        lines.append(f"{shown} {sample.value!r}")
    return "\n".join(lines) + "\n"


def blackbox_samples(observation: Observation) -> tuple[Sample, ...]:
    """Return the samples that blackbox_exporter 0.23 exposes for a probe of the same kind.

    A check that was not run has only `probe_success` 0, because nothing else is known.
    """
    is_success = observation.outcome is Outcome.OK
    samples = [
        Sample(PROBE_SUCCESS, float(is_success)),
        Sample(PROBE_DURATION_SECONDS, observation.duration),
    ]
    values = observation.values
    match values:
        case EchoRound():
            samples += _echo(values)
        case TcpReading():
            samples += _reached(values.address, values.ip_version, values.resolve_seconds)
            samples.append(Sample(PROBE_FAILED_DUE_TO_REGEX, 0.0))
        case HttpReading():
            samples += _http(values)
        case DnsReading():
            samples += _dns(values)
        case _:
            pass
    return tuple(samples)


def _place(sample: Sample) -> tuple[str, float, Labels]:
    return sample.metric.name, sample.value, sample.labels


def _reached(address: str, version: int | None, lookup_seconds: float) -> Iterator[Sample]:
    yield Sample(PROBE_IP_PROTOCOL, float(version or 0))
    yield Sample(PROBE_IP_ADDR_HASH, float(_address_hash(address) if address else 0))
    yield Sample(PROBE_DNS_LOOKUP_TIME_SECONDS, lookup_seconds)


def _phases(metric: Metric, **seconds: float) -> Iterator[Sample]:
    for phase, spent in seconds.items():
        yield Sample(metric, spent, (("phase", phase),))


def _echo(echo: EchoRound) -> Iterator[Sample]:
    version = ipaddress.ip_address(echo.address.partition("%")[0]).version if echo.address else None
    yield from _reached(echo.address, version, echo.resolve_seconds)
    yield from _phases(
        PROBE_ICMP_DURATION_SECONDS,
        resolve=echo.resolve_seconds,
        # The socket is shared and already open: blackbox_exporter opens one per probe.
        setup=0.0,
        rtt=echo.rtt_seconds or 0.0,
    )
    if echo.hop_limit is not None:
        yield Sample(PROBE_ICMP_REPLY_HOP_LIMIT, float(echo.hop_limit))


def _http(reading: HttpReading) -> Iterator[Sample]:
    yield from _reached(reading.address, reading.ip_version, reading.lookup_seconds)
    yield from _phases(
        PROBE_HTTP_DURATION_SECONDS,
        resolve=reading.resolve_seconds,
        connect=reading.connect_seconds,
        tls=reading.tls_seconds,
        processing=reading.processing_seconds,
        transfer=reading.transfer_seconds,
    )
    answered = reading.status is not None
    unknown_length = -1 if answered else 0
    length = unknown_length if reading.content_length is None else reading.content_length
    yield Sample(PROBE_HTTP_STATUS_CODE, float(reading.status or 0))
    yield Sample(PROBE_HTTP_VERSION, float(reading.version or 0))
    yield Sample(PROBE_HTTP_CONTENT_LENGTH, float(length))
    yield Sample(PROBE_HTTP_UNCOMPRESSED_BODY_LENGTH, float(reading.body_bytes))
    yield Sample(PROBE_HTTP_REDIRECTS, float(reading.redirects))
    yield Sample(PROBE_HTTP_SSL, float(answered and reading.tls_version is not None))
    yield Sample(PROBE_FAILED_DUE_TO_REGEX, float(reading.is_body_expected is False))
    if reading.last_modified is not None:
        changed = reading.last_modified.timestamp()
        yield Sample(PROBE_HTTP_LAST_MODIFIED_TIMESTAMP_SECONDS, changed)
    if reading.tls_version is not None:
        yield Sample(PROBE_TLS_VERSION_INFO, 1.0, (("version", reading.tls_version),))
    if reading.certificate is not None:
        yield from _certificate(reading.certificate)


def _certificate(chain: CertificateChain) -> Iterator[Sample]:
    yield Sample(PROBE_SSL_EARLIEST_CERT_EXPIRY, chain.earliest_expiry.timestamp())
    if chain.verified_expiry is not None:
        expiry = chain.verified_expiry.timestamp()
        yield Sample(PROBE_SSL_LAST_CHAIN_EXPIRY_TIMESTAMP_SECONDS, expiry)
    labels = (
        ("fingerprint_sha256", chain.fingerprint_sha256),
        ("issuer", chain.issuer),
        ("subject", chain.subject),
        ("subjectalternative", ",".join(chain.names)),
    )
    yield Sample(PROBE_SSL_LAST_CHAIN_INFO, 1.0, labels)


def _dns(reading: DnsReading) -> Iterator[Sample]:
    yield from _reached(reading.address, reading.ip_version, reading.resolve_seconds)
    yield from _phases(
        PROBE_DNS_DURATION_SECONDS,
        resolve=reading.resolve_seconds,
        connect=reading.connect_seconds,
        request=reading.request_seconds,
    )
    yield Sample(PROBE_DNS_ANSWER_RRS, float(reading.answer_count))
    yield Sample(PROBE_DNS_AUTHORITY_RRS, float(reading.authority_count))
    yield Sample(PROBE_DNS_ADDITIONAL_RRS, float(reading.additional_count))
    yield Sample(PROBE_DNS_QUERY_SUCCEEDED, float(reading.rcode is not None))
    if reading.serial is not None:
        yield Sample(PROBE_DNS_SERIAL, float(reading.serial))


def _address_hash(address: str) -> int:
    """Return the 32-bit FNV-1a hash of an address's octets, as blackbox_exporter exposes it."""
    digest = 0x811C9DC5
    for octet in ipaddress.ip_address(address.partition("%")[0]).packed:
        digest = ((digest ^ octet) * 0x01000193) & 0xFFFFFFFF
    return digest


def _escaped(value: str) -> str:
    """Return a label's value escaped for the text format."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
