"""What is read from LLDP: devices that forward packets, by names that are not addresses."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.observation import Neighbor
from monitor.probes.neighbors import MAX_NEIGHBORS, neighbors

MAC = b"\x00\x1b\x2c\x33\x44\x55"
ROW = (0, 7, 1)


def heard(**changes: Any) -> tuple[Neighbor, ...]:
    """Return the result for one neighbor at local port 7, with changed columns."""
    columns: dict[str, dict[Any, int | bytes]] = {
        "lldpLocPortIdSubtype": {7: 5},
        "lldpLocPortId": {7: b"Gi1/0/7"},
        "lldpLocPortDesc": {7: b"GigabitEthernet1/0/7"},
        "lldpRemPortIdSubtype": {ROW: 5},
        "lldpRemPortId": {ROW: b"ge-0/0/1"},
        "lldpRemPortDesc": {ROW: b"to the cellar"},
        "lldpRemSysName": {ROW: b"attic\0"},
        "lldpRemSysCapEnabled": {ROW: b"\x20\x00"},
    }
    for name, value in changes.items():
        rows = columns[name]
        columns[name] = {} if value is None else dict.fromkeys(rows, value)
    return neighbors(columns)


def test_a_neighboring_switch_is_given_with_both_port_names() -> None:
    assert heard() == (Neighbor("Gi1/0/7", "attic", "ge-0/0/1"),)


@pytest.mark.parametrize("octet", [b"\x20", b"\x08", b"\x10\x00", b"\x28\x00"])
def test_devices_that_forward_packets_are_neighbors(octet: bytes) -> None:
    assert len(heard(lldpRemSysCapEnabled=octet)) == 1


@pytest.mark.parametrize("octet", [b"", b"\x04", b"\x01", b"\x80\x20", None, 32])
def test_telephones_and_computers_are_not_neighbors(octet: bytes | int | None) -> None:
    assert heard(lldpRemSysCapEnabled=octet) == ()


@pytest.mark.parametrize("name", [b"", b"\0", b"  ", None])
def test_a_neighbor_without_a_name_is_ignored(name: bytes | None) -> None:
    assert heard(lldpRemSysName=name) == ()


def test_an_address_is_not_used_as_a_port_name() -> None:
    (found,) = heard(
        lldpLocPortIdSubtype=3,
        lldpLocPortId=MAC,
        lldpRemPortIdSubtype=3,
        lldpRemPortId=MAC,
        lldpRemPortDesc=b"port 00:1B:2c:33:44:55",
    )
    assert (found.port, found.remote_port) == ("GigabitEthernet1/0/7", "")
    for text in (b"001b.2c33.4455", b"001b2c334455", b"00-1b-2c-33-44-55"):
        (found,) = heard(lldpRemPortId=text)
        assert found.remote_port == ""


def test_a_port_without_a_row_is_named_by_its_number() -> None:
    (found,) = heard(lldpLocPortIdSubtype=None, lldpLocPortId=None, lldpLocPortDesc=None)
    assert found.port == "7"


def test_a_list_of_a_thousand_neighbors_is_cut_off() -> None:
    rows: list[Any] = [(0, port, 1) for port in range(1000)]
    columns: dict[str, dict[Any, int | bytes]] = {
        "lldpRemSysName": dict.fromkeys(rows, b"x"),
        "lldpRemSysCapEnabled": dict.fromkeys(rows, b"\x20"),
    }
    assert len(neighbors(columns)) == MAX_NEIGHBORS
