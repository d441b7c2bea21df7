"""The server's own certificate: whose it is, when it ends, and why it does not fit its key.

Must not know: the file's format, or HTTP.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.hazmat.primitives.serialization import load_pem_private_key as load_key

from monitor.status.certificates import NEAR

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_NAMED: Final = 3
# Raised by the library for names that are absent, of an unusual kind, or malformed.
_NO_NAMES: Final = (
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    ValueError,
)
# Raised for what OpenSSL accepts and no authority issues: version 2 (InvalidVersion), the year 0
# (ValueError), a name of a type that it cannot have (TypeError).
_NO_CERTIFICATE: Final = (ValueError, TypeError, x509.InvalidVersion)
_NAME_BOTH: Final = (
    "name the key that the certificate was issued for, and the server's certificate first"
)
_USUAL_KEY: Final = "use an RSA key, or one on the curve P-256, and a certificate for it"
# OpenSSL's names of what it most often rejects.
_REASONS: Final = {
    "EE_KEY_TOO_SMALL": "the certificate's key is too short",
    "CA_KEY_TOO_SMALL": "an authority's key is too short",
    "CA_MD_TOO_WEAK": "a certificate is signed with an outdated hash",
    "NO_CIPHER_MATCH": "no cipher is left",
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate that the server shows; both instants are aware UTC."""

    subject: str
    begins: datetime
    ends: datetime

    def __str__(self) -> str:
        return f"{self.subject}, ends {_minute(self.ends)}"

    def warning(self, now: datetime) -> str:
        """Return why clients refuse it now or soon, with the cure; empty if they do not."""
        if self.ends <= now:
            return (
                f"the certificate expired at {_minute(self.ends)}: no client accepts it; renew it"
            )
        if self.begins > now:
            return (
                f"the certificate is only valid from {_minute(self.begins)}: no client accepts it "
                "yet; check this machine's clock and the certificate"
            )
        if self.ends - now < NEAR:
            days = (self.ends - now).days
            when = f"in {days} days" if days > 1 else "in less than two days"
            return f"the certificate ends {when}, at {_minute(self.ends)}; renew it"
        return ""


def _minute(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def certificate_of(pem: str) -> Certificate | None:
    """Return the first certificate of a PEM text, which is the server's; None if unreadable."""
    try:
        first = x509.load_pem_x509_certificates(pem.encode())[0]
        subject = first.subject.rfc4514_string() or _names(first) or "without a name"
        return Certificate(subject, first.not_valid_before_utc, first.not_valid_after_utc)
    except _NO_CERTIFICATE:
        return None


def _names(certificate: x509.Certificate) -> str:
    """Return the first host names of a certificate; some authorities leave the subject empty."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except _NO_NAMES:
        return ""
    return ",".join(found.value.get_values_for_type(x509.DNSName)[:_NAMED])


class _UnusableError(ValueError):
    """What is wrong with one of the texts: which one, why, and the cure."""

    def __init__(self, which: str, why: str, cure: str) -> None:
        super().__init__(why)
        self.found = which, why, cure


def why_unusable(
    certificate: str, key: str, client_ca: str, error: Exception
) -> tuple[str, str, str]:
    """Return which of three PEM texts makes TLS impossible, what is wrong with it, and the cure.

    `error` is why the TLS library rejected them; what is named is empty if it is none of them.
    """
    try:
        if _public_of_certificate(certificate) != _public_of_key(key):
            return "key", "the key does not belong to the certificate", _NAME_BOTH
    except _UnusableError as unusable:
        return unusable.found
    try:
        if client_ca:
            x509.load_pem_x509_certificates(client_ca.encode())
    except _NO_CERTIFICATE:
        return "client_ca", "there is no certificate in it", _pem("CERTIFICATE")
    reason = (error.reason or "") if isinstance(error, ssl.SSLError) else str(error)
    why = _REASONS.get(reason, reason.replace("_", " ").lower())
    return (
        "",
        f"TLS is not possible with these settings: {why}",
        "leave out versions, ciphers and curves, or use a certificate with a longer key",
    )


def _public_of_certificate(pem: str) -> bytes:
    try:
        return _octets(x509.load_pem_x509_certificates(pem.encode())[0].public_key())
    except UnsupportedAlgorithm:
        raise _UnusableError("cert", "its kind of key is not supported", _USUAL_KEY) from None
    except _NO_CERTIFICATE:
        why = "there is no certificate in it"
        raise _UnusableError("cert", why, _pem("CERTIFICATE")) from None


def _public_of_key(pem: str) -> bytes:
    try:
        return _octets(load_key(pem.encode(), None).public_key())
    except TypeError:
        cure = "write it without one: openssl pkey -in KEY"
        raise _UnusableError("key", "the key has a passphrase", cure) from None
    except UnsupportedAlgorithm:
        raise _UnusableError("key", "this kind of key is not supported", _USUAL_KEY) from None
    except ValueError:
        why = "there is no private key in it"
        raise _UnusableError("key", why, _pem("PRIVATE KEY")) from None


def _octets(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _pem(what: str) -> str:
    return f"give a PEM file, with a line -----BEGIN {what}-----"
