"""What the monitor says of an unusual certificate, which must not stop a daemon that runs."""

from __future__ import annotations

import ssl
from base64 import b64decode, encodebytes
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from monitor.web.certificate import certificate_of
from monitor.web.tls import Tls, WebFileError, server_context
from monitor.web.web_file import read_web_file
from tests.integration.probe_servers import NOW, issue

if TYPE_CHECKING:
    from pathlib import Path

# The object identifiers of P-256, and of c2pnb163v1, a curve that no library of ours supports
# (ANSI X9.62, J.2.1).
USUAL_CURVE = bytes.fromhex("06082a8648ce3d030107")
RARE_CURVE = bytes.fromhex("06082a8648ce3d030001")


def on_rare_curve(pem: bytes) -> bytes:
    """Return a certificate or key with another curve in it."""
    first, *middle, last = pem.splitlines(keepends=True)
    octets = b64decode(b"".join(middle))
    assert USUAL_CURVE in octets
    return first + encodebytes(octets.replace(USUAL_CURVE, RARE_CURVE)) + last


@pytest.mark.parametrize(
    ("is_rare", "said"),
    [
        ((True, True), "1:32: cert_file: its kind of key is not supported; use an RSA key"),
        ((False, True), "1:51: key_file: this kind of key is not supported; use an RSA key"),
    ],
    ids=["certificate", "key"],
)
def test_a_key_of_a_rare_kind_is_rejected_with_the_cure(
    tmp_path: Path, is_rare: tuple[bool, bool], said: str
) -> None:
    issued = issue("server", None, days=30)
    texts = {"one.pem": issued.pem, "one.key": issued.key_pem}
    for (name, pem), rare in zip(texts.items(), is_rare, strict=True):
        (tmp_path / name).write_bytes(on_rare_curve(pem) if rare else pem)
    path = tmp_path / "web.config.yml"
    path.write_text("tls_server_config: {cert_file: one.pem, key_file: one.key}")
    with pytest.raises(WebFileError) as rejected:
        read_web_file(path)
    assert str(rejected.value).startswith(f"{path}:{said}")


@pytest.mark.parametrize(
    "names",
    [b"", bytes.fromhex("3006a304a0020500"), bytes.fromhex("0500")],
    ids=["none", "an X.400 address", "malformed"],
)
def test_a_certificate_without_a_name_is_called_so(names: bytes) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    nameless = x509.Name([])
    builder = x509.CertificateBuilder(nameless, nameless, key.public_key(), 7, NOW, NOW)
    if names:
        place = x509.ObjectIdentifier("2.5.29.17")  # RFC 5280, 4.2.1.6
        builder = builder.add_extension(x509.UnrecognizedExtension(place, names), critical=False)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    assert str(certificate_of(pem)) == f"without a name, ends {NOW:%Y-%m-%d %H:%M} UTC"


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        # The version, the year of the end, and the type of the common name.
        (bytes.fromhex("a003020102"), bytes.fromhex("a003020101")),
        (b"\x18\x0f2052", b"\x18\x0f0000"),
        (bytes.fromhex("06035504030c"), bytes.fromhex("060355040303")),
    ],
    ids=["version 2", "year 0", "a bit string as a name"],
)
def test_a_certificate_that_only_openssl_accepts_is_not_named(usual: bytes, odd: bytes) -> None:
    """OpenSSL serves it; what only reads it must not end the daemon."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "\0kant")])
    ends = NOW.replace(year=2052)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, NOW, ends)
    octets = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert usual in octets
    pem = ssl.DER_cert_to_PEM_cert(octets.replace(usual, odd))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    server_context(Tls(pem, private))
    assert certificate_of(pem) is None
