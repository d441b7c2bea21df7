from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.inventory.checks import Role
from monitor.simulator.model import (
    HOSTILE_TEXTS,
    Bulk,
    Device,
    build_devices,
    renumbered,
)
from tests.simulator.cities import CONTRACT, simulated_city

FULL_SIZE = build_devices(simulated_city(83, 12))
SWITCHES = [device for device in FULL_SIZE if device.place.role is Role.SWITCH]
ROUTERS = [device for device in FULL_SIZE if device.place.role is Role.UPLINK]


def share(devices: list[Device]) -> float:
    return len(devices) / len(SWITCHES)


def test_the_same_seed_builds_the_same_city() -> None:
    assert build_devices(simulated_city(), 7) == build_devices(simulated_city(), 7)
    assert build_devices(simulated_city(), 7) != build_devices(simulated_city(), 8)


def test_adding_a_school_changes_no_other() -> None:
    fewer, more = build_devices(simulated_city(3)), build_devices(simulated_city(4))
    assert more[: len(fewer)] == fewer


def test_routers_have_six_to_ten_interfaces_and_switches_26_to_52() -> None:
    assert {6 <= len(router.interfaces) <= 10 for router in ROUTERS} == {True}
    regular = [switch for switch in SWITCHES if len(switch.interfaces) % 2 == 0]
    sizes = {len(switch.interfaces) for switch in regular}
    assert min(sizes) >= 22
    assert max(sizes) == 52


def test_every_router_has_its_uplink_interface_by_its_configured_name() -> None:
    for router in ROUTERS:
        found = [row for row in router.interfaces if row.name == b"wan0"]
        assert len(found) == 1, router.place
        assert found[0].oper_up
        assert found[0].in_bps <= CONTRACT.down_bps


def test_a_port_named_like_the_uplink_interface_is_renamed() -> None:
    inventory = simulated_city(30)
    schools = [
        replace(
            school,
            sites=tuple(
                replace(site, uplink=replace(site.uplink, interface="eth4"))
                for site in school.sites
            ),
        )
        for school in inventory.schools
    ]
    for device in build_devices(replace(inventory, schools=tuple(schools))):
        if device.place.role is Role.UPLINK:
            assert [row.name for row in device.interfaces].count(b"eth4") == 1, device.place


def test_if_indexes_are_unique_and_increasing() -> None:
    for device in FULL_SIZE:
        indexes = [row.index for row in device.interfaces]
        assert indexes == sorted(set(indexes)), device.place


def test_no_interface_carries_more_than_its_speed() -> None:
    for device in FULL_SIZE:
        for row in device.interfaces:
            assert max(row.in_bps, row.out_bps) <= row.speed_bps, (device.place, row.name)


@pytest.mark.parametrize(
    ("wanted", "low", "high"),
    [
        (lambda device: not device.has_if_x_table, 0.02, 0.07),
        (lambda device: device.bulk is Bulk.ERROR, 0.005, 0.04),
        (lambda device: device.bulk is Bulk.SILENT, 0.002, 0.03),
        (lambda device: b"" in [row.name for row in device.interfaces], 0.005, 0.05),
        (
            lambda device: len({r.name for r in device.interfaces}) < len(device.interfaces),
            0.02,
            0.1,
        ),
        (lambda device: HOSTILE_TEXTS[0] in [row.alias for row in device.interfaces], 0.02, 0.07),
    ],
)
def test_odd_devices_exist_in_small_shares(wanted: object, low: float, high: float) -> None:
    assert callable(wanted)
    assert low < share([switch for switch in SWITCHES if wanted(switch)]) < high


def test_some_switches_have_holes_in_their_if_indexes() -> None:
    holed = []
    for switch in SWITCHES:
        ports = [row.index for row in switch.interfaces if row.type == 6][:20]
        holed += [switch] if ports[-1] - ports[0] != len(ports) - 1 else []
    assert 0.08 < share(holed) < 0.25


def test_a_version_1_device_answers_version_1_only() -> None:
    versions = {device.place.school: device.versions for device in build_devices(simulated_city())}
    router = next(d for d in build_devices(simulated_city()) if d.place.school == "voede")
    assert router.versions == (0,)
    assert versions["goethe"] == (0, 1)


def test_renumbering_moves_every_interface_and_keeps_the_indexes() -> None:
    for device in FULL_SIZE[:60]:
        for numbering in (1, 2, 3):
            moved = renumbered(device, numbering)
            before = {row.mac: row.index for row in device.interfaces}
            after = {row.mac: row.index for row in moved.interfaces}
            assert sorted(before.values()) == sorted(after.values())
            assert all(before[mac] != after[mac] for mac in before), device.place


def test_without_hostile_texts_only_the_names_change() -> None:
    hostile, plain = FULL_SIZE, build_devices(simulated_city(83, 12), hostile=False)
    unlike = [pair for pair in zip(hostile, plain, strict=True) if pair[0] != pair[1]]
    assert 0.02 < len(unlike) / len(hostile) < 0.06
    for device in plain:
        for name in (device.sys_name, *(one.alias for one in device.interfaces)):
            assert name.decode().isprintable()
            assert len(name) < 80
    for before, after in unlike:
        assert replace(before, sys_name=b"", interfaces=()) == replace(
            after, sys_name=b"", interfaces=()
        )
