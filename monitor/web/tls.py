"""Access rules and TLS settings of the web server: the content of a web configuration file.

Must not know: the file's format, or HTTP.
"""

from __future__ import annotations

import os
import ssl
from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from monitor.web.certificate import certificate_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path


EMPTY: Final = "empty, or sets nothing"
_INTENDED: Final = ", or restart the daemon if that is intended"


class WebFileError(ValueError):
    """A web configuration file cannot be used; the message names the place and the remedy."""


class StrangersError(ValueError):
    """Unauthorised clients could read everything; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS settings of the server: PEM texts, versions by Python's names, ciphers by OpenSSL's.

    `client_ca` is empty if no client certificate is requested; `must_have_certificate` says
    whether clients without one are refused.
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
    """The content of a file: TLS, users with their bcrypt hashes, headers for every response."""

    tls: Tls | None = None
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = field(default=(), compare=False)
    """Certificates, keys and authorities that the file names, wherever they are."""

    @property
    def keeps_strangers_out(self) -> bool:
        """Return whether every response needs a password or a certificate."""
        return bool(self.locks)

    @property
    def locks(self) -> frozenset[str]:
        """Return the keys of the file that restrict access."""
        found = {
            "basic_auth_users": bool(self.users),
            # Without a CA, Python's TLS requests no certificate.
            "client_auth_type": bool(
                self.tls and self.tls.must_have_certificate and self.tls.client_ca
            ),
            "client_allowed_sans": bool(self.tls and self.tls.allowed_names),
        }
        return frozenset(key for key, is_there in found.items() if is_there)

    @property
    def summary(self) -> str:
        """Return a short summary of the settings: "TLS, 1 user"; without names and values."""
        users, headers = len(self.users), len(self.headers)
        parts = (
            "no TLS" if self.tls is None else "TLS",
            "client certificates" if self.tls is not None and self.tls.client_ca else "",
            "1 user" if users == 1 else f"{users or 'no'} users",
            f"{headers} header{'s' if headers > 1 else ''}" if headers else "",
        )
        return ", ".join(part for part in parts if part)

    def refuse_successor(self, after: WebAccess) -> None:
        """Reject rules that must not replace these while the server runs.

        A truncated or half-written file must not remove a login.

        Raises:
            StrangersError: if they must not.
        """
        if after == WebAccess() != self:
            raise StrangersError(f"{EMPTY}; restore the file")
        missing = self.locks - after.locks
        if "basic_auth_users" in missing:
            raise StrangersError(f"all users were removed; restore basic_auth_users{_INTENDED}")
        if (after.tls is None) != (self.tls is None):
            how = "removed; put it back" if after.tls is None else "added; take it out"
            raise StrangersError(f"tls_server_config was {how}{_INTENDED}")
        if missing:
            raise StrangersError(
                f"{', '.join(sorted(missing))} was removed or weakened; put it back{_INTENDED}"
            )


@dataclass(frozen=True, slots=True)
class Audience:
    """Who can reach the server, and what they may do.

    `without_login` allows an address that others can reach although no login is needed;
    `reload_by_http` says that a request can reload the configuration.
    """

    host: str
    without_login: bool = False
    reload_by_http: bool = False

    @property
    def is_reachable(self) -> bool:
        """Return whether other machines can reach the server."""
        return not _is_loopback(self.host)

    def warnings(self, access: WebAccess, now: datetime) -> Iterator[str]:
        """Yield what is allowed and yet leaves the server open or unreachable, with the cure."""
        if access.users and access.tls is None and self.is_reachable:
            yield (
                f"passwords cross the network in the clear: {self.host} can be reached by others, "
                "and there is no TLS; add tls_server_config"
            )
        found = access.tls and certificate_of(access.tls.certificate)
        if found and (warning := found.warning(now)):
            yield warning

    def refuse_strangers(self, access: WebAccess) -> None:
        """Refuse to serve other machines without a login, unless allowed.

        Raises:
            StrangersError: if that would be the case.
        """
        if access.keeps_strangers_out:
            return
        if self.reload_by_http:
            raise StrangersError(
                "/-/reload needs users to log in; name a file with users with --web-config"
            )
        if self.without_login or not self.is_reachable:
            return
        raise StrangersError(
            f"{self.host} can be reached by others, and no login is required; name a file "
            "with users with --web-config, or give --without-login"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def server_context(tls: Tls) -> ssl.SSLContext:
    """Return the TLS context of the server.

    Raises:
        ssl.SSLError, ValueError: if certificate, key, CA, versions or ciphers are invalid or do
            not match.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion[tls.minimum]
    context.maximum_version = ssl.TLSVersion[tls.maximum]
    if tls.ciphers:
        context.set_ciphers(":".join(tls.ciphers))
    if tls.curves:
        # The standard library can set one curve.
        context.set_ecdh_curve(tls.curves[0])
    if tls.client_ca:
        context.load_verify_locations(cadata=tls.client_ca)
        wanted = ssl.CERT_REQUIRED if tls.must_have_certificate else ssl.CERT_OPTIONAL
        context.verify_mode = wanted
    _load_certificate(context, tls)
    return context


def _load_certificate(context: ssl.SSLContext, tls: Tls) -> None:
    with ExitStack() as stack:
        # The library needs files; these are in memory, and must not be written to a file.
        places: list[str] = []
        for text in (tls.certificate, tls.key):
            descriptor = os.memfd_create("pem")
            stack.callback(os.close, descriptor)
            os.write(descriptor, text.encode())
            places.append(f"/proc/self/fd/{descriptor}")
        certificate, key = places
        context.load_cert_chain(certificate, key, password=lambda: "")
