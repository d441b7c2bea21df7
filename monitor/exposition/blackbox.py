"""One observation as blackbox_exporter would expose it, for `/probe`.

Names, types, labels and figures are those of blackbox_exporter 0.23, so that existing
dashboards and rules work. That includes its zeros: a gauge that it declares before it has
measured anything reads 0, where our own metrics would be absent.

Must not know: HTTP, or which checks exist.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

from monitor.exposition.catalogue import CATALOGUE
from monitor.observation import DnsReading, EchoRound, HttpReading, Outcome, TcpReading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.observation import CertificateChain, Observation

Labels = tuple[tuple[str, str], ...]


class Sample(NamedTuple):
    """One sample of a gauge: its name, its labels in their order, its value."""

    name: str
    value: float
    labels: Labels = ()


def blackbox_text(observation: Observation) -> str:
    """Return an observation as a complete text exposition, families in their names' order."""
    lines: list[str] = []
    previous = ""
    for sample in sorted(blackbox_samples(observation)):
        name = sample.name
        if name != previous:
            lines.append(CATALOGUE[name].header.decode().rstrip())
            previous = name
        labels = ",".join(f'{label}="{_escaped(value)}"' for label, value in sample.labels)
        shown = f"{name}{{{labels}}}" if labels else name
        lines.append(f"{shown} {sample.value!r}")
    return "\n".join(lines) + "\n"


def blackbox_samples(observation: Observation) -> tuple[Sample, ...]:
    """Return the samples that blackbox_exporter 0.23 exposes for a probe of the same kind.

    A check that was not run has `probe_success` 0 alone, as nobody knows better.
    """
    is_success = observation.outcome is Outcome.OK
    samples = [
        Sample("probe_success", float(is_success)),
        Sample("probe_duration_seconds", observation.duration),
    ]
    values = observation.values
    match values:
        case EchoRound():
            samples += _echo(values)
        case TcpReading():
            samples += _reached(values.address, values.ip_version, values.resolve_seconds)
            samples.append(Sample("probe_failed_due_to_regex", 0.0))
        case HttpReading():
            samples += _http(values)
        case DnsReading():
            samples += _dns(values)
        case _:
            pass
    return tuple(samples)


def _reached(address: str, version: int | None, lookup_seconds: float) -> Iterator[Sample]:
    yield Sample("probe_ip_protocol", float(version or 0))
    yield Sample("probe_ip_addr_hash", float(_address_hash(address) if address else 0))
    yield Sample("probe_dns_lookup_time_seconds", lookup_seconds)


def _phases(name: str, **seconds: float) -> Iterator[Sample]:
    for phase, spent in seconds.items():
        yield Sample(name, spent, (("phase", phase),))


def _echo(echo: EchoRound) -> Iterator[Sample]:
    version = ipaddress.ip_address(echo.address.partition("%")[0]).version if echo.address else None
    yield from _reached(echo.address, version, echo.resolve_seconds)
    yield from _phases(
        "probe_icmp_duration_seconds",
        resolve=echo.resolve_seconds,
        # The socket is shared and open already: blackbox_exporter opens one per probe.
        setup=0.0,
        rtt=echo.rtt_seconds or 0.0,
    )
    if echo.hop_limit is not None:
        yield Sample("probe_icmp_reply_hop_limit", float(echo.hop_limit))


def _http(reading: HttpReading) -> Iterator[Sample]:
    yield from _reached(reading.address, reading.ip_version, reading.lookup_seconds)
    yield from _phases(
        "probe_http_duration_seconds",
        resolve=reading.resolve_seconds,
        connect=reading.connect_seconds,
        tls=reading.tls_seconds,
        processing=reading.processing_seconds,
        transfer=reading.transfer_seconds,
    )
    answered = reading.status is not None
    unknown_length = -1 if answered else 0
    length = unknown_length if reading.content_length is None else reading.content_length
    yield Sample("probe_http_status_code", float(reading.status or 0))
    yield Sample("probe_http_version", float(reading.version or 0))
    yield Sample("probe_http_content_length", float(length))
    yield Sample("probe_http_uncompressed_body_length", float(reading.body_bytes))
    yield Sample("probe_http_redirects", float(reading.redirects))
    yield Sample("probe_http_ssl", float(answered and reading.tls_version is not None))
    yield Sample("probe_failed_due_to_regex", float(reading.is_body_expected is False))
    if reading.last_modified is not None:
        changed = reading.last_modified.timestamp()
        yield Sample("probe_http_last_modified_timestamp_seconds", changed)
    if reading.tls_version is not None:
        yield Sample("probe_tls_version_info", 1.0, (("version", reading.tls_version),))
    if reading.certificate is not None:
        yield from _certificate(reading.certificate)


def _certificate(chain: CertificateChain) -> Iterator[Sample]:
    yield Sample("probe_ssl_earliest_cert_expiry", chain.earliest_expiry.timestamp())
    if chain.verified_expiry is not None:
        expiry = chain.verified_expiry.timestamp()
        yield Sample("probe_ssl_last_chain_expiry_timestamp_seconds", expiry)
    labels = (
        ("fingerprint_sha256", chain.fingerprint_sha256),
        ("issuer", chain.issuer),
        ("subject", chain.subject),
        ("subjectalternative", ",".join(chain.names)),
    )
    yield Sample("probe_ssl_last_chain_info", 1.0, labels)


def _dns(reading: DnsReading) -> Iterator[Sample]:
    yield from _reached(reading.address, reading.ip_version, reading.resolve_seconds)
    yield from _phases(
        "probe_dns_duration_seconds",
        resolve=reading.resolve_seconds,
        connect=reading.connect_seconds,
        request=reading.request_seconds,
    )
    yield Sample("probe_dns_answer_rrs", float(reading.answer_count))
    yield Sample("probe_dns_authority_rrs", float(reading.authority_count))
    yield Sample("probe_dns_additional_rrs", float(reading.additional_count))
    yield Sample("probe_dns_query_succeeded", float(reading.rcode is not None))
    if reading.serial is not None:
        yield Sample("probe_dns_serial", float(reading.serial))


def _address_hash(address: str) -> int:
    """Return the 32-bit FNV-1a hash of an address's octets, which is what blackbox exposes."""
    digest = 0x811C9DC5
    for octet in ipaddress.ip_address(address.partition("%")[0]).packed:
        digest = ((digest ^ octet) * 0x01000193) & 0xFFFFFFFF
    return digest


def _escaped(value: str) -> str:
    """Return a label's value as the text format wants it."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
