"""The websites of simulated schools: HTTPS on loopback, with the faults that websites have.

A site gets one when a fault first names it, and keeps it. It is at the address of the site's
router, on its own port, with a certificate from a CA that is created for each demo.

Must not know: who requests it, or where the faults come from.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from monitor.inventory.checks import CheckKind, CheckPlan, HttpOptions
from monitor.simulator.faults import WEBSITE_KINDS, FaultKind
from monitor.state.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from monitor.inventory.city import Inventory, Site
    from monitor.simulator.faults import Fault

CHECK: Final = "website"
CA_FILE: Final = "website-ca.pem"
EXPIRING_DAYS: Final = 5
"""Validity of a certificate that is about to expire; others are valid for 90 days."""

_HOLDS_DAYS: Final = 90
_INTERVAL_SECONDS: Final = 20.0
_TIMEOUT_SECONDS: Final = 5.0
_REQUEST_SECONDS: Final = 10.0
# Websites behind a dead line do not answer, either.
_CLOSED: Final = frozenset({FaultKind.WEBSITE_REFUSED, FaultKind.UPLINK_DOWN, FaultKind.ISOLATED})
_ANSWERS: Final = {True: b"200 OK", False: b"503 Service Unavailable"}


class Websites:
    """The websites of a city; an async context manager that closes them."""

    def __init__(self, inventory: Inventory, folder: Path) -> None:
        self._inventory = inventory
        self._ca_file = folder / CA_FILE
        self._authority = _Authority()
        self._servers: dict[str, asyncio.Server] = {}
        self._urls: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        with whole_file(self._ca_file) as file:
            file.write(self._authority.pem)
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers.values():
            server.close()
        self._ca_file.unlink(missing_ok=True)

    @property
    def urls(self) -> Mapping[str, str]:
        """Return the URLs of the websites, by `school/site`."""
        return dict(self._urls)

    async def follow(self, faults: Iterable[Fault]) -> bool:
        """Update every website to the given faults; return whether there is a new one.

        Raises:
            OSError: if a website cannot listen.
        """
        wanted = list(faults)
        known = len(self._urls)
        for school, site in self._inventory.sites():
            here = [
                one
                for one in wanted
                if one.kind is FaultKind.ISOLATED
                or (one.school == school.id and _is_at(one.part, site))
            ]
            name = str(school.key(site))
            if name in self._urls or any(one.kind in WEBSITE_KINDS for one in here):
                await self._serve(name, site.uplink.host, {one.kind for one in here})
        return len(self._urls) > known

    async def _serve(self, name: str, host: str, kinds: set[FaultKind]) -> None:
        port = 0
        if name in self._urls:
            port = int(self._urls[name].rpartition(":")[2].rstrip("/"))
        if (server := self._servers.pop(name, None)) is not None:
            server.close()
        if kinds & _CLOSED and port:
            return
        days = EXPIRING_DAYS if FaultKind.CERTIFICATE_EXPIRING in kinds else _HOLDS_DAYS
        answer = _ANSWERS[FaultKind.WEBSITE_DOWN not in kinds]

        async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _answer(reader, writer, answer)

        context = self._authority.server_context(host, days, self._ca_file.with_suffix(".key"))
        server = await asyncio.start_server(page, host, port, ssl=context)
        if kinds & _CLOSED:
            # It had to be opened once to get its port.
            self._urls[name] = _url(host, server)
            server.close()
            return
        self._servers[name] = server
        self._urls[name] = _url(host, server)

    def of(self, inventory: Inventory) -> Inventory:
        """Return an inventory in which sites with a website have a check of it."""
        return with_websites(inventory, self._urls, str(self._ca_file.absolute()))


def with_websites(inventory: Inventory, urls: Mapping[str, str], ca_file: str) -> Inventory:
    """Return an inventory with a check of each website; `urls` are by `school/site`."""
    if not urls:
        return inventory
    schools = []
    for school in inventory.schools:
        sites = tuple(
            _with(site, urls.get(str(school.key(site))), ca_file) for site in school.sites
        )
        schools.append(school if sites == school.sites else replace(school, sites=sites))
    return replace(inventory, schools=tuple(schools))


def _with(site: Site, url: str | None, ca_file: str) -> Site:
    if url is None:
        return site
    options = HttpOptions(url, redirects=0, ca_file=ca_file)
    plan = CheckPlan(CheckKind.HTTP, CHECK, _INTERVAL_SECONDS, _TIMEOUT_SECONDS, options)
    others = tuple(one for one in site.uplink.checks if one.name != CHECK)
    return replace(site, uplink=replace(site.uplink, checks=(*others, plan)))


def _is_at(part: str, site: Site) -> bool:
    return part in {"", site.id, site.uplink.device, f"{site.id}/{site.uplink.device}"}


def _url(host: str, server: asyncio.Server) -> str:
    return f"https://{host}:{server.sockets[0].getsockname()[1]}/"


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: bytes
) -> None:
    """Answer one request, whatever it is."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        async with asyncio.timeout(_REQUEST_SECONDS):
            await reader.readuntil(b"\r\n\r\n")
            body = b"a simulated school's website\n"
            head = b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"
            writer.write(head % (status, len(body)) + b"Connection: close\r\n\r\n" + body)
            await writer.drain()
    writer.close()


class _Authority:
    """The CA of the demo's websites."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Simulated authority")
        builder = _builder(self._name, self._name, self._key, _HOLDS_DAYS)
        extension = x509.BasicConstraints(ca=True, path_length=0)
        signed = builder.add_extension(extension, critical=True).sign(self._key, hashes.SHA256())
        self.pem = signed.public_bytes(serialization.Encoding.PEM)

    def server_context(self, host: str, days: int, scratch: Path) -> ssl.SSLContext:
        """Return a server's settings with a certificate for `days` days; `scratch` is removed."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(host), self._name, key, days)
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
        signed = builder.add_extension(names, critical=False).sign(self._key, hashes.SHA256())
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            # The standard library reads keys from files only.
            with whole_file(scratch) as file:
                file.write(_private(key) + signed.public_bytes(serialization.Encoding.PEM))
            context.load_cert_chain(scratch)
        finally:
            scratch.unlink(missing_ok=True)
        return context


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _private(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    # TLS uses the machine's clock, so an injected one would have no effect.
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
    )
