"""Values sent as text, device identity, and the standard MIBs, each read only where present."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.config.build.device_profiles import own_profiles
from monitor.inventory.checks import HardwareOptions, SnmpAccess
from monitor.inventory.device_profile import (
    DeviceProfile,
    DeviceProfiles,
    Identity,
    ProfileReading,
    Quantity,
)
from monitor.observation import Chassis, HardwareReading
from monitor.probes import hardware, neighbors, poe_ports
from tests.makes.meter import CHECK, context_for
from tests.makes.recording import Recorded

MAKE = "1.3.6.1.4.1.99999"
READINGS = (
    ProfileReading(Quantity.TEMPERATURE_CELSIUS, "heat", f"{MAKE}.1.0", text=True),
    ProfileReading(
        Quantity.FAN_SPEED_RPM,
        "sensor",
        f"{MAKE}.2.2",
        label_oid=f"{MAKE}.2.1",
        text=True,
        named="(?i)fan",
    ),
    ProfileReading(Quantity.POE_PORT_POWER_WATTS, "watts", f"{MAKE}.3", 0.001),
)
SYSTEM = f"1.3.6.1.2.1.1.1.0|4|Acme AC-24 switch, Version 7.1-b2, x\n1.3.6.1.2.1.1.2.0|6|{MAKE}.9\n"


def profile(**settings: object) -> DeviceProfile:
    return replace(DeviceProfile("acme", "ACME-MIB", (MAKE,), READINGS), **settings)  # type: ignore[arg-type]


async def read(
    text: str, known: DeviceProfile | None = None, version: str = "2c"
) -> tuple[HardwareReading, Recorded]:
    device = Recorded((SYSTEM + text).encode())
    access = SnmpAccess(version, "devices")  # type: ignore[arg-type]
    profiles = DeviceProfiles((known,) if known else ())
    check = replace(CHECK, options=HardwareOptions(access, profiles))
    reading = (await hardware.run(check, context_for(device))).values
    assert isinstance(reading, HardwareReading)
    return reading, device


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("45 C", 45.0),
        ("22.00 degrees Celsius (NORMAL)", 22.0),
        ("-12.5", -12.5),
        ("  +7.25  ", 7.25),
        ("N/A", None),
        ("", None),
    ],
)
async def test_a_number_in_a_text_is_read(text: str, value: float | None) -> None:
    found, _ = await read(f"{MAKE}.1.0|4|{text}\n", profile())
    assert found.parts.get((Quantity.TEMPERATURE_CELSIUS, "")) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" 5 Secs ( 99.9999%)   60 Secs ( 12.5000%)  300 Secs ( 9.2401%)", 0.125),
        ("300 Secs ( 9.2401%)", None),
        ("60 Secs ( none)", None),
    ],
)
@pytest.mark.parametrize("name", ["netgear", "ubiquiti-edgeswitch"])
async def test_the_profile_picks_one_of_several_numbers(
    name: str, text: str, value: float | None
) -> None:
    known = next(one for one in own_profiles() if one.name == name)
    load = next(one for one in known.readings if one.number)
    found, _ = await read(f"{load.oid}|4|{text}\n", replace(known, sys_object_ids=(MAKE,)))
    assert found.parts.get((Quantity.CPU_UTILIZATION_RATIO, "")) == value


async def test_an_integer_is_not_read_as_text() -> None:
    found, _ = await read(f"{MAKE}.1.0|2|45\n", profile())
    assert found.parts == {}


async def test_only_rows_with_the_wanted_name_are_read() -> None:
    rows = f"{MAKE}.2.1.1|4|CPU\n{MAKE}.2.1.2|4|Fan 1\n{MAKE}.2.2.1|4|51\n{MAKE}.2.2.2|4|4100 rpm\n"
    found, _ = await read(rows, profile())
    assert found.parts == {(Quantity.FAN_SPEED_RPM, "Fan 1"): 4100.0}


async def test_power_of_a_port_has_group_and_number() -> None:
    found, _ = await read(f"{MAKE}.3.1.7|66|15400\n", profile())
    assert found.parts == {(Quantity.POE_PORT_POWER_WATTS, "1.7"): pytest.approx(15.4)}


CHASSIS = "1.3.6.1.2.1.47.1.1.1.1.5.1|2|3\n1.3.6.1.2.1.47.1.1.1.1.11.1|4|SN-CHASSIS\n"


@pytest.mark.parametrize(
    ("text", "identity", "chassis"),
    [
        # Without a profile, the version in sysDescr alone.
        ("", None, Chassis("", "", "7.1-b2")),
        (
            f"{MAKE}.8.0|4|SN123\n",
            Identity(serial_oids=(f"{MAKE}.8.0",), sys_descr=r"Acme (?P<model>\S+)"),
            Chassis("AC-24", "SN123", "7.1-b2"),
        ),
        # A column: the first row with a value.
        (
            f"{MAKE}.8.1|4|\n{MAKE}.8.2|4|SN-2\n",
            Identity(serial_oids=(f"{MAKE}.8",)),
            Chassis("", "SN-2", "7.1-b2"),
        ),
        (CHASSIS, Identity(serial_oids=(f"{MAKE}.8",)), Chassis("", "SN-CHASSIS", "7.1-b2")),
    ],
)
async def test_device_identity_comes_from_the_first_source_that_has_it(
    text: str, identity: Identity | None, chassis: Chassis
) -> None:
    found, _ = await read(text, profile(identity=identity) if identity else None)
    assert found.chassis == chassis


async def test_a_vendor_sensor_table_in_the_standard_form_is_read_like_it() -> None:
    columns = {1: 14, 2: 8, 3: 0, 4: -2350, 5: 1}
    rows = "".join(f"{MAKE}.5.{number}.77|2|{value}\n" for number, value in columns.items())
    found, _ = await read(rows, profile(sensor_table=f"{MAKE}.5"))
    assert {one.unit: one.value for one in found.sensors.values()} == {"dBm": -2.35}


HOST = """\
1.3.6.1.2.1.25.1.1.0|67|100
1.3.6.1.2.1.25.2.3.1.3.1|4|Physical memory
1.3.6.1.2.1.25.2.3.1.3.2|4|/var
1.3.6.1.2.1.25.2.3.1.4.1|2|1024
1.3.6.1.2.1.25.2.3.1.4.2|2|1024
1.3.6.1.2.1.25.2.3.1.5.1|2|2000
1.3.6.1.2.1.25.2.3.1.5.2|2|3000
1.3.6.1.2.1.25.2.3.1.6.1|2|500
1.3.6.1.2.1.25.2.3.1.6.2|2|700
1.3.6.1.2.1.25.3.3.1.2.1|2|40
"""
UCD = """\
1.3.6.1.4.1.2021.4.5.0|2|2000
1.3.6.1.4.1.2021.4.6.0|2|1000
1.3.6.1.4.1.2021.11.11.0|2|90
1.3.6.1.4.1.2021.13.16.2.1.2.1|4|CPU
1.3.6.1.4.1.2021.13.16.2.1.3.1|66|66500
"""


async def test_host_resources_mib_gives_processor_and_memory() -> None:
    found, _ = await read(HOST)
    assert found.parts == {
        (Quantity.CPU_UTILIZATION_RATIO, "1"): pytest.approx(0.4),
        (Quantity.MEMORY_SIZE_BYTES, "Physical memory"): 2_048_000.0,
        (Quantity.MEMORY_USED_BYTES, "Physical memory"): 512_000.0,
    }


async def test_net_snmp_gives_memory_processor_and_sensors() -> None:
    found, device = await read(UCD)
    assert found.parts == {
        (Quantity.CPU_UTILIZATION_RATIO, ""): pytest.approx(0.1),
        (Quantity.MEMORY_SIZE_BYTES, ""): 2_048_000.0,
        (Quantity.MEMORY_FREE_BYTES, ""): 1_024_000.0,
        (Quantity.TEMPERATURE_CELSIUS, "CPU"): pytest.approx(66.5),
    }
    assert not [one for one in device.asked[1].columns if "hrStorage" in str(one)]


async def test_a_switch_without_these_mibs_gets_no_further_requests() -> None:
    _, device = await read("")
    first, second = device.asked
    assert not second.scalars
    assert set(second.columns) == {
        *hardware.ENTITIES,
        *neighbors.LOCAL_COLUMNS,
        *neighbors.REMOTE_COLUMNS,
    }
    assert first.columns == (*hardware.POWER, poe_ports.STATUS, *hardware.SENSORS)


async def test_quantities_of_the_profile_are_not_requested_from_standard_mibs() -> None:
    own = ProfileReading(Quantity.CPU_UTILIZATION_RATIO, "load", f"{MAKE}.4.0", 0.01)
    found, device = await read(f"{HOST}{MAKE}.4.0|2|7\n", profile(readings=(own,)))
    assert found.parts[Quantity.CPU_UTILIZATION_RATIO, ""] == pytest.approx(0.07)
    assert (Quantity.CPU_UTILIZATION_RATIO, "1") not in found.parts
    assert not [one for one in device.asked[1].columns if "25.3.3.1.2" in str(one)]


async def test_a_v1_agent_is_not_asked_for_scalars_that_it_may_lack() -> None:
    _, device = await read(HOST, version="1")
    assert device.asked[0].scalars == hardware.SCALARS
