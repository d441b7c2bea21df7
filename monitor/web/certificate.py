"""The server's own certificate: whose it is, when it ends, and why it does not fit its key.

Must not know: the file's format, or HTTP.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.hazmat.primitives.serialization import load_pem_private_key as load_key

if TYPE_CHECKING:
    from datetime import datetime

NEAR: Final = timedelta(days=14)
"""A certificate that ends sooner is a warning; renewing one can take a city's office days."""
_NAMED: Final = 3
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
        if self.ends - now <= NEAR:
            days = (self.ends - now).days
            when = f"in {days} days" if days > 1 else "in less than two days"
            return f"the certificate ends {when}, at {_minute(self.ends)}; renew it"
        return ""


def _minute(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def certificate_of(pem: str) -> Certificate | None:
    """Return the first certificate of a PEM text, which is the server's; None if it has none."""
    try:
        first = x509.load_pem_x509_certificates(pem.encode())[0]
        subject = first.subject.rfc4514_string() or _names(first) or "a certificate without a name"
    except ValueError:
        return None
    return Certificate(subject, first.not_valid_before_utc, first.not_valid_after_utc)


def _names(certificate: x509.Certificate) -> str:
    """Return the first host names of a certificate; some authorities leave the subject empty."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ""
    return ",".join(found.value.get_values_for_type(x509.DNSName)[:_NAMED])


def why_unusable(
    certificate: str, key: str, client_ca: str, error: Exception
) -> tuple[str, str, str]:
    """Return which of three PEM texts makes TLS impossible, what is wrong with it, and the cure.

    `error` is why the TLS library rejected them; what is named is empty if it is none of them.
    """
    try:
        public = x509.load_pem_x509_certificates(certificate.encode())[0].public_key()
    except ValueError:
        return "cert", "there is no certificate in it", _pem("CERTIFICATE")
    try:
        private = load_key(key.encode(), None)
    except TypeError:
        return "key", "the key has a passphrase", "write it without one: openssl pkey -in KEY"
    except (ValueError, UnsupportedAlgorithm):
        return "key", "there is no private key in it", _pem("PRIVATE KEY")
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if private.public_key().public_bytes(*form) != public.public_bytes(*form):
        return (
            "key",
            "the key does not belong to the certificate",
            "name the key that the certificate was issued for, and the server's certificate first",
        )
    try:
        if client_ca:
            x509.load_pem_x509_certificates(client_ca.encode())
    except ValueError:
        return "client_ca", "there is no certificate in it", _pem("CERTIFICATE")
    reason = (error.reason or "") if isinstance(error, ssl.SSLError) else str(error)
    why = _REASONS.get(reason, reason.replace("_", " ").lower())
    return (
        "",
        f"TLS is not possible with these settings: {why}",
        "leave out versions, ciphers and curves, or use a certificate with a longer key",
    )


def _pem(what: str) -> str:
    return f"give a PEM file, with a line -----BEGIN {what}-----"
