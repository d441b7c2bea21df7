"""TLS of a probe: trusted CAs, why a certificate is rejected, when it expires.

OpenSSL verifies the certificate during the handshake. It discards a chain that it rejects, so the
expiry of a rejected one is read in a second handshake without verification; its time counts towards
the deadline, but towards no phase.

Must not know: HTTP, or what follows from an expiry.
"""

from __future__ import annotations

import os
import ssl
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from monitor.observation import CertificateChain, Outcome, Reason
from monitor.probes.attempt import ProbeError, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NAMES_LIMIT = 32
# SSL_OP_LEGACY_SERVER_CONNECT of <openssl/ssl.h>; Python's ssl names it since 3.12.
_LEGACY_SERVER_CONNECT = 0x4

# OpenSSL's verification errors (x509_vfy.h) as predicates of "the certificate of HOST".
_REFUSALS = {
    9: "is not valid yet",
    10: "has expired, or another one in its chain has",
    18: "is self-signed",
    19: "leads to a root that is not trusted",
    20: "is not signed by a trusted authority, or an intermediate is missing",
    21: "is not signed by a trusted authority, or an intermediate is missing",
    62: "is for a different name",
    64: "is for a different address",
}


class _Certificate(Protocol):
    def public_bytes(self) -> str: ...


class _Session(Protocol):
    """The object behind an SSLObject; it has the chains before Python 3.13 made them public."""

    def get_unverified_chain(self) -> Sequence[_Certificate] | None: ...
    def get_verified_chain(self) -> Sequence[_Certificate] | None: ...


def client_context(ca_file: str | None, *, verify: bool, old_tls: bool = False) -> ssl.SSLContext:
    """Return the settings of a TLS client that trusts a CA file, or the system's store.

    `old_tls` allows what OpenSSL still supports but disables by default, for devices that
    support nothing better: TLS 1.0, RSA key exchange, short keys, insecure renegotiation.

    May take 15 ms if the store is a single file; call it in a thread.

    Raises:
        ProbeError: (unknown, credential) if the CA file or the store cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if old_tls:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.options |= _LEGACY_SERVER_CONNECT
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        if ca_file is not None:
            context.load_verify_locations(cafile=ca_file)
        elif (directory := _hashed_store()) is not None:
            context.load_verify_locations(capath=directory)
        else:
            context.load_default_certs()
    except OSError as error:
        words = error.strerror or error
        said = f"the system's CA store cannot be used: {words}"
        if ca_file is not None:
            said = f"the CA file {ca_file} cannot be used: {words}"
        raise ProbeError(Reason.CREDENTIAL, said, Outcome.UNKNOWN) from error
    return context


def _hashed_store() -> str | None:
    """Return the system's hashed directory of CAs, from which OpenSSL reads single files.

    Measured on Debian 12: 0.13 ms of CPU per context, against 15.6 ms for the same CAs in one
    file, which `load_default_certs` reads. A file named in the environment takes precedence.
    """
    paths = ssl.get_default_verify_paths()
    if paths.openssl_cafile_env in os.environ or paths.capath is None:
        return None
    hashed = any(entry.suffix == ".0" for entry in Path(paths.capath).iterdir())
    return paths.capath if hashed else None


def refusal(error: ssl.SSLError, host: str) -> ProbeError:
    """Return why a handshake failed: a sentence about the certificate, or a TLS error."""
    if isinstance(error, ssl.SSLCertVerificationError):
        said = _REFUSALS.get(error.verify_code, f"is refused: {error.verify_message}")
        return ProbeError(Reason.CERTIFICATE, f"the certificate of {host} {said}")
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return ProbeError(Reason.TLS, f"{host} hung up during the TLS session")
    said = (error.reason or str(error)).lower().replace("_", " ")
    return ProbeError(Reason.TLS, f"TLS with {host} failed: {printable(said)}")


def tls_version(session: ssl.SSLObject) -> str | None:
    """Return the protocol's version, written as in RFC 8446 ("TLS 1.3")."""
    version = session.version()
    if version == "TLSv1":
        return "TLS 1.0"
    return version.replace("TLSv", "TLS ") if version else None


def read_chain(session: ssl.SSLObject, *, verified: bool) -> CertificateChain | None:
    """Return the data of a session's certificates, None if they cannot be read.

    `verified` says whether this session's handshake checked them.
    """
    presented = _chain(session, verified=False)
    trusted = _chain(session, verified=True) if verified else ()
    return parse_chain(presented, trusted)


def parse_chain(presented: Iterable[bytes], trusted: Iterable[bytes]) -> CertificateChain | None:
    """Return the data of certificates (DER, the server's first), None if they are malformed.

    Source: RFC 5280 §4.1.2.5 (validity), §4.2.1.6 (subjectAltName).
    """
    try:
        with warnings.catch_warnings():
            # A peer's odd serial number or attribute does not belong in our log.
            warnings.simplefilter("ignore")
            return _summary([*map(_load, presented)], [*map(_load, trusted)])
    except (ValueError, TypeError, x509.InvalidVersion):
        # TypeError: an attribute of a name has a type that is not allowed.
        return None


def _load(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def _summary(
    presented: Sequence[x509.Certificate], trusted: Sequence[x509.Certificate]
) -> CertificateChain | None:
    if not presented:
        return None
    own = presented[0]
    return CertificateChain(
        earliest_expiry=min(certificate.not_valid_after_utc for certificate in presented),
        verified_expiry=min((item.not_valid_after_utc for item in trusted), default=None),
        fingerprint_sha256=own.fingerprint(SHA256()).hex(),
        subject=printable(own.subject.rfc4514_string()),
        issuer=printable(own.issuer.rfc4514_string()),
        names=_names(own),
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the DNS names of a certificate, at most the first 32."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = found.value.get_values_for_type(x509.DNSName)
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return ()
    except x509.UnsupportedGeneralNameType:
        return ()
    return tuple(printable(name) for name in names[:_NAMES_LIMIT])


def _chain(session: ssl.SSLObject, *, verified: bool) -> tuple[bytes, ...]:
    """Return the presented or the verified chain as DER, the server's certificate first."""
    if sys.version_info >= (3, 13):
        public = session.get_verified_chain() if verified else session.get_unverified_chain()
        return tuple(public)
    else:  # noqa: RET505  # mypy needs the branch to tell the versions apart
        # Public only since 3.13; the underlying method has been the same since 3.10.
        inner = cast("_Session | None", getattr(session, "_sslobj", None))
        if inner is None:
            return ()
        chain = inner.get_verified_chain() if verified else inner.get_unverified_chain()
        return tuple(ssl.PEM_cert_to_DER_cert(item.public_bytes()) for item in chain or ())
