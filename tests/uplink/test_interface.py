from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.observation import DeviceReading
from monitor.uplink.interface import find_interface, sample_of
from monitor.uplink.model import Gap
from tests.uplink.router import Router

if TYPE_CHECKING:
    from collections.abc import Mapping


def named(**columns: Mapping[int, int | bytes]) -> DeviceReading:
    return DeviceReading("router", "", "", 1, columns)


def test_the_name_is_searched_in_ifname_then_ifdescr_then_ifalias() -> None:
    reading = named(
        ifName={1: b"a", 2: b"b"}, ifDescr={1: b"c", 2: b"a"}, ifAlias={1: b"d", 2: b"provider"}
    )
    assert find_interface(reading, "a") == 1
    assert find_interface(reading, "c") == 1
    assert find_interface(reading, "provider") == 2


def test_padding_in_names_does_not_matter() -> None:
    assert find_interface(named(ifName={3: b"wan0 \0\0"}), "wan0") == 3


def test_a_name_shared_by_two_interfaces_is_ambiguous() -> None:
    reading = named(ifName={1: b"x"}, ifDescr={1: b"Ethernet", 2: b"Ethernet"})
    assert find_interface(reading, "Ethernet") is Gap.AMBIGUOUS


@pytest.mark.parametrize("name", [None, ""])
def test_no_name_is_not_configured(name: str | None) -> None:
    assert find_interface(named(ifName={1: b""}), name) is Gap.NOT_CONFIGURED


def test_a_name_of_no_interface_is_not_found() -> None:
    assert find_interface(named(ifName={1: b"wan1", 2: 5}), "wan0") is Gap.NOT_FOUND
    assert find_interface(named(), "wan0") is Gap.NOT_FOUND


@pytest.mark.parametrize(
    ("high", "exact", "speed", "rounding"),
    [
        (1000, None, 1_000_000_000, 500_000),
        (1000, 2**32 - 1, 1_000_000_000, 500_000),
        (0, 64_000, 64_000, 0),
        (None, 100_000_000, 100_000_000, 0),
        (None, 2**32 - 1, None, 0),
        (0, 0, None, 0),
        (None, None, None, 0),
    ],
)
def test_speed_is_taken_from_the_object_that_can_hold_it(
    high: int | None, exact: int | None, speed: int | None, rounding: int
) -> None:
    given = {"ifHighSpeed": high, "ifSpeed": exact}
    columns = {name: {1: value} for name, value in given.items() if value is not None}
    sample = sample_of(named(**columns), 1)
    assert (sample.speed_bps, sample.speed_rounding_bps) == (speed, rounding)


def test_a_row_without_64_bit_counters_uses_32_bit_ones() -> None:
    router = Router(octets_down=2**40 + 5, width=32)
    sample = sample_of(router.reading(), router.if_index)
    assert not sample.is_wide
    assert sample.received.octets == 5


@pytest.mark.parametrize("value", [b"12", -1, 2**64])
def test_impossible_counter_values_are_missing(value: int | bytes) -> None:
    sample = sample_of(Router().reading(ifHCInOctets={4: value}), 4)
    assert sample.received.octets is None
