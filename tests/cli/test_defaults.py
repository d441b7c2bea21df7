"""Schools and state are found without options, on an installed host and in a clone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.cli import common
from tests.cli.test_main import TOWN, invoke

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, on a host on which nothing is installed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.delenv(common.CONFIG_VARIABLE, raising=False)
    monkeypatch.setattr(common, "installed_unit", lambda: None)
    monkeypatch.setattr(common, "INSTALLED_CONFIG", tmp_path / "etc/schools.yaml")
    monkeypatch.setattr(common, "INSTALLED_STATE", tmp_path / "var")


def installed(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "var").mkdir()
    TOWN.write(tmp_path / "etc/schools.yaml")


def test_a_clone_uses_its_own_schools_and_state(tmp_path: Path) -> None:
    code, _, errors = invoke("check")
    assert (code, errors.startswith("config/schools.yaml:")) == (1, True)
    assert "state/ledger.sqlite" in invoke("ledger", "verify")[2]
    (tmp_path / "config").mkdir()
    TOWN.write(tmp_path / "config/schools.yaml")
    assert invoke("check")[0] == 0


def test_an_installed_host_uses_the_installed_schools_and_state(tmp_path: Path) -> None:
    installed(tmp_path)
    assert invoke("check")[1].startswith(f"{tmp_path / 'etc/schools.yaml'}: 2 schools")
    add = ("maintenance", "add", "goethe", "--until", "2h", "--reason", "Umbau")
    assert invoke(*add)[0] == 0
    assert (tmp_path / "var/maintenance.json").exists()
    assert str(tmp_path / "var") in invoke("ledger", "verify")[2]


def test_a_custom_configuration_keeps_its_state_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trial with another file never touches the state of the service."""
    installed(tmp_path)
    own = TOWN.write(tmp_path / "own.yaml")
    (tmp_path / "state").mkdir()
    add = ("maintenance", "add", "goethe", "--until", "2h", "--reason", "Umbau")
    assert invoke(*add, "--config", own)[0] == 0
    monkeypatch.setenv(common.CONFIG_VARIABLE, str(own))
    assert invoke(*add)[0] == 0
    assert (tmp_path / "state/maintenance.json").exists()
    assert list((tmp_path / "var").iterdir()) == []


def test_environment_variables_override_both_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = TOWN.write(tmp_path / "own.yaml")
    monkeypatch.setenv(common.CONFIG_VARIABLE, str(own))
    assert invoke("check")[1].startswith(str(own))
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path / 'kept'}:/elsewhere")
    assert f"{tmp_path / 'kept'}/ledger.sqlite" in invoke("ledger", "verify")[2]
