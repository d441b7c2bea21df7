from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.inventory.checks import (
    CheckKind,
    DnsOptions,
    HttpOptions,
    InterfacesOptions,
    TcpOptions,
)
from monitor.simulator.faults import places_of
from monitor.simulator.loopback import LoopbackError, loopback_inventory
from tests import build
from tests.simulator.cities import simulated_city

if TYPE_CHECKING:
    from monitor.inventory.checks import CheckOptions
    from monitor.inventory.city import Inventory


OTHERS = ipaddress.IPv4Network("127.128.0.0/9")


def with_router_hosts(*hosts: str) -> Inventory:
    """Return a city of one-router schools with these hosts."""
    inventory = simulated_city(len(hosts), 0)
    schools = []
    for school, host in zip(inventory.schools, hosts, strict=True):
        site = school.sites[0]
        moved = replace(site, uplink=replace(site.uplink, host=host))
        schools.append(replace(school, sites=(moved,)))
    return replace(inventory, schools=tuple(schools), references=())


def hosts_of(inventory: Inventory) -> list[str]:
    return list(places_of(inventory).values())


def test_a_full_size_inventory_has_no_collision() -> None:
    inventory = simulated_city(83, 12)
    moved = hosts_of(loopback_inventory(inventory, 16100))
    assert len(set(moved)) == len(hosts_of(inventory)) == len(moved)
    assert all(ipaddress.ip_address(host).is_loopback for host in moved)


def test_a_full_size_city_of_other_addresses_has_no_collision() -> None:
    hosts = [f"172.16.{number // 4}.{1 + number % 4}" for number in range(1000)]
    moved = hosts_of(loopback_inventory(with_router_hosts(*hosts), 16100))
    assert len(set(moved)) == len(hosts)


def test_addresses_of_the_plan_keep_their_last_three_octets() -> None:
    assert hosts_of(loopback_inventory(with_router_hosts("10.20.3.7"), 1)) == ["127.20.3.7"]


@pytest.mark.parametrize(
    "host", ["router.school.example", "192.168.4.1", "2001:db8::1", "10.0.0.0", "10.255.255.255"]
)
def test_other_hosts_get_a_stable_address_of_their_own(host: str) -> None:
    first = hosts_of(loopback_inventory(with_router_hosts(host), 1))
    assert first == hosts_of(loopback_inventory(with_router_hosts(host), 2))
    assert ipaddress.IPv4Address(first[0]) in OTHERS


@given(st.text(min_size=1, max_size=30))
def test_any_host_becomes_a_bindable_loopback_address(host: str) -> None:
    (address,) = hosts_of(loopback_inventory(with_router_hosts(host), 1))
    literal = ipaddress.IPv4Address(address)
    assert literal.is_loopback
    assert not address.endswith((".0.0.0", ".255.255.255"))


def test_rewriting_is_idempotent() -> None:
    once = loopback_inventory(simulated_city(), 16100)
    assert loopback_inventory(once, 16100) == once


def test_only_hosts_ports_and_foreign_checks_change() -> None:
    inventory = simulated_city()
    moved = loopback_inventory(inventory, 16100)
    assert [school.id for school in moved.schools] == [school.id for school in inventory.schools]
    checks = list(moved.checks())
    assert {check.kind for check in checks} == {CheckKind.ICMP, CheckKind.INTERFACES}
    accesses = [c.options.access for c in checks if isinstance(c.options, InterfacesOptions)]
    assert {access.port for access in accesses} == {16100}
    assert {access.version for access in accesses} == {"1", "2c"}
    kept = {check.id for check in inventory.checks() if check.kind in _DEVICE_KINDS}
    assert {check.id for check in checks} == kept


def test_only_checks_of_loopback_servers_are_kept() -> None:
    inventory = simulated_city(1, 0)
    site = inventory.schools[0].sites[0]
    here: list[CheckOptions] = [
        HttpOptions("https://127.0.0.1:8443/", redirects=0),
        HttpOptions("https://school.example/", address="127.0.0.1", redirects=0),
        DnsOptions("127.0.0.1", "school.example", port=5353),
    ]
    elsewhere: list[CheckOptions] = [
        HttpOptions("https://127.0.0.1:8443/"),  # might be redirected out of here
        HttpOptions("https://localhost.example/", redirects=0),
        HttpOptions("https://127.0.0.1/", address="192.0.2.1", redirects=0),
        DnsOptions("192.0.2.1", "127.0.0.1"),
        TcpOptions(80),
    ]
    plans = tuple(
        build.plan(options, name=f"check-{number}")
        for number, options in enumerate([*here, *elsewhere])
    )
    uplink = replace(site.uplink, checks=plans)
    school = replace(inventory.schools[0], sites=(replace(site, uplink=uplink),))
    moved = loopback_inventory(replace(inventory, schools=(school,), references=()), 1)
    assert [check.options for check in moved.checks()] == here


_DEVICE_KINDS = {CheckKind.ICMP, CheckKind.INTERFACES}


def test_references_are_only_pinged() -> None:
    (reference,) = loopback_inventory(simulated_city(), 1).references
    assert ipaddress.IPv4Address(reference.host) in OTHERS
    assert [plan.kind for plan in reference.checks] == [CheckKind.ICMP]


def test_two_devices_with_one_host_are_refused_by_name() -> None:
    with pytest.raises(LoopbackError, match=r"goethe/main/router and schiller/main/router .* 10\."):
        loopback_inventory(with_router_hosts("10.1.1.1", "10.1.1.1"), 1)


def test_two_hosts_that_collide_on_loopback_are_refused_by_name() -> None:
    with pytest.raises(LoopbackError, match=r"goethe/main/router and schiller/main/router"):
        loopback_inventory(with_router_hosts("10.1.1.1", "127.1.1.1"), 1)
