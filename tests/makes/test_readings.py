"""How the readings of a profile work: rows, bounds, units and fallbacks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.inventory.device_profile import (
    DeviceProfile,
    DeviceProfiles,
    Identity,
    ProfileReading,
    Quantity,
)
from monitor.observation import Chassis
from tests.makes.test_device_parts import HOST, MAKE, profile, read

IF_NAME = "1.3.6.1.2.1.31.1.1.1.1"
HEAT = ProfileReading(Quantity.TEMPERATURE_CELSIUS, "heat", f"{MAKE}.1")
LIGHT = ProfileReading(
    Quantity.OPTICAL_RECEIVE_POWER_DBM, "light", f"{MAKE}.2", 0.001, is_milliwatts=True
)


async def parts(text: str, *readings: ProfileReading) -> dict[tuple[Quantity, str], float]:
    found, _ = await read(text, profile(readings=readings))
    return dict(found.parts)


async def test_rows_are_filtered_by_the_kind_in_their_index() -> None:
    rows = f"{MAKE}.1.7.5|2|41\n{MAKE}.1.7.8|2|-2000\n{MAKE}.1.15.5|2|38\n{MAKE}.1.15.15|2|9\n"
    labels = f"{IF_NAME}.7|4|gi7\n{IF_NAME}.15|4|gi15\n"
    reading = replace(HEAT, rows=r"\.5$", label_oid=IF_NAME)
    assert await parts(labels + rows, reading) == {
        (Quantity.TEMPERATURE_CELSIUS, "gi7"): 41.0,
        (Quantity.TEMPERATURE_CELSIUS, "gi15"): 38.0,
    }


async def test_rows_of_the_same_port_have_its_name_and_their_own_index() -> None:
    text = f"{IF_NAME}.7|4|et7\n{MAKE}.1.7.0|2|41\n{MAKE}.1.7.1|2|42\n"
    assert await parts(text, replace(HEAT, label_oid=IF_NAME)) == {
        (Quantity.TEMPERATURE_CELSIUS, "et7 7.0"): 41.0,
        (Quantity.TEMPERATURE_CELSIUS, "et7 7.1"): 42.0,
    }


@pytest.mark.parametrize(("raw", "said"), [(-50, -50.0), (-51, None), (200, 200.0), (201, None)])
async def test_numbers_out_of_bounds_are_ignored(raw: int, said: float | None) -> None:
    found = await parts(f"{MAKE}.1.1|2|{raw}\n", replace(HEAT, least=-50, most=200))
    assert found.get((Quantity.TEMPERATURE_CELSIUS, "1")) == said


@pytest.mark.parametrize(
    ("raw", "said"), [(1000, 0.0), (100, -10.0), (2000, 3.0103), (0, None), (-1, None)]
)
async def test_milliwatts_are_converted_to_dbm(raw: int, said: float | None) -> None:
    found = await parts(f"{MAKE}.2.1|2|{raw}\n", LIGHT)
    value = found.get((Quantity.OPTICAL_RECEIVE_POWER_DBM, "1"))
    assert value == (None if said is None else pytest.approx(said, abs=1e-4))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{MAKE}.1.1|2|40\n{MAKE}.3.0|2|50\n", {"1": 40.0}),
        (f"{MAKE}.1.1|2|0\n{MAKE}.3.0|2|50\n", {"": 50.0}),
        (f"{MAKE}.3.0|2|50\n", {"": 50.0}),
    ],
)
async def test_a_fallback_is_read_if_nothing_before_it_has_a_value(
    text: str, said: dict[str, float]
) -> None:
    second = replace(HEAT, oid=f"{MAKE}.3.0", is_fallback=True)
    found = await parts(text, replace(HEAT, ignored=frozenset({0})), second)
    assert {part: value for (_, part), value in found.items()} == said


async def test_scalars_of_a_quantity_are_distinguished_by_their_parts() -> None:
    readings = (replace(HEAT, oid=f"{MAKE}.{n}.0", part=part) for n, part in ((3, "cpu"), (4, "")))
    found = await parts(f"{MAKE}.3.0|2|50\n{MAKE}.4.0|2|30\n", *readings)
    assert {part: value for (_, part), value in found.items()} == {"cpu": 50.0, "": 30.0}


@pytest.mark.parametrize("value", ["2|54", "4|54", "4|54 %"])
async def test_an_object_is_read_whether_sent_as_number_or_text(value: str) -> None:
    as_number = replace(HEAT, oid=f"{MAKE}.3.0")
    as_text = replace(as_number, text=True, is_fallback=True)
    found = await parts(f"{MAKE}.3.0|{value}\n", as_number, as_text)
    assert found == {(Quantity.TEMPERATURE_CELSIUS, ""): 54.0}


ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
BOOT = f"{ENTITY}.5.1|2|3\n{ENTITY}.10.1|4|1.00-boot\n{ENTITY}.13.1|4|AC-24\n"


@pytest.mark.parametrize(("is_first", "software"), [(False, "1.00-boot"), (True, "7.3")])
async def test_a_vendor_version_can_override_that_of_entity_mib(
    *, is_first: bool, software: str
) -> None:
    identity = Identity(software_oids=(f"{MAKE}.7.0", f"{MAKE}.8.0"), is_first=is_first)
    found, _ = await read(f"{BOOT}{MAKE}.8.0|4|7.3\r\n", profile(identity=identity))
    assert found.chassis == Chassis("AC-24", "", software)


async def test_without_classes_the_first_row_is_the_device() -> None:
    rows = f"{ENTITY}.11.1|4|SN-1\n{ENTITY}.11.2|4|SN-2\n{ENTITY}.13.2|4|card\n"
    found, _ = await read(rows, profile(identity=None))
    assert found.chassis == Chassis("", "SN-1", "7.1-b2")


async def test_a_make_with_a_wrong_sensor_precision_is_corrected() -> None:
    columns = {1: 8, 2: 9, 3: 1, 4: 40, 5: 1}
    rows = "".join(f"1.3.6.1.2.1.99.1.1.1.{one}.4|2|{value}\n" for one, value in columns.items())
    for digits, said in ((None, 4.0), (0, 40.0)):
        found, _ = await read(rows, profile(sensor_digits=digits))
        assert [one.value for one in found.sensors.values()] == [said]


async def test_fans_that_label_percent_as_rpm_have_no_speed() -> None:
    columns = {1: {4: 8, 5: 10}, 2: {4: 9, 5: 9}, 3: {4: 0, 5: 0}, 4: {4: 40, 5: 30}}
    rows = "".join(
        f"1.3.6.1.2.1.99.1.1.1.{one}.{index}|2|{value}\n"
        for one, values in columns.items()
        for index, value in values.items()
    )
    for ignored, units in ((frozenset(), ["celsius", "rpm"]), (frozenset({"rpm"}), ["celsius"])):
        found, _ = await read(rows, profile(sensors_ignored=ignored))
        assert [one.unit for one in found.sensors.values()] == units


def test_among_profiles_for_the_same_devices_sysdescr_decides() -> None:
    plain = DeviceProfile("plain", "A-MIB", ("1.3.6.1.4.1.9.1",), ())
    special = replace(plain, name="special", sys_object_ids=("1.3.6.1.4.1.9",), sys_descr="^VSP")
    for profiles in (DeviceProfiles((plain, special)), DeviceProfiles((special, plain))):
        assert profiles.of("1.3.6.1.4.1.9.1.7", "VSP-7432") is special
        assert profiles.of("1.3.6.1.4.1.9.1.7", "EXOS") is plain
        assert profiles.of("1.3.6.1.4.1.9.2", "EXOS") is None


async def test_values_missing_in_the_profile_are_read_from_standard_mibs() -> None:
    own = ProfileReading(Quantity.CPU_UTILIZATION_RATIO, "load", f"{MAKE}.4.0", 0.01)
    found, device = await read(HOST, profile(readings=(own, HEAT)))
    assert found.parts[Quantity.CPU_UTILIZATION_RATIO, "1"] == pytest.approx(0.4)
    assert found.parts[Quantity.MEMORY_USED_BYTES, "Physical memory"] == 512_000.0
    # Memory, which the profile does not read, was already in the second request.
    assert len(device.asked) == 3
    assert [str(one.oid) for one in device.asked[2].columns if not isinstance(one, str)] == [
        "1.3.6.1.2.1.25.3.3.1.2"
    ]


_UCD = "1.3.6.1.4.1.2021.4"


@pytest.mark.parametrize(
    ("more", "free"),
    [
        ("", 1000),
        (f"{_UCD}.14.0|2|200\n{_UCD}.15.0|2|300\n", 1500),
        (f"{_UCD}.14.0|2|200\n{_UCD}.15.0|2|300\n{_UCD}.27.0|65|1400\n", 1400),
        (f"{_UCD}.14.0|2|900\n{_UCD}.15.0|2|900\n", 2000),
    ],
)
async def test_memory_used_by_linux_caches_counts_as_free(more: str, free: int) -> None:
    found, _ = await read(f"{_UCD}.5.0|2|2000\n{_UCD}.6.0|2|1000\n{more}")
    assert found.parts[Quantity.MEMORY_FREE_BYTES, ""] == free * 1024.0


async def test_buffers_and_cache_of_host_resources_are_not_in_use() -> None:
    rows = "".join(
        f"1.3.6.1.2.1.25.2.3.1.{column}.{row}|{tag}|{value}\n"
        for column, tag, values in (
            (3, 4, ("Physical memory", "Memory buffers", "Cached memory")),
            (4, 2, (1024, 1024, 1024)),
            (5, 2, (2000, 2000, 600)),
            (6, 2, (1500, 200, 600)),
        )
        for row, value in zip((1, 6, 7), values, strict=True)
    )
    found, _ = await read(f"1.3.6.1.2.1.25.1.1.0|67|100\n{rows}")
    assert found.parts[Quantity.MEMORY_USED_BYTES, "Physical memory"] == 700 * 1024.0
