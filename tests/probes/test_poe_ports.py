"""Power over Ethernet by port: which interface a port is, by the numbering of real makes."""

from __future__ import annotations

import pytest

from monitor.observation import HardwareReading, PoweredPort
from monitor.probes.poe_ports import MAX_PORTS, interface_names, powered_ports
from monitor.snmp.read import Failure, FailureKind, Result
from tests.probes.test_hardware import NOTHING, POWER, reading, run
from tests.probes.test_interfaces import Reads

STATUS = "pethPsePortDetectionStatus"


@pytest.mark.parametrize(
    ("ports", "names", "expected"),
    [
        # Flat: a port's number is its ifIndex, over all units of a stack.
        (
            [(1, 1), (1, 2), (2, 65)],
            {1: "1", 2: "2", 65: "B1", 99: "VLAN_1"},
            {(1, 1): "1", (1, 2): "2", (2, 65): "B1"},
        ),
        # Chassis: ifIndexes are large, and the uplink module numbers its ports again.
        (
            [(1, 1), (1, 2), (2, 1)],
            {
                1: "Vlan1",
                10101: "Gi1/0/1",
                10102: "Gi1/0/2",
                10201: "Te1/1/1",
                10601: "Gi2/0/1",
            },
            {(1, 1): "Gi1/0/1", (1, 2): "Gi1/0/2", (2, 1): "Gi2/0/1"},
        ),
        # One unit without a module: Fa0/1 and Gi0/1 are both the first, so neither is certain.
        (
            [(1, 1), (1, 2)],
            {1001: "Fa0/1", 1002: "Fa0/2", 1101: "Gi0/1"},
            {(1, 2): "Fa0/2"},
        ),
        # The same number in two units, so that a number is not an ifIndex.
        ([(1, 1), (2, 1)], {1: "eth1", 2: "eth2"}, {}),
        ([(1, 7)], {}, {}),
        ([], {1: "1"}, {}),
    ],
)
def test_a_port_is_named_only_if_its_interface_is_certain(
    ports: list[tuple[int, int]], names: dict[int, str], expected: dict[tuple[int, int], str]
) -> None:
    assert interface_names(ports, names) == expected


def test_ports_are_looked_up_and_not_searched() -> None:
    compared = 0

    class Port(tuple[int, int]):
        __slots__ = ()
        __hash__ = tuple.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return super().__eq__(other)

    ports = [Port((1, number)) for number in range(1, MAX_PORTS + 1)]
    names = {10_000 + number: f"Gi1/0/{number}" for _, number in ports}
    found = interface_names(ports, names)
    assert {port: found[port] for port in ports} == {port: f"Gi1/0/{port[1]}" for port in ports}, (
        "each has its name"
    )
    assert compared < 20 * MAX_PORTS


async def test_port_names_are_read_only_if_there_are_ports() -> None:
    columns = {**POWER, STATUS: {(1, 1): 3, (1, 2): 4, (1, 3): 9}}
    names = {"ifName": {1: b"1", 2: b"2\xff", 3: b"3"}}
    transport = Reads(
        [Result({}, columns, None, 2, 9), Result({}, names, None, 2, 3)]  # type: ignore[arg-type]  # rows of two arcs
    )
    found = reading(await run(transport)).powered_ports
    # A state that the MIB does not define is dropped.
    assert found == {
        (1, 1): PoweredPort(3, "1"),
        (1, 2): PoweredPort(4, "2\N{REPLACEMENT CHARACTER}"),
    }
    assert "ifName" in transport.asked[1][1].columns
    without = Reads([Result({}, POWER, None, 2, 9), NOTHING])
    assert reading(await run(without)).powered_ports == {}
    assert "ifName" not in without.asked[1][1].columns


async def test_without_names_ports_are_kept_unnamed() -> None:
    failure = Failure(FailureKind.TIMEOUT, "no reply")
    columns = {STATUS: {(1, 1): 3}}
    transport = Reads(
        [Result({}, columns, None, 2, 9), Result({}, {}, failure, 2, 0)]  # type: ignore[arg-type]  # rows of two arcs
    )
    assert reading(await run(transport)).powered_ports == {(1, 1): PoweredPort(3, "")}


def test_the_number_of_ports_kept_per_switch_is_bounded() -> None:
    rows = {(1, number): 3 for number in range(1, 2000)}
    found = powered_ports({STATUS: rows}, {})  # type: ignore[dict-item]  # rows of two arcs
    assert len(found) == MAX_PORTS


def test_an_empty_reading_has_no_ports() -> None:
    assert HardwareReading({}, {}).powered_ports == {}
