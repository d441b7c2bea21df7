"""Tables from real offices: German Excel, in every format it saves."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from monitor.importing.values import degrees
from tests.importing.office import CASES, HEAD, ROW, Office

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def with_cell(column: str, value: str) -> str:
    """Return a table with one school and a changed cell."""
    cells = ROW.split(";")
    cells[HEAD.split(";").index(column)] = value
    return f"{HEAD}\n{';'.join(cells)}\n"


@pytest.mark.parametrize("name", ["decimal_comma.csv", "trailing.csv", "umlauts.csv"])
def test_all_case_files_are_read(office: Office, name: str) -> None:
    office.taken("csv", CASES / name)
    location = office.school().sites[0].location
    assert location is not None
    assert (location.latitude, location.longitude) == (51.4812, 7.2201)


@pytest.mark.parametrize(
    "latitude",
    ["51,4812", "51.4812", "51,4812°", "N 51,4812", "51.4812 N", "51° 28' 52,32\"", " 51,4812\xa0"],
)
def test_latitudes_are_read_in_all_common_notations(office: Office, latitude: str) -> None:
    quoted = '"' + latitude.replace('"', '""') + '"'
    office.taken("csv", office.sheet(with_cell("Breite", quoted)))
    location = office.school().sites[0].location
    assert location is not None
    assert location.latitude == pytest.approx(51.4812)


@pytest.mark.parametrize("longitude", ["-0° 30'", "0° 30' W", "W 0,5", "-0.5"])
def test_a_longitude_just_west_of_greenwich_is_negative(longitude: str) -> None:
    assert degrees(longitude) == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("5704812", "UTM"),
        ("51.481.234", "are not coordinates"),
        ("", "latitude or longitude is missing"),
    ],
)
def test_an_invalid_latitude_is_reported_with_its_line(
    office: Office, text: str, said: str
) -> None:
    code, _, errors = office.take("csv", office.sheet(with_cell("Breite", text)))
    assert (code, "table.csv:2: " in errors, said in errors) == (1, True, True), errors


@pytest.mark.parametrize("empty", [";;;;;;;\n;;;;;;;\n", "\n\n  \n", "; ; ;\t;\xa0;;;\n", ";\n"])
def test_empty_rows_are_skipped(office: Office, empty: str) -> None:
    office.taken("csv", office.sheet(f"{HEAD}\n{empty}{ROW}\n{empty}"))
    assert office.school().name == "Schule am Deich"


@pytest.mark.parametrize(
    "text",
    [
        f"sep=;\n{HEAD}\n{ROW}\n",
        f"sep=;\r\n\r\n{HEAD}\r\n{ROW}\r\n",
        f"{HEAD}\n{ROW}\n".replace(";", "\t"),
        f"sep=\t\n{HEAD}\n{ROW}\n".replace(";", "\t"),
        f"{HEAD}\r{ROW}\r",
        f"Schulen der Stadt, Stand 1.10.2026;;;;;;;\n;;;;;;;\n{HEAD}\n{ROW}\n",
        f"{HEAD}\n{ROW}\n".replace("51,4812", '"51,4812"').replace("7,2201", '"7,2201"')
        .replace(";", ","),
        f"{HEAD}\n{ROW}\n".replace(";", "|"),
    ],
)  # fmt: skip
def test_all_common_separators_are_accepted(office: Office, text: str) -> None:
    office.taken("csv", office.sheet(text))
    school = office.school()
    location = school.sites[0].location
    assert location is not None
    assert (school.name, location.latitude) == ("Schule am Deich", 51.4812)


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"],
)
def test_all_common_encodings_are_accepted(office: Office, encoding: str) -> None:
    name = "Größenschule" if encoding == "latin-1" else "Größenschule – Süd"
    office.taken("csv", office.sheet(with_cell("Schulname", name), encoding))
    assert office.school().name == name


def test_the_guessed_encoding_is_reported(office: Office) -> None:
    said = office.taken("csv", office.sheet(with_cell("Schulname", "Süd"), "cp1252"))
    assert "read as Windows-1252" in said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04\x14\0\x06\0", "an Excel or LibreOffice workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook"),
        (b"number,name\n1,\x00\x01\x02\x81\n", "is not text"),
    ],
)
def test_a_file_that_is_not_a_table_is_named(office: Office, data: bytes, said: str) -> None:
    path = office.folder / "table.csv"
    path.write_bytes(data)
    code, _, errors = office.take("csv", path)
    assert (code, said in errors) == (1, True), errors


@pytest.mark.parametrize(
    "head",
    [
        '"Schul-\nnummer"', '"Schul-\r\nnummer"', '"Schulnummer\n(amtlich)"', "Schul-Nr.",
        "SCHULNUMMER ", "Schulnummer\xa0", "school_number",
    ],
)  # fmt: skip
def test_headers_are_read_as_people_format_them(office: Office, head: str) -> None:
    office.taken("csv", office.sheet(f"{HEAD.replace('Schulnummer', head)}\n{ROW}\n"))
    assert office.school().name == "Schule am Deich"


@pytest.mark.parametrize(
    "number",
    ["123451.0", "123451,0", "123451,00", "123.451", "123 451", '"=""123451"""', "'123451"],
)
def test_numbers_are_read_as_spreadsheets_write_them(office: Office, number: str) -> None:
    office.taken("csv", office.sheet(with_cell("Schulnummer", number)))
    assert office.school().name == "Schule am Deich"


def test_a_number_shortened_by_the_spreadsheet_is_refused(office: Office) -> None:
    code, _, errors = office.take("csv", office.sheet(with_cell("Schulnummer", "1,23E+05")))
    assert (code, "shortened" in errors, ":2:" in errors) == (1, True, True)


def test_unknown_columns_are_named(office: Office) -> None:
    text = f"{HEAD};Telefon;E-Mail\n{ROW};0234;x@example.org\n"
    said = office.taken("csv", office.sheet(text))
    assert "these columns are not used: Telefon, E-Mail" in said


def test_a_column_given_twice_is_named(office: Office) -> None:
    said = office.taken("csv", office.sheet(f"{HEAD};Name\n{ROW};Anders\n"))
    assert "not used: Name" in said
    assert office.school().name == "Schule am Deich"


@pytest.mark.parametrize(
    ("switches", "hosts"),
    [
        ("10.82.2.40, 10.82.2.41", {"switch-01": "10.82.2.40", "switch-02": "10.82.2.41"}),
        ('"10.82.2.40\n10.82.2.41"', {"switch-01": "10.82.2.40", "switch-02": "10.82.2.41"}),
        ("Keller=10.82.2.40/24 OG=10.82.2.41", {"keller": "10.82.2.40", "og": "10.82.2.41"}),
        ("1", {"switch-01": "10.82.2.11"}),
        ("3,0", {f"switch-0{n}": f"10.82.2.1{n}" for n in (1, 2, 3)}),
    ],
)
def test_router_and_switches_are_read_from_columns(
    office: Office, switches: str, hosts: dict[str, str]
) -> None:
    office.taken("csv", office.sheet(f"{HEAD};Router;Switches\n{ROW};10.82.2.254/24;{switches}\n"))
    (site,) = office.school().sites
    assert site.uplink.host == "10.82.2.254"
    assert {one.name: one.host for one in site.switches} == hosts


def test_every_bad_row_is_named_in_one_run(office: Office) -> None:
    bad = ROW.replace("51,4812", "north").replace("123451", "123452")
    text = f"{HEAD}\n{bad}\n{ROW.replace('123451', '')}\n{ROW};extra\n"
    code, _, errors = office.take("csv", office.sheet(text))
    assert code == 1
    for said in ("csv:2: 'north'", "csv:3: no number", "csv:4: 9 values in 8 columns"):
        assert said in errors


@pytest.mark.parametrize("locale", ["de_DE.ISO-8859-1", "C", "POSIX"])
def test_utf_8_is_written_whatever_the_locale(office: Office, locale: str) -> None:
    """In a process of its own, in the mode in which the locale decides."""
    environment = os.environ | {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "monitor", "import", "csv", str(CASES / "umlauts.csv")]
    command += ["--config", str(office.config), "--yes"]
    result = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=300)
    assert result.returncode == 0, result.stderr
    office.config.read_text(encoding="utf-8")
    assert office.school().name == "Schule für Größe"
