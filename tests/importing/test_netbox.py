"""NetBox's sites and devices become schools with their routers and switches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from monitor.config.rows import NamedHost
from monitor.importing.known import Known
from monitor.importing.netbox import schools_of
from tests.importing.office import CASES, Office

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def site(number: str = "123451", **changes: object) -> dict[str, Any]:
    """Return a site as NetBox 4 answers it."""
    return {
        "id": int(number or "0"),
        "name": f"Schule {number}",
        "slug": f"schule-{number}",
        "status": {"value": "active", "label": "Active"},
        "region": {"id": 1, "name": "Nord", "slug": "nord"},
        "facility": number,
        "latitude": 51.4812,
        "longitude": 7.2201,
        "custom_fields": {
            "school_type": "Grundschule",
            "school_profile": "grundschule",
            "school_network": "10.82.2.0/24",
        },
    } | changes


def device(name: str, role: str, address: str | None, **changes: object) -> dict[str, Any]:
    """Return a device as NetBox 4 answers it."""
    return {
        "id": 7,
        "name": name,
        "display": name or "device 7",
        "device_type": {"id": 1, "model": "x"},
        "role": {"id": 1, "name": role, "slug": role.lower().replace(" ", "-")},
        "site": {"id": 123451, "name": "Schule 123451", "slug": "schule-123451"},
        "status": {"value": "active", "label": "Active"},
        "primary_ip": {"id": 1, "address": address, "family": 4} if address else None,
    } | changes


def answer(folder: Path, name: str, *entries: object, **changes: object) -> Path:
    """Write NetBox's response."""
    path = folder / name
    said = {"count": len(entries), "next": None, "previous": None, "results": entries} | changes
    path.write_text(json.dumps(said), encoding="utf-8")
    return path


def test_all_case_files_are_read(office: Office) -> None:
    said = office.taken("netbox", CASES / "nofacility.json")
    assert "passed over: Rathaus" in said
    assert office.school().district == "Nord"


@pytest.mark.parametrize(
    ("school_type", "profile"),
    [
        ("Grundschule", "grundschule"),
        ({"value": 3, "label": "Grundschule"}, {"value": 1, "label": "grundschule"}),
        ({"value": "Grundschule", "label": "Primary"}, {"value": "grundschule", "label": "GS"}),
        ({"id": 1, "name": "Grundschule", "slug": "grundschule"}, {"id": 2, "name": "grundschule"}),
        (["grundschule"], ["GRUNDSCHULE"]),
        ([{"value": "a", "label": "Grundschule"}], [{"value": "grundschule", "label": "b"}]),
    ],
)
def test_selections_are_read_by_value_or_label(
    office: Office, school_type: object, profile: object
) -> None:
    fields = {"school_type": school_type, "school_profile": profile}
    network = {"school_network": "10.82.2.0/24"}
    office.taken("netbox", answer(office.folder, "s", site(custom_fields=fields | network)))
    school = office.school()
    assert (school.type, len(school.sites[0].switches)) == ("Grundschule", 2)


def test_a_site_with_selections_is_read(office: Office) -> None:
    office.taken("netbox", CASES / "select_v2.json")
    assert office.school().type == "Grundschule"


def test_network_and_region_may_be_objects(office: Office) -> None:
    fields = site()["custom_fields"] | {
        "school_network": {"id": 1, "display": "10.82.2.0/24", "prefix": "10.82.2.0/24"}
    }
    entry = site(custom_fields=fields, region={"id": 1, "display": "Süd"})
    office.taken("netbox", answer(office.folder, "s", entry))
    assert office.school().district == "Süd"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (site("", name="Rathaus"), "not a school number, passed over: Rathaus (empty)"),
        (
            site("", name="Bauhof", facility="RZ Keller 2"),
            "sites whose facility is not a school number, passed over: Bauhof (RZ Keller 2)",
        ),
        (site("", name="Depot", facility="1,23E+05"), "number, passed over: Depot (1,23E+05)"),
        (site("123459", status={"value": "retired"}), "retired sites, passed over: Schule 123459"),
        (site("123459", status="decommissioning"), "retired sites, passed over: Schule 123459"),
    ],
)
def test_foreign_and_retired_sites_are_skipped_and_named(
    office: Office, entry: dict[str, Any], said: str
) -> None:
    assert said in office.taken("netbox", answer(office.folder, "s", entry, site()))
    assert office.school().name == "Schule 123451"


@pytest.mark.parametrize(
    ("field", "entry"),
    [
        ("slug", site(slug="123451", facility="HQ-1")),
        ("custom_fields.official", site(facility=None)),
    ],
)
def test_the_number_is_read_from_the_named_field(
    office: Office, field: str, entry: dict[str, Any]
) -> None:
    entry["custom_fields"] = entry["custom_fields"] | {"official": 123451}
    other = site("", name="Rathaus", facility="999999")
    sites = answer(office.folder, "s", entry, other)
    said = office.taken("netbox", sites, "--number-from", field)
    value = {"slug": "schule-", "custom_fields.official": "empty"}[field]
    assert f"sites whose {field} is not a school number, passed over: Rathaus ({value})" in said
    assert office.school().name == "Schule 123451"


def test_a_field_without_numbers_is_refused_naming_fields_with_numbers(
    office: Office,
) -> None:
    entry = site(facility="HQ-1", custom_fields={"official": "123451"})
    sites = answer(office.folder, "s", entry)
    code, _, errors = office.take("netbox", sites, "--number-from", "official")
    cure = "no site has the field 'official'; school numbers are in custom_fields.official"
    assert (code, errors) == (1, f"error: {cure}\n")
    said = office.taken("netbox", sites)
    assert "number in facility; try --number-from custom_fields.official\n" in said
    assert "passed over: 1 site; --verbose names them" in said
    code, _, errors = office.take(
        "netbox", answer(office.folder, "n", site("")), "--number-from", "x"
    )
    assert (code, "'x'; no other field has school numbers" in errors) == (1, True)


def test_skipped_sites_are_named_if_anything_changes_and_counted_otherwise(
    office: Office,
) -> None:
    sites = [site("", name=f"Amt {at}", facility=f"HQ-{at}") for at in range(12)]
    export = answer(office.folder, "s", site(), *sites)
    devices = answer(office.folder, "d", device("AP-1", "Access Point", "10.82.2.99/24"))
    first = office.taken("netbox", export, devices)
    assert "Amt 9 (HQ-9) and 2 more\n" in first
    assert "neither router nor switch, passed over: AP-1\n" in first
    again = office.taken("netbox", export, devices)
    assert "passed over: 12 sites, 1 device; --verbose names them\n" in again
    assert "AP-1" not in again
    whole = office.taken("netbox", export, devices, "--verbose")
    assert "Amt 10 (HQ-10), Amt 11 (HQ-11)\n" in whole
    assert "neither router nor switch, passed over: AP-1\n" in whole
    assert "--verbose" not in whole


def test_devices_become_router_and_switches(office: Office) -> None:
    sites = answer(office.folder, "sites.json", site())
    devices = answer(
        office.folder,
        "devices.json",
        device("SW-10", "Access Switch", "10.82.2.30/24"),
        device("SW-2", "Access Switch", "10.82.2.22/24"),
        device("RT-1", "Edge Router", "10.82.2.254/24"),
        device("AP-1", "Access Point", "10.82.2.99/24"),
        device("SW-9", "Access Switch", None),
        device("SW-8", "Access Switch", "10.82.2.28/24", status={"value": "inventory"}),
        device("RH-1", "Router", "10.99.0.1/24", site={"id": 9, "name": "Rathaus"}),
    )
    said = office.taken("netbox", sites, devices)
    (place,) = office.school().sites
    assert place.uplink.host == "10.82.2.254"
    assert [(one.name, one.host) for one in place.switches] == [
        ("sw-2", "10.82.2.22"),
        ("sw-10", "10.82.2.30"),
    ]
    for sentence in (
        "neither router nor switch, passed over: AP-1",
        "without an address, passed over: SW-9",
        "devices not in use by their status, passed over: SW-8 (inventory)",
        "devices of Rathaus, which is not a school of this import, passed over: RH-1",
    ):
        assert sentence in said


def test_devices_of_netbox_2_have_a_device_role_and_two_primary_addresses(office: Office) -> None:
    old = device("gw", "x", None) | {"primary_ip4": {"address": "10.82.2.250/24"}}
    old |= {"role": None, "device_role": {"name": "Firewall", "slug": "fw"}}
    sites = answer(office.folder, "s", site())
    said = office.taken("netbox", sites, answer(office.folder, "d", old))
    assert "passed over" not in said
    assert office.school().sites[0].uplink.host == "10.82.2.250"


def test_pages_are_joined_and_a_missing_one_is_reported(office: Office) -> None:
    first = answer(office.folder, "1", site("123451"), count=2, next="https://x/?offset=1")
    other = site("123452")
    other["custom_fields"] = other["custom_fields"] | {"school_network": "10.82.3.0/24"}
    second = answer(office.folder, "2", other, count=2)
    code, _, errors = office.take("netbox", first)
    assert (code, "only a part of the sites" in errors) == (1, True)
    office.taken("netbox", first, second)
    assert office.school("123452").name == "Schule 123452"


def test_every_bad_site_is_named_in_one_run(office: Office) -> None:
    bad = site("123452", latitude="north"), site("123453", latitude=None)
    code, _, errors = office.take("netbox", answer(office.folder, "s", *bad, site()))
    assert code == 1
    assert "site 'Schule 123452': 'north'" in errors
    assert "site 'Schule 123453': latitude or longitude is missing" in errors


def test_devices_at_two_sites_of_one_school_are_one_school() -> None:
    places = [{"id": at, "name": f"123451 Haus {at}"} for at in (1, 2)]
    devices = [
        device("rt", "Router", "10.82.2.1/24", site=places[0]),
        device("sw", "Switch", "10.82.2.11/24", site=places[1]),
    ]
    known = Known(schools={"123451": ("number", "123451")})
    (row,) = schools_of([], devices, known).rows
    assert row == {
        "number": "123451",
        "router": "10.82.2.1",
        "switches": [NamedHost("sw", "10.82.2.11")],
    }
