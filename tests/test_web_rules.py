"""A web configuration file that changes while the daemon runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.web_access import Audience, StrangersError, WebFileError
from monitor.web_rules import LOOK_SECONDS, RETRY_SECONDS, WebFile
from tests.exposition.support import HandClock
from tests.integration.probe_servers import issue

if TYPE_CHECKING:
    from pathlib import Path

HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"
USERS = f'basic_auth_users: {{one: "{HASH}"}}\n'
TLS = "tls_server_config: {cert_file: server.pem, key_file: server.key"
CLIENTS = f"{TLS}, client_ca_file: server.pem, client_auth_type: RequireAndVerifyClientCert"
ALL = Audience("0.0.0.0")
OURSELVES = Audience("127.0.0.1")


class File:
    """A file and the rules that are read from it, a second after each change."""

    def __init__(self, folder: Path, text: str, audience: Audience) -> None:
        self.path, self.clock = folder / "web.yml", HandClock()
        self.path.write_text(text)
        self.rules = WebFile(self.path, self.clock, audience)

    def change(self, text: str) -> None:
        draft = self.path.with_suffix(".new")
        draft.write_text(text)
        draft.replace(self.path)
        self.clock.time += LOOK_SECONDS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    issued = issue("server", None, days=30, names=("localhost",), is_authority=True)
    (tmp_path / "server.pem").write_bytes(issued.pem)
    (tmp_path / "server.key").write_bytes(issued.key_pem)
    return tmp_path


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]


def test_a_change_is_taken_within_a_second_and_a_bad_one_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = File(tmp_path, USERS, ALL)
    file.path.write_text(f'basic_auth_users: {{one: "{HASH}", two: "{HASH}"}}')
    assert set(file.rules.current().users) == {"one"}
    file.clock.time += LOOK_SECONDS
    assert set(file.rules.current().users) == {"one", "two"}
    file.change("basic_auth_users: {one: plain}")
    for _ in range(5):
        file.clock.time += LOOK_SECONDS
        assert set(file.rules.current().users) == {"one", "two"}
    file.path.unlink()
    file.clock.time += LOOK_SECONDS
    assert set(file.rules.current().users) == {"one", "two"}
    assert len(errors(caplog)) == 2
    assert "plain" not in "".join(errors(caplog))


def test_a_file_that_is_bad_at_the_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WebFileError, match="cannot be read"):
        WebFile(tmp_path / "none.yml", HandClock(), ALL)


@pytest.mark.parametrize("text", ["", "# none\n", "basic_auth_users:\n", "basic_auth_users: {}\n"])
@pytest.mark.parametrize(
    "audience", [ALL, OURSELVES, Audience("0.0.0.0", without_login=True)], ids=str
)
def test_a_reload_takes_no_login_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, audience: Audience
) -> None:
    file = File(tmp_path, USERS, audience)
    file.change(text)
    assert set(file.rules.current().users) == {"one"}
    assert len(errors(caplog)) == 1
    file.change("no: good")
    assert set(file.rules.current().users) == {"one"}
    file.change(USERS.replace("one", "two"))
    assert set(file.rules.current().users) == {"two"}


@pytest.mark.parametrize(
    "after",
    [
        CLIENTS + "}\n",
        USERS + TLS + "}\n",
        USERS + CLIENTS + "}\n",
        USERS,
        "tls_server_config: {}\n",
    ],
)
def test_a_reload_takes_none_of_several_locks_away(folder: Path, after: str) -> None:
    file = File(folder, f"{USERS}{CLIENTS}, client_allowed_sans: [prometheus]}}\n", ALL)
    before, context = file.rules.current(), file.rules.tls_context()
    file.change(after)
    assert file.rules.current() == before
    assert file.rules.tls_context() is context


@pytest.mark.parametrize("text", ["", TLS + "}\n", "rate_limit: {interval: 1s, burst: 1}\n"])
def test_what_is_refused_at_a_reload_is_refused_at_the_start(folder: Path, text: str) -> None:
    (folder / "web.yml").write_text(text)
    with pytest.raises(StrangersError, match="--web-config"):
        WebFile(folder / "web.yml", HandClock(), ALL)


def test_tls_of_a_reload_is_that_of_the_next_connection(folder: Path) -> None:
    file = File(folder, USERS + TLS + "}\n", ALL)
    context = file.rules.tls_context()
    file.change(USERS.replace("one", "two") + TLS + "}\n")
    assert file.rules.tls_context() is context
    file.change(USERS + CLIENTS + "}\n")
    assert file.rules.tls_context() is not context


def test_a_rejected_file_is_read_again_when_what_it_names_is_mended(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = File(folder, USERS + TLS + "}\n", ALL)
    key = (folder / "server.key").read_text()
    (folder / "server.key").write_text("none")
    file.change(USERS.replace("one", "two") + TLS + "}\n")
    assert set(file.rules.current().users) == {"one"}
    for _ in range(30):
        file.clock.time += LOOK_SECONDS
        assert set(file.rules.current().users) == {"one"}
    (folder / "server.key").write_text(key)
    file.clock.time += RETRY_SECONDS
    assert set(file.rules.current().users) == {"two"}
    assert len(errors(caplog)) == 1
