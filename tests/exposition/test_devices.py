from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor.exposition.devices import DeviceRenderer
from monitor.exposition.text import sanitise
from monitor.inventory import InterfacesOptions
from monitor.observation import DeviceReading
from tests.exposition.support import exact_names, interfaces_check, reading, two_ports

DEVICE = {"school": "goethe", "site": "main", "device": "switch-1"}


def values(
    device_reading: DeviceReading, family: str, *, alias: bool = False
) -> dict[tuple[str, ...], float]:
    """Return a family's values by ifIndex, ifName, ifDescr (and ifAlias)."""
    text = DeviceRenderer(interfaces_check(alias=alias)).render(device_reading).get(family, b"")
    return _by_names(text)


def _by_names(text: bytes) -> dict[tuple[str, ...], float]:
    wanted = ("ifIndex", "ifName", "ifDescr", "ifAlias")
    found = {}
    for (_, labels), value in exact_names(text.decode()).items():
        names = dict(labels)
        assert names.items() >= DEVICE.items()
        found[tuple(names[label] for label in wanted if label in names)] = value
    return found


def test_a_table_is_rendered_under_the_names_of_its_interfaces() -> None:
    found = values(two_ports(), "ifHCInOctets")
    assert found == {("1", "ge-0/0/1", "port 1"): 2**64 - 1, ("7", "ge-0/0/7", "port 7"): 12}


def test_64_bit_values_are_written_digit_by_digit() -> None:
    text = DeviceRenderer(interfaces_check()).render(two_ports())["ifHCInOctets"]
    assert b" 18446744073709551615\n" in text


def test_duplicate_and_empty_names_are_told_apart_by_index() -> None:
    names: dict[int, int | bytes] = {1: b"port", 2: b"port", 3: b""}
    found = values(reading(ifName=names, ifMtu={1: 1500, 2: 1500, 3: 1500, 4: 9000}), "ifMtu")
    assert found == {
        ("1", "port", ""): 1500,
        ("2", "port", ""): 1500,
        ("3", "", ""): 1500,
        ("4", "", ""): 9000,
    }


def test_a_32_bit_counter_is_left_out_where_its_64_bit_twin_is_known() -> None:
    mixed = two_ports(ifInOctets={1: 5, 7: 6, 9: 7})
    assert set(values(mixed, "ifHCInOctets")) == {
        ("1", "ge-0/0/1", "port 1"),
        ("7", "ge-0/0/7", "port 7"),
    }
    assert values(mixed, "ifInOctets") == {("9", "", ""): 7}


def test_a_device_without_64_bit_counters_is_told_apart() -> None:
    narrow = DeviceRenderer(interfaces_check()).render(reading(ifInOctets={1: 5}))
    wide = DeviceRenderer(interfaces_check()).render(two_ports())
    family = "school_device_has_64_bit_counters"
    assert [*exact_names(narrow[family].decode()).values()] == [0]
    assert [*exact_names(wide[family].decode()).values()] == [1]
    assert "ifInOctets" in narrow
    assert "ifInOctets" not in wide


def test_alias_is_exported_only_where_configured() -> None:
    named = two_ports(ifAlias={1: b"Frau Muster", 7: b""})
    assert ("1", "ge-0/0/1", "port 1", "Frau Muster") in values(named, "ifOperStatus", alias=True)
    plain = interfaces_check()
    assert isinstance(plain.options, InterfacesOptions)
    to_know_the_line_by = replace(plain, options=replace(plain.options, read_alias=True))
    for check in (plain, to_know_the_line_by):
        silent = DeviceRenderer(check).render(named)
        assert not any(b"Muster" in text for text in silent.values())


def test_a_renamed_interface_has_its_new_name_at_once() -> None:
    renderer = DeviceRenderer(interfaces_check())
    renderer.render(two_ports())
    renamed = renderer.render(two_ports(ifName={1: b"uplink", 7: b"ge-0/0/7"}))
    assert ("1", "uplink", "port 1") in _by_names(renamed["ifHCInOctets"])


def test_an_object_that_is_not_declared_is_not_exported() -> None:
    blocks = DeviceRenderer(interfaces_check()).render(two_ports(ifPhysAddress={1: b"\0\1\2"}))
    assert "ifPhysAddress" not in blocks


def test_a_string_where_a_number_belongs_costs_its_row_only() -> None:
    found = values(two_ports(ifMtu={1: b'evil"} 1\n', 7: 1500}), "ifMtu")
    assert found == {("7", "ge-0/0/7", "port 7"): 1500}


def test_a_number_where_a_name_belongs_is_its_digits() -> None:
    assert ("1", "5", "") in values(reading(ifName={1: 5}, ifMtu={1: 1500}), "ifMtu")


def test_what_the_device_did_not_say_is_absent() -> None:
    empty = DeviceReading("", "", "", None, {})
    blocks = DeviceRenderer(interfaces_check()).render(empty)
    assert set(blocks) == {"probe_snmp_requests", "probe_snmp_varbinds"}


def test_labels_of_ever_new_interfaces_are_not_kept_for_ever() -> None:
    renderer = DeviceRenderer(interfaces_check())
    for poll in range(20):
        first = poll * 1000
        renderer.render(reading(ifMtu=dict.fromkeys(range(first, first + 1000), 1500)))
    assert len(renderer._labels) <= 5000


@given(st.dictionaries(st.integers(1, 2**31 - 1), st.binary(max_size=200), max_size=8))
def test_any_names_give_series_that_are_read_back(names: dict[int, bytes]) -> None:
    rows: dict[int, int | bytes] = dict.fromkeys(names, 3)
    found = values(reading(ifName={**names}, ifMtu=rows), "ifMtu")
    assert found == {(str(index), sanitise(name), ""): 3 for index, name in names.items()}
