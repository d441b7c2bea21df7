"""LibreNMS and Zabbix: routers and switches of schools that are configured."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from monitor.importing.known import known_in
from tests.importing.office import Office

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.inventory.city import Site

NUMBER = "123450"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def written(office: Office, document: object) -> Path:
    path = office.folder / "export.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def site_of(office: Office) -> Site:
    return office.school(NUMBER).sites[0]


def switches_of(office: Office) -> list[tuple[str, str]]:
    return [(one.name, one.host) for one in site_of(office).switches]


def libre(name: str, ip: str, **changes: object) -> dict[str, Any]:
    """Return a device as LibreNMS lists it."""
    return {
        "device_id": 1, "hostname": ip, "sysName": name, "ip": ip, "overwrite_ip": None,
        "type": "network", "os": "procurve", "hardware": "J9776A", "disabled": 0, "status": 1,
        "location": "Erste Schule für Größe", "purpose": None, "notes": None, "display": None,
    } | changes  # fmt: skip


def zabbix(name: str, ip: str, **changes: object) -> dict[str, Any]:
    """Return a host as `host.get` answers it."""
    return {
        "hostid": "1", "host": name, "name": name, "status": "0",
        "tags": [{"tag": "school", "value": NUMBER}],
        "interfaces": [
            {"type": "1", "main": "1", "useip": "1", "ip": "10.9.9.9", "dns": ""},
            {"type": "2", "main": "1", "useip": "1", "ip": ip, "dns": "x.example"},
        ],
        "hostgroups": [{"name": "Netz"}], "inventory": [],
    } | changes  # fmt: skip


@pytest.mark.parametrize(
    "hint",
    [
        {},
        {"location": f"{NUMBER}, Erste Schule, Hauptstr. 1"},
        {"location": "Bochum 44787", "notes": f"Schule {NUMBER}"},
        {"location": None, "hostname": "dev1.first-school.schulen.example"},
    ],
)
def test_librenms_gives_a_configured_school_its_devices(
    office: Office, hint: dict[str, object]
) -> None:
    devices = [
        libre("sw-10", "10.82.1.70", **hint),
        libre("sw-2", "10.82.1.62", **hint),
        libre("fw1", "10.82.1.250", type="firewall", **hint),
        libre("ap-gw-1", "10.82.1.99", type="wireless", **hint),
        libre("sw-3", "10.82.1.63", disabled=1, **hint),
        libre("sw-9", "10.9.0.1", location="Rathaus"),
    ]
    said = office.taken("librenms", written(office, {"status": "ok", "devices": devices}))
    assert site_of(office).uplink.host == "10.82.1.250"
    assert switches_of(office) == [("sw-2", "10.82.1.62"), ("sw-10", "10.82.1.70")]
    for sentence in (
        "disabled in the source, passed over: sw-3",
        "of no configured school, passed over: sw-9",
        f"school {NUMBER}: neither router nor switch, passed over: ap-gw-1",
    ):
        assert sentence in said
    before = office.config.read_bytes()
    said = office.taken("librenms", written(office, {"status": "ok", "devices": devices}))
    assert "nothing changes" in said
    assert office.config.read_bytes() == before


@pytest.mark.parametrize(
    ("switch", "router"),
    [
        ({}, {}),
        (
            {"tags": [], "hostgroups": [], "groups": [{"name": "Schulen/Erste Schule für Größe"}]},
            {"tags": [], "inventory": {"location": NUMBER, "type": "Router"}},
        ),
        (
            {"status": "ENABLED", "templates": [{"name": "HP Enterprise Switch by SNMP"}]},
            {"tags": [{"tag": "Schule", "value": "first-school"}, {"tag": "role", "value": "gw"}]},
        ),
    ],
)
def test_zabbix_gives_a_configured_school_its_devices(
    office: Office, switch: dict[str, object], router: dict[str, object]
) -> None:
    hosts = [
        zabbix("Keller-switch", "10.82.1.61", **switch),
        zabbix("router-1", "10.82.1.250", **router),
        zabbix("sw-off", "10.82.1.69", status="1"),
        zabbix("sw-rathaus", "10.9.0.1", tags=[]),
    ]
    said = office.taken("zabbix", written(office, {"jsonrpc": "2.0", "result": hosts}))
    assert site_of(office).uplink.host == "10.82.1.250"
    assert switches_of(office) == [("keller-switch", "10.82.1.61")]
    assert "disabled in the source, passed over: sw-off" in said
    assert "of no configured school, passed over: sw-rathaus" in said


def test_a_zabbix_export_is_read(office: Office) -> None:
    host = {
        "host": "sw-1", "name": "Switch 1", "groups": [{"name": f"Schulen/{NUMBER}"}],
        "interfaces": [{"type": "SNMP", "useip": "NO", "dns": "sw-1.example", "port": "161"}],
    }  # fmt: skip
    office.taken("zabbix", written(office, {"zabbix_export": {"version": "7.0", "hosts": [host]}}))
    assert switches_of(office) == [("switch-1", "sw-1.example")]


def test_existing_entries_are_kept_and_differences_reported(office: Office) -> None:
    text = office.config.read_text(encoding="utf-8")
    named = "    router: 10.82.1.1  # by hand\n    switches: 1\n"
    text = text.replace("    profile: grundschule\n...", f"    profile: grundschule\n{named}...")
    office.config.write_text(text, encoding="utf-8")
    devices = [libre("sw-2", "10.82.1.62"), libre("router", "10.82.1.250")]
    said = office.taken("librenms", written(office, {"devices": devices}))
    stays = "in the import; it stays until you edit that line"
    at = text[: text.index("    router:")].count("\n") + 1
    assert f"first-school: router is 10.82.1.1 in line {at}, 10.82.1.250 {stays}" in said
    assert f"switches is 1 in line {at + 1}, switch sw-2 (10.82.1.62) {stays}" in said
    assert office.config.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("kind", ["librenms", "zabbix"])
@pytest.mark.parametrize("document", [[], {"devices": 1}, {"result": [1]}, {"zabbix_export": 1}, 7])
def test_a_file_that_is_not_an_export_is_reported(
    office: Office, kind: str, document: object
) -> None:
    code, _, errors = office.take(kind, written(office, document))
    assert (code, "a response" in errors) == (1, True)


@pytest.mark.parametrize(
    ("hint", "number"),
    [
        ("123451-sw-01", "123451"),
        ("sw-123451-01", "123451"),
        ("sw-goethe-01", "123451"),
        ("goethe-annex-sw", "01A-02"),
        ("rt-01A-02", "01A-02"),
        ("sw-1234512-01", None),
        ("a-" * 100_000, None),
    ],
)
def test_a_number_or_id_between_hyphens_names_its_school(hint: str, number: str | None) -> None:
    known = known_in(
        'schools:\n  - {id: goethe, number: "123451"}\n  - {id: goethe-annex, number: 01A-02}\n'
    )
    assert known.school_of([hint]) == (number and ("number", number))
