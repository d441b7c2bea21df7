from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.exposition.devices import SCHOOL_DEVICE_READ_TIMESTAMP_SECONDS, DeviceRenderer
from monitor.exposition.interfaces import COLUMN_METRICS, IF_TYPE_INFO
from monitor.exposition.text import sanitise
from monitor.inventory.checks import Identity, InterfacesOptions
from monitor.observation import DeviceReading
from tests.exposition.support import exact_names, interfaces_check, reading, two_ports

READ_TIMESTAMP = SCHOOL_DEVICE_READ_TIMESTAMP_SECONDS.name
DEVICE = {"school": "goethe", "site": "main", "device": "switch-1"}


def values(
    device_reading: DeviceReading,
    family: str,
    *,
    alias: bool = False,
    identity: Identity = "ifName",
) -> dict[tuple[str, ...], float]:
    """Return a family's values by ifIndex, ifName, ifDescr, ifAlias, as far as they are labels."""
    return _by_names(_known_by(identity, alias=alias).render(device_reading).get(family, b""))


def _known_by(identity: Identity, *, alias: bool = False) -> DeviceRenderer:
    check = interfaces_check(alias=alias)
    assert isinstance(check.options, InterfacesOptions)
    return DeviceRenderer(replace(check, options=replace(check.options, identity=identity)))


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
    assert found == {("ge-0/0/1", "port 1"): 2**64 - 1, ("ge-0/0/7", "port 7"): 12}


def test_64_bit_values_are_written_digit_by_digit() -> None:
    text = DeviceRenderer(interfaces_check()).render(two_ports())["ifHCInOctets"]
    assert b" 18446744073709551615\n" in text


def test_a_percent_sign_in_a_name_is_only_a_character() -> None:
    names: dict[int, int | bytes] = {1: b"50 %d", 7: b"%%s"}
    blocks = DeviceRenderer(interfaces_check()).render(two_ports(ifName=names, ifType={1: 6}))
    for family in ("ifHCInOctets", "ifOperStatus"):
        assert _by_names(blocks[family]).keys() == {("50 %d", "port 1"), ("%%s", "port 7")}
    infos = {("1", "50 %d", "port 1"), ("7", "%%s", "port 7")}
    assert _by_names(blocks[IF_TYPE_INFO.name]).keys() == infos


def test_duplicate_and_empty_names_are_distinguished_by_index() -> None:
    names: dict[int, int | bytes] = {1: b"port", 2: b"port", 3: b"", 5: b"other"}
    mtu: dict[int, int | bytes] = {1: 1500, 2: 1500, 3: 1500, 4: 9000, 5: 1500}
    found = values(reading(ifName=names, ifSpeed=mtu), "ifSpeed")
    assert found == {
        ("other", ""): 1500,
        ("1", "port", ""): 1500,
        ("2", "port", ""): 1500,
        ("3", "", ""): 1500,
        ("4", "", ""): 9000,
    }


def test_an_interface_without_a_state_is_numbered_by_its_name() -> None:
    found = values(two_ports(ifName={1: b"a", 7: b"b", 9: b"x-table alone"}), IF_TYPE_INFO.name)
    assert found.keys() == {("1", "a", "port 1"), ("7", "b", "port 7"), ("9", "x-table alone", "")}


def test_an_unnamed_interface_among_named_ones_uses_its_description() -> None:
    found = values(reading(ifName={1: b"a"}, ifDescr={2: b"eth1"}, ifSpeed={1: 1, 2: 2}), "ifSpeed")
    assert found == {("a", ""): 1, ("", "eth1"): 2}


def read_at(instant: datetime, **delays: float) -> DeviceReading:
    later = {int(row[1:]): seconds for row, seconds in delays.items()}
    return replace(two_ports(), read_at=instant, delays=later)


READ = datetime(2026, 11, 25, 6, 0, 0, 123_456, tzinfo=UTC)
STAMP = b" 1795586400123\n"


def test_polled_samples_carry_the_time_of_the_reading_in_milliseconds() -> None:
    blocks = DeviceRenderer(interfaces_check()).render(read_at(READ))
    stamped = {family for family, lines in blocks.items() if STAMP in lines}
    assert stamped == {
        "ifHCInOctets",
        IF_TYPE_INFO.name,
        "ifOperStatus",
        "sysUpTime",
        READ_TIMESTAMP,
    }
    for family in stamped:
        assert all(line.endswith(STAMP) for line in blocks[family].splitlines(keepends=True))
    assert [*exact_names(blocks[READ_TIMESTAMP].decode()).values()] == [1795586400.123]


@pytest.mark.parametrize(("interval", "is_stamped"), [(10.0, True), (120.0, True), (121.0, False)])
def test_polls_too_rare_for_the_look_back_carry_no_time_stamp(
    interval: float,
    *,
    is_stamped: bool,
) -> None:
    check = replace(interfaces_check(), interval=interval)
    blocks = DeviceRenderer(check).render(read_at(READ))
    assert (STAMP in blocks["ifHCInOctets"]) == is_stamped
    assert READ_TIMESTAMP in blocks


def test_exposed_lines_are_not_stored_twice() -> None:
    renderer = _known_by("ifName")
    columns: dict[str, dict[int, int | bytes]] = {
        "ifName": {row: f"port {row} {'of a long name' * 5}".encode() for row in range(1, 400)},
        **{metric.name: dict.fromkeys(range(1, 400), 1) for metric in COLUMN_METRICS},
    }
    polls = [replace(reading(**columns), read_at=READ + timedelta(minutes=n)) for n in range(2)]
    tracemalloc.start()
    try:
        exposed = renderer.render(polls[0])
        once, _ = tracemalloc.get_traced_memory()
        exposed = renderer.render(polls[1])
        twice, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert twice - once < 0.1 * sum(map(len, exposed.values()))


def test_a_row_received_later_has_its_own_time_stamp() -> None:
    blocks = DeviceRenderer(interfaces_check()).render(read_at(READ, r7=2.5))
    assert [line.split()[-1] for line in blocks["ifHCInOctets"].splitlines()] == [
        b"1795586400123",
        b"1795586402623",
    ]


def test_a_device_without_64_bit_counters_is_marked() -> None:
    narrow = DeviceRenderer(interfaces_check()).render(reading(ifInOctets={1: 5}))
    wide = DeviceRenderer(interfaces_check()).render(two_ports())
    family = "school_device_has_64_bit_counters"
    assert [*exact_names(narrow[family].decode()).values()] == [0]
    assert [*exact_names(wide[family].decode()).values()] == [1]
    assert "ifInOctets" in narrow
    assert "ifInOctets" not in wide


def test_alias_is_exported_only_where_configured() -> None:
    named = two_ports(ifAlias={1: b"Frau Muster", 7: b""})
    assert ("ge-0/0/1", "port 1", "Frau Muster") in values(named, "ifOperStatus", alias=True)
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
    assert ("uplink", "port 1") in _by_names(renamed["ifHCInOctets"])


def test_an_object_that_is_not_declared_is_not_exported() -> None:
    blocks = DeviceRenderer(interfaces_check()).render(two_ports(ifPhysAddress={1: b"\0\1\2"}))
    assert "ifPhysAddress" not in blocks


def test_a_string_in_place_of_a_number_costs_only_its_row() -> None:
    found = values(two_ports(ifSpeed={1: b'evil"} 1\n', 7: 1500}), "ifSpeed")
    assert found == {("ge-0/0/7", "port 7"): 1500}


def test_a_number_in_place_of_a_name_becomes_its_digits() -> None:
    assert ("5", "") in values(reading(ifName={1: 5}, ifSpeed={1: 1500}), "ifSpeed")


def test_values_the_device_did_not_report_are_absent() -> None:
    empty = DeviceReading("", "", "", None, {})
    blocks = DeviceRenderer(interfaces_check()).render(empty)
    assert set(blocks) == {"probe_snmp_requests", "probe_snmp_varbinds"}


def test_labels_of_ever_changing_interfaces_are_not_kept_forever() -> None:
    renderer = DeviceRenderer(interfaces_check())
    for poll in range(20):
        first = poll * 1000
        renderer.render(reading(ifSpeed=dict.fromkeys(range(first, first + 1000), 1500)))
    assert len(renderer._labels) <= 5000


@given(st.dictionaries(st.integers(1, 2**31 - 1), st.binary(max_size=200), max_size=8))
def test_any_names_give_series_that_parse(names: dict[int, bytes]) -> None:
    rows: dict[int, int | bytes] = dict.fromkeys(names, 3)
    found = values(reading(ifName={**names}, ifSpeed=rows), "ifSpeed")
    assert len(found) == len(names)
    assert {known_by[-2] for known_by in found} == {sanitise(name) for name in names.values()}


def test_renumbered_interfaces_continue_their_series() -> None:
    renderer = _known_by("ifName")
    before = _by_names(renderer.render(two_ports(ifSpeed={1: 1500, 7: 9000}))["ifSpeed"])
    renumbered = two_ports(
        ifName={1: b"ge-0/0/7", 7: b"ge-0/0/1"},
        ifDescr={1: b"port 7", 7: b"port 1"},
        ifSpeed={1: 9000, 7: 1500},
    )
    blocks = renderer.render(renumbered)
    assert _by_names(blocks["ifSpeed"]) == before
    assert _by_names(blocks[IF_TYPE_INFO.name]).keys() == {
        ("7", "ge-0/0/1", "port 1"),
        ("1", "ge-0/0/7", "port 7"),
    }


def test_names_equal_after_truncation_are_distinguished_by_index() -> None:
    long = b"x" * 128
    found = values(
        reading(ifName={1: long + b"1", 2: long + b"2"}, ifSpeed={1: 1, 2: 2}), "ifSpeed"
    )
    assert {known_by[0] for known_by in found} == {"1", "2"}


def test_without_names_interfaces_use_their_descriptions() -> None:
    found = values(reading(ifDescr={1: b"eth0", 2: b"eth1"}, ifSpeed={1: 1, 2: 2}), "ifSpeed")
    assert found == {("", "eth0"): 1, ("", "eth1"): 2}


def test_the_interface_identity_is_configurable() -> None:
    named = two_ports(ifAlias={1: b"to the city", 7: b"room 7"}, ifSpeed={1: 1, 7: 7})
    assert values(named, "ifSpeed", identity="ifDescr") == {("port 1",): 1, ("port 7",): 7}
    assert values(named, "ifSpeed", identity="ifDescr", alias=True) == {
        ("port 1", "to the city"): 1,
        ("port 7", "room 7"): 7,
    }
    assert values(named, "ifSpeed", identity="ifAlias", alias=True) == {
        ("to the city",): 1,
        ("room 7",): 7,
    }
    assert values(named, "ifSpeed", identity="ifIndex") == {
        ("1", "ge-0/0/1", "port 1"): 1,
        ("7", "ge-0/0/7", "port 7"): 7,
    }


_Rows = dict[int, int | bytes]
# Including values that look like time stamps.
_ROWS = st.dictionaries(st.integers(1, 4), st.integers(0, 2) | st.just(1795586400123), max_size=4)
_INSTANTS = st.tuples(st.integers(0, 2), st.dictionaries(st.integers(1, 4), st.just(1.0)))


@given(st.lists(st.tuples(_ROWS, _ROWS, _ROWS, st.booleans(), _INSTANTS), max_size=6))
def test_lines_reused_from_the_last_poll_equal_freshly_written_ones(
    polls: list[tuple[_Rows, _Rows, _Rows, bool, tuple[int, dict[int, float]]]],
) -> None:
    check = interfaces_check()
    assert isinstance(check.options, InterfacesOptions)
    # The export of unused ports depends on earlier polls and has its own tests.
    check = replace(check, options=replace(check.options, unused="whole"))
    kept = DeviceRenderer(check)
    for states, errors, octets, is_renamed, (minutes, delays) in polls:
        names: _Rows = {
            row: b"new" if is_renamed and row == 1 else b"port %d" % row for row in range(5)
        }
        poll = reading(ifName=names, ifOperStatus=states, ifInErrors=errors, ifHCInOctets=octets)
        instant = READ + timedelta(minutes=minutes)
        poll = replace(poll, read_at=instant, delays=delays)
        assert kept.render(poll) == DeviceRenderer(check).render(poll)
