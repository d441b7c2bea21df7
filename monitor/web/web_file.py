"""Reads a web configuration file as Prometheus' exporter-toolkit does.

Source: exporter-toolkit, docs/web-configuration.md; `promtool check web-config` gives the same
results, which a test checks; a few things that it accepts are rejected here.

Whatever the bytes are, the result is a configuration or a list of problems, each with its line
and its cure. No problem repeats a value: it may be a password.

Must not know: HTTP, or where the server listens.
"""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, StringConstraints, ValidationError

from monitor.config.shape.base import Rules
from monitor.config.shape.quiet_messages import note_quietly
from monitor.config.tree.places import mark_of
from monitor.config.tree.problems import START, Findings, Problem, TooManyProblemsError, listed
from monitor.config.tree.regular_file import read_regular_file
from monitor.config.tree.text import compose, plain
from monitor.web.certificate import why_unusable
from monitor.web.tls import Tls, WebAccess, WebFileError, server_context
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from monitor.config.shape.layout import Location
    from monitor.config.tree.text import Node

MAX_BYTES: Final = 128 * 1024
"""The largest file; it is read again while the daemon runs, so reading must not take long."""
MAX_SHOWN: Final = 20
"""How many problems of a file are shown; all are logged at once."""
MAX_PEM_BYTES: Final = 1024 * 1024
MAX_COST: Final = 15
"""The highest bcrypt cost; each step doubles the time of a login, which takes seconds by then."""

# Older versions are deprecated (RFC 8996) and not supported, whatever the file allows.
_VERSIONS: Final = {"TLS10": "", "TLS11": "", "TLS12": "TLSv1_2", "TLS13": "TLSv1_3"}
_CURVES: Final = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}
# Go's names of the secure suites; those of TLS 1.3 cannot be selected, neither in Go nor here.
_CIPHERS: Final = {
    "TLS_AES_128_GCM_SHA256": "",
    "TLS_AES_256_GCM_SHA384": "",
    "TLS_CHACHA20_POLY1305_SHA256": "",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
}
_ASKS: Final = {
    "": False,
    "NoClientCert": False,
    "RequestClientCert": False,
    "RequireAnyClientCert": True,
    "RequireClientCert": True,
    "VerifyClientCertIfGiven": False,
    "RequireAndVerifyClientCert": True,
}
_BCRYPT: Final = re.compile(r"\$2[abxy]?\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")
_HEADERS: Final = {
    "Content-Security-Policy": None,
    "X-Frame-Options": {"deny", "sameorigin"},
    "X-Content-Type-Options": {"nosniff"},
    "X-XSS-Protection": None,
    "Strict-Transport-Security": None,
}

_DURATION: Final = r"^(0|([0-9]+(y|w|d|h|m|s|ms))+)$"
_FORMS: Final = {_DURATION: ("not a duration", "allowed: 0, 500ms, 1s, 5m and so on")}
_Duration = Annotated[str, StringConstraints(pattern=_DURATION)]


class _TlsRules(Rules):
    cert: str = ""
    key: str = ""
    client_ca: str = ""
    cert_file: str = ""
    key_file: str = ""
    client_auth_type: Literal[
        "",
        "NoClientCert",
        "RequestClientCert",
        "RequireAnyClientCert",
        "RequireClientCert",
        "VerifyClientCertIfGiven",
        "RequireAndVerifyClientCert",
    ] = ""
    client_ca_file: str = ""
    client_allowed_sans: list[str] = Field(default=[])
    min_version: Literal["TLS10", "TLS11", "TLS12", "TLS13"] = "TLS12"
    max_version: Literal["TLS10", "TLS11", "TLS12", "TLS13"] = "TLS13"
    cipher_suites: list[str] = Field(default=[])
    prefer_server_cipher_suites: bool = True
    curve_preferences: list[Literal["CurveP256", "CurveP384", "CurveP521", "X25519"]] = Field(
        default=[]
    )


class _HttpRules(Rules):
    http2: bool = True
    headers: dict[str, str] = Field(default={})


class _LimitRules(Rules):
    interval: _Duration | Literal[0] = "0"
    burst: Annotated[int, Field(ge=0)] = 0


class _FileRules(Rules):
    tls_server_config: _TlsRules | None = None
    http_server_config: _HttpRules | None = None
    basic_auth_users: dict[str, str] | None = None
    rate_limit: _LimitRules | None = None


def read_web_file(path: Path) -> WebAccess:
    """Return the content of a web configuration file; paths in it are relative to its folder.

    Raises:
        WebFileError: if it cannot be read or has invalid settings: one line for each problem.
    """
    findings = Findings(str(path))
    access = None
    try:
        access = _Reader(path, findings).access()
    except TooManyProblemsError:
        pass
    except OSError as error:
        why = f"cannot be read: {error.strerror}; check its path and permissions"
        if isinstance(error, FileNotFoundError):
            why = "there is no such file; restore it, or correct its path"
        raise WebFileError(f"{path}: {why}") from None
    if access is None or findings:
        raise WebFileError(_first(findings.error().problems))
    return access


def _first(problems: Sequence[Problem]) -> str:
    lines = [str(problem) for problem in problems[:MAX_SHOWN]]
    more = len(problems) - len(lines)
    if more:
        lines[-1] += f" (and {count_of(more, 'more problem')})"
    return "\n".join(lines)


class _Reader:
    """Reads one file; problems are added to the findings."""

    def __init__(self, path: Path, findings: Findings) -> None:
        self._path = path
        self._findings = findings
        self._root: Node | None = None
        self._files: list[Path] = []

    def access(self) -> WebAccess | None:
        """Return the content of the file; unusable if there are findings, None if it is empty.

        Raises:
            OSError: if the file cannot be read.
        """
        rules = self._rules(read_regular_file(self._path, MAX_BYTES))
        if rules is None:
            return None
        http = rules.http_server_config or _HttpRules()
        return WebAccess(
            self._tls(rules.tls_server_config),
            self._users(rules.basic_auth_users or {}),
            self._headers(http.headers),
            tuple(self._files),
        )

    def _rules(self, content: bytes) -> _FileRules | None:
        self._root = root = compose(content, self._findings, is_ours=False)
        if root is None or self._findings:
            return None
        content_of_file = plain(root)
        try:
            return _FileRules.model_validate({} if content_of_file is None else content_of_file)
        except ValidationError as error:
            for detail in error.errors(include_input=False, include_url=False):
                note_quietly(detail, root, _FileRules, _FORMS, self._findings)
            return None

    def _add(self, at: Location, wrong: str, cure: str) -> None:
        mark = START if self._root is None else mark_of(self._root, at)
        self._findings.add(mark, wrong, cure)

    def _tls(self, rules: _TlsRules | None) -> Tls | None:
        if rules is None or rules == _TlsRules():
            return None
        before = len(self._findings)
        certificate = self._pem("cert", rules.cert, rules.cert_file)
        key = self._pem("key", rules.key, rules.key_file)
        client_ca = self._pem("client_ca", rules.client_ca, rules.client_ca_file, needed=False)
        self._check_clients(rules)
        self._check_versions(rules)
        if len(self._findings) > before:
            return None
        tls = Tls(
            certificate,
            key,
            _VERSIONS[rules.min_version] or _VERSIONS["TLS12"],
            _VERSIONS[rules.max_version],
            tuple(filter(None, (_CIPHERS[one] for one in rules.cipher_suites))),
            tuple(_CURVES[one] for one in rules.curve_preferences),
            client_ca,
            _ASKS[rules.client_auth_type],
            tuple(rules.client_allowed_sans),
        )
        try:
            server_context(tls)
        except (ssl.SSLError, ValueError, OSError) as error:
            self._explain(tls, rules, error)
        return tls

    def _explain(self, tls: Tls, rules: _TlsRules, error: Exception) -> None:
        setting, wrong, cure = why_unusable(tls.certificate, tls.key, tls.client_ca, error)
        files = {"cert": rules.cert_file, "key": rules.key_file, "client_ca": rules.client_ca_file}
        name = f"{setting}_file" if files.get(setting) else setting
        at = ("tls_server_config", name) if name else ("tls_server_config",)
        self._add(at, f"{name}: {wrong}" if name else wrong, cure)

    def _check_clients(self, rules: _TlsRules) -> None:
        place = ("tls_server_config", "client_auth_type")
        asks = _ASKS[rules.client_auth_type]
        has_authority = bool(rules.client_ca or rules.client_ca_file)
        if has_authority and rules.client_auth_type in {"", "NoClientCert"}:
            self._add(
                place,
                "client_ca is given, but client_auth_type requires no certificate",
                "write client_auth_type: RequireAndVerifyClientCert",
            )
        if asks and not has_authority:
            # Python's TLS cannot request a certificate without a CA: all clients would come in.
            self._add(
                place,
                f"{rules.client_auth_type} needs the authority that issued the certificates",
                "name it with client_ca_file",
            )
        if rules.client_allowed_sans and not asks:
            self._add(
                ("tls_server_config", "client_allowed_sans"),
                "client_allowed_sans needs a client certificate",
                "write client_auth_type: RequireAndVerifyClientCert",
            )

    def _check_versions(self, rules: _TlsRules) -> None:
        if not _VERSIONS[rules.max_version]:
            self._add(
                ("tls_server_config", "max_version"),
                f"max_version {rules.max_version} is deprecated",
                "allowed: TLS12, TLS13",
            )
        elif rules.min_version > rules.max_version:
            self._add(
                ("tls_server_config", "min_version"),
                f"min_version {rules.min_version} is above max_version {rules.max_version}",
                "leave one of them out",
            )
        for index, name in enumerate(rules.cipher_suites):
            if name not in _CIPHERS:
                self._add(
                    ("tls_server_config", "cipher_suites", index),
                    "unknown cipher",
                    listed(_CIPHERS),
                )

    def _pem(self, name: str, inline: str, file: str, *, needed: bool = True) -> str:
        at: Location = ("tls_server_config", f"{name}_file" if file else name)
        if inline and file:
            self._add(at, f"{name} and {name}_file exclude each other", "leave one of them out")
        elif inline:
            if not inline.isascii():
                self._add(at, f"{name} is not PEM", "allowed: ASCII text")
            return inline
        elif file:
            return self._pem_file(at, name, self._path.parent / file)
        elif needed:
            self._add(at, f"tls_server_config needs {name}_file", "name a PEM file")
        return ""

    def _pem_file(self, at: Location, name: str, place: Path) -> str:
        self._files.append(place)
        try:
            return read_regular_file(place, MAX_PEM_BYTES).decode("ascii")
        except OSError as error:
            why, cure = error.strerror or str(error), "check its path and permissions"
        except UnicodeDecodeError:
            why, cure = "not ASCII text", "give a PEM file"
        self._add(at, f"{name}_file {place} cannot be read: {why}", cure)
        return ""

    def _users(self, users: dict[str, str]) -> dict[str, str]:
        for user, hashed in users.items():
            found = _BCRYPT.fullmatch(hashed)
            at = ("basic_auth_users", user)
            if found is None:
                self._add(
                    at,
                    f"the password of {user!r} is not a bcrypt hash",
                    "`schulnetz hash-password` makes one",
                )
            elif int(found[1]) > MAX_COST:
                self._add(
                    at,
                    f"the hash of {user!r} has cost {found[1]}: each login would take too long",
                    f"allowed: up to {MAX_COST}; `schulnetz hash-password` makes one",
                )
        return users

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            at = ("http_server_config", "headers", name)
            if name not in _HEADERS:
                self._add(at, f"header {name!r} cannot be set", listed(_HEADERS))
            elif not value.isprintable() or not value.isascii():
                self._add(
                    at,
                    f"{name} contains a line break or control characters",
                    "allowed: printable ASCII",
                )
            elif (allowed := _HEADERS[name]) is not None and value not in allowed:
                self._add(at, f"{name} has an unknown value", listed(sorted(allowed)))
        return {name: value for name, value in headers.items() if value}
