"""Who may read the web pages, and by which protocol: what a web configuration file says.

Must not know: the file's form, HTTP.
"""

from __future__ import annotations

import os
import ssl
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class WebFileError(ValueError):
    """A web configuration file cannot be used; the message names the place and the cure."""


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS of the server: PEM texts, versions by their names here, ciphers by OpenSSL's.

    `client_ca` is empty where no client certificate is asked for; `must_have_certificate` says
    whether a client without one is turned away.
    """

    certificate: str
    key: str = field(repr=False)
    minimum: str = "TLSv1_2"
    maximum: str = "TLSv1_3"
    ciphers: tuple[str, ...] = ()
    curves: tuple[str, ...] = ()
    client_ca: str = ""
    must_have_certificate: bool = False
    allowed_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WebAccess:
    """All of a file: TLS, users with their bcrypt hashes, headers for every answer."""

    tls: Tls | None = None
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def keeps_strangers_out(self) -> bool:
        """Return whether nobody is answered without a password or a certificate."""
        return bool(self.users) or bool(self.tls and self.tls.must_have_certificate)


def server_context(tls: Tls) -> ssl.SSLContext:
    """Return the context of a server.

    Raises:
        ssl.SSLError, ValueError: if certificate, key, authorities, versions or ciphers do not
            make one.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion[tls.minimum]
    context.maximum_version = ssl.TLSVersion[tls.maximum]
    if tls.ciphers:
        context.set_ciphers(":".join(tls.ciphers))
    if tls.curves:
        # The standard library knows how to set one.
        context.set_ecdh_curve(tls.curves[0])
    if tls.client_ca:
        context.load_verify_locations(cadata=tls.client_ca)
        wanted = ssl.CERT_REQUIRED if tls.must_have_certificate else ssl.CERT_OPTIONAL
        context.verify_mode = wanted
    load_certificate(context, tls)
    return context


def load_certificate(context: ssl.SSLContext, tls: Tls) -> None:
    """Have a context present a certificate from the next connection on.

    Raises:
        ssl.SSLError, ValueError: if certificate and key do not belong together, or are none.
    """
    with ExitStack() as stack:
        # The library wants files; these are in memory, and nobody else's to read.
        places: list[str] = []
        for text in (tls.certificate, tls.key):
            descriptor = os.memfd_create("pem")
            stack.callback(os.close, descriptor)
            os.write(descriptor, text.encode())
            places.append(f"/proc/self/fd/{descriptor}")
        certificate, key = places
        context.load_cert_chain(certificate, key, password=lambda: "")
