"""What commands print with `--json` has the form that docs/json.md shows."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from monitor.calendar.school_days import SchoolCalendar
from tests.cli.test_main import TOWN, invoke
from tests.cli.test_sla import record_an_outage
from tests.integration.running import COMMUNITY, COMMUNITY_OF_RUN

PAGE = (Path(__file__).parents[2] / "docs/json.md").read_text(encoding="utf-8")


def documented(command: str) -> Any:
    """Return the example of a command."""
    section = PAGE.split(f"\n## `schulnetz {command} --json`\n")[1].split("\n## ")[0]
    found = re.search(r"```json\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def assert_same_form(shown: Any, real: Any, place: str = "") -> None:
    """Fail where two documents differ in keys or types of values; null matches any type."""
    if shown is None or real is None:
        return
    if isinstance(shown, dict):
        assert set(shown) == set(real), place
        for key, value in shown.items():
            assert_same_form(value, real[key], f"{place}.{key}")
    elif isinstance(shown, list):
        assert isinstance(real, list), place
        for one in real[:1] if shown else []:
            assert_same_form(shown[0], one, f"{place}[0]")
    else:
        assert isinstance(real, type(shown)) or {type(real), type(shown)} == {int, float}, place


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(COMMUNITY_OF_RUN, COMMUNITY)
    # The shipped holidays end in 2030, and `check` warns of it ninety days before.
    monkeypatch.setattr(SchoolCalendar, "is_running_out", lambda *_: False)
    return TOWN.write(tmp_path / "schools.yaml")


def printed(*arguments: str | Path, code: int = 0) -> Any:
    found, output, _ = invoke(*arguments)
    assert found == code
    return json.loads(output)


def test_check_lists_the_content_of_a_file_and_every_mistake(config: Path) -> None:
    document = printed("check", config, "--json")
    assert_same_form(documented("check"), document)
    assert document["ok"] is True
    assert [one["id"] for one in document["schools"]] == ["voede", "goethe"]
    assert (document["sites"], document["switches"], document["checks"]) == (2, 4, 19)
    assert "SNMP without encryption" in document["warnings"][0]["message"]
    config.write_text(TOWN.text().replace("type: Grundschule", "type: Grundschul"))
    document = printed("check", config, "--json", code=1)
    assert_same_form(documented("check"), document)
    assert (document["ok"], len(document["errors"]), document["schools"]) == (False, 2, [])
    assert "did you mean Grundschule?" in document["errors"][0]["message"]
    assert document["errors"][0]["line"] > 1
    assert document["warnings"][0]["line"] > 1


def test_check_finds_what_cannot_run_on_time_and_wrong_contacts(config: Path) -> None:
    document = printed("check", config, "--json", "--concurrency", "1", code=1)
    assert len(document["errors"]) == 1
    config.with_name("contacts.yaml").write_text("schools:\n\tgoethe: {}\n")
    document = printed("check", config, "--json", code=1)
    assert [(one["line"], one["column"]) for one in document["errors"]] == [(2, 1)]
    assert document["errors"][0]["file"].endswith("contacts.yaml")


def test_doctor_says_whether_the_machine_is_healthy(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ("--config", config, "--state-dir", tmp_path)
    document = printed("doctor", "--json", *place)
    assert_same_form(documented("doctor"), document)
    assert document["healthy"] is True
    monkeypatch.delenv(COMMUNITY_OF_RUN)
    document = printed("doctor", "--json", *place, code=1)
    assert document["healthy"] is False
    assert document["findings"][0]["what"] == "credential devices"
    assert document["findings"][0]["health"] == "broken"


def test_maintenance_lists_windows_with_their_ids(config: Path, tmp_path: Path) -> None:
    place = ("--config", config, "--state-dir", tmp_path)
    assert printed("maintenance", "list", "--json", *place) == {"windows": []}
    add = ("maintenance", "add", "all", "--until", "2h", "--reason", "Kern")
    window = invoke(*add, *place)[1].partition(":")[0]
    document = printed("maintenance", "list", "--json", *place)
    assert_same_form(documented("maintenance list"), document)
    (one,) = document["windows"]
    assert (one["id"], one["school"], one["origin"]) == (window, "*", "command")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0[12]:00", one["ends"])


def test_maintenance_prints_the_window_it_adds_or_cancels(config: Path, tmp_path: Path) -> None:
    place = ("--json", "--config", config, "--state-dir", tmp_path)
    add = ("maintenance", "add", "goethe", "--until", "2h", "--reason", "Kern")
    window = printed(*add, *place)
    assert_same_form(documented("maintenance add"), window)
    assert (window["school"], window["reason"]) == ("goethe", "Kern")
    assert printed("maintenance", "list", *place) == {"windows": [window]}
    cancelled = printed("maintenance", "cancel", window["id"], *place)
    assert_same_form(documented("maintenance add"), cancelled)
    assert cancelled["id"] == window["id"]
    code, output, said = invoke("maintenance", "cancel", "x", *place)
    assert (code, output) == (1, "")
    assert "x" in said


def test_a_plan_has_thirty_tests(config: Path) -> None:
    document = printed("campaign", "plan", "goethe", "--json", "--config", config)
    assert_same_form(documented("campaign plan"), document)
    (plan,) = document["campaigns"]
    assert (plan["site"], plan["possible"], len(plan["tests"])) == ("goethe/main", False, 30)


def test_sla_prints_the_same_json_with_either_option(config: Path, tmp_path: Path) -> None:
    asyncio.run(record_an_outage(tmp_path / "ledger.sqlite"))
    place = ("--month", "2022-03", "--config", config, "--state-dir", tmp_path)
    document, same = printed("sla", "--json", *place), printed("sla", "--format", "json", *place)
    assert document["sites"] == same["sites"]


def test_probe_has_its_documented_form(config: Path) -> None:
    document = printed("probe", "goethe", "--only", "snmp", "--json", "--config", config, code=4)
    assert_same_form(documented("probe"), document)
