"""Links between managed devices only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.devices.links import Link, Topology
from monitor.exposition.hardware import SCHOOL_DEVICE_NEIGHBOR, render_links
from monitor.exposition.text import Blocks
from monitor.inventory.checks import CheckKind, HardwareOptions
from monitor.observation import HardwareReading, Neighbor
from tests.exposition.support import (
    ACCESS,
    city_with_gateway,
    exposed_school,
    interfaces_check,
    observed,
    reading,
)

if TYPE_CHECKING:
    from monitor.observation import Observation

ONE, TWO, THREE = (("goethe", "main", f"switch-{number}") for number in (1, 2, 3))


def named(place: tuple[str, str, str], name: str) -> Observation:
    check = interfaces_check(place[2], place[0])
    return observed(check, replace(reading(), sys_name=name))


def heard(place: tuple[str, str, str], *neighbors: tuple[str, str]) -> Observation:
    check = interfaces_check(place[2], place[0])
    check = replace(check, kind=CheckKind.HARDWARE, options=HardwareOptions(ACCESS))
    found = tuple(Neighbor(port, name, "far") for port, name in neighbors)
    return observed(check, HardwareReading({}, {}, neighbors=found))


def topology() -> Topology:
    """Return the topology of a school of three switches whose names are `core`, `two`, `three`."""
    found = Topology(city_with_gateway(exposed_school(switches=3), exposed_school("schiller")))
    for place, name in zip((ONE, TWO, THREE), ("core", "two", "three"), strict=True):
        assert not found.observe(named(place, name))
    return found


def seen(found: Topology) -> dict[tuple[str, str], bool]:
    return {(link.port, link.neighbor[2]): is_seen for link, is_seen in found.links(ONE).items()}


def test_only_managed_devices_of_the_same_school_are_neighbors() -> None:
    found = topology()
    found.observe(named(("schiller", "main", "switch-1"), "elsewhere"))
    assert found.observe(
        heard(ONE, ("1", "two"), ("2", "ERIKAS-PC"), ("3", "elsewhere"), ("4", "core"))
    )
    assert found.links(ONE) == {Link("1", TWO, "far"): True}
    assert "ERIKAS-PC" not in repr(vars(found))


def test_devices_that_share_a_name_are_not_linked() -> None:
    found = topology()
    found.observe(named(THREE, "two"))
    found.observe(heard(ONE, ("1", "two")))
    assert found.links(ONE) == {}


def test_a_lost_link_stays_known_until_it_returns() -> None:
    found = topology()
    found.observe(heard(ONE, ("1", "two"), ("2", "three")))
    found.observe(heard(ONE, ("2", "three")))
    assert seen(found) == {("1", "switch-2"): False, ("2", "switch-3"): True}
    found.observe(heard(ONE, ("1", "two"), ("2", "three")))
    assert seen(found) == {("1", "switch-2"): True, ("2", "switch-3"): True}


def test_a_poll_without_lldp_data_changes_nothing() -> None:
    found = topology()
    found.observe(heard(ONE, ("1", "two")))
    failed = heard(ONE)
    failed = replace(failed, values=HardwareReading({}, {}, neighbors=None))
    assert not found.observe(failed)
    assert seen(found) == {("1", "switch-2"): True}


def test_a_moved_cable_is_not_a_lost_link() -> None:
    found = topology()
    found.observe(heard(ONE, ("1", "two"), ("2", "three")))
    found.observe(heard(ONE, ("7", "two"), ("2", "three")))
    assert seen(found) == {("7", "switch-2"): True, ("2", "switch-3"): True}
    found.observe(heard(ONE, ("7", "three")))
    assert seen(found) == {("7", "switch-3"): True}


def test_one_of_two_cables_to_the_same_neighbor_can_be_lost() -> None:
    found = topology()
    found.observe(heard(ONE, ("1", "two"), ("2", "two")))
    found.observe(heard(ONE, ("2", "two")))
    assert seen(found) == {("1", "switch-2"): False, ("2", "switch-2"): True}


def test_a_removed_device_loses_its_links() -> None:
    found = topology()
    found.observe(heard(ONE, ("1", "three"), ("2", "two")))
    found.observe(heard(THREE, ("1", "core")))
    assert found.reconfigure(city_with_gateway(exposed_school(switches=2))) == {ONE, THREE}
    assert seen(found) == {("2", "switch-2"): True}
    assert found.links(THREE) == {}
    assert found.reconfigure(city_with_gateway(exposed_school(switches=2))) == set()


def test_links_are_exported_with_both_ends() -> None:
    blocks = Blocks()
    render_links(blocks, ONE, {Link("Te1/1/1", TWO, "49"): False})
    text = blocks.text()[SCHOOL_DEVICE_NEIGHBOR.name].decode()
    assert text == (
        'school_device_neighbor{school="goethe",site="main",device="switch-1",port="Te1/1/1",'
        'neighbor_site="main",neighbor="switch-2",neighbor_port="49"} 0\n'
    )
