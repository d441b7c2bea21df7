"""Web configuration files, with the verdict that promtool gives on the same file."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from monitor.config.web_file import read_web_file
from monitor.web_access import WebFileError
from tests.integration.probe_servers import issue

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"
TLS = "tls_server_config: {cert_file: server.pem, key_file: server.key"
CA = f"{TLS}, client_ca_file: server.pem, client_auth_type: RequireAndVerifyClientCert"
USERS = f'basic_auth_users: {{prometheus: "{HASH}"}}'
GOOD = {
    "empty": "",
    "only a comment": "# nothing\n",
    "tls": f"{TLS}}}",
    "tls is null": "tls_server_config:\n",
    "tls is empty": "tls_server_config: {}\n",
    "versions": f"{TLS}, min_version: TLS12, max_version: TLS13}}",
    "old versions": f"{TLS}, min_version: TLS10}}",
    "ciphers": f"{TLS}, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]}}",
    "cipher of TLS 1.3": f"{TLS}, cipher_suites: [TLS_AES_128_GCM_SHA256]}}",
    "curves": f"{TLS}, curve_preferences: [CurveP256, X25519]}}",
    "preference": f"{TLS}, prefer_server_cipher_suites: false}}",
    "client certificate": f"{CA}}}",
    "client certificate if given": CA.replace("RequireAndVerify", "Verify").replace(
        "ClientCert", "ClientCertIfGiven"
    )
    + "}",
    "no client certificate": f"{TLS}, client_auth_type: NoClientCert}}",
    "any client certificate": f"{TLS}, client_auth_type: RequireAnyClientCert}}",
    "asks for a certificate": f"{TLS}, client_auth_type: RequestClientCert}}",
    "http2": f"{TLS}}}\nhttp_server_config: {{http2: false}}",
    "headers": "http_server_config: {headers: {X-Frame-Options: deny, "
    "X-Content-Type-Options: nosniff, X-XSS-Protection: '1; mode=block', "
    "Strict-Transport-Security: max-age=1, Content-Security-Policy: default-src 'self'}}",
    "users": USERS,
    "users and tls": f"{TLS}}}\n{USERS}",
    "2a": USERS.replace("$2y", "$2a"),
    "no users": "basic_auth_users: {}",
}
BAD = {
    "empty header": "http_server_config: {headers: {X-Frame-Options: ''}}",
    "junk": "dontexist",
    "a list": "[1, 2]",
    "unknown key": "tls_config: {}",
    "unknown key within": f"{TLS}, verify: true}}",
    "no certificate": "tls_server_config: {key_file: server.key}",
    "no key": "tls_server_config: {cert_file: server.pem}",
    "certificate is not there": "tls_server_config: {cert_file: none.pem, key_file: server.key}",
    "key is not there": "tls_server_config: {cert_file: server.pem, key_file: none.key}",
    "certificate is none": "tls_server_config: {cert_file: junk.pem, key_file: server.key}",
    "key is none": "tls_server_config: {cert_file: server.pem, key_file: junk.pem}",
    "key of another": "tls_server_config: {cert_file: server.pem, key_file: other.key}",
    "authorities without asking": f"{TLS}, client_ca_file: server.pem}}",
    "authorities and NoClientCert": f"{TLS}, client_ca_file: server.pem, "
    "client_auth_type: NoClientCert}",
    "unknown client_auth_type": f"{TLS}, client_auth_type: Maybe}}",
    "unknown version": f"{TLS}, min_version: TLS111}}",
    "unknown cipher": f"{TLS}, cipher_suites: [TLS_MADE_UP]}}",
    "unknown curve": f"{TLS}, curve_preferences: [CurveP257]}}",
    "password in clear": "basic_auth_users: {john: doe}",
    "cut hash": f'basic_auth_users: {{john: "{HASH[:-2]}"}}',
    "unknown header": "http_server_config: {headers: {X-Extra: 1}}",
    "frame options": "http_server_config: {headers: {X-Frame-Options: allow}}",
    "content type options": "http_server_config: {headers: {X-Content-Type-Options: sniff}}",
    "http2 is no boolean": "http_server_config: {http2: 7}",
    "a key twice": "basic_auth_users: {}\nbasic_auth_users: {}",
    "not YAML": "tls_server_config: {",
}
# Refused here though Debian's promtool takes them: no client could come in, or no password fit.
STRICTER = {
    "authorities are none": f"{CA}}}".replace(
        "client_ca_file: server.pem", "client_ca_file: junk.pem"
    ),
    "a hash that is a letter short": f'basic_auth_users: {{john: "{HASH[:-1]}"}}',
    "TLS 1.1 at most": f"{TLS}, min_version: TLS10, max_version: TLS11}}",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("web")
    for name in ("server", "other"):
        issued = issue(name, None, days=30, names=("localhost",))
        (found / f"{name}.pem").write_bytes(issued.pem)
        (found / f"{name}.key").write_bytes(issued.key_pem)
    (found / "junk.pem").write_text("junk")
    return found


def promtool_accepts(path: Path) -> bool:
    command = ["promtool", "check", "web-config", str(path)]
    return subprocess.run(command, capture_output=True, check=False, timeout=120).returncode == 0


@pytest.mark.parametrize("name", GOOD)
def test_what_is_good_upstream_is_good_here(folder: Path, name: str) -> None:
    path = folder / "web.config.yml"
    path.write_text(GOOD[name])
    assert promtool_accepts(path)
    read_web_file(path)


@pytest.mark.parametrize("name", BAD)
def test_what_is_bad_upstream_is_refused_here_with_the_place(folder: Path, name: str) -> None:
    path = folder / "web.config.yml"
    path.write_text(BAD[name])
    assert not promtool_accepts(path)
    with pytest.raises(WebFileError) as caught:
        read_web_file(path)
    assert str(path) in str(caught.value)
    assert HASH[:-1] not in str(caught.value)


@pytest.mark.parametrize("name", STRICTER)
def test_what_could_never_serve_anybody_is_refused_here_besides(folder: Path, name: str) -> None:
    path = folder / "web.config.yml"
    path.write_text(STRICTER[name])
    assert promtool_accepts(path)
    with pytest.raises(WebFileError, match=r"web\.config\.yml"):
        read_web_file(path)
