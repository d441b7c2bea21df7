"""Real servers for the probes' tests: certificates, nginx, dnsmasq, blackbox_exporter.

Each is started in the foreground on free loopback ports and ended by its own process object.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
_PATIENCE_SECONDS = 60.0
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def issue(
    name: str,
    issuer: Issued | None,
    *,
    days: float,
    names: Sequence[str] = (),
    is_authority: bool = False,
    age_days: float = 60,
) -> Issued:
    """Issue a certificate that expires in this many days, self-signed without an issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Stadt Bochum"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    signer = Issued(issuer.certificate, issuer.key) if issuer else None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=age_days))
        .not_valid_after(NOW + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if names:
        general = [_general_name(text) for text in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    certificate = builder.sign(signer.key if signer else key, hashes.SHA256())
    return Issued(certificate, key)


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


@contextmanager
def serving(command: Sequence[str], ports: Sequence[int], log: Path) -> Iterator[None]:
    """Run a server until its ports accept connections, and end it afterwards."""
    with (
        log.open("wb") as output,
        running(*command, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        for port in ports:
            _await_port(port, process, log)
        yield


def _await_port(port: int, process: subprocess.Popen[str], log: Path) -> None:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise AssertionError(f"{process.args!r} ended: {log.read_text()}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"no server listens on {port}: {log.read_text()}")


def program(name: str, *places: str) -> str:
    """Return the path of a server program, which is often only on root's PATH.

    Raises:
        AssertionError: with the package to install.
    """
    found = shutil.which(name) or next((place for place in places if shutil.which(place)), None)
    assert found, f"{name} is missing: install its Debian package (see make test)"
    return found


@contextmanager
def nginx(folder: Path, servers: str, ports: Sequence[int]) -> Iterator[None]:
    """Run nginx with these server blocks; its files stay in the folder."""
    scratch = "\n".join(
        f"{kind}_temp_path {folder}/temp_{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;\n"
        f"events {{ worker_connections 64; }}\n"
        f"http {{ access_log off; {scratch} ssl_protocols TLSv1.2 TLSv1.3;"
        f" types {{ text/plain txt; }} {servers} }}\n"
    )
    path = program("nginx", "/usr/sbin/nginx")
    command = (path, "-p", str(folder), "-c", str(configuration), "-e", "stderr")
    with serving(command, ports, folder / "nginx.log"):
        yield


@contextmanager
def dnsmasq(folder: Path, lines: Sequence[str], port: int) -> Iterator[None]:
    """Run dnsmasq on loopback with these configuration lines."""
    configuration = folder / "dnsmasq.conf"
    common = (
        f"port={port}",
        "listen-address=127.0.0.1",
        "bind-interfaces",
        "no-resolv",
        "no-hosts",
        "user=",
        "pid-file=",
    )
    configuration.write_text("\n".join((*common, *lines)) + "\n")
    path = program("dnsmasq", "/usr/sbin/dnsmasq")
    command = (path, "--no-daemon", f"--conf-file={configuration}")
    with serving(command, (port,), folder / "dnsmasq.log"):
        yield


@contextmanager
def blackbox_exporter(folder: Path, modules: str, port: int) -> Iterator[None]:
    """Run Debian's blackbox_exporter with these modules."""
    configuration = folder / "blackbox.yml"
    configuration.write_text(modules)
    path = program("prometheus-blackbox-exporter", "/usr/bin/prometheus-blackbox-exporter")
    command = (
        path,
        f"--config.file={configuration}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with serving(command, (port,), folder / "blackbox.log"):
        yield
