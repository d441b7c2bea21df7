"""`schulnetz probe`: what it prints, of loopback devices that nobody serves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from monitor.observation import Outcome
from tests.cli.test_main import TOWN, invoke
from tests.integration.running import COMMUNITY, COMMUNITY_OF_RUN

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


def test_the_table_says_the_same_in_words(config: Path) -> None:
    code, output, _ = invoke("probe", "goethe", "--only", "snmp", "--config", config)
    assert code == 4
    assert "Goethe-Schule (goethe, 100002)" in output
    assert output.count("failed") == 3
    assert COMMUNITY not in output


def test_an_unknown_school_gets_suggestions(config: Path) -> None:
    code, output, errors = invoke("probe", "göthe", "--config", config)
    assert (code, output) == (1, "")
    assert "did you mean goethe" in errors


def test_nothing_alike_is_told_how_to_list(config: Path) -> None:
    _, _, errors = invoke("probe", "xyzzy", "--config", config)
    assert errors == "error: no school 'xyzzy' is configured; `schulnetz check --list` lists them\n"


def test_a_kind_that_the_school_has_not_is_told(config: Path) -> None:
    code, _, errors = invoke("probe", "goethe", "--only", "dns", "--config", config)
    assert (code, errors) == (1, "error: goethe has no check of kind dns\n")


def test_a_missing_secret_is_told(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(COMMUNITY_OF_RUN)
    code, _, errors = invoke("probe", "goethe", "--only", "snmp", "--config", config)
    assert code == 1
    assert f"the environment variable {COMMUNITY_OF_RUN} is not set" in errors


@pytest.mark.parametrize(
    "note",
    [None, "", "{}", "[]", "no json", '{"pid": 0}', '{"pid": 4194305, "port": 1, "faults": []}'],
)
def test_no_demo_is_told(config: Path, tmp_path: Path, note: str | None) -> None:
    if note is not None:
        (tmp_path / "running.json").write_text(note)
    place = ("--config", config, "--state-dir", tmp_path)
    code, _, errors = invoke("probe", "goethe", "--demo", *place)
    assert code == 1
    assert errors.startswith(f"error: no demo keeps its state in {tmp_path}; start one")
