"""A web configuration file that changes while the daemon runs."""

from __future__ import annotations

import asyncio
import logging
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.threads import Threads
from monitor.web.access_file import LOOK_SECONDS, RETRY_SECONDS, WebFile
from monitor.web.tls import Audience, StrangersError, WebFileError
from tests.exposition.support import HandClock
from tests.integration.probe_servers import NOW, issue

if TYPE_CHECKING:
    from pathlib import Path

HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"
USERS = f'basic_auth_users: {{one: "{HASH}"}}\n'
TLS = "tls_server_config: {cert_file: server.pem, key_file: server.key"
CLIENTS = f"{TLS}, client_ca_file: server.pem, client_auth_type: RequireAndVerifyClientCert"
ALL = Audience("0.0.0.0")
OURSELVES = Audience("127.0.0.1")


class Clock(HandClock):
    """A clock at the time at which the certificates are issued."""

    def now(self) -> datetime:
        return NOW


class File:
    """A file and the rules read from it; `counted` are the attempts to load it."""

    def __init__(self, folder: Path, text: str, audience: Audience, name: str = "web.yml") -> None:
        self.path, self.clock, self.counted = folder / name, Clock(), list[bool]()
        self.path.write_text(text)
        self.rules = WebFile(self.path, self.clock, audience, self.counted.append)

    def look(self, *, anyway: bool = False) -> set[str]:
        """Check the file as the daemon does; return the users who may log in."""

        async def main() -> None:
            with Threads("web file", 1, 1) as threads:
                await self.rules.look(threads, anyway=anyway)
                if not anyway:
                    # A change is read at the second look that sees it.
                    await self.rules.look(threads)

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
    clients = "authorities of client certificates changed; client certificates are required"
    assert said == [
        f"{begin}TLS, 1 user; certificate CN=server,O=Stadt Bochum, ends {ends()}",
        f"{begin}{after}; users added: two; {clients}",
        f"{begin}{after}; nothing changed",
    ]


def ends(days: int = 30) -> str:
    return f"{NOW + timedelta(days=days):%Y-%m-%d %H:%M} UTC"


def audited(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return the audit lines with their levels, of which the log suppresses none."""
    found = [one for one in caplog.records if one.name == "monitor.audit"]
    return [(one.levelname, one.getMessage()) for one in found]


def test_an_applied_file_names_users_and_certificate(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "monitor.audit")
    other = HASH.replace("X0", "Y0")
    users = f'basic_auth_users: {{one: "{HASH}", two: "{HASH}", three: "{HASH}"}}\n'
    file = File(folder, f"{users}{TLS}}}\n", ALL)
    renewed = issue("server", None, days=90, names=("localhost",), is_authority=True)
    (folder / "server.pem").write_bytes(renewed.pem)
    (folder / "server.key").write_bytes(renewed.key_pem)
    file.change(f'basic_auth_users: {{one: "{HASH}", three: "{other}"}}\n{TLS}}}\n')
    file.change(f'basic_auth_users: {{one: "{HASH}"}}\n{TLS}, min_version: TLS13}}\n')
    cut, versions = audited(caplog)[-2:]
    name = "CN=server,O=Stadt Bochum, ends"
    parts = (
        "TLS, 2 users",
        "users removed: two",
        "passwords changed: three",
        f"certificate {name} {ends(90)} (before: {name} {ends()})",
    )
    begin = f"web configuration applied: {file.path}: "
    assert cut == ("WARNING", begin + "; ".join(parts))
    assert versions == (
        "WARNING",
        f"{begin}TLS, 1 user; users removed: three; TLS 1.3 (before: 1.2 to 1.3)",
    )
    assert HASH not in caplog.text


def test_a_rejection_and_every_answer_to_a_reload_get_through_the_limit_of_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = File(tmp_path, USERS, ALL)
    for number in range(15):
        file.change(f"no: good  # {number}")
    file.change(USERS)
    assert file.rules.rejected_since() is None
    file.path.unlink()
    file.clock.time += LOOK_SECONDS
    file.look()
    file.look(anyway=True)
    assert file.rules.rejected_since() == file.clock.now()
    gone = (
        "web configuration rejected; logins and TLS stay as they were: "
        f"{file.path}: there is no such file; restore it, or correct its path"
    )
    said = [line for line in audited(caplog) if line[0] == "ERROR"]
    assert said[1:] == [("ERROR", gone)] * 2
    assert len(errors(caplog)) == 15 + 2


@pytest.mark.parametrize(
    ("text", "days", "host", "said"),
    [
        (USERS, 30, "0.0.0.0", "passwords cross the network in the clear: 0.0.0.0 can be reached"),
        (USERS, 30, "127.0.0.1", ""),
        (f"{USERS}{TLS}}}\n", 30, "0.0.0.0", ""),
        (f"{USERS}{TLS}}}\n", -2, "127.0.0.1", "the certificate expired at "),
        (f"{USERS}{TLS}}}\n", 13, "0.0.0.0", "the certificate ends in 13 days, at "),
    ],
)
def test_what_leaves_the_server_open_or_unreachable_is_a_warning(
    folder: Path, caplog: pytest.LogCaptureFixture, text: str, days: int, host: str, said: str
) -> None:
    issued = issue("server", None, days=days, names=("localhost",), is_authority=True)
    (folder / "server.pem").write_bytes(issued.pem)
    (folder / "server.key").write_bytes(issued.key_pem)
    path = folder / "web.yml"
    path.write_text(text)
    WebFile(path, Clock(), Audience(host), print)
    warned = [line for level, line in audited(caplog) if level == "WARNING"]
    assert len(warned) == bool(said)
    assert all(line.startswith(f"{path}: {said}") for line in warned)


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
        ("", "empty, or sets nothing; restore the file"),
        (TLS + "}\n", "all users were removed; restore basic_auth_users, or restart the daemon if"),
        (USERS, "tls_server_config was removed; put it back, or restart the daemon if that is"),
        (USERS + TLS + "}\n", "client_auth_type was removed or weakened; put it back, or restart"),
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
        for _ in range(2):
            await file.rules.look(threads)
    assert set(file.rules.current().users) == {"other"}


def test_a_file_that_is_bad_at_the_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WebFileError, match="there is no such file"):
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


def test_a_renewed_certificate_is_applied_once_its_key_is_there(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "monitor.audit")
    file = File(folder, USERS + TLS + "}\n", ALL)
    before = file.rules.tls_context()
    renewed = issue("server", None, days=90, names=("localhost",), is_authority=True)

    async def main() -> None:
        with Threads("web file", 1, 1) as threads:
            (folder / "server.pem").write_bytes(renewed.pem)
            await file.rules.look(threads)
            (folder / "server.key").write_bytes(renewed.key_pem)
            await file.rules.look(threads)
            assert file.rules.tls_context() is before
            for _ in range(3):
                await file.rules.look(threads)

    asyncio.run(main())
    assert file.rules.tls_context() is not before
    assert file.rules.certificate_end() == renewed.certificate.not_valid_after_utc
    assert file.counted == [True, True]
    assert errors(caplog) == []


def test_a_file_that_is_being_written_is_not_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = File(tmp_path, USERS, ALL)

    async def main() -> None:
        with Threads("web file", 1, 1) as threads:
            for text in ("", USERS.replace("one", "two")):
                file.path.write_text(text)
                await file.rules.look(threads)
            await file.rules.look(threads)

    asyncio.run(main())
    assert set(file.rules.current().users) == {"two"}
    assert errors(caplog) == []
