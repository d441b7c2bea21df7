"""The device profiles: the shipped ones, and what a file may define."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import ConfigError, load_text
from monitor.config.build.device_profiles import own_profiles
from monitor.config.shape.device_profiles import ReadingRules
from monitor.inventory.checks import HardwareOptions
from monitor.inventory.device_profile import MAX_OID_OCTETS, DeviceProfiles, Quantity, oid_octets
from monitor.snmp.ber import CodecError, Tag
from monitor.snmp.layout import Layout
from monitor.snmp.oid_octets import encode_oid

_CORPUS = Path(__file__).parents[1] / "corpus"
SMALL = (_CORPUS / "good/smallest.yaml").read_text(encoding="utf-8").removesuffix("...\n")
PROFILE = """\
device_profiles:
  acme:
    source: ACME-MIB
    sys_object_id: [1.3.6.1.4.1.99999]
    readings:
      - {READING}
...
"""
TEMPERATURE = "quantity: temperature_celsius, object: acmeTemp, oid: 1.3.6.1.4.1.99999.1.1"


def with_reading(reading: str) -> str:
    return SMALL + PROFILE.replace("READING", reading)


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_text(text.encode(), "x.yaml")
    return [problem.message for problem in caught.value.problems]


def profiles(text: str) -> DeviceProfiles:
    inventory = load_text(text.encode(), "x.yaml")
    options = (check.options for check in inventory.checks())
    return next(one.profiles for one in options if isinstance(one, HardwareOptions))


def test_a_custom_profile_is_added_to_the_shipped_ones() -> None:
    found = profiles(with_reading(TEMPERATURE))
    profile = found.of("1.3.6.1.4.1.99999.7")
    assert profile is not None
    assert profile.readings[0].quantity is Quantity.TEMPERATURE_CELSIUS
    assert {one.name for one in own_profiles()} < {one.name for one in found.profiles}


def test_a_custom_profile_replaces_a_shipped_one_of_the_same_name() -> None:
    found = profiles(with_reading(TEMPERATURE).replace("acme:", "cisco:"))
    assert found.of("1.3.6.1.4.1.9.1.1") is None
    assert found.of("1.3.6.1.4.1.99999.7") is not None


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (
            "quantity: fan_good, object: acmeFan, oid: 1.3.6.1.4.1.99999.1.2",
            "fan_good has no good states",
        ),
        (
            f"{TEMPERATURE}, good: [1]",
            "temperature_celsius cannot have good states",
        ),
        (
            f"{TEMPERATURE}.0, label: 1.3.6.1.4.1.99999.1.9",
            "acmeTemp is a scalar and has no rows to name",
        ),
        (f"{TEMPERATURE}, scale: 0", "a scale of 0 makes every value the same"),
        (
            f"{TEMPERATURE}{'.268435456' * 9}",
            "an OID that takes 55 octets cannot be read",
        ),
        (
            f"{TEMPERATURE}, label: 1.3.6.1.4.1.99999{'.268435456' * 9}",
            "an OID that takes 53 octets cannot be read",
        ),
    ],
)
def test_an_impossible_reading_is_refused_by_name(reading: str, said: str) -> None:
    (problem,) = problems(with_reading(reading))
    assert problem.startswith(f"{said}; ")


def test_an_unknown_profile_of_a_check_is_refused_with_a_suggestion() -> None:
    text = SMALL.replace("defaults:\n", "defaults:\n  hardware: {profile: jupiter}\n")
    with pytest.raises(ConfigError, match=r"there is no device profile jupiter.*juniper"):
        load_text(text.encode(), "x.yaml")


def test_the_configurable_quantities_are_the_exported_ones() -> None:
    assert get_args(ReadingRules.model_fields["quantity"].annotation) == tuple(Quantity)


@given(st.lists(st.integers(0, 999_999_999), min_size=1, max_size=30))
def test_every_reading_the_check_accepts_can_be_read(arcs: list[int]) -> None:
    oid = ".".join(map(str, (1, 3, *arcs)))
    encoded = encode_oid(oid)
    assert oid_octets(oid) == len(encoded)
    if len(encoded) <= MAX_OID_OCTETS:
        assert Layout(encoded, Tag.INTEGER, 0).oid == encoded
    else:
        with pytest.raises(CodecError):
            Layout(encoded, Tag.INTEGER, 0)


def test_an_idle_percentage_becomes_a_utilisation_ratio() -> None:
    bintec = next(one for one in own_profiles() if one.name == "bintec")
    reading = bintec.readings[0]
    assert reading.value_of(100) == 0
    assert reading.value_of(25) == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("reading", "more"),
    [
        (f'{TEMPERATURE}, named: "(fan"', ""),
        (f'{TEMPERATURE}, rows: "(5"', ""),
        (f'{TEMPERATURE}, named: "a{{99999999999}}"', ""),
        (TEMPERATURE, '    sys_descr: "(VSP"\n'),
        (TEMPERATURE, '    identity: {sys_descr: "(?P<model"}\n'),
    ],
)
def test_an_invalid_regular_expression_is_reported(reading: str, more: str) -> None:
    text = with_reading(reading).replace("    readings:\n", f"{more}    readings:\n")
    assert [one.partition(":")[0] for one in problems(text)] == ["not a regular expression"]


def test_an_expression_for_a_number_needs_a_group() -> None:
    text = with_reading(f'{TEMPERATURE}, text: true, number: "60 Secs"')
    (problem,) = problems(text)
    assert problem.startswith("a regular expression without a group for the number; put")


def test_a_profile_may_define_texts_names_identity_and_sensors() -> None:
    more = """\
    sensor_table: 1.3.6.1.4.1.99999.5
    identity: {serial: 1.3.6.1.4.1.99999.8.0, sys_descr: "(?P<model>AC-.)"}
"""
    text = with_reading(f"{TEMPERATURE}, text: true, named: fan")
    found = profiles(text.replace("    readings:\n", f"{more}    readings:\n")).named("acme")
    assert found is not None
    assert found.identity is not None
    assert (found.readings[0].text, found.readings[0].named) == (True, "fan")
    assert found.identity.oids == ("1.3.6.1.4.1.99999.8.0",)
    assert found.identity.described("an AC-7") == {"model": "AC-7"}
    assert found.sensor_table == "1.3.6.1.4.1.99999.5"


def test_a_profile_may_define_bounds_rows_fallbacks_and_several_oids() -> None:
    more = """\
    sys_descr: ^AC-
    identity: {serial: [1.3.6.1.4.1.99999.8.0, 1.3.6.1.4.1.99999.9], first: true}
"""
    text = with_reading(
        f"{TEMPERATURE}, rows: '\\.5$', least: -50, most: 200, part: cpu, fallback: true"
    )
    found = profiles(text.replace("    readings:\n", f"{more}    readings:\n")).named("acme")
    assert found is not None
    assert found.sys_descr == "^AC-"
    assert found.identity is not None
    assert found.identity.is_first
    assert found.identity.serial_oids == ("1.3.6.1.4.1.99999.8.0", "1.3.6.1.4.1.99999.9")
    (reading,) = found.readings
    assert (reading.rows, reading.least, reading.most) == (r"\.5$", -50, 200)
    assert (reading.part, reading.is_fallback, reading.is_milliwatts) == ("cpu", True, False)


@pytest.mark.parametrize(
    "key", ["sensor_table: OID", "identity: {serial: OID.0}", "identity: {model: [1.3.6.1, OID.0]}"]
)
def test_a_table_or_an_identity_that_is_too_long_to_be_read_is_refused(key: str) -> None:
    # It has 50 octets itself.
    oid = f"1.3.6.1.4.1.99999{'.268435456' * 8}.128"
    more = f"    {key.replace('OID', oid)}\n"
    (problem,) = problems(
        with_reading(TEMPERATURE).replace("    readings:\n", f"{more}    readings:\n")
    )
    assert problem.startswith("an OID that takes 51 octets cannot be read; ")


@pytest.mark.parametrize("serial", ["not.an.oid", "[1.3.6.1.4.1.99999.8.0, 7.x]"])
def test_an_invalid_oid_in_a_list_is_refused_with_the_cure(serial: str) -> None:
    more = f"    identity: {{serial: {serial}}}\n"
    (problem,) = problems(
        with_reading(TEMPERATURE).replace("    readings:\n", f"{more}    readings:\n")
    )
    assert "an OID in numbers" in problem
