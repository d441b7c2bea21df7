"""`schulnetz import`: shown first, asked, checked whole, written as a whole."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from monitor.cli import merging
from monitor.cli.main import main
from monitor.config import load
from tests.cli.test_main import TOWN, invoke

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """\
Schulnummer;Name;Schulform;Stadtteil;Breite;Länge;Netz
100002;Goethe-Gymnasium;Grundschule;Mitte;51.48;7.22;
100099;Neue Schule;Grundschule;Nord;51.5;7.25;127.82.99.0/24
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = TOWN.write(tmp_path / "schools.yaml")
    path.chmod(0o640)
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text(TABLE, encoding="utf-8-sig")
    return path


def test_the_change_is_shown_and_written_after_yes(config: Path, table: Path) -> None:
    arguments = ["import", "csv", str(table), "--config", str(config)]
    result = CliRunner().invoke(main, arguments, input="y\n")
    assert result.exit_code == 0, result.stderr
    assert "-    name: Goethe-Schule\n+    name: Goethe-Gymnasium\n" in result.stdout
    assert "1 school added, 1 updated" in result.stdout
    names = {one.id: one.name for one in load(config).schools}
    assert names["goethe"] == "Goethe-Gymnasium"
    assert names["neue-schule"] == "Neue Schule"
    assert config.stat().st_mode & 0o777 == 0o640
    code, said, _ = invoke(*arguments)
    assert (code, "nothing changes" in said) == (0, True)


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_nothing_is_written_without_yes(config: Path, table: Path, answer: str) -> None:
    before = config.read_bytes()
    CliRunner().invoke(main, ["import", "csv", str(table), "--config", str(config)], input=answer)
    assert config.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\nGoethe\n", ":1: no column with the schools' numbers"),
        ("number,name\n,Goethe\n", ":2: no number"),
        ("number,lat,lon\n100002,north,7\n", ":2: 'north', '7' are not coordinates"),
        ("number\n100002\n100002\n", "occur twice: 100002"),
        ("number\n100077\n", "school 100077 is new; it needs a name or an id"),
        (
            "number,name\n100077,New\n",
            "school 100077 is new and has neither a router nor a network in the import",
        ),
        ("number,lat,lon\n100002,99,7\n", "nothing was written; the new file would not be valid"),
    ],
)
def test_a_bad_table_is_reported_with_its_place_and_writes_nothing(
    config: Path, table: Path, text: str, said: str
) -> None:
    before = config.read_bytes()
    table.write_text(text)
    code, _, errors = invoke("import", "csv", table, "--config", config, "--yes")
    assert code == 1
    assert said in errors
    assert config.read_bytes() == before


def site(**changes: object) -> dict[str, object]:
    return {
        "name": "Neue Schule",
        "slug": "neue-schule",
        "facility": "100099",
        "region": {"id": 1, "name": "Nord"},
        "latitude": 51.5,
        "longitude": 7.25,
        "custom_fields": {
            "school_type": "Grundschule",
            "school_profile": None,
            "school_network": "127.82.99.0/24",
        },
    } | changes


def test_sites_of_netbox_become_schools(config: Path, tmp_path: Path) -> None:
    export = tmp_path / "sites.json"
    export.write_text(json.dumps({"count": 1, "next": None, "results": [site()]}))
    code, _, errors = invoke("import", "netbox", export, "--config", config, "--yes")
    assert code == 0
    assert re.fullmatch(r"voede \(line \d+\), goethe .*: missing in the import, [^\n]+\n", errors)
    (found,) = (one for one in load(config).schools if one.id == "neue-schule")
    assert (found.number, found.district, found.type) == ("100099", "Nord", "Grundschule")


def test_a_url_without_a_scheme_is_reported_as_such(config: Path) -> None:
    code, _, errors = invoke("import", "netbox", "netbox.example:8000", "--config", config)
    assert code == 1
    assert errors == (
        "error: netbox.example:8000: there is no such file; name a file that is here, or an "
        "address that begins with https://\n"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not a response of NetBox"),
        ("[]", "not a response of NetBox"),
        (json.dumps({"results": [], "next": "https://netbox.example/?offset=50"}), "limit=0"),
        (json.dumps({"results": [site(latitude="north")]}), "site 'Neue Schule': 'north'"),
    ],
)
def test_a_response_not_from_netbox_is_reported(
    config: Path, tmp_path: Path, text: str, said: str
) -> None:
    export = tmp_path / "sites.json"
    export.write_text(text)
    code, _, errors = invoke("import", "netbox", export, "--config", config, "--yes")
    assert (code, said in errors) == (1, True)


def test_a_change_of_the_file_during_the_question_is_kept(
    config: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = config.read_text(encoding="utf-8").replace("Goethe-Schule", "Anna-Schule")

    def answer(_: str) -> bool:
        config.write_text(changed, encoding="utf-8")
        return True

    monkeypatch.setattr(merging, "ask", answer)
    code, _, errors = invoke("import", "csv", table, "--config", config)
    assert (code, "was changed meanwhile; run this again" in errors) == (1, True)
    assert config.read_text(encoding="utf-8") == changed
