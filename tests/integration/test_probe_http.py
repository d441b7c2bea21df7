"""HTTP(S) against nginx with certificates of every kind, and against slow servers."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from monitor.inventory.checks import HttpOptions
from monitor.observation import HttpReading, Outcome, Reason
from tests.integration.probe_servers import LOOPBACK_NAMES, NOW, Issued, issue, nginx
from tests.ports import free_port
from tests.probes.support import (
    DEADLINE,
    EARLY_SECONDS,
    LATE_SECONDS,
    probe,
    stream_server,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.observation import Observation

pytestmark = pytest.mark.integration

TEXT = "Gymnasium am Ostring\n" * 40


@dataclass(frozen=True, slots=True)
class City:
    """The ports of one nginx, by kind of certificate or page."""

    ca_file: str
    ports: dict[str, int]

    def url(self, server: str, path: str = "/", host: str = "127.0.0.1") -> str:
        scheme = "http" if server == "plain" else "https"
        return f"{scheme}://{host}:{self.ports[server]}{path}"


def _days(days: float) -> dt.datetime:
    return NOW + dt.timedelta(days=days)


def _certificates() -> tuple[Issued, dict[str, tuple[Issued, tuple[Issued, ...]]]]:
    root = issue("Test Root", None, days=900, is_authority=True)
    stranger = issue("Other Root", None, days=900, is_authority=True)
    middle = issue("Short Intermediate", root, days=20, is_authority=True)
    leaf = issue("leaf", middle, days=90, names=LOOPBACK_NAMES)
    return root, {
        "good": (issue("good", root, days=90, names=LOOPBACK_NAMES), ()),
        "expired": (issue("expired", root, days=-3, names=LOOPBACK_NAMES), ()),
        "early": (issue("early", root, days=90, names=LOOPBACK_NAMES, age_days=-2), ()),
        "wrong": (issue("wrong", root, days=80, names=("other.example",)), ()),
        "chain": (leaf, (middle,)),
        "incomplete": (leaf, ()),
        "own": (issue("own", None, days=70, names=LOOPBACK_NAMES), ()),
        "stranger": (issue("stranger", stranger, days=60, names=LOOPBACK_NAMES), (stranger,)),
    }


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    folder = tmp_path_factory.mktemp("nginx")
    root, certificates = _certificates()
    (folder / "ca.pem").write_bytes(root.pem)
    ports = {"plain": free_port()}
    blocks = [_plain_server(folder, ports["plain"])]
    for name, (own, others) in certificates.items():
        ports[name] = free_port()
        (folder / f"{name}.pem").write_bytes(own.pem + b"".join(other.pem for other in others))
        (folder / f"{name}.key").write_bytes(own.key_pem)
        blocks.append(
            f"server {{ listen 127.0.0.1:{ports[name]} ssl;"
            f" ssl_certificate {folder}/{name}.pem; ssl_certificate_key {folder}/{name}.key;"
            f" root {folder}/pages; location = /down {{"
            f" return 302 http://127.0.0.1:{ports['plain']}/page.txt; }} }}"
        )
    with nginx(folder, "\n".join(blocks), list(ports.values())):
        yield City(str(folder / "ca.pem"), ports)


def _plain_server(folder: Path, port: int) -> str:
    pages = folder / "pages"
    pages.mkdir()
    pages.chmod(0o755)
    folder.chmod(0o755)
    (pages / "index.html").write_text(TEXT)
    (pages / "page.txt").write_text(TEXT)
    (pages / "packed.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    (pages / "large.txt").write_bytes(b"x" * (3 << 20))
    return (
        f"server {{ listen 127.0.0.1:{port}; listen [::1]:{port} ipv6only=on; root {pages};"
        " absolute_redirect off;"
        " location = /relative { return 301 page.txt; }"
        f" location = /other {{ return 307 http://localhost:{port}/page.txt; }}"
        " location = /loop { return 302 /loop; }"
        " location = /nowhere { return 302 ftp://127.0.0.1/; }"
        " location = /error { return 503 busy; }"
        " location = /packed.txt { gzip_static always; } }"
    )


async def ask(city: City, url: str, **options: object) -> Observation:
    return await probe(HttpOptions(url=url, ca_file=city.ca_file, **options))  # type: ignore[arg-type]


def reading_of(observation: Observation) -> HttpReading:
    assert isinstance(observation.values, HttpReading)
    return observation.values


def phases_of(reading: HttpReading) -> float:
    return (
        reading.resolve_seconds
        + reading.connect_seconds
        + reading.tls_seconds
        + reading.processing_seconds
        + reading.transfer_seconds
    )


async def test_page_is_read_with_status_length_and_body(city: City) -> None:
    observation = await ask(city, city.url("plain", "/page.txt"), body="Ostring")
    reading = reading_of(observation)
    assert observation.outcome is Outcome.OK, observation.detail
    assert (reading.status, reading.version, reading.redirects) == (200, "1.1", 0)
    assert reading.content_length == reading.body_bytes == len(TEXT)
    assert reading.is_body_expected is True
    assert reading.last_modified is not None
    assert reading.tls_version is None


async def test_page_is_read_over_ipv6(city: City) -> None:
    observation = await ask(city, city.url("plain", "/page.txt", host="[::1]"))
    assert observation.outcome is Outcome.OK, observation.detail
    assert reading_of(observation).ip_version == 6


async def test_address_overrides_the_host_but_not_its_name(city: City) -> None:
    url = city.url("good", "/page.txt", host="localhost")
    observation = await ask(city, url, address="127.0.0.1")
    assert observation.outcome is Outcome.OK, observation.detail
    assert reading_of(observation).address == "127.0.0.1"


async def test_gzip_is_decompressed(city: City) -> None:
    reading = reading_of(await ask(city, city.url("plain", "/packed.txt"), body="^Gymnasium"))
    assert reading.body_bytes == len(TEXT)
    assert reading.content_length is not None
    assert reading.content_length < len(TEXT)
    assert reading.is_body_expected is True


async def test_large_body_is_cut_at_one_mebibyte(city: City) -> None:
    observation = await ask(city, city.url("plain", "/large.txt"), body="^x+$")
    reading = reading_of(observation)
    assert observation.outcome is Outcome.OK, observation.detail
    assert (reading.body_bytes, reading.is_cut) == (1 << 20, True)
    assert reading.content_length == 3 << 20


@pytest.mark.parametrize("path", ["/relative", "/other"])
async def test_redirect_is_followed(city: City, path: str) -> None:
    observation = await ask(city, city.url("plain", path))
    reading = reading_of(observation)
    assert observation.outcome is Outcome.OK, observation.detail
    assert (reading.redirects, reading.status, reading.body_bytes) == (1, 200, len(TEXT))


async def test_redirect_from_https_to_http_is_followed_and_shown(city: City) -> None:
    reading = reading_of(await ask(city, city.url("good", "/down")))
    assert (reading.redirects, reading.status, reading.tls_version) == (1, 200, None)
    assert reading.certificate is None
    assert reading.tls_seconds > 0


async def test_endless_redirects_end_at_the_limit(city: City) -> None:
    observation = await ask(city, city.url("plain", "/loop"), redirects=3)
    assert (observation.reason, observation.detail) == (Reason.REDIRECTS, "more than 3 redirects")
    assert reading_of(observation).redirects == 3


async def test_redirect_to_another_protocol_is_refused(city: City) -> None:
    observation = await ask(city, city.url("plain", "/nowhere"))
    assert observation.reason is Reason.REDIRECTS
    assert "ftp://127.0.0.1/" in observation.detail


async def test_redirect_is_the_final_response_if_its_code_is_expected(city: City) -> None:
    observation = await ask(city, city.url("plain", "/loop"), status=(302,))
    assert observation.outcome is Outcome.OK, observation.detail
    assert reading_of(observation).redirects == 0


async def test_status_and_body_have_their_own_reasons(city: City) -> None:
    status = await ask(city, city.url("plain", "/error"))
    assert (status.reason, status.detail) == (Reason.STATUS, "the answer is 503, not 200")
    body = await ask(city, city.url("plain", "/page.txt"), body="Goethe")
    assert body.reason is Reason.BODY
    assert reading_of(body).is_body_expected is False


async def test_good_certificate_is_verified_and_read(city: City) -> None:
    observation = await ask(city, city.url("good"))
    reading = reading_of(observation)
    assert observation.outcome is Outcome.OK, observation.detail
    assert reading.tls_version == "TLS 1.3"
    assert reading.certificate is not None
    assert reading.certificate.earliest_expiry == _days(90)
    assert reading.certificate.verified_expiry == _days(90)
    assert reading.certificate.names == ("localhost",)
    assert reading.certificate.subject == "CN=good,O=Stadt Bochum"


async def test_intermediate_that_expires_first_sets_the_earliest_expiry(city: City) -> None:
    reading = reading_of(await ask(city, city.url("chain")))
    assert reading.certificate is not None
    assert reading.certificate.earliest_expiry == _days(20)
    assert reading.certificate.verified_expiry == _days(20)
    assert reading.certificate.subject.startswith("CN=leaf")


@pytest.mark.parametrize(
    ("server", "sentence", "days"),
    [
        ("expired", "has expired, or another one in its chain has", -3),
        ("early", "is not valid yet", 90),
        ("wrong", "is for a different address", 80),
        ("incomplete", "is not signed by a trusted authority, or an intermediate is missing", 90),
        ("own", "is self-signed", 70),
        ("stranger", "leads to a root that is not trusted", 60),
    ],
)
async def test_refused_certificate_has_its_own_message_and_expiry(
    city: City, server: str, sentence: str, days: int
) -> None:
    observation = await ask(city, city.url(server))
    reading = reading_of(observation)
    assert observation.outcome is Outcome.FAILED
    assert observation.reason is Reason.CERTIFICATE
    assert observation.detail == f"the certificate of 127.0.0.1 {sentence}"
    assert reading.status is None
    assert reading.certificate is not None
    assert reading.certificate.earliest_expiry == _days(days)
    assert reading.certificate.verified_expiry is None


async def test_certificate_for_another_name_is_refused(city: City) -> None:
    url = city.url("wrong", host="localhost")
    observation = await ask(city, url, address="127.0.0.1")
    assert observation.detail == "the certificate of localhost is for a different name"


async def test_refused_certificate_passes_without_verification(city: City) -> None:
    observation = await ask(city, city.url("expired"), verify=False)
    assert observation.outcome is Outcome.OK, observation.detail
    certificate = reading_of(observation).certificate
    assert certificate is not None
    assert (certificate.earliest_expiry, certificate.verified_expiry) == (_days(-3), None)


async def test_system_store_does_not_trust_the_test_authority(city: City) -> None:
    observation = await probe(HttpOptions(url=city.url("good")))
    assert observation.reason is Reason.CERTIFICATE


async def test_missing_ca_file_is_our_own_fault(city: City) -> None:
    options = HttpOptions(url=city.url("good"), ca_file="/nonexistent/ca.pem")
    observation = await probe(options)
    assert (observation.outcome, observation.reason) == (Outcome.UNKNOWN, Reason.CREDENTIAL)
    assert "/nonexistent/ca.pem" in observation.detail


async def test_phases_of_a_slow_server_add_up_to_the_duration() -> None:
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        began = time.monotonic()
        await asyncio.sleep(seconds)
        waits.append(time.monotonic() - began)

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await wait(0.12)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
        await writer.drain()
        await wait(0.08)
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async with stream_server(slow) as port:
        before = time.monotonic()
        observation = await probe(HttpOptions(url=f"http://127.0.0.1:{port}/"))
        elapsed = time.monotonic() - before
    reading = reading_of(observation)
    assert observation.outcome is Outcome.OK, observation.detail
    assert phases_of(reading) == pytest.approx(observation.duration, abs=1e-9)
    processing, transfer = waits
    # All time except the server's delay: a few milliseconds, or more on a busy machine.
    rest = elapsed - processing - transfer
    assert processing + transfer - rest <= observation.duration <= elapsed
    assert processing <= reading.processing_seconds <= processing + rest
    assert reading.transfer_seconds == pytest.approx(transfer, abs=rest)
    assert reading.connect_seconds <= rest
    assert reading.content_length is None


async def test_server_that_hangs_in_the_tls_handshake_fails_at_the_deadline() -> None:
    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            pass

    async with stream_server(hang) as port:
        options = HttpOptions(url=f"https://127.0.0.1:{port}/", verify=False)
        observation = await probe(options, seconds=DEADLINE)
    assert observation.reason is Reason.TIMEOUT
    assert observation.detail == (
        f"no answer from 127.0.0.1 port {port} in 2.0 s while in the TLS handshake"
    )
    reading = reading_of(observation)
    assert DEADLINE / 2 < reading.tls_seconds < DEADLINE + LATE_SECONDS
    assert phases_of(reading) == pytest.approx(observation.duration, abs=1e-9)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"", "in 2.0 s while waiting for the response"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "did not end in 2.0 s"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "did not end in 2.0 s"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 10, "did not end in 2.0 s"),
    ],
)
async def test_server_that_hangs_fails_at_the_deadline(sent: bytes, said: str) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        await reader.read()

    async with stream_server(hang) as port:
        options = HttpOptions(url=f"http://127.0.0.1:{port}/")
        observation = await probe(options, seconds=DEADLINE)
    assert observation.reason is Reason.TIMEOUT
    assert observation.detail.endswith(said)
    assert DEADLINE - EARLY_SECONDS <= observation.duration < DEADLINE + LATE_SECONDS


async def test_certificate_is_the_reason_even_if_the_second_handshake_hangs(
    city: City, tmp_path: Path
) -> None:
    own = issue("own", None, days=9, names=LOOPBACK_NAMES)
    (tmp_path / "both.pem").write_bytes(own.pem + own.key_pem)
    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    settings.load_cert_chain(tmp_path / "both.pem")
    seen = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen += 1
        if seen == 1:
            await writer.start_tls(settings)
        else:
            await reader.read()

    async with stream_server(once) as port:
        options = HttpOptions(url=f"https://127.0.0.1:{port}/", ca_file=city.ca_file)
        observation = await probe(options, seconds=DEADLINE)
    assert seen == 2
    assert observation.reason is Reason.CERTIFICATE, observation.detail
    assert reading_of(observation).certificate is None


async def test_cancelled_probe_closes_its_socket_at_once() -> None:
    closed = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        task.cancel()
        try:
            await reader.read()
        finally:
            closed.set()

    async with stream_server(hang) as port:
        task = asyncio.ensure_future(probe(HttpOptions(url=f"http://127.0.0.1:{port}/")))
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(closed.wait(), 1)
