"""`schulnetz contacts template`, and `check` with a contacts file next to the schools."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_main import invoke
from tests.mails.city import CONTACTS, PERSONAL, SCHOOLS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "schools.yaml"
    path.write_text(SCHOOLS, encoding="utf-8")
    return path


@pytest.fixture
def contacts(config: Path) -> Path:
    path = config.with_name("contacts.yaml")
    path.write_text(CONTACTS, encoding="utf-8")
    return path


def test_check_reports_which_schools_the_contacts_cover(config: Path, contacts: Path) -> None:
    code, output, _ = invoke("check", config)
    assert code == 0
    assert f"{contacts}: contacts of 2 schools and 1 provider; no errors\n" in output
    contacts.unlink()
    assert "contacts" not in invoke("check", config)[1]


def test_check_names_the_place_of_a_wrong_contact(config: Path, contacts: Path) -> None:
    contacts.write_text(CONTACTS.replace("koellerholz:", "kollerholz:"), encoding="utf-8")
    code, output, errors = invoke("check", config)
    assert code == 1
    assert f"{contacts}:9:3: no such school is configured" in errors
    assert not any(word in output + errors for word in PERSONAL)


def test_the_template_is_private_and_says_whom_to_call(
    config: Path, contacts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "schulnetz_city.tmpl"
    assert invoke("contacts", "template", "--config", config, "--out", out) == (0, "", "")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert all(word in out.read_text() for word in PERSONAL)
    elsewhere = tmp_path / "elsewhere.yaml"
    contacts.rename(elsewhere)
    named = invoke("contacts", "template", "--config", config, "--contacts", elsewhere)
    assert named[1] == out.read_text()
    _, without, _ = invoke("contacts", "template", "--config", config)
    assert "Vertrag: V-7" in without
    assert not any(word in without for word in PERSONAL)


def test_an_invalid_file_leaves_the_previous_template(
    config: Path, contacts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "schulnetz_city.tmpl"
    command = ("contacts", "template", "--config", config, "--out", out)
    assert invoke(*command) == (0, "", "")
    before = out.read_bytes()
    contacts.write_text(f"{CONTACTS}x: 1\n", encoding="utf-8")
    code, _, errors = invoke(*command)
    assert code == 1
    assert "unknown key x; allowed: version, city, providers, schools" in errors
    assert out.read_bytes() == before
    code, _, errors = invoke(*command, "--contacts", tmp_path / "none.yaml")
    assert code == 1
    assert "none.yaml: the file cannot be read: No such file or directory" in errors
    contacts.write_text(CONTACTS, encoding="utf-8")
    code, _, errors = invoke(*command[:-1], tmp_path / "no" / "folder")
    assert code == 1
    assert "No such file or directory" in errors
    assert out.read_bytes() == before
