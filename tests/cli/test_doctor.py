"""`schulnetz doctor`: a healthy machine, and each thing that can be wrong with one."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from monitor.cli import doctor
from monitor.cli.clocks import KernelClock, kernel_clock
from monitor.cli.doctor import examine, same_clock
from monitor.cli.doctor_service import web_file
from monitor.cli.finding import Finding, Health, worst_first
from monitor.clock import SystemClock
from monitor.rollout.place import SqlitePlace
from tests.cli.test_main import TOWN, invoke
from tests.integration.running import COMMUNITY, COMMUNITY_OF_RUN

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(COMMUNITY_OF_RUN, COMMUNITY)
    return TOWN.write(tmp_path / "schools.yaml")


def found(config: Path, state: Path) -> dict[str, tuple[Health, str]]:
    place = SqlitePlace(state / "ledger.sqlite")
    return {
        one.what: (one.health, f"{one.seen} {one.cure}") for one in examine(config, state, place)
    }


def test_a_machine_in_order_has_nothing_broken(config: Path, tmp_path: Path) -> None:
    health = found(config, tmp_path / "state")
    assert [what for what, (how, _) in health.items() if how is Health.BAD] == []
    assert health["configuration"] == (Health.GOOD, "2 schools ")
    assert {what for what in health if what.startswith("reference")} == {
        f"reference reference-{number}" for number in (1, 2, 3)
    }


def test_a_missing_secret_is_broken_and_told_with_the_cure(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(COMMUNITY_OF_RUN)
    code, output, _ = invoke("doctor", "--config", config, "--state-dir", tmp_path / "state")
    assert code == 1
    assert "broken" in output
    assert COMMUNITY_OF_RUN in output
    assert COMMUNITY not in output


def test_a_bad_configuration_names_the_command_that_tells_all(tmp_path: Path) -> None:
    config = tmp_path / "schools.yaml"
    config.write_text("version: 7\n")
    how, said = found(config, tmp_path / "state")["configuration"]
    assert how is Health.BAD
    assert f"`schulnetz check {config}`" in said


def test_a_secret_that_others_can_read_is_a_warning(config: Path, tmp_path: Path) -> None:
    secret = tmp_path / "community"
    secret.write_text("geheim")
    text = config.read_text().replace(f"{{environment: {COMMUNITY_OF_RUN}}}", f"{{file: {secret}}}")
    config.write_text(text)
    for mode, expected in ((0o644, Health.WARNING), (0o600, None)):
        secret.chmod(mode)
        how = found(config, tmp_path / "state").get("credential devices", (None, ""))[0]
        assert how is expected


def test_nothing_is_written(config: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert found(config, state)["state"] == (
        Health.GOOD,
        f"{state} is not there yet; the daemon makes it ",
    )
    assert not state.exists()
    state.mkdir()
    before = state.stat().st_mtime_ns
    assert found(config, state)["state"] == (Health.GOOD, f"{state} can be written ")
    assert state.stat().st_mtime_ns == before


def test_what_is_broken_comes_first_then_the_warnings() -> None:
    looked_at = (Health.GOOD, Health.WARNING, Health.BAD, Health.GOOD, Health.BAD)
    findings = [Finding(str(number), health, "") for number, health in enumerate(looked_at)]
    assert [one.what for one in worst_first(findings)] == ["2", "4", "1", "0", "3"]


def test_a_web_configuration_is_looked_at_with_what_it_names(config: Path, tmp_path: Path) -> None:
    assert web_file(None, config) is None
    web = config.with_name("web.config.yml")
    web.write_text("tls_server_config: {cert_file: none.pem, key_file: none.key}\n")
    code, output, _ = invoke(
        "doctor", "--config", config, "--state-dir", tmp_path, "--web-config", web
    )
    assert code == 1
    assert "web configuration" in output
    assert "none.pem" in output
    named = web_file(web, config)
    assert named is not None
    assert named.health is Health.BAD
    web.write_text("")
    named = web_file(web, config)
    assert named == Finding("web configuration", Health.GOOD, f"{web}: no TLS, no users")
    forgotten = web_file(None, config)
    assert forgotten is not None
    assert forgotten.health is Health.WARNING
    assert f"--web-config {web}" in forgotten.cure


def test_a_state_that_is_no_folder_is_broken(config: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("")
    assert found(config, state)["state"][0] is Health.BAD


def test_a_broken_ledger_is_told(config: Path, tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"no database at all, whatever is said" * 100)
    how, said = found(config, tmp_path)["ledger"]
    assert how is Health.BAD
    assert "ledger verify" in said


def test_a_ledger_that_cannot_be_looked_at_is_no_traceback(config: Path, tmp_path: Path) -> None:
    place = SqlitePlace(tmp_path / ("x" * 300) / "ledger.sqlite")
    health = {one.what: one for one in examine(config, tmp_path, place)}
    assert health["ledger"].health is Health.BAD
    assert "name too long" in health["ledger"].seen


def test_few_open_files_and_a_wrong_clock_are_told(
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
        (None, Health.GOOD, "the kernel does not say"),
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


def test_what_the_kernel_says_of_its_clock_is_what_adjtimex_says() -> None:
    said = kernel_clock()
    if said is None:
        pytest.skip("this sandbox denies adjtimex(2), which reads the kernel's clock")
    assert 0 <= said.most_seconds_off <= 16, "the kernel counts up to 16 s"


def test_a_prometheus_that_is_not_there_is_a_warning() -> None:
    for url in ("http://127.0.0.1:1", "127.0.0.1:9090", "ftp://127.0.0.1"):
        finding = same_clock(url, SystemClock().now)
        assert finding.health is Health.WARNING
        assert url in finding.seen
