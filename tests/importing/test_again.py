"""A city kept in NetBox: the file created from it, and the same import weeks later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from monitor.config import load
from tests.cli.test_main import invoke
from tests.importing.test_netbox import answer, device, site

if TYPE_CHECKING:
    from pathlib import Path

AT = {"id": 123451, "name": "Schule 123451", "slug": "schule-123451"}


def bare() -> dict[str, Any]:
    """Return a site without a network: its router and switches are its devices."""
    return site(custom_fields={"school_type": "Grundschule"})


class City:
    """A configuration file that may be missing, and imports of NetBox's responses into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "new" / "schools.yaml"
        self.router = "10.82.2.1"
        self.switches = {"sw-1": "10.82.2.11", "sw-2": "10.82.2.12"}

    def write(self, text: str) -> None:
        self.config.parent.mkdir(exist_ok=True)
        self.config.write_text(text, encoding="utf-8")

    def text(self) -> str:
        return self.config.read_text(encoding="utf-8")

    def take(self, *sites: dict[str, Any]) -> tuple[int, str]:
        """Return the exit code and all output of an import of sites and the school's devices."""
        devices = [device("rt-1", "Router", self.router, site=AT)]
        devices += [device(name, "Switch", host, site=AT) for name, host in self.switches.items()]
        files = answer(self.folder, "s", *sites), answer(self.folder, "d", *devices)
        arguments = ("import", "netbox", *files, "--config", self.config, "--yes")
        code, output, errors = invoke(*arguments)
        return code, output + errors

    def taken(self, *sites: dict[str, Any]) -> str:
        code, said = self.take(*sites)
        assert code == 0, said
        return said


@pytest.fixture
def city(tmp_path: Path) -> City:
    return City(tmp_path)


def line_of(text: str, part: str) -> int:
    return next(at for at, line in enumerate(text.splitlines(), 1) if part in line)


def test_an_import_creates_a_missing_file(city: City) -> None:
    said = city.taken(bare())
    assert "schools.yaml does not exist; this import begins it" in said
    (school,) = load(city.config).schools
    assert (school.number, school.sites[0].uplink.host) == ("123451", "10.82.2.1")
    assert city.text().startswith("# What schulnetz monitors.")
    assert "# city:\n#   name: Bochum\n" in city.text()
    assert city.config.stat().st_mode & 0o777 == 0o644
    assert "nothing changes" in city.taken(bare())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "# ours\n",
        "# ours",
        "# ours\n...\n",
        "version: 1\n",
        "version: 1\n...\n",
        "schools:\n",
        "schools:",
        "schools: []\n",
        "schools: []  # none yet\ncity: {name: Bochum}\n",
        "schools: ~\n...\n",
    ],
)
def test_an_import_creates_the_list_in_a_file_without_schools(city: City, text: str) -> None:
    city.write(text)
    city.taken(bare())
    assert [one.id for one in load(city.config).schools] == ["schule-123451"]
    for comment in ("# ours", "# none yet", "city: {name: Bochum}"):
        assert (comment in city.text()) == (comment in text)


def test_an_import_without_schools_creates_no_file(city: City) -> None:
    export = city.folder / "export.json"
    export.write_text('{"devices": []}')
    code, _, errors = invoke("import", "librenms", export, "--config", city.config, "--yes")
    assert (code, "nor this import has schools; begin the file" in errors) == (
        1,
        True,
    )
    assert not city.config.exists()


def test_a_school_without_a_number_is_matched_by_its_id(city: City) -> None:
    city.write("schools:\n  - id: schule-123451  # the first\n    router: 10.82.2.1\n...\n")
    assert "0 schools added, 1 updated" in city.taken(bare())
    assert city.text() == (
        'schools:\n  - id: schule-123451  # the first\n    number: "123451"\n'
        '    name: "Schule 123451"\n    type: Grundschule\n    district: Nord\n'
        "    location: [51.4812, 7.2201]\n    router: 10.82.2.1\n    switches:\n"
        "      - {name: sw-1, host: 10.82.2.11}\n      - {name: sw-2, host: 10.82.2.12}\n...\n"
    ).replace('"Schule 123451"', "Schule 123451")


def test_a_slug_of_netbox_becomes_an_id(city: City) -> None:
    city.taken(bare() | {"slug": f"Schule_{'x' * 90}"})
    assert load(city.config).schools[0].id == f"schule-{'x' * 41}"


@pytest.mark.parametrize("place", ["router: 10.82.2.1", "network: 10.82.2.0/24"])
def test_a_school_without_a_number_is_matched_by_its_router(city: City, place: str) -> None:
    city.write(f"schools:\n  - id: am-wall\n    name: Wall\n    {place}\n")
    said = city.taken(bare())
    assert "school 123451 is am-wall in the file, by its router 10.82.2.1" in said
    assert "am-wall: name: Schule 123451 replaces Wall in line 4" in said
    (school,) = load(city.config).schools
    assert (school.id, school.number, school.district) == ("am-wall", "123451", "Nord")


def test_an_uncertain_match_is_named_with_the_cure(city: City) -> None:
    city.router = "10.82.2.9"
    city.write("schools:\n  - {id: am-wall, name: Schule 123451, router: 10.82.2.1}\n")
    code, said = city.take(bare())
    assert code == 1
    assert "school 123451 has the name of am-wall, which has no number" in said
    assert 'give am-wall `number: "123451"`' in said


def test_an_id_of_another_school_is_named_with_line_and_cure(city: City) -> None:
    city.write('schools:\n  - id: schule-123451\n    number: "999999"\n    router: 10.82.2.1\n')
    code, said = city.take(bare())
    assert code == 1
    assert "schools.yaml:3: school 123451 of the import has the id schule-123451" in said
    assert 'write `number: "123451"` here' in said


def test_new_switches_are_added_and_lost_or_moved_ones_are_named(city: City) -> None:
    city.taken(bare())
    city.switches = {"sw-2": "10.82.2.92", "sw-3": "10.82.2.13"}
    said = city.taken(bare())
    text = city.text()
    gone, moved = (line_of(text, part) for part in ("10.82.2.11", "10.82.2.12"))
    assert f"switch sw-1 (10.82.2.11) in line {gone} is not in the import" in said
    assert f"switch sw-2 is 10.82.2.12 in line {moved}, 10.82.2.92 in the import" in said
    assert "      - {name: sw-3, host: 10.82.2.13}\n...\n" in text
    (school,) = load(city.config).schools
    hosts = [one.host for one in school.sites[0].switches]
    assert hosts == ["10.82.2.11", "10.82.2.12", "10.82.2.13"]


def test_a_router_that_differs_is_named_with_both_addresses_and_its_line(city: City) -> None:
    city.taken(bare())
    city.write(city.text().replace("    district: Nord\n", ""))
    city.router = "10.82.2.254"
    said = city.taken(bare())
    at = line_of(city.text(), "router: 10.82.2.1")
    kept = f"router is 10.82.2.1 in line {at}, 10.82.2.254 in the import; it stays until you edit"
    assert f"schule-123451: {kept} that line" in said
    assert "    district: Nord\n" in city.text()


def test_a_school_retired_or_missing_in_the_import_is_named_and_kept(city: City) -> None:
    far = site("123452", custom_fields={"school_network": "10.82.3.0/24"})
    other = site("123453", custom_fields={"school_network": "10.82.4.0/24"})
    city.taken(bare(), far, other)
    before = city.text()
    said = city.taken(site(status={"value": "retired"}), other)
    first, second = (line_of(before, f"id: schule-{number}") for number in (123451, 123452))
    assert f"schule-123451 (line {first}): retired in the import, but still watched" in said
    assert f"schule-123452 (line {second}): missing in the import, but still watched" in said
    assert "to close one, remove its lines (docs/importing.md, “Closing a school”)" in said
    assert "passed over: 1 site, 3 devices; --verbose names them" in said
    assert city.text() == before


@pytest.mark.parametrize(
    ("school", "said"),
    [
        (
            "  - {id: a, number: '123451', router: 10.82.2.1}\n",
            "a: enter by hand in line 2: switch sw-1 (10.82.2.11), switch sw-2 (10.82.2.12)",
        ),
        (
            "  - {id: a, number: '123451', switches: [{name: x, host: 10.82.2.11}]}",
            "a: new in the import: switch sw-2 (10.82.2.12); enter by hand in line",
        ),
        (
            "  - {id: a, number: '123451', sites: [{id: x, router: 10.82.2.1}]}\n",
            "a: it has several sites; in line 2, enter by hand: switch sw-1 (10.82.2.11), switch",
        ),
    ],
)
def test_changes_that_cannot_be_written_are_named_with_the_line(
    city: City, school: str, said: str
) -> None:
    city.write(f"schools:\n{school}\n")
    assert said in city.taken({"id": 123451, "facility": "123451", "name": "", "slug": ""})


def test_switches_are_added_after_multi_line_entries(city: City) -> None:
    city.write(
        "schools:\n- id: a\n  number: '123451'\n  switches:\n  - name: sw-2\n"
        "    host: 10.82.2.11  # renamed\n  # end of the list\n  router: 10.82.2.1\n"
    )
    city.taken({"id": 123451, "facility": "123451", "name": "", "slug": ""})
    (school,) = load(city.config).schools
    assert [(one.name, one.host) for one in school.sites[0].switches] == [
        ("sw-2", "10.82.2.11"),
        ("sw-2-2", "10.82.2.12"),
    ]
    assert "    host: 10.82.2.11  # renamed\n  - {name: sw-2-2, host: 10.82.2.12}\n" in city.text()


def test_long_or_similar_names_get_distinct_ids(city: City) -> None:
    long = "Städtische Gemeinschaftsgrundschule Wilhelm-Leuschner-Straße, Standort "
    table = "number;name;router\n" + "".join(
        f'{123449 + at};"{long}{name}";10.82.{at}.1\n' for at, name in ((3, "Nord"), (4, "Süd"))
    )
    (city.folder / "table.csv").write_text(table, encoding="utf-8")
    arguments = ("import", "csv", city.folder / "table.csv", "--config", city.config, "--yes")
    assert invoke(*arguments)[0] == 0
    first, second = (one.id for one in load(city.config).schools)
    assert (first, len(first)) == ("staedtische-gemeinschaftsgrundschule-wilhelm-leu", 48)
    assert (second, len(second)) == (f"{first[:41].rstrip('-')}-123453", 48)
    assert "nothing changes" in invoke(*arguments)[1]
    third = f'{table}123454;"{long}West";10.82.9.1\n'
    (city.folder / "table.csv").write_text(third, encoding="utf-8")
    assert invoke(*arguments)[0] == 0
    assert load(city.config).schools[-1].id.endswith("-123454")


def test_an_id_shared_by_several_import_rows_matches_no_school(city: City) -> None:
    city.write("schools:\n  - id: nord\n    router: 10.82.9.1\n")
    table = "number;name;router\n123452;Nord;10.82.3.1\n123453;Nord;10.82.4.1\n"
    (city.folder / "table.csv").write_text(table, encoding="utf-8")
    arguments = ("import", "csv", city.folder / "table.csv", "--config", city.config, "--yes")
    code, _, errors = invoke(*arguments)
    assert (code, "schools 123452 and 123453 of the import have the id nord" in errors) == (1, True)


def test_devices_are_matched_to_a_school_without_a_number(city: City) -> None:
    city.write("schools:\n  - id: schule-123451\n    router: 10.82.2.1\n")
    devices = answer(city.folder, "d", device("sw-1", "Switch", "10.82.2.11", site=AT))
    code, _, errors = invoke("import", "netbox", devices, "--config", city.config, "--yes")
    assert (code, errors) == (0, "")
    (school,) = load(city.config).schools
    assert [one.host for one in school.sites[0].switches] == ["10.82.2.11"]
