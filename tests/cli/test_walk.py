"""`schulnetz walk` and `record`: which devices they read, and their messages when none answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.test_main import TOWN, invoke
from tests.integration.running import COMMUNITY, COMMUNITY_OF_RUN

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(COMMUNITY_OF_RUN, COMMUNITY)
    return TOWN.write(tmp_path / "schools.yaml")


@pytest.mark.parametrize(
    ("device", "said"),
    [
        (
            "goethe/swich-01",
            "did you mean goethe/main/switch-01, goethe/main/switch-02, goethe/main/router?",
        ),
        ("goethe", "did you mean goethe/main/router, goethe/main/switch-0"),
        ("goethe", "; name it SCHOOL/DEVICE; did you mean"),
        ("xyzzy/1", "`schulnetz check --list` lists schools"),
    ],
)
def test_an_unknown_device_gets_suggestions(config: Path, device: str, said: str) -> None:
    code, output, errors = invoke("walk", device, "--config", config)
    assert (code, output) == (1, "")
    assert errors.startswith(f"error: no device '{device}' is read by SNMP; ")
    assert said in errors


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.82.2.1", "127.82.2.1 is goethe/main/router: name it SCHOOL/DEVICE, not its address"),
        (
            "127.82.2.200",
            (
                "no device with the address 127.82.2.200 is read by SNMP: name it SCHOOL/DEVICE; "
                "the nearest are goethe/main/switch-02 (127.82.2.12), "
            ),
        ),
        (
            "2001:db8::1",
            (
                "no device with the address 2001:db8::1 is read by SNMP: name it SCHOOL/DEVICE; "
                "`schulnetz check --list` lists schools"
            ),
        ),
    ],
)
@pytest.mark.parametrize("command", ["walk", "record"])
def test_an_address_instead_of_a_name_gets_the_device_names(
    config: Path, tmp_path: Path, command: str, address: str, said: str
) -> None:
    file = (tmp_path / "out",) if command == "record" else ()
    code, output, errors = invoke(command, address, *file, "--config", config)
    assert (code, output) == (1, "")
    assert errors.startswith(f"error: {said}")
    assert len(errors.splitlines()) == 1


def test_an_unknown_table_gets_a_suggestion(config: Path) -> None:
    code, _, errors = invoke("walk", "goethe/router", "ifTabel", "--config", config)
    assert (code, errors) == (1, "error: no table 'ifTabel' is read; did you mean ifTable?\n")
    _, _, errors = invoke("walk", "goethe/router", "xyzzy", "--config", config)
    assert "allowed: ifTable, ifXTable" in errors
    assert errors.endswith("profile, exported\n")


@pytest.mark.parametrize("arguments", [(), ("ifTable",), ("profile",), ("exported",)])
def test_a_silent_device_is_reported(config: Path, arguments: tuple[str, ...]) -> None:
    code, output, errors = invoke("walk", "goethe/switch-01", *arguments, "--config", config)
    assert (code, output) == (4, "")
    assert errors.startswith("error: goethe/main/switch-01 ")
    assert COMMUNITY not in errors


def test_no_recording_is_written_for_a_silent_device(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.snmprec"
    code, _, errors = invoke("record", "goethe/main/switch-01", file, "--config", config)
    assert code == 4
    assert errors.endswith("error: goethe/main/switch-01 did not answer; nothing was written\n")
    assert not file.exists()


def test_no_file_is_overwritten(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.snmprec"
    file.write_text("mine")
    code, _, errors = invoke("record", "goethe/switch-01", file, "--config", config)
    assert (code, errors) == (1, f"error: {file} exists already; name another file\n")
    assert file.read_text() == "mine"
