"""`schulnetz maintenance`: a window is added, listed and cancelled."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from monitor.inventory.shard import Shard
from monitor.state.shard_note import note_shard
from tests.cli.test_main import TOWN, invoke

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> tuple[str, ...]:
    config = TOWN.write(tmp_path / "schools.yaml")
    return "--config", str(config), "--state-dir", str(tmp_path)


def test_a_window_is_added_listed_and_cancelled(place: tuple[str, ...]) -> None:
    code, output, _ = invoke(
        "maintenance",
        "add",
        "Goethe-Schule",
        "--until",
        "3h",
        "--from",
        "1h",
        "--reason",
        "Umbau [1]",
        *place,
    )
    assert code == 0
    found = re.fullmatch(
        r"(\S+): Goethe-Schule from \d{4}(-\d\d){2} \d\d:\d\d( CES?T)? until .*\n"
        r"Local time of Europe/Berlin\.\n",
        output,
    )
    assert found, output
    _, listed, _ = invoke("maintenance", "list", *place)
    assert found[1] in listed
    assert "Umbau [1]" in listed
    _, others, _ = invoke("maintenance", "list", "voede", *place)
    assert others == "no maintenance windows\n"
    code, output, _ = invoke("maintenance", "cancel", found[1], *place)
    assert (code, output) == (0, "cancelled: goethe, Umbau [1]\n")
    _, listed, _ = invoke("maintenance", "list", *place)
    assert "Umbau" not in listed


def test_a_window_has_the_login_of_the_person_who_added_it(
    place: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "anna")
    wish = ("--until", "3h", "--reason", "Umbau")
    assert invoke("maintenance", "add", "goethe", *wish, *place)[0] == 0
    [window] = json.loads((tmp_path / "maintenance.json").read_text())["windows"]
    assert window["by"] == "anna"


def test_a_span_from_now_that_ends_before_the_start_is_explained(place: tuple[str, ...]) -> None:
    wish = ("--from", "2099-12-01 22:00", "--until", "8h", "--reason", "Umbau")
    code, output, errors = invoke("maintenance", "add", "goethe", *wish, *place)
    assert (code, output) == (1, "")
    assert errors.startswith("error: --until 8h is a span from now and ends at 20")
    assert "before the window starts at 2099-12-01 22:00 CET; write the time at which" in errors


def test_a_short_window_fits_one_line_of_eighty_columns(
    place: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    add = ("--from", "24.12.2099 18:00", "--until", "25.12.2099 06:00", "--reason", "Umbau am Dach")
    window = invoke("maintenance", "add", "goethe", *add, *place)[1].partition(":")[0]
    head, row, zone = invoke("maintenance", "list", *place)[1].splitlines()
    assert head.split() == ["id", "school", "from", "until", "reason"]
    times = ["2099-12-24", "18:00", "2099-12-25", "06:00"]
    assert row.split() == [window, "goethe", *times, "Umbau", "am", "Dach"]
    assert zone == "Local time of Europe/Berlin."
    # In the hour that October repeats, the zone says which of the two is meant.
    add = ("--from", "2099-10-25 01:00", "--until", "2099-10-25T02:00+01:00", "--reason", "Kern")
    invoke("maintenance", "add", "voede", *add, *place)
    assert " 2099-10-25 02:00 CET" in invoke("maintenance", "list", *place)[1]


def test_a_window_for_all_schools_is_one_window_that_covers_each(place: tuple[str, ...]) -> None:
    until = ("--until", "24.12.2099 18:00", "--reason", "Kern", *place)
    code, output, errors = invoke("maintenance", "add", "all", *until)
    assert (code, output) == (1, "")
    assert "60 are allowed" in errors
    code, output, _ = invoke(
        "maintenance", "add", "all", "--until", "23:59", "--reason", "Kern", *place
    )
    assert code == 0
    assert ": all 2 schools from " in output
    assert " 23:59\n" in output
    window = output.partition(":")[0]
    for school in ((), ("goethe",), ("voede",)):
        listed = invoke("maintenance", "list", *school, *place)[1]
        assert listed.count(window) == 1
    assert " all " in invoke("maintenance", "list", *place)[1]
    assert invoke("maintenance", "cancel", window, *place)[1] == "cancelled: all, Kern\n"


def test_a_window_that_has_begun_ends_when_it_is_cancelled(place: tuple[str, ...]) -> None:
    add = ("maintenance", "add", "goethe", "--until", "2h", "--reason", "Umbau", *place)
    window = invoke(*add)[1].partition(":")[0]
    assert invoke("maintenance", "cancel", window, *place)[0] == 0
    code, _, errors = invoke("maintenance", "cancel", window, *place)
    assert code == 1
    assert len(errors.splitlines()) == 1


def test_without_windows_the_list_says_so(place: tuple[str, ...]) -> None:
    assert invoke("maintenance", "list", *place) == (0, "no maintenance windows\n", "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "goethee", "--until", "2h", "--reason", "x"), "did you mean goethe"),
        (("add", "goethe", "--until", "soon", "--reason", "x"), "soon"),
        (
            ("add", "goethe", "--until", "2020-01-01 10:00", "--reason", "x"),
            "is not after the start",
        ),
        (("add", "goethe", "--until", "1h", "--from", "2h", "--reason", "x"), ""),
        (("add", "goethe", "--until", "2h", "--reason", ""), "reason"),
        (("cancel", "none"), "none"),
    ],
)
def test_invalid_windows_are_refused_in_one_line(
    place: tuple[str, ...], arguments: tuple[str, ...], told: str
) -> None:
    code, output, errors = invoke("maintenance", *arguments, *place)
    assert (code, output) == (1, "")
    assert errors.startswith("error: ")
    assert len(errors.splitlines()) == 1
    assert told in errors


def test_a_missing_state_folder_is_reported(place: tuple[str, ...], tmp_path: Path) -> None:
    gone = ("--state-dir", str(tmp_path / "none"))
    code, _, errors = invoke(
        "maintenance", "add", "goethe", "--until", "2h", "--reason", "x", *place, *gone
    )
    assert code == 1
    assert len(errors.splitlines()) == 1


def test_without_the_daemons_folder_the_error_names_the_option(
    place: tuple[str, ...], tmp_path: Path
) -> None:
    wish = ("--until", "3h", "--reason", "Umbau")
    nowhere = (*place[:2], "--state-dir", str(tmp_path / "none"))
    code, output, errors = invoke("maintenance", "add", "goethe", *wish, *nowhere)
    assert (code, output) == (1, "")
    assert errors == (
        f"error: {tmp_path}/none/maintenance.json: there is no such folder; name the daemon's with "
        "--state-dir\n"
    )


def test_a_window_of_a_school_of_another_shard_is_refused_with_the_cure(
    place: tuple[str, ...], tmp_path: Path
) -> None:
    own = Shard(1, 4).with_school("goethe")
    other = own.with_school("voede")
    assert own != other
    note_shard(tmp_path, str(own))
    wish = ("--until", "3h", "--reason", "Umbau", *place)
    assert invoke("maintenance", "add", "goethe", *wish)[0] == 0
    code, output, errors = invoke("maintenance", "add", "voede", *wish)
    assert (code, output) == (1, "")
    assert f"shard {other} monitors voede, and {tmp_path} belongs to shard {own}: name" in errors
    assert f"the --state-dir of the daemon with shard {other}" in errors
    code, _, errors = invoke("maintenance", "add", "all", *wish)
    assert (code, errors) == (
        0,
        f"warning: only for the schools of shard {own}; add it for the others\n",
    )
    for command in ("start", "cancel"):
        code, _, errors = invoke("campaign", command, "voede", *place)
        assert code == 1
        assert f"shard {other} monitors voede" in errors
    # Daemons that share a directory see the windows of all their schools.
    note_shard(tmp_path, str(other))
    assert invoke("maintenance", "add", "voede", *wish)[0] == 0
