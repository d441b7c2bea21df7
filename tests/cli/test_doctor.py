"""`schulnetz doctor`: a healthy machine, and each thing that can be wrong with one."""

from __future__ import annotations

import os
import resource
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from monitor.cli import doctor
from monitor.cli import unit as unit_module
from monitor.cli.clocks import KernelClock, kernel_clock
from monitor.cli.doctor import examine, same_clock
from monitor.cli.doctor_secrets import secrets
from monitor.cli.doctor_service import service_state, web_file
from monitor.cli.finding import Finding, Health, worst_first
from monitor.cli.unit import parse_unit
from monitor.clock import SystemClock
from monitor.config import load_text
from monitor.inventory.city import CredentialSource
from monitor.ledger.place import SqlitePlace
from tests.cli.test_main import TOWN, invoke
from tests.integration.probe_servers import NOW, issue
from tests.integration.running import COMMUNITY, COMMUNITY_OF_RUN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.cli.unit import Unit


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(COMMUNITY_OF_RUN, COMMUNITY)
    return TOWN.write(tmp_path / "schools.yaml")


def found(config: Path, state: Path) -> dict[str, tuple[Health, str]]:
    place = SqlitePlace(state / "ledger.sqlite")
    return {
        one.what: (one.health, f"{one.seen} {one.cure}") for one in examine(config, state, place)
    }


def test_a_healthy_machine_has_no_findings(config: Path, tmp_path: Path) -> None:
    health = found(config, tmp_path / "state")
    assert [what for what, (how, _) in health.items() if how is Health.BAD] == []
    assert health["configuration"] == (Health.GOOD, "2 schools ")
    assert {what for what in health if what.startswith("reference")} == {
        f"reference reference-{number}" for number in (1, 2, 3)
    }


def test_a_missing_secret_is_broken_and_reported_with_the_cure(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(COMMUNITY_OF_RUN)
    code, output, _ = invoke("doctor", "--config", config, "--state-dir", tmp_path / "state")
    assert code == 1
    assert "broken" in output
    assert COMMUNITY_OF_RUN in output
    assert COMMUNITY not in output


def test_a_bad_configuration_names_the_command_that_lists_all_errors(tmp_path: Path) -> None:
    config = tmp_path / "schools.yaml"
    config.write_text("version: 7\n")
    how, said = found(config, tmp_path / "state")["configuration"]
    assert how is Health.BAD
    assert f"`schulnetz check {config}`" in said


@pytest.mark.parametrize(
    ("place", "cure"),
    [
        (
            "/etc/schulnetz/secrets/none",
            (
                "install -m 640 -g monitoring /dev/stdin /etc/schulnetz/secrets/none, type it, "
                "then Ctrl-D: root and the group monitoring may read it; or root's alone, handed "
                "over by LoadCredential=devices:/etc/schulnetz/secrets/none in the unit, with "
                "{file: /run/credentials/schulnetz.service/devices} in the configuration"
            ),
        ),
        (
            "/run/credentials/schulnetz.service/community",
            (
                "systemctl edit schulnetz.service: [Service] LoadCredential=community:"
                "/etc/schulnetz/secrets/community, a file that root alone may read; then restart"
            ),
        ),
    ],
)
def test_a_missing_secret_file_is_named_with_its_permitted_readers(place: str, cure: str) -> None:
    inventory = replace(
        load_text(TOWN.text().encode(), "x"),
        credentials={"devices": CredentialSource("file", place)},
    )
    unit = parse_unit("[Service]\nUser=schulnetz\nGroup=monitoring\n")
    (finding,) = secrets(inventory, unit)
    assert (finding.what, finding.health) == ("credential devices", Health.BAD)
    assert finding.seen == f"the file {place} cannot be read: No such file or directory"
    assert finding.cure == cure
    (alone,) = secrets(inventory, None)
    assert "LoadCredential=devices" not in alone.cure


@contextmanager
def as_a_user_kept_out_of(folder: Path) -> Iterator[None]:
    """Close a folder; as root, be another user meanwhile, because nothing is closed to root."""
    folder.mkdir(mode=0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o700)


def test_what_is_in_a_closed_folder_is_reported_without_a_traceback(tmp_path: Path) -> None:
    closed = tmp_path / "secrets"
    inventory = replace(
        load_text(TOWN.text().encode(), "x"),
        credentials={"devices": CredentialSource("file", str(closed / "community"))},
    )
    with as_a_user_kept_out_of(closed):
        (finding,) = secrets(inventory, parse_unit("[Service]\nUser=schulnetz\n"))
        beside = list(web_file(None, closed / "schools.yaml", "127.0.0.1", SystemClock().now()))
    assert finding.seen == f"the file {closed}/community cannot be read: Permission denied"
    assert finding.cure.startswith("it is another's: chgrp schulnetz ")
    assert beside == []


def test_a_secret_in_a_variable_should_be_a_file_for_a_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(COMMUNITY_OF_RUN, raising=False)
    inventory = load_text(TOWN.text().encode(), "x")
    (by_hand,) = secrets(inventory, None)
    assert by_hand.cure == f"export {COMMUNITY_OF_RUN}=... before the daemon starts"
    (served,) = secrets(inventory, parse_unit("[Service]\nUser=schulnetz\n"))
    assert "{file: /etc/schulnetz/secrets/devices}, and install -m 640" in served.cure


@pytest.mark.parametrize(
    ("state", "health", "said"),
    [
        ("active", Health.GOOD, "schulnetz.service is active"),
        ("inactive", Health.WARNING, "does not run (inactive) systemctl enable --now schulnetz"),
        ("failed", Health.BAD, "has failed journalctl -u schulnetz.service -n 50 says why"),
        ("", Health.WARNING, "is installed and does not run systemctl enable --now"),
        (None, Health.WARNING, "none is installed: nothing starts the daemon with the machine"),
    ],
)
def test_a_missing_or_stopped_service_is_reported_with_the_command(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    state: str | None,
    health: Health,
    said: str,
) -> None:
    monkeypatch.setattr(unit_module, "_BOOTED", tmp_path)
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\n[ "$1" = is-active ] && echo {state}\n')
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = service_state(None if state is None else parse_unit("[Service]\n"))
    assert finding.health is health
    assert said in f"{finding.seen} {finding.cure}"
    if state is None:
        assert "apt install ./build/schulnetz-monitor_*.deb" in finding.cure


def test_without_systemd_no_service_is_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit_module, "_BOOTED", tmp_path / "none")
    assert service_state(None).health is Health.GOOD


def test_a_secret_that_others_can_read_is_a_warning(config: Path, tmp_path: Path) -> None:
    secret = tmp_path / "community"
    secret.write_text("geheim")
    text = config.read_text().replace(f"{{environment: {COMMUNITY_OF_RUN}}}", f"{{file: {secret}}}")
    config.write_text(text)
    for mode, expected in ((0o644, Health.WARNING), (0o600, None)):
        secret.chmod(mode)
        how = found(config, tmp_path / "state").get("credential devices", (None, ""))[0]
        assert how is expected


def test_doctor_writes_nothing(config: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert found(config, state)["state"] == (
        Health.GOOD,
        f"{state} does not exist yet; the daemon creates it ",
    )
    assert not state.exists()
    state.mkdir()
    before = state.stat().st_mtime_ns
    assert found(config, state)["state"] == (Health.GOOD, f"{state} can be written ")
    assert state.stat().st_mtime_ns == before


def test_broken_items_come_first_then_warnings() -> None:
    looked_at = (Health.GOOD, Health.WARNING, Health.BAD, Health.GOOD, Health.BAD)
    findings = [Finding(str(number), health, "") for number, health in enumerate(looked_at)]
    assert [one.what for one in worst_first(findings)] == ["2", "4", "1", "0", "3"]


def test_a_web_configuration_is_checked_with_the_files_it_names(
    config: Path, tmp_path: Path
) -> None:
    assert judged(None, config) == []
    web = config.with_name("web.config.yml")
    web.write_text("tls_server_config: {cert_file: none.pem, key_file: none.key}\n")
    code, output, _ = invoke(
        "doctor", "--config", config, "--state-dir", tmp_path, "--web-config", web
    )
    assert code == 1
    assert "web configuration" in output
    assert "none.pem" in output
    (named,) = judged(web, config)
    assert named.health is Health.BAD
    (unasked,) = judged(None, config)
    assert unasked.seen == f"{web} exists and was not checked"
    (forgotten,) = judged(None, config, unit=parse_unit("[Service]\nExecStart=schulnetz run\n"))
    assert forgotten.seen.endswith("the daemon does not read it: no login, no TLS")
    for one in (unasked, forgotten):
        assert one.health is Health.WARNING
        assert f"--web-config {web}" in one.cure


def judged(
    web: Path | None, config: Path, host: str = "127.0.0.1", unit: Unit | None = None
) -> list[Finding]:
    return list(web_file(web, config, host, NOW, unit))


HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"
USERS = f'basic_auth_users: {{one: "{HASH}"}}\n'
TLS = "tls_server_config: {cert_file: server.pem, key_file: server.key}\n"


@pytest.mark.parametrize(
    ("text", "days", "host", "health", "said"),
    [
        ("", 30, "127.0.0.1", Health.BAD, "empty, or sets nothing; a running daemon rejects it"),
        (TLS, 30, "0.0.0.0", Health.BAD, "0.0.0.0 can be reached by others, and no login is"),
        (USERS, 30, "0.0.0.0", Health.WARNING, "passwords cross the network in the clear: 0.0"),
        (USERS, 30, "127.0.0.1", Health.GOOD, "no TLS, 1 user"),
        (USERS + TLS, -2, "0.0.0.0", Health.WARNING, "the certificate expired at "),
        (USERS + TLS, 13, "0.0.0.0", Health.WARNING, "the certificate ends in 13 days, at "),
        (USERS + TLS, 15, "0.0.0.0", Health.GOOD, "TLS, 1 user; certificate CN=server,O=Stadt B"),
    ],
)
def test_a_web_configuration_is_judged_as_the_daemon_would(  # a table
    tmp_path: Path, text: str, days: int, host: str, health: Health, said: str
) -> None:
    issued = issue("server", None, days=days, names=("localhost",))
    (tmp_path / "server.pem").write_bytes(issued.pem)
    (tmp_path / "server.key").write_bytes(issued.key_pem)
    web = tmp_path / "web.config.yml"
    web.write_text(text)
    (finding,) = judged(web, tmp_path / "schools.yaml", host)
    assert (finding.health, finding.seen[: len(f"{web}: {said}")]) == (health, f"{web}: {said}")


@pytest.mark.parametrize(
    ("host", "options", "said"),
    [
        ("127.0.0.1", "", ""),
        ("0.0.0.0", "", "none is named: 0.0.0.0 can be reached by others, and no login is"),
        ("0.0.0.0", "--without-login", ""),
        ("127.0.0.1", "--enable-reload", "none is named: /-/reload needs users to log in"),
    ],
)
def test_a_daemon_that_would_refuse_to_start_without_a_web_configuration_is_broken(
    tmp_path: Path, host: str, options: str, said: str
) -> None:
    unit = parse_unit(f"[Service]\nExecStart=schulnetz run --listen {host}:9822 {options}\n")
    found = judged(None, tmp_path / "schools.yaml", host, unit)
    assert [(one.health, one.seen[: len(said)]) for one in found] == (
        [(Health.BAD, said)] if said else []
    )


def test_reload_by_http_needs_users_in_the_web_configuration(tmp_path: Path) -> None:
    issued = issue("server", None, days=30, names=("localhost",))
    (tmp_path / "server.pem").write_bytes(issued.pem)
    (tmp_path / "server.key").write_bytes(issued.key_pem)
    web = tmp_path / "web.config.yml"
    web.write_text(TLS)
    unit = parse_unit("[Service]\nExecStart=schulnetz run --enable-reload\n")
    (finding,) = judged(web, tmp_path / "schools.yaml", unit=unit)
    assert finding.health is Health.BAD
    assert "/-/reload needs users to log in" in finding.seen


def test_doctor_takes_the_address_at_which_the_daemon_listens(config: Path, tmp_path: Path) -> None:
    web = tmp_path / "web.config.yml"
    web.write_text(USERS)
    place = ("--config", config, "--state-dir", tmp_path, "--web-config", web)
    _, output, _ = invoke("doctor", *place, "--listen", "0.0.0.0:9822")
    assert "in the clear" in output
    _, output, _ = invoke("doctor", *place)
    assert "in the clear" not in output


def test_a_state_path_that_is_not_a_folder_is_broken(config: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("")
    assert found(config, state)["state"][0] is Health.BAD


def test_a_broken_ledger_is_reported(config: Path, tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"no database at all, whatever is said" * 100)
    how, said = found(config, tmp_path)["ledger"]
    assert how is Health.BAD
    assert "ledger verify" in said


def test_an_unreadable_ledger_gives_no_traceback(config: Path, tmp_path: Path) -> None:
    place = SqlitePlace(tmp_path / ("x" * 300) / "ledger.sqlite")
    health = {one.what: one for one in examine(config, tmp_path, place)}
    assert health["ledger"].health is Health.BAD
    assert "name too long" in health["ledger"].seen


def test_a_low_file_limit_and_a_wrong_clock_are_reported(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 256))
    monkeypatch.setattr(doctor, "EARLIEST_YEAR", 9999)
    health = found(config, tmp_path)
    assert health["open files"][0] is Health.WARNING
    assert health["clock"][0] is Health.BAD


@pytest.mark.parametrize(
    ("kernel", "health", "said"),
    [
        (KernelClock(is_synchronised=True, most_seconds_off=0.0123), Health.GOOD, "0.0123 s"),
        (KernelClock(is_synchronised=False, most_seconds_off=16.0), Health.WARNING, "chrony"),
        (None, Health.GOOD, "the kernel does not report"),
    ],
)
def test_the_kernel_is_asked_whether_the_clock_is_synchronised(
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kernel: KernelClock | None,
    health: Health,
    said: str,
) -> None:
    monkeypatch.setattr(doctor, "kernel_clock", lambda: kernel)
    how, words = found(config, tmp_path)["clock"]
    assert how is health
    assert said in words


def test_the_clock_state_is_the_one_adjtimex_reports() -> None:
    said = kernel_clock()
    if said is None:
        pytest.skip("this sandbox denies adjtimex(2), which reads the kernel's clock")
    assert 0 <= said.most_seconds_off <= 16, "the kernel counts up to 16 s"


def test_an_unreachable_prometheus_is_a_warning() -> None:
    for url in ("http://127.0.0.1:1", "127.0.0.1:9090", "ftp://127.0.0.1"):
        finding = same_clock(url, SystemClock().now)
        assert finding.health is Health.WARNING
        assert url in finding.seen


def test_a_deeply_nested_answer_is_no_time() -> None:
    class Nested(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"[" * 4000)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Nested) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        finding = same_clock(f"http://127.0.0.1:{server.server_port}", SystemClock().now)
        thread.join()
    assert finding.seen.endswith("the answer is nested too deeply")
