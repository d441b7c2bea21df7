"""`schulnetz probe`: what it prints about loopback devices that do not exist."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from monitor.cli import probe
from monitor.cli.probe import Wishes
from monitor.inventory.checks import CheckKind
from monitor.observation import Outcome
from tests.cli.test_main import TOWN, invoke
from tests.integration.running import COMMUNITY, COMMUNITY_OF_RUN, Town

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(COMMUNITY_OF_RUN, COMMUNITY)
    return TOWN.write(tmp_path / "schools.yaml")


def test_json_has_every_check_with_its_outcome(config: Path) -> None:
    code, output, _ = invoke("probe", "100002", "--only", "snmp", "--json", "--config", config)
    assert code == 4
    document = json.loads(output)
    assert (document["school"], document["name"]) == ("goethe", "Goethe-Schule")
    assert [one["id"] for one in document["checks"]] == [
        f"goethe/main/{device}/interfaces" for device in ("router", "switch-01", "switch-02")
    ]
    for one in document["checks"]:
        assert set(one) == {
            "id", "kind", "host", "outcome", "reason", "detail", "started", "duration_seconds",
            "values",
        }  # fmt: skip
        assert one["outcome"] in set(Outcome)
        assert one["reason"] == "unreachable"
        assert one["detail"]
        assert 0 <= one["duration_seconds"] < 2
    assert COMMUNITY not in output
    assert document["conclusion"] == [
        f"{device}: interfaces failed: {document['checks'][0]['detail']}"
        for device in ("router", "switch-01", "switch-02")
    ]


def test_the_table_says_the_same_in_words(config: Path) -> None:
    code, output, _ = invoke("probe", "goethe", "--only", "snmp", "--config", config)
    assert code == 4
    assert "Goethe-Schule (goethe, 100002)" in output
    assert output.count("  failed  ") == 3
    assert "Conclusion: router: interfaces failed: " in output
    assert COMMUNITY not in output


def test_a_reason_is_given_once_per_device(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = "nothing listens on UDP"
    for only, times in ((), 3), (("--only", "snmp"), 3):
        _, output, _ = invoke("probe", "goethe", *only, "--config", config)
        whole = " ".join(output.split())
        assert whole.count(said) == times, output
        assert all(f"Conclusion: {one}" in whole for one in ("router: ", "switch-01: "))
        table = output[: output.index("Conclusion")]
        assert said not in " ".join(table.split())
        assert "unreachable" in table


def test_an_unknown_school_gets_suggestions(config: Path) -> None:
    code, output, errors = invoke("probe", "göthe", "--config", config)
    assert (code, output) == (1, "")
    assert "did you mean goethe" in errors


def test_a_name_unlike_any_school_gets_the_list_of_schools(config: Path) -> None:
    _, _, errors = invoke("probe", "xyzzy", "--config", config)
    assert errors == "error: no school 'xyzzy' is configured; there are: voede, goethe\n"


def test_a_check_kind_the_school_lacks_is_reported(config: Path) -> None:
    code, _, errors = invoke("probe", "goethe", "--only", "dns", "--config", config)
    assert (code, errors) == (1, "error: goethe has no check of kind dns\n")


def test_missing_snmp_is_reported_in_the_words_typed(
    tmp_path: Path,
) -> None:
    config = tmp_path / "schools.yaml"
    config.write_text("schools:\n  - {id: goethe, router: 127.0.0.1}\n", encoding="utf-8")
    code, _, errors = invoke("probe", "goethe", "--only", "snmp", "--config", config)
    assert code == 1
    assert errors.startswith("error: goethe has no check of kind snmp; its devices are read by")
    assert "interfaces" not in errors


TWO_SITES = """\
schools:
  - id: goethe
    sites:
      - {id: main, router: 127.83.0.1, checks: {web: {kind: tcp, port: 1}}}
      - {id: annex, router: 127.83.0.2, checks: {web: {kind: tcp, port: 1}}}
"""


@pytest.mark.parametrize("place", ["goethe/annex", "Goethe/Annex"])
def test_one_site_of_a_school_is_probed_alone(tmp_path: Path, place: str) -> None:
    config = tmp_path / "schools.yaml"
    config.write_text(TWO_SITES, encoding="utf-8")
    wish = ("--only", "tcp", "--json", "--config", config)
    code, output, _ = invoke("probe", place, *wish)
    assert code == 4
    document = json.loads(output)
    assert [one["id"] for one in document["checks"]] == ["goethe/annex/router/web"]
    assert document["lessons_known"] is False
    _, output, _ = invoke("probe", "goethe", *wish)
    assert len(json.loads(output)["checks"]) == 2
    _, output, _ = invoke("probe", place, "--only", "tcp", "--config", config)
    assert "no lessons known" in output
    assert "no lessons now" not in output


def test_a_site_the_school_lacks_is_reported_with_those_it_has(tmp_path: Path) -> None:
    config = tmp_path / "schools.yaml"
    config.write_text(TWO_SITES, encoding="utf-8")
    code, _, errors = invoke("probe", "goethe/nord", "--config", config)
    assert (code, errors) == (1, "error: goethe has no site 'nord'; it has: main, annex\n")
    code, _, errors = invoke("probe", "göthe/main", "--config", config)
    assert (code, "did you mean goethe" in errors) == (1, True)


def test_a_missing_secret_is_reported(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(COMMUNITY_OF_RUN)
    code, _, errors = invoke("probe", "goethe", "--only", "snmp", "--config", config)
    assert code == 3
    assert f"the environment variable {COMMUNITY_OF_RUN} is not set" in errors


def test_each_missing_secret_gets_its_own_line(tmp_path: Path) -> None:
    config = tmp_path / "schools.yaml"
    config.write_text(
        "credentials: {v3: {user: monitor, auth: sha256, auth_password: {environment: NO_AUTH}, "
        "priv: aes128, priv_password: {environment: NO_PRIV}}}\n"
        "defaults: {snmp: {version: v3, credential: v3}}\n"
        "schools:\n  - {id: goethe, router: 127.0.0.1}\n",
        encoding="utf-8",
    )
    code, _, errors = invoke("probe", "goethe", "--only", "snmp", "--config", config)
    assert code == 3
    first, second = errors.splitlines()
    assert first.startswith("error: credential v3.auth_password: the environment variable NO_AUTH")
    assert second.startswith("error: credential v3.priv_password: the environment variable NO_PRIV")


def test_no_secret_is_needed_for_devices_not_contacted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(COMMUNITY_OF_RUN, raising=False)
    website = "checks: {website: {kind: http, url: 'http://127.0.0.1:1/'}}"
    config = Town(161, {"voede": 1}, extra={"voede": [website]}).write(tmp_path / "schools.yaml")
    code, output, errors = invoke("probe", "voede", "--only", "http", "--config", config)
    assert (code, errors) == (4, "")
    assert "Conclusion: router: website failed: " in output
    code, _, errors = invoke("probe", "voede", "--only", "snmp", "--config", config)
    assert (code, errors.count(COMMUNITY_OF_RUN)) == (3, 1)


@pytest.mark.parametrize(
    "note",
    [None, "", "{}", "[]", "no json", '{"pid": 0}', '{"pid": 4194305, "port": 1, "faults": []}'],
)
def test_a_demo_that_is_not_running_is_reported(
    config: Path, tmp_path: Path, note: str | None
) -> None:
    if note is not None:
        (tmp_path / "running.json").write_text(note)
    place = ("--config", config, "--state-dir", tmp_path)
    code, _, errors = invoke("probe", "goethe", "--demo", *place)
    assert code == 1
    assert errors.startswith(f"error: no demo keeps its state in {tmp_path}; start one")


@pytest.mark.parametrize(("option", "code"), [((), 1), (("--watch",), 0)])
def test_ctrl_c_is_a_success_of_watch_alone(
    config: Path, monkeypatch: pytest.MonkeyPatch, option: tuple[str, ...], code: int
) -> None:
    async def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(probe, "probe", interrupted)
    assert invoke("probe", "goethe", "--config", config, *option)[0] == code


@pytest.mark.parametrize(
    ("only", "watch", "pings"),
    [
        (None, False, True),
        (CheckKind.ICMP, False, True),
        (CheckKind.INTERFACES, False, False),
        # Verdicts need the references, and those are pinged.
        (CheckKind.INTERFACES, True, True),
    ],
)
def test_a_ping_socket_is_opened_only_if_something_is_pinged(
    tmp_path: Path, *, only: CheckKind | None, watch: bool, pings: bool
) -> None:
    wishes = Wishes(only, as_json=False, watch=watch, of_demo=False, state_directory=tmp_path)
    assert wishes.pings is pings
