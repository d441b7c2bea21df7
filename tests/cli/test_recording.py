"""A recording describes the device and contains no personal data."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.recording import SUBTREES, recording, subtrees_of
from monitor.inventory.device_profile import DeviceProfile, ProfileReading, Quantity
from monitor.snmp.ber import Tag
from monitor.snmp.dump import Recorded
from monitor.snmp.oid_octets import encode_oid

CANARY = b"Erika Mustermann"
PROFILE = DeviceProfile(
    "acme",
    "ACME-MIB",
    ("1.3.6.1.4.1.99999",),
    (
        ProfileReading(
            Quantity.TEMPERATURE_CELSIUS,
            "acmeTemp",
            "1.3.6.1.4.1.99999.1.2",
            label_oid="1.3.6.1.4.1.99999.1.1",
        ),
        ProfileReading(Quantity.CPU_UTILIZATION_RATIO, "acmeCpu", "1.3.6.1.4.1.99999.2.0"),
    ),
)


def line(oid: str, tag: Tag, value: int | bytes | None) -> str:
    arcs = tuple(map(int, oid.split(".")))
    (found,) = recording([Recorded(arcs, tag, value)], PROFILE)
    return found.removeprefix(f"{oid}|").removesuffix("\n")


@pytest.mark.parametrize(
    "oid",
    [
        "1.3.6.1.2.1.1.4.0",
        "1.3.6.1.2.1.1.5.0",
        "1.3.6.1.2.1.1.6.0",
        "1.3.6.1.2.1.31.1.1.1.18.7",
        "1.3.6.1.2.1.47.1.1.1.1.11.1",
        "1.3.6.1.4.1.99999.1.3.1",
    ],
)
def test_free_text_is_masked_to_its_length(oid: str) -> None:
    assert line(oid, Tag.OCTET_STRING, CANARY) == f"4|{'x' * len(CANARY)}"


def test_addresses_are_masked_everywhere() -> None:
    assert line("1.3.6.1.2.1.2.2.1.6.1", Tag.OCTET_STRING, bytes(range(200, 206))) == (
        "4x|000000000000"
    )
    assert line("1.3.6.1.2.1.2.2.1.2.1", Tag.IP_ADDRESS, b"\x0a\1\2\3") == "64x|00000000"
    for address in (
        b"10.1.2.3",
        b"00:1b:2C:33:44:55",
        b"001b.2c33.4455",
        b"2001:db8::1",
        b"erika@schule.example",
    ):
        said = line("1.3.6.1.2.1.2.2.1.2.1", Tag.OCTET_STRING, b"link to " + address + b" up")
        assert said == f"4|link to {'x' * len(address)} up"


def test_numbers_and_part_names_are_kept() -> None:
    assert line("1.3.6.1.2.1.1.1.0", Tag.OCTET_STRING, b"Switch 1.0") == "4|Switch 1.0"
    assert line("1.3.6.1.2.1.31.1.1.1.1.7", Tag.OCTET_STRING, b"ge-0/0/7") == "4|ge-0/0/7"
    assert line("1.3.6.1.4.1.99999.1.1.1", Tag.OCTET_STRING, b"Chassis") == "4|Chassis"
    assert line("1.3.6.1.2.1.2.2.1.10.1", Tag.COUNTER32, 2**32 - 1) == f"65|{2**32 - 1}"
    assert line("1.3.6.1.2.1.1.2.0", Tag.OBJECT_IDENTIFIER, encode_oid("1.3.6.1.4.1.9")) == (
        "6|1.3.6.1.4.1.9"
    )


@given(st.binary(max_size=40))
def test_each_value_is_one_line_of_three_fields(value: bytes) -> None:
    for oid in ("1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.5.0"):
        arcs = tuple(map(int, oid.split(".")))
        (found,) = recording([Recorded(arcs, Tag.OCTET_STRING, value)], None)
        assert re.fullmatch(r"[0-9.]+\|4x?\|[ -{}~]*\n", found)


def test_objects_of_a_profile_are_recorded_too() -> None:
    own = subtrees_of(PROFILE)[len(SUBTREES) :]
    assert own == ("1.3.6.1.4.1.99999.1.2", "1.3.6.1.4.1.99999.1.1", "1.3.6.1.4.1.99999.2")
    assert subtrees_of(None) == SUBTREES
