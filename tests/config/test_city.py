"""The shipped config/schools.yaml: all schools of the sources, on the example plan."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from monitor.config import load, schema
from tests.config.yaml12 import load_yaml12

if TYPE_CHECKING:
    from monitor.inventory.city import Inventory

ROOT = Path(__file__).parents[2]
CITY = ROOT / "config" / "schools.yaml"


@pytest.fixture(scope="module")
def city() -> Inventory:
    return load(CITY)


def test_every_school_of_the_source_is_listed_with_its_data(city: Inventory) -> None:
    with (ROOT / "config/sources/schools.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 80
    found = {school.number: school for school in city.schools}
    assert len(found) == len(rows)
    for row in rows:
        school = found[row["school_number"]]
        location = school.sites[0].location
        assert location is not None
        assert (school.name, school.type, school.district) == (
            row["name"],
            row["type"],
            row["district"],
        )
        assert (location.latitude, location.longitude) == (float(row["lat"]), float(row["lon"]))


def test_additional_sites_are_where_the_list_of_the_city_has_them(city: Inventory) -> None:
    with (ROOT / "config/sources/sites_city_poi.csv").open(encoding="utf-8", newline="") as file:
        places = {(float(row["lat"]), float(row["lon"])) for row in csv.DictReader(file)}
    further = [site for school in city.schools for site in school.sites[1:]]
    assert len(further) == 19
    assert all(
        site.location and (site.location.latitude, site.location.longitude) in places
        for site in further
    )


def test_there_are_about_a_thousand_devices(city: Inventory) -> None:
    sites = [site for school in city.schools for site in school.sites]
    switches = sum(len(site.switches) for site in sites)
    assert len(sites) == 99
    assert switches == 997


def test_all_device_addresses_are_in_the_documented_block(city: Inventory) -> None:
    plan = ip_network("10.82.0.0/16")
    devices = [check.target for check in city.checks() if check.target.school]
    assert all(ip_address(target.host) in plan for target in devices)


def test_usual_school_takes_less_than_ten_lines() -> None:
    entries = re.split(r"\n  - id: ", CITY.read_text(encoding="utf-8").split("\nschools:")[1])[1:]
    assert len(entries) == 80
    single = [entry.strip().count("\n") + 1 for entry in entries if "sites:" not in entry]
    assert len(single) == 65
    assert max(single) < 10


def test_the_example_city_claims_no_milestones_and_no_maintenance(city: Inventory) -> None:
    assert not any(site.milestones for school in city.schools for site in school.sites)
    assert not any(school.maintenance for school in city.schools)


def test_the_schema_accepts_it_and_the_first_line_names_the_schema() -> None:
    data = CITY.read_bytes()
    validator = jsonschema.Draft202012Validator(
        schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    validator.validate(load_yaml12(data))
    assert data.startswith(b"# yaml-language-server: $schema=schools.schema.json\n")


def test_it_is_what_the_example_plan_generates_from_the_sources() -> None:
    made = subprocess.run(
        [sys.executable, "tools/example_plan.py"], cwd=ROOT, check=True, capture_output=True
    )
    assert made.stdout.decode() == CITY.read_text(encoding="utf-8")


def test_a_promised_total_is_not_a_reached_one_and_figures_have_sources(
    city: Inventory,
) -> None:
    goal = city.goal
    assert goal is not None
    assert goal.denominator == 82
    assert "programme page" in goal.source
    reported = {one.id: one for one in city.reported_goals}
    sums = {
        "funding-digitalpakt-schule": 21_100_000,
        "funding-gute-schule-2020": 6_000_000,
        "funding-digitalpakt-land": 5_000_000,
    }
    for name, euros in sums.items():
        assert [(one.planned, one.value) for one in reported[name].entries] == [(euros, None)]
    (connected,) = reported["schools-connected"].entries
    assert (connected.value, connected.planned) == (32, 35)
    assert reported["schools-connected"].target == 80
    assert [one.value for one in reported["tablets"].entries] == [None, 9000]
    without_figures = {name for name, one in reported.items() if not one.entries}
    assert without_figures == {
        *("office-365", "support-posts", "medienzentrum", "rooms", "science-rooms")
    }
    for one in reported.values():
        for source in (one.source, *(entry.source for entry in one.entries)):
            assert source.startswith("City of Bochum, pr"), source
