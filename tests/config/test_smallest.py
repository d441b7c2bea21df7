"""Three lines are a city: nothing is assumed that the file does not say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.calendar.machine_zone import FALLBACK, machine_zone
from monitor.config import ConfigError, load_text
from monitor.inventory.checks import CheckKind

if TYPE_CHECKING:
    from monitor.inventory.city import Inventory

GOOD = Path(__file__).parent / "corpus" / "good"
THREE_LINES = (GOOD / "three-lines.yaml").read_bytes()


def city(text: bytes = THREE_LINES) -> Inventory:
    return load_text(text, "schools.yaml")


def test_three_lines_are_only_pinged() -> None:
    found = city()
    assert [(check.id, check.kind) for check in found.checks()] == [
        ("goethe-schule/main/router/icmp", CheckKind.ICMP),
        ("schiller-schule/main/router/icmp", CheckKind.ICMP),
    ]
    assert [school.name for school in found.schools] == ["Goethe-Schule", "Schiller-Schule"]
    uplinks = [school.sites[0].uplink for school in found.schools]
    assert [(one.contract, one.provider, one.throughput) for one in uplinks] == [
        (None, "", None)
    ] * 2
    assert [school.sites[0].location for school in found.schools] == [None, None]
    assert found.calendar.is_machine_zone
    assert not found.references
    assert not found.has_end_mark


def test_a_credential_makes_the_devices_read() -> None:
    text = (
        b"credentials: {devices: {environment: X}}\ndefaults: {snmp: {credential: devices}}\n"
        + THREE_LINES
    )
    kinds = [check.kind for check in city(text).checks()]
    assert kinds == [CheckKind.ICMP, CheckKind.INTERFACES] * 2


def test_a_contract_belongs_to_a_single_school() -> None:
    found = load_text((GOOD / "one-contract-among-many.yaml").read_bytes(), "schools.yaml")
    assert [school.sites[0].uplink.provider for school in found.schools] == ["Provider A", "", ""]
    assert [len(school.sites[0].switches) for school in found.schools] == [0, 0, 2]
    kinds = {check.kind for check in found.checks()}
    assert kinds == {CheckKind.ICMP}


def test_a_contract_is_complete_or_absent() -> None:
    text = THREE_LINES.replace(b"192.0.2.10}", b"192.0.2.10, contract: {up: 1 Gbit/s}}")
    with pytest.raises(ConfigError, match="the contract lacks provider, down, normal_down"):
        city(text)


def test_names_must_refer_to_something_that_exists() -> None:
    text = THREE_LINES.replace(b"192.0.2.10}", b"192.0.2.10, snmp: {credential: devices}}")
    with pytest.raises(ConfigError, match="“devices” is not an entry of credentials"):
        city(text)


def test_throughput_is_not_tested_without_a_contract() -> None:
    text = b"defaults: {throughput: {method: iperf3}}\n" + THREE_LINES
    assert city(text).schools[0].sites[0].uplink.throughput is None


def test_any_school_type_is_allowed_without_lesson_hours() -> None:
    text = THREE_LINES.replace(b"192.0.2.10}", b"192.0.2.10, type: Gymnasium}")
    assert city(text).schools[0].type == "Gymnasium"
    with pytest.raises(ConfigError, match="is not an entry of lessons"):
        city(b"lessons: {Grundschule: []}\n" + text)


def test_the_machine_zone_comes_from_variable_link_or_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, named = tmp_path / "localtime", tmp_path / "timezone"
    monkeypatch.setenv("TZ", "Europe/Lisbon")
    assert machine_zone(link, named) == "Europe/Lisbon"
    monkeypatch.setenv("TZ", "nonsense")
    assert machine_zone(link, named) == FALLBACK
    named.write_text("Europe/Vienna\n", encoding="utf-8")
    assert machine_zone(link, named) == "Europe/Vienna"
    link.symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    assert machine_zone(link, named) == "Europe/Berlin"
