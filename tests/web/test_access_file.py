"""A web configuration file that changes while the daemon runs."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.threads import Threads
from monitor.web.access_file import LOOK_SECONDS, RETRY_SECONDS, WebFile
from monitor.web.tls import Audience, StrangersError, WebFileError
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
    """A file and the rules read from it; `counted` are the attempts to load it."""

    def __init__(self, folder: Path, text: str, audience: Audience, name: str = "web.yml") -> None:
        self.path, self.clock, self.counted = folder / name, HandClock(), list[bool]()
        self.path.write_text(text)
        self.rules = WebFile(self.path, self.clock, audience, self.counted.append)

    def look(self, *, anyway: bool = False) -> set[str]:
        """Check the file as the daemon does; return the users who may log in."""

        async def main() -> None:
            with Threads("web file", 1, 1) as threads:
                await self.rules.look(threads, anyway=anyway)

        asyncio.run(main())
        return set(self.rules.current().users)

    def change(self, text: str) -> set[str]:
        draft = self.path.with_suffix(".new")
        draft.write_text(text)
        draft.replace(self.path)
        self.clock.time += LOOK_SECONDS
        return self.look()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    issued = issue("server", None, days=30, names=("localhost",), is_authority=True)
    (tmp_path / "server.pem").write_bytes(issued.pem)
    (tmp_path / "server.key").write_bytes(issued.key_pem)
    return tmp_path


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]


def test_a_changed_file_is_applied_and_a_bad_one_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = File(tmp_path, USERS, ALL)
    assert file.change(f'basic_auth_users: {{one: "{HASH}", two: "{HASH}"}}') == {"one", "two"}
    assert file.change("basic_auth_users: {one: plain}") == {"one", "two"}
    for _ in range(5):
        file.clock.time += LOOK_SECONDS
        assert file.look() == {"one", "two"}
    file.path.unlink()
    assert file.look() == {"one", "two"}
    assert len(errors(caplog)) == 2
    assert "plain" not in "".join(errors(caplog))
    assert file.counted == [True, True, False, False]


def test_the_file_is_watched_even_without_connections(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        path, counted = tmp_path / "web.yml", asyncio.Queue[bool]()
        path.write_text(USERS)
        rules = WebFile(path, SystemClock(), ALL, counted.put_nowait)
        with Threads("web file", 1, 1) as threads:
            watching = asyncio.create_task(rules.watch(threads))
            async with asyncio.timeout(60):
                assert await counted.get()
                path.write_text("no: good")
                assert not await counted.get()
                assert errors(caplog)
                draft = tmp_path / "draft"
                draft.write_text(USERS.replace("one", "two"))
                draft.replace(path)
                while not await counted.get():
                    pass
            watching.cancel()
        assert set(rules.current().users) == {"two"}

    asyncio.run(main())


def test_applied_settings_are_logged_at_the_start_and_at_each_change(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "monitor.audit")
    file = File(folder, USERS + TLS + "}\n", ALL)
    file.change(f'{CLIENTS}}}\nbasic_auth_users: {{one: "{HASH}", two: "{HASH}"}}\n')
    file.look(anyway=True)
    said = [one.getMessage() for one in caplog.records if one.name == "monitor.audit"]
    begin = f"web configuration applied: {file.path}: "
    after = "TLS, client certificates, 2 users"
    assert said == [begin + words for words in ("TLS, 1 user", after, after)]


def test_a_repeated_fault_is_logged_only_for_another_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = File(tmp_path, USERS, ALL)
    for number, text in enumerate(("", "# more\n", "basic_auth_users: {}\n"), start=1):
        file.change(text)
        file.clock.time += RETRY_SECONDS
        file.look()
        assert len(errors(caplog)) == number
    file.look(anyway=True)
    assert len(errors(caplog)) == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        (TLS + "}\n", "all users were removed; the previous users hold until a restart"),
        (USERS, "tls_server_config was added or removed; that takes a restart"),
        (USERS + TLS + "}\n", "client_auth_type was removed or weakened; that takes a restart"),
    ],
)
@pytest.mark.parametrize("reload_by_http", [True, False])
def test_a_rejection_names_what_was_removed(
    folder: Path, caplog: pytest.LogCaptureFixture, text: str, words: str, *, reload_by_http: bool
) -> None:
    audience = Audience("0.0.0.0", reload_by_http=reload_by_http)
    file = File(folder, f"{USERS}{CLIENTS}}}\n", audience)
    file.change(text)
    (said,) = errors(caplog)
    assert words in said
    assert "--web-config" not in said


async def test_a_cancelled_reload_loses_no_change(tmp_path: Path) -> None:
    file, go_on = File(tmp_path, USERS, ALL), threading.Event()
    with Threads("web file", 1, 4) as threads:
        held = threads.submit(go_on.wait, 60)
        file.path.write_text(USERS.replace("one", "other"))
        asked = asyncio.create_task(file.rules.look(threads, anyway=True))
        await asyncio.sleep(0)
        asked.cancel()
        go_on.set()
        held.result(60)
        with pytest.raises(asyncio.CancelledError):
            await asked
        await file.rules.look(threads)
    assert set(file.rules.current().users) == {"other"}


def test_a_file_that_is_bad_at_the_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WebFileError, match="cannot be read"):
        WebFile(tmp_path / "none.yml", HandClock(), ALL, print)


@pytest.mark.parametrize("text", ["", "# none\n", "basic_auth_users:\n", "basic_auth_users: {}\n"])
@pytest.mark.parametrize(
    "audience", [ALL, OURSELVES, Audience("0.0.0.0", without_login=True)], ids=str
)
def test_a_reload_removes_no_login(
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
def test_a_reload_removes_none_of_several_protections(folder: Path, after: str) -> None:
    file = File(folder, f"{USERS}{CLIENTS}, client_allowed_sans: [prometheus]}}\n", ALL)
    before, context = file.rules.current(), file.rules.tls_context()
    file.change(after)
    assert file.rules.current() == before
    assert file.rules.tls_context() is context


@pytest.mark.parametrize("text", ["", TLS + "}\n", "rate_limit: {interval: 1s, burst: 1}\n"])
def test_files_refused_at_a_reload_are_refused_at_the_start(folder: Path, text: str) -> None:
    (folder / "web.yml").write_text(text)
    with pytest.raises(StrangersError, match="--web-config"):
        WebFile(folder / "web.yml", HandClock(), ALL, print)


def test_reloaded_tls_settings_apply_to_the_next_connection(folder: Path) -> None:
    file = File(folder, USERS + TLS + "}\n", ALL)
    context = file.rules.tls_context()
    file.change(USERS.replace("one", "two") + TLS + "}\n")
    assert file.rules.tls_context() is context
    file.change(USERS + CLIENTS + "}\n")
    assert file.rules.tls_context() is not context


def test_a_rejected_file_is_read_again_when_a_file_it_names_changes(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = File(folder, USERS + TLS + "}\n", ALL)
    key = (folder / "server.key").read_text()
    (folder / "server.key").write_text("none")
    file.change(USERS.replace("one", "two") + TLS + "}\n")
    assert set(file.rules.current().users) == {"one"}
    for _ in range(30):
        file.clock.time += LOOK_SECONDS
        assert file.look() == {"one"}
    (folder / "server.key").write_text(key)
    file.clock.time += RETRY_SECONDS
    assert file.look() == {"two"}
    assert len(errors(caplog)) == 1
