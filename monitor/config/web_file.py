"""Reads a web configuration file as Prometheus' exporter-toolkit does.

Source: exporter-toolkit, docs/web-configuration.md; `promtool check web-config` gives the same
verdicts, which a test holds it to.

Must not know: HTTP, where the server listens.
"""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import yaml
from pydantic import Field, StringConstraints, ValidationError

from monitor.config.shape import Rules
from monitor.web_access import Tls, WebAccess, WebFileError, server_context

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES: Final = 1024 * 1024

# Older ones are deprecated (RFC 8996) and not spoken here, whatever the file allows.
_VERSIONS: Final = {"TLS10": "", "TLS11": "", "TLS12": "TLSv1_2", "TLS13": "TLSv1_3"}
_CURVES: Final = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}
# Go's names of the suites that are not insecure; those of TLS 1.3 cannot be chosen, here or there.
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
_BCRYPT: Final = r"^\$2[abxy]?\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}$"
_HEADERS: Final = {
    "Content-Security-Policy": None,
    "X-Frame-Options": {"deny", "sameorigin"},
    "X-Content-Type-Options": {"nosniff"},
    "X-XSS-Protection": None,
    "Strict-Transport-Security": None,
}

_Duration = Annotated[str, StringConstraints(pattern=r"^(0|([0-9]+(y|w|d|h|m|s|ms))+)$")]


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


class _OnceLoader(yaml.SafeLoader):
    """Refuses a key that stands twice, as upstream does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # PyYAML's
        """Return a mapping."""
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_web_file(path: Path) -> WebAccess:
    """Return what a web configuration file says; paths in it are as seen from its folder.

    Raises:
        WebFileError: if it cannot be read, or says what is not allowed.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WebFileError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise WebFileError(f"{path}: larger than {MAX_BYTES} bytes")
    rules = _rules(data, path)
    http = rules.http_server_config or _HttpRules()
    return WebAccess(
        _tls(rules.tls_server_config, path),
        _users(rules.basic_auth_users or {}, path),
        _headers(http.headers, path),
    )


def _rules(data: bytes, path: Path) -> _FileRules:
    try:
        # A file of others' making: no end mark, anchors are fine, as upstream takes it.
        content = yaml.load(data, Loader=_OnceLoader)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        said = str(error).partition("\n")[0]
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise WebFileError(f"{place}: no YAML: {getattr(error, 'problem', said)}") from None
    try:
        return _FileRules.model_validate({} if content is None else content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise WebFileError(f"{path}: {place}: {first['msg']}") from None


def _tls(rules: _TlsRules | None, path: Path) -> Tls | None:
    if rules is None or rules == _TlsRules():
        return None
    certificate = _pem("cert", rules.cert, rules.cert_file, path)
    key = _pem("key", rules.key, rules.key_file, path)
    client_ca = _pem("client_ca", rules.client_ca, rules.client_ca_file, path, needed=False)
    asks = _ASKS[rules.client_auth_type]
    if client_ca and rules.client_auth_type in {"", "NoClientCert"}:
        raise WebFileError(f"{path}: client_ca is given, but client_auth_type asks for none")
    if rules.client_allowed_sans and not asks:
        raise WebFileError(
            f"{path}: client_allowed_sans needs client_auth_type RequireAndVerifyClientCert"
        )
    if not _VERSIONS[rules.max_version]:
        raise WebFileError(
            f"{path}: max_version {rules.max_version} is deprecated; allowed: TLS12, TLS13"
        )
    unknown = [one for one in rules.cipher_suites if one not in _CIPHERS]
    if unknown:
        raise WebFileError(f"{path}: unknown cipher {unknown[0]}; allowed: {', '.join(_CIPHERS)}")
    tls = Tls(
        certificate,
        key,
        _VERSIONS[rules.min_version] or _VERSIONS["TLS12"],
        _VERSIONS[rules.max_version],
        tuple(filter(None, (_CIPHERS[one] for one in rules.cipher_suites))),
        tuple(_CURVES[one] for one in rules.curve_preferences),
        client_ca,
        asks,
        tuple(rules.client_allowed_sans),
    )
    try:
        server_context(tls)
    except (ssl.SSLError, ValueError, OSError) as error:
        raise WebFileError(
            f"{path}: TLS cannot be set up with these certificates, key, versions: {error}"
        ) from error
    return tls


def _pem(name: str, inline: str, file: str, path: Path, *, needed: bool = True) -> str:
    if inline and file:
        raise WebFileError(f"{path}: {name} and {name}_file do not go together")
    if inline:
        return inline
    if not file:
        if needed:
            raise WebFileError(f"{path}: tls_server_config needs {name}_file")
        return ""
    place = path.parent / file
    try:
        return place.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise WebFileError(f"{path}: {name}_file {place} cannot be read: {error}") from error


def _users(users: dict[str, str], path: Path) -> dict[str, str]:
    for user, hashed in users.items():
        if not re.match(_BCRYPT, hashed):
            raise WebFileError(
                f"{path}: the password of {user!r} is no bcrypt hash; "
                "`htpasswd -nBC 10 ''` makes one"
            )
    return users


def _headers(headers: dict[str, str], path: Path) -> dict[str, str]:
    for name, value in headers.items():
        if name not in _HEADERS:
            raise WebFileError(
                f"{path}: header {name!r} cannot be set; allowed: {', '.join(_HEADERS)}"
            )
        allowed = _HEADERS[name]
        if allowed is not None and value not in allowed:
            raise WebFileError(f"{path}: {name} may be {' or '.join(sorted(allowed))}")
    return {name: value for name, value in headers.items() if value}
