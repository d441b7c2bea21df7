"""`schulnetz init`: a commented, valid file, by prompts or by options."""

from __future__ import annotations

import re
import stat
from itertools import chain
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from monitor.cli import init as command
from monitor.cli.main import main
from monitor.config import load, load_text
from tests.cli.test_main import invoke

if TYPE_CHECKING:
    from pathlib import Path

CITY = ("--city", "Bad Aibling: Nord", "--state", "by", "--school", "Grundschule „Am Öd“ #1")
NETWORK = ("--place", "10.1.2.7/24")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_file_is_valid_holds_the_answers_and_is_world_readable(tmp_path: Path) -> None:
    code, said, errors = invoke("init", *CITY, *NETWORK)
    assert code == 0, errors
    file = tmp_path / "config/schools.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    inventory = load(file)
    assert (inventory.city, inventory.calendar.state) == ("Bad Aibling: Nord", "BY")
    (school,) = inventory.schools
    assert school.name == "Grundschule „Am Öd“ #1"
    assert school.sites[0].uplink.host == "10.1.2.1"
    assert " check\n" in said
    assert invoke("check", file)[0] == 0


def test_with_snmp_devices_are_read_and_references_can_be_added(tmp_path: Path) -> None:
    file = tmp_path / "schools.yaml"
    assert invoke("init", file, *CITY, "--place", "router.example", "--snmp")[0] == 0
    text = file.read_text(encoding="utf-8")
    assert {check.kind.value for check in load(file).checks()} >= {"icmp", "interfaces"}
    whole = re.sub(r"^# (references:|  - )", r"\1", text, flags=re.MULTILINE)
    assert len(load_text(whole.encode(), "schools.yaml").references) == 3


class Terminal:
    def isatty(self) -> bool:
        return True


class System:
    stdin = Terminal()


@pytest.mark.parametrize(
    ("answers", "state", "hosts"),
    [
        ("Bochum\nNW\nGoethe-Schule\n192.0.2.10\n\nn\n", "NW", ["192.0.2.10"]),
        (
            "Bochum\n\nGoethe-Schule\n192.0.2.10\nGoethe-Schule\n10.1.0.0/24\n\nn\n",
            "",
            ["192.0.2.10", "10.1.0.1"],
        ),
    ],
)
def test_init_prompts_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: str, state: str, hosts: list[str]
) -> None:
    monkeypatch.setattr(command, "sys", System)
    result = CliRunner().invoke(main, ["init", "new.yaml"], input=answers)
    assert result.exit_code == 0, result.output
    found = load(tmp_path / "new.yaml")
    assert found.calendar.state == state
    assert [one.id for one in found.schools] == ["goethe-schule", "goethe-schule-2"][: len(hosts)]
    assert [one.sites[0].uplink.host for one in found.schools] == hosts


def test_several_schools_are_accepted_and_the_state_is_optional(tmp_path: Path) -> None:
    first = ("--school", "A-Schule", "--place", "192.0.2.1")
    second = ("--school", "B-Schule", "--place", "10.1.2.0/24")
    code, said, errors = invoke("init", "--city", "Bochum", *first, *second)
    assert (code, errors) == (0, "")
    found = load(tmp_path / "config/schools.yaml")
    assert [(one.name, one.sites[0].uplink.host) for one in found.schools] == [
        ("A-Schule", "192.0.2.1"),
        ("B-Schule", "10.1.2.1"),
    ]
    assert not found.calendar.state
    assert "import csv TABLE.csv" in said
    assert "import netbox https://netbox.example" in said


def test_a_wrong_number_of_places_is_refused(tmp_path: Path) -> None:
    one = ("--school", "A-Schule", "--place", "192.0.2.1")
    code, _, errors = invoke("init", "--city", "Bochum", *one, "--place", "192.0.2.2")
    assert (code, "2 --place for 1 --school" in errors) == (2, True)
    code, _, errors = invoke("init", "--city", "Bochum", *one, "--school", "B-Schule")
    assert code == 2
    assert "--place is needed where no terminal can ask: B-Schule: Its network" in errors
    assert not (tmp_path / "config").exists()


@pytest.mark.parametrize("option", ["--city", "--timezone", "--state", "--school", "--place"])
def test_octets_that_are_not_utf_8_are_named_with_their_option(tmp_path: Path, option: str) -> None:
    # As Python reads b"M\xfcnchen" from the command line.
    answers = {"--city": "Bochum", "--school": "A-Schule", "--place": "192.0.2.1"}
    answers |= {option: "M\udcfcnchen"}
    code, _, errors = invoke("init", *chain.from_iterable(answers.items()))
    assert code == 1
    assert f"error: {option}: 'M" in errors
    assert "is not UTF-8 (character 2); set the terminal and its locale to UTF-8" in errors
    assert "escape" not in errors
    assert not (tmp_path / "config").exists()


def test_without_a_terminal_the_missing_option_is_named(tmp_path: Path) -> None:
    code, _, errors = invoke("init", *CITY)
    assert code == 2
    assert "--place is needed where no terminal can ask" in errors
    assert not (tmp_path / "config").exists()


def test_an_existing_file_is_kept_without_force(tmp_path: Path) -> None:
    file = tmp_path / "schools.yaml"
    file.write_text("mine")
    code, _, errors = invoke("init", file, *CITY, *NETWORK)
    assert (code, "overwrite with --force" in errors) == (1, True)
    assert file.read_text() == "mine"
    assert invoke("init", file, *CITY, *NETWORK, "--force")[0] == 0
    assert load(file).schools


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--state", "XX"),
        ("--place", "10.1.2.0/99"),
        ("--place", "300.1.2.3"),
        ("--timezone", "Europe/Bochum"),
    ],
)
def test_an_invalid_answer_is_refused_by_the_configuration_rules(
    tmp_path: Path, option: str, value: str
) -> None:
    place = () if option == "--place" else NETWORK
    code, _, errors = invoke("init", *CITY, *place, option, value)
    assert code == 1
    lines = errors.splitlines()
    assert lines[-1] == "nothing was written"
    assert len(lines) == 2, errors
    assert lines[0].startswith(f"error: {option}: ")
    assert value in lines[0]
    assert not (tmp_path / "config").exists()
