from __future__ import annotations

import pickle
import traceback
from typing import TYPE_CHECKING

import pytest

from monitor.config.secrets import Secret, SecretError, read_credentials
from monitor.inventory.city import CredentialSource

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-5f2b"


def from_file(path: Path) -> dict[str, CredentialSource]:
    return {"devices": CredentialSource("file", str(path))}


FROM_ENVIRONMENT = {"devices": CredentialSource("environment", "COMMUNITY")}


def test_secret_shows_itself_only_when_revealed() -> None:
    secret = Secret(CANARY)
    printed = f"{secret} {secret!r} {secret!s} {secret:>20} {[secret]} { ({'a': secret}) }"
    assert CANARY not in printed
    assert CANARY not in "%s %r" % (secret, secret)  # noqa: UP031  # as logging does
    assert secret.reveal() == CANARY


def test_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(CANARY))


def test_equal_secrets_are_equal() -> None:
    assert Secret(CANARY) == Secret(CANARY) != Secret("other")
    assert len({Secret(CANARY), Secret(CANARY)}) == 1
    assert Secret(CANARY) != CANARY


def test_secret_is_read_from_the_environment() -> None:
    assert read_credentials(FROM_ENVIRONMENT, {"COMMUNITY": CANARY})["devices"].reveal() == CANARY


def test_secret_is_read_from_the_process_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMUNITY", CANARY)
    assert read_credentials(FROM_ENVIRONMENT)["devices"].reveal() == CANARY


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_line_end_after_a_secret_in_a_file_is_stripped(tmp_path: Path, end: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(f"{CANARY} with space {end}".encode())
    secret = read_credentials(from_file(path))["devices"]
    assert secret.reveal() == f"{CANARY} with space "


def test_secret_of_256_bytes_and_its_line_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"x" * 256 + b"\r\n")
    assert len(read_credentials(from_file(path))["devices"].reveal()) == 256


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"x" * 257, "longer than 256 bytes"),
        (CANARY.encode() + b"\xff", "not UTF-8"),
        (CANARY.encode() + b"\nmore\n", "line end or a control character"),
        (CANARY.encode() + b"\0", "line end or a control character"),
    ],
)
def test_unsuitable_file_is_an_error_that_does_not_show_the_secret(
    tmp_path: Path, data: bytes, why: str
) -> None:
    path = tmp_path / "secret"
    path.write_bytes(data)
    with pytest.raises(SecretError, match=why) as caught:
        read_credentials(from_file(path))
    assert str(path) in str(caught.value)
    printed = "".join(traceback.format_exception(caught.value))
    assert CANARY not in printed


def test_every_missing_secret_is_named_with_its_cure() -> None:
    sources = {
        "devices": CredentialSource("environment", "COMMUNITY"),
        "routers": CredentialSource("file", "/nonexistent/routers"),
    }
    with pytest.raises(SecretError) as caught:
        read_credentials(sources, {})
    first, second = str(caught.value).splitlines()
    assert first == (
        "credential devices: the environment variable COMMUNITY is not set; "
        "set it, or name a file in the configuration"
    )
    assert second == (
        "credential routers: the file /nonexistent/routers cannot be read: "
        "No such file or directory"
    )


def test_empty_variable_is_an_error() -> None:
    with pytest.raises(SecretError, match="COMMUNITY is empty"):
        read_credentials(FROM_ENVIRONMENT, {"COMMUNITY": ""})
