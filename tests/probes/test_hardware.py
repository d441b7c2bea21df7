"""The hardware check over a modelled reader: requests, scaling, and reasons for failure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import SystemClock
from monitor.inventory.checks import Check, HardwareOptions, IcmpOptions
from monitor.inventory.device_profile import DeviceProfile, DeviceProfiles, ProfileReading, Quantity
from monitor.observation import (
    Chassis,
    HardwareReading,
    Neighbor,
    Outcome,
    PowerSupplyGroup,
    Reason,
    Sensor,
)
from monitor.probes import hardware
from monitor.probes.context import ProbeContext
from monitor.probes.hardware import UNITS
from monitor.probes.make_parts import MAX_PARTS
from monitor.snmp.oids import Object
from monitor.snmp.read import Failure, FailureKind, Result
from tests import build
from tests.probes.support import THREADS, NoTransport
from tests.probes.test_interfaces import ACCESS, Reads
from tests.virtual_time import run_virtually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.observation import Observation

    Columns = Mapping[str, Mapping[int, int | bytes]]

CHECK = build.check(HardwareOptions(ACCESS), "switch-1", interval=300.0)
NOTHING = Result({}, {}, None, 1, 0)
POWER: Columns = {
    "pethMainPsePower": {1: 370, 2: 740},
    "pethMainPseOperStatus": {1: 1, 2: 3},
    "pethMainPseConsumptionPower": {1: 120},
}


def sensors(**columns: int) -> Columns:
    """Return the columns of one sensor; by default a plain number of degrees."""
    given_ones = {"Type": 8, "Scale": 9, "Precision": 0, "Value": 41, "OperStatus": 1, **columns}
    return {f"entPhySensor{name}": {1004: value} for name, value in given_ones.items()}


async def run(transport: Reads, check: Check = CHECK) -> Observation:
    clock = SystemClock()
    context = ProbeContext(clock, clock.monotonic() + 5.0, NoTransport(), transport, THREADS)
    return await hardware.run(check, context)


def reading(observation: Observation) -> HardwareReading:
    assert isinstance(observation.values, HardwareReading)
    return observation.values


async def test_power_is_reported_per_unit_without_missing_values() -> None:
    transport = Reads([Result({"dot1dStpTopChanges": 7}, POWER, None, 2, 9), NOTHING])
    observation = await run(transport)
    assert (observation.outcome, observation.reason) == (Outcome.OK, Reason.NONE)
    assert reading(observation) == HardwareReading(
        {1: PowerSupplyGroup(370, 120, 1), 2: PowerSupplyGroup(740, None, 3)}, {}, 7, neighbors=()
    )


@pytest.mark.parametrize(
    ("columns", "value"),
    [
        ({}, 41.0),
        ({"Value": 415, "Precision": 1}, 41.5),
        ({"Value": 41_500, "Scale": 8}, 41.5),
        ({"Value": 12, "Scale": 10, "Type": 6}, 12_000.0),
        ({"Value": -5}, -5.0),
        ({"Value": 40, "Precision": -2}, 40.0),
        ({"Value": 41_500, "Scale": 8, "Precision": -3}, 41.5),
        ({"Value": 4, "Precision": -8}, 4.0),
        ({"Value": 4, "Precision": -9}, None),
        ({"OperStatus": 2}, None),
        ({"OperStatus": 3}, None),
        ({"Scale": 0}, None),
        ({"Scale": 99}, None),
        ({"Precision": 77}, None),
    ],
)
async def test_a_sensor_is_scaled_as_the_mib_says(
    columns: dict[str, int], value: float | None
) -> None:
    named = Result({}, {"entPhysicalName": {1004: b"Inlet\xff"}}, None, 1, 1)
    transport = Reads([Result({}, sensors(**columns), None, 2, 5), named])
    found = reading(await run(transport)).sensors
    unit = UNITS[columns.get("Type", 8)]
    working = columns.get("OperStatus") != 3
    assert found == {1004: Sensor("Inlet\N{REPLACEMENT CHARACTER}", unit, value, working)}


async def test_a_sensor_of_an_unspecified_type_is_left_out() -> None:
    transport = Reads([Result({}, sensors(Type=1), None, 2, 5), NOTHING])
    assert reading(await run(transport)).sensors == {}


async def test_a_switch_without_hardware_data_has_still_answered() -> None:
    observation = await run(Reads([NOTHING, NOTHING]))
    assert observation.outcome is Outcome.OK
    assert reading(observation) == HardwareReading({}, {}, neighbors=())


async def test_data_read_before_a_failure_is_kept() -> None:
    failure = Failure(FailureKind.TIMEOUT, "no reply")
    observation = await run(Reads([Result({}, POWER, failure, 2, 3), NOTHING]))
    assert (observation.outcome, observation.reason) == (Outcome.FAILED, Reason.TIMEOUT)
    assert set(reading(observation).power) == {1, 2}
    # A device that does not answer is not asked again.
    silent = await run(Reads([Result({}, {}, failure, 2, 0)]))
    assert silent.values is None


async def test_a_request_never_sent_is_our_own_fault() -> None:
    observation = await run(Reads([OSError(101, "Network is unreachable")]))
    assert (observation.outcome, observation.reason) == (Outcome.UNKNOWN, Reason.NO_SOCKET)


async def test_options_of_another_probe_are_a_bug() -> None:
    wrong = replace(CHECK, options=IcmpOptions())
    clock = SystemClock()
    context = ProbeContext(clock, clock.monotonic() + 5.0, NoTransport(), Reads([]), THREADS)
    with pytest.raises(TypeError, match="another probe"):
        await hardware.run(wrong, context)


numbers = st.dictionaries(st.integers(0, 9), st.integers(-(2**31), 2**31 - 1) | st.binary())


@given(st.dictionaries(st.sampled_from((*hardware.POWER, *hardware.SENSORS)), numbers, min_size=1))
def test_no_device_values_break_the_reading(
    columns: dict[str, dict[int, int | bytes]],
) -> None:
    async def main() -> None:
        results: list[Result | OSError] = [Result({}, columns, None, 2, 9), NOTHING]
        assert (await run(Reads(results))).outcome is Outcome.OK

    run_virtually(main())


MAKE = (1, 3, 6, 1, 4, 1, 99999, 7)
READINGS = (
    ProfileReading(Quantity.CPU_UTILIZATION_RATIO, "load", "1.3.6.1.4.1.99999.1.0", 0.01),
    ProfileReading(
        Quantity.TEMPERATURE_CELSIUS,
        "heat",
        "1.3.6.1.4.1.99999.2.1",
        0.1,
        ignored=frozenset({0}),
        label_oid="1.3.6.1.4.1.99999.2.2",
    ),
    ProfileReading(
        Quantity.FAN_GOOD, "fan", "1.3.6.1.4.1.99999.3", good=frozenset({2}), ignored=frozenset({1})
    ),
)
PROFILES = DeviceProfiles(
    (
        DeviceProfile("wide", "X", ("1.3.6.1.4.1.99999",), ()),
        DeviceProfile("make", "X-MIB", ("1.3.6.1.4.1.99999.7",), READINGS),
    )
)


def of_make(named: str | None = None) -> Check:
    return replace(CHECK, options=HardwareOptions(ACCESS, PROFILES, named))


def rows(**columns: Mapping[tuple[int, ...], int | bytes]) -> Columns:
    """Return columns as a reader gives those of tables whose index may have any length."""
    names = f"{READINGS[1].label_oid} as text"
    oids = {"heat": READINGS[1].oid, "name": names, "fan": READINGS[2].oid}
    return cast("Columns", {oids[name]: column for name, column in columns.items()})


async def test_a_make_is_read_by_the_profile_of_its_sysobjectid() -> None:
    table = rows(
        heat={(1, 1): 415, (1, 2): 0, (1, 3): 300, (1, 4): 301, (1, 5): b"hot"},
        name={(1, 1): b"CPU", (1, 2): b"Slot", (1, 3): b"Port", (1, 4): b"Port"},
        fan={(1,): 2, (2,): 1, (3,): 3},
    )
    transport = Reads(
        [Result({"sysObjectID": MAKE}, {}), Result({READINGS[0].oid: 37}, table)],
    )
    found = reading(await run(transport, of_make()))
    assert found.profile == "make"
    assert found.parts == {
        (Quantity.CPU_UTILIZATION_RATIO, ""): pytest.approx(0.37),
        (Quantity.TEMPERATURE_CELSIUS, "CPU"): pytest.approx(41.5),
        (Quantity.TEMPERATURE_CELSIUS, "Port 1.3"): pytest.approx(30.0),
        (Quantity.TEMPERATURE_CELSIUS, "Port 1.4"): pytest.approx(30.1),
        (Quantity.FAN_GOOD, "1"): 1.0,
        (Quantity.FAN_GOOD, "3"): 0.0,
    }
    _, further = transport.asked[1]
    assert {one.oid for one in further.scalars if isinstance(one, Object)} == {READINGS[0].oid}


async def test_a_make_without_a_profile_gets_no_vendor_requests() -> None:
    for said in ((1, 3, 6, 1, 4, 1, 999991), (1, 3, 6, 1, 4, 1, 99999, 8)):
        transport = Reads([Result({"sysObjectID": said}, {}), NOTHING])
        found = reading(await run(transport, of_make()))
        assert found.parts == {}
        assert not transport.asked[1][1].scalars


async def test_the_configuration_may_choose_the_profile() -> None:
    transport = Reads([Result({"sysObjectID": (1, 3)}, {}), Result({READINGS[0].oid: 5}, {})])
    found = reading(await run(transport, of_make("make")))
    assert (found.profile, len(found.parts)) == ("make", 1)


async def test_one_missing_table_never_loses_another() -> None:
    late = Failure(FailureKind.TIMEOUT, "no reply")
    observation = await run(
        Reads([Result({"sysObjectID": MAKE}, POWER), Result({READINGS[0].oid: 5}, {}, late)]),
        of_make(),
    )
    assert observation.reason is Reason.TIMEOUT
    found = reading(observation)
    assert found.power
    assert found.parts


async def test_neighbors_are_kept_if_only_a_later_request_fails() -> None:
    late = Failure(FailureKind.TIMEOUT, "no reply")
    row = (0, 7, 1)
    heard = cast(
        "Columns", {"lldpRemSysName": {row: b"attic"}, "lldpRemSysCapEnabled": {row: b"\x20"}}
    )
    first = Result({"sysObjectID": MAKE, "hrSystemUptime": 1}, POWER)
    transport = Reads([first, Result({}, heard), Result({}, {}, late)])
    observation = await run(transport, of_make())
    assert len(transport.asked) == 3
    assert observation.reason is Reason.TIMEOUT
    assert reading(observation).neighbors == (Neighbor("7", "attic", ""),)


async def test_the_first_chassis_identifies_the_switch() -> None:
    entities: Columns = {
        "entPhysicalClass": {1: 11, 2: 3, 3: 3},
        "entPhysicalModelName": {2: b"J9773A ", 3: b"other"},
        "entPhysicalSerialNum": {2: b"SG1"},
    }
    transport = Reads([Result({}, {}), Result({}, entities)])
    assert reading(await run(transport)).chassis == Chassis("J9773A", "SG1", "")


async def test_parts_of_a_device_are_bounded() -> None:
    table = rows(fan={(at,): 2 for at in range(MAX_PARTS + 9)})
    transport = Reads([Result({"sysObjectID": MAKE}, {}), Result({}, table)])
    assert len(reading(await run(transport, of_make())).parts) == MAX_PARTS
