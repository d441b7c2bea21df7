"""Web configuration files, with the verdict that promtool gives on the same file."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.web.tls import WebAccess, WebFileError
from monitor.web.web_file import read_web_file
from tests.integration.probe_servers import NOW, issue

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
# Refused here although Debian's promtool accepts them: they admit every client or none, or are
# ambiguous.
STRICTER = {
    "authorities are none": f"{CA}}}".replace(
        "client_ca_file: server.pem", "client_ca_file: junk.pem"
    ),
    "a hash that is a letter short": f'basic_auth_users: {{john: "{HASH[:-1]}"}}',
    "TLS 1.1 at most": f"{TLS}, min_version: TLS10, max_version: TLS11}}",
    "no version between": f"{TLS}, min_version: TLS13, max_version: TLS12}}",
    "any client certificate": f"{TLS}, client_auth_type: RequireAnyClientCert}}",
    "certificates of no authority": f"{TLS}, client_auth_type: RequireAndVerifyClientCert}}",
    "a hash that takes hours": USERS.replace("$2y$10", "$2y$30"),
    "a header of two lines": 'http_server_config: {headers: {X-XSS-Protection: "0\\r\\nX: y"}}',
    "anchors": USERS.replace('"$2y', '&one "$2y'),
}
# Each caused a traceback once.
ODD = {
    "a list as a key": "? [a, b]\n: 1\n",
    "a mapping as a key": "? {a: b}\n: 1\n",
    "a list as a user": "basic_auth_users: {? [a, b] : c}",
    "a date": "2026-10-01",
    "a date as a key": "2026-10-01: 1",
    "no date": "basic_auth_users: {john: 2026-13-45}",
    "no boolean": "!!bool x",
    "no whole number": "!!int x",
    "no number": "!!float x",
    "no time": "!!timestamp x",
    "no binary": "!!binary é",
    "a set": "!!set {a, b}",
    "pairs": "!!pairs [a: b]",
    "an object": "!!python/object/apply:os.system [true]",
    "a lone surrogate": 'basic_auth_users: {"\\ud800": x}',
    "impossible character": '"\\U00110000"',
    "a hexadecimal nothing": "rate_limit: {burst: 0x}",
    "a long number": f"rate_limit: {{burst: {'9' * 5000}}}",
    "a null byte in a path": 'tls_server_config: {cert_file: "a\\0b", key_file: server.key}',
    "a path that is too long": f"tls_server_config: {{cert_file: {'a/' * 5000}, key_file: k}}",
    "a folder": "tls_server_config: {cert_file: ., key_file: .}",
    "a device without an end": "tls_server_config: {cert_file: /dev/zero, key_file: /dev/zero}",
    "a recursive anchor": "&a [*a]",
    "laughs": "a: &a {b: c}\n"
    + "".join(
        f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 9)}]}}\n"
        for before, name in itertools.pairwise("abcdefghijkl")
    ),
    "deep": "[" * 10_000,
    "two documents": "a: 1\n---\nb: 2\n",
    "a directive": "%YAML 1.1\n---\n{}\n",
    "large": "#" * 200_000,
    "a header that is no ASCII": "http_server_config: {headers: {Content-Security-Policy: ä}}",
    "a certificate that is no ASCII": "tls_server_config: {cert: ä, key: ö}",
    "an authority that is no ASCII": CA.replace("ca_file: server.pem", "ca: ä") + "}",
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
def test_files_valid_upstream_are_valid_here(folder: Path, name: str) -> None:
    path = folder / "web.config.yml"
    path.write_text(GOOD[name])
    assert promtool_accepts(path)
    read_web_file(path)


@pytest.mark.parametrize("name", BAD)
def test_files_invalid_upstream_are_refused_with_the_place(folder: Path, name: str) -> None:
    path = folder / "web.config.yml"
    path.write_text(BAD[name])
    assert not promtool_accepts(path)
    with pytest.raises(WebFileError) as caught:
        read_web_file(path)
    assert str(path) in str(caught.value)
    assert HASH[:-1] not in str(caught.value)


@pytest.mark.parametrize("name", STRICTER)
def test_files_that_could_serve_no_client_are_refused_too(folder: Path, name: str) -> None:
    path = folder / "web.config.yml"
    path.write_text(STRICTER[name])
    assert promtool_accepts(path)
    with pytest.raises(WebFileError, match=r"web\.config\.yml"):
        read_web_file(path)


def outcome(path: Path) -> WebAccess | list[str]:
    """Return the content of a file, or its problems, each with place and cure."""
    try:
        return read_web_file(path)
    except WebFileError as error:
        problems = str(error).splitlines()
        assert problems
        for problem in problems:
            assert re.match(rf"{re.escape(str(path))}(:[0-9]+:[0-9]+)?: .+", problem), problem
        return problems


@pytest.mark.parametrize("name", ODD)
def test_odd_files_are_refused_with_line_and_cure(folder: Path, name: str) -> None:
    path = folder / "web.config.yml"
    path.write_text(ODD[name])
    problems = outcome(path)
    assert isinstance(problems, list)
    assert all("; " in problem for problem in problems), problems


def test_all_problems_are_found_at_once_each_with_its_line(folder: Path) -> None:
    path = folder / "web.config.yml"
    path.write_text(
        "basic_auth_users:\n  one: geheim\n  two: geheim\n"
        "http_server_config:\n  headers:\n    X-Extra: geheim\n"
    )
    problems = outcome(path)
    assert isinstance(problems, list)
    assert [problem.split(":")[1] for problem in problems] == ["2", "3", "6"]
    assert "geheim" not in "".join(problems)


@pytest.mark.parametrize(
    "secret",
    ["*geheim", "&geheim", "!geheim", "[geheim", "geheim: geheim", "{geheim: 1}", "'geheim"],
)
def test_a_password_in_the_wrong_place_is_not_repeated(folder: Path, secret: str) -> None:
    path = folder / "web.config.yml"
    path.write_text(f"basic_auth_users:\n  john: {secret}\n")
    problems = outcome(path)
    assert isinstance(problems, list)
    assert not re.search(r"geheim(?! is)", "".join(problems)), problems


def test_only_the_first_of_very_many_problems_are_shown(folder: Path) -> None:
    path = folder / "web.config.yml"
    path.write_text("".join(f"key{number}: 1\n" for number in range(5000)))
    problems = outcome(path)
    assert isinstance(problems, list)
    assert len(problems) == 20
    assert problems[-1].endswith("more problems)")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "tls_server_config: {cert_file: server.pem, key_file: other.key}",
            "1:54: key_file: the key does not belong to the certificate; name the key that",
        ),
        (
            "tls_server_config:\n  cert_file: junk.pem\n  key_file: server.key\n",
            "2:14: cert_file: there is no certificate in it; give a PEM file, with a line -----BE",
        ),
        (
            "tls_server_config:\n  cert_file: server.pem\n  key_file: junk.pem\n",
            "3:13: key_file: there is no private key in it; give a PEM file, with a line -----BE",
        ),
        (
            "tls_server_config:\n  cert_file: server.pem\n  key_file: locked.key\n",
            "3:13: key_file: the key has a passphrase; write it without one: openssl pkey -in",
        ),
        (
            "tls_server_config:\n  cert_file: short.pem\n  key_file: short.key\n",
            "2:3: TLS is not possible with these settings: the certificate's key is too short; ",
        ),
    ],
)
def test_an_unusable_certificate_or_key_is_named_in_plain_words(
    folder: Path, text: str, said: str
) -> None:
    locked = rsa.generate_private_key(65537, 1024)  # noqa: S505  # short is the point
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "short")])
    short = (
        x509.CertificateBuilder(name, name, locked.public_key(), 7, NOW, NOW + timedelta(days=9))
        .sign(locked, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    (folder / "short.pem").write_bytes(short)
    for key, lock in (("short", NoEncryption()), ("locked", BestAvailableEncryption(b"geheim"))):
        pem = locked.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
        (folder / f"{key}.key").write_bytes(pem)
    path = folder / "unusable.yml"
    path.write_text(text)
    with pytest.raises(WebFileError) as rejected:
        read_web_file(path)
    assert str(rejected.value).startswith(f"{path}:{said}")
    assert "_ssl" not in str(rejected.value)


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "web.config.yml").write_text("tls_server_config: {cert_file: pipe, key_file: pipe}")
    for path in (folder / "pipe", folder / "web.config.yml"):
        problems = outcome(path)
        assert isinstance(problems, list)
        assert "not a regular file" in problems[0]


PIECES = st.sampled_from(
    [
        *["tls_server_config", "basic_auth_users", "http_server_config", "rate_limit", "headers"],
        *["cert_file", "key_file", "client_ca_file", "client_auth_type", "server.pem", "burst"],
        *[": ", "\n", "  ", "- ", "[", "]", "{", "}", ",", "? ", "!!bool ", "&a ", "*a", "<<: "],
        *["|\n", ">", "'", '"', "#", "---\n", "...\n", "%YAML 1.1\n", "~", "yes", "0x1", "1:1"],
        *["2026-10-01", "1e999", ".nan", HASH, "\t", "\0", "\ufeff", "\x85", "é", "\ud7ff", "="],
    ]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join).map(str.encode)
GOOD_TEXTS = st.sampled_from([*GOOD.values(), *BAD.values()]).map(str.encode)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A file with some bytes replaced, as by an editor or a disk."""
    text = draw(GOOD_TEXTS)
    begin = draw(st.integers(0, len(text)))
    end = draw(st.integers(begin, len(text)))
    return text[:begin] + draw(st.binary(max_size=8) | TEXTS) + text[end:]


@given(st.binary(max_size=200) | TEXTS | damaged())
@example(b"\xff\xfe")
@example(b'tls_server_config: {"a\\n\\u2028b": 1, "a\\n\\u2028b": 2}')
@settings(max_examples=1000, deadline=None)
def test_any_bytes_are_a_configuration_or_problems_with_place_and_cure(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "web.config.yml"
        path.write_bytes(content)
        found = outcome(path)
        assert found or isinstance(found, WebAccess)
