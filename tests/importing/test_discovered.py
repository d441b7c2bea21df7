"""Which of the devices that answered is the router, and which are switches."""

from __future__ import annotations

import pytest

from monitor.config.rows import NamedHost
from monitor.importing.devices import Device, Role
from monitor.importing.discovered import Answer, school_of

SCHOOL: dict[str, str] = {"id": "goethe"}


@pytest.mark.parametrize(
    ("answer", "role"),
    [
        (Answer("h", reads_snmp=True, name="sw-eg-01", services=6), Role.SWITCH),
        (Answer("h", reads_snmp=True, name="core", description="MikroTik RouterOS"), Role.ROUTER),
        (Answer("h", reads_snmp=True, name="core", services=2), Role.SWITCH),
        (Answer("h", reads_snmp=True, name="core", services=4), Role.ROUTER),
        (Answer("h", reads_snmp=True, name="core", services=78), Role.ROUTER),
        (Answer("h", reads_snmp=True, name="core", services=72), None),
        (Answer("h", reads_snmp=True), None),
    ],
)
def test_name_description_and_layers_determine_the_role(answer: Answer, role: Role | None) -> None:
    assert Device(answer.name, answer.address, answer.hints()).role is role


def test_a_device_at_two_addresses_is_taken_once_and_skips_are_reported() -> None:
    answers = [
        Answer("10.0.0.1", reads_snmp=True, name="gw"),
        Answer("10.0.0.2", reads_snmp=True, name="gw"),
        Answer("10.0.0.3"),
        Answer("10.0.0.11", reads_snmp=True, name="sw-1"),
        Answer("10.0.0.50", reads_snmp=True, name="printer"),
    ]
    taken = school_of(answers, {**SCHOOL})
    assert taken.rows == [
        {"id": "goethe", "router": "10.0.0.1", "switches": [NamedHost("sw-1", "10.0.0.11")]}
    ]
    assert [one.sentence() for one in taken.skipped] == [
        "no reply by SNMP, passed over: 10.0.0.3",
        "the same device again, passed over: 10.0.0.2 (gw)",
        "goethe: neither router nor switch, passed over: printer",
    ]


def test_without_a_router_or_switch_no_row_is_made() -> None:
    assert not school_of([Answer("10.0.0.3")], {**SCHOOL}).rows


def test_switches_are_in_the_order_of_their_numbers_however_long() -> None:
    numbers = ("2", "10", "9" * 5000, "007")
    names = [f"switch {number}" for number in numbers]
    answers = [
        Answer(f"10.0.0.{at}", reads_snmp=True, name=name, services=2)
        for at, name in enumerate(names, 1)
    ]
    (row,) = school_of(answers, {**SCHOOL}).rows
    switches = row["switches"]
    assert isinstance(switches, list)
    assert [one.host for one in switches] == ["10.0.0.1", "10.0.0.4", "10.0.0.2", "10.0.0.3"]
