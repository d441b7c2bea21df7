"""Our reader, pysnmp and net-snmp's tools read the same from real agents, varbind by varbind."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Literal

import pytest

from monitor.clock import SystemClock
from monitor.config.build.device_profiles import own_profiles
from monitor.config.secrets import Secret
from monitor.inventory.checks import (
    Engine,
    HardwareOptions,
    SnmpAccess,
)
from monitor.inventory.device_profile import DeviceProfiles
from monitor.observation import HardwareReading
from monitor.probes import hardware, interfaces
from monitor.probes.context import ProbeContext
from monitor.probes.make_parts import objects_of
from monitor.probes.snmp_transport import SnmpReaders
from monitor.snmp.client import SnmpClient
from monitor.snmp.model import Agent, FailureKind
from monitor.snmp.oids import TABLES, Syntax, objects
from monitor.snmp.read import NativeReader, Reader, Request, Result
from monitor.snmp.reference import PysnmpReader
from tests import build
from tests.integration.snmpd import Varbinds, net_snmp_walk, recorded, recordings, snmpd
from tests.probes.support import THREADS, NoTransport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration

COLUMNS = tuple(name for table in TABLES for _, name, _ in table.columns)
EVERYTHING = Request(("sysDescr", "sysObjectID", "sysUpTime", "sysName", "ifNumber"), COLUMNS)
# snmpsim takes a while for each GETNEXT.
FEW = Request(
    EVERYTHING.scalars,
    ("ifDescr", "ifPhysAddress", "ifOperStatus", "ifInOctets", "ifLastChange", "ifName"),
)
# What one poll of each check requests; some recordings have thousands of rows in each column.
RECORDED = Request(
    tuple(dict.fromkeys((*interfaces.SCALARS, *hardware.SCALARS))),
    (*interfaces.COLUMNS, *hardware.POWER, *hardware.SENSORS, *hardware.ENTITIES),
)
# 1,317 interfaces in all columns are more than the 300 requests that a walk may take.
HUGE = {"h3c-comware-lsq1wcmd0-2509p61"}
SWITCHES = ("cisco-c3560", "dlink-des3200")
LIVING = frozenset({Syntax.COUNTER32, Syntax.COUNTER64, Syntax.TIMETICKS})


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with snmpd(tmp_path_factory.mktemp("snmpd")) as port:
        yield port


@pytest.fixture(scope="module")
def switches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with recorded(tmp_path_factory.mktemp("snmpsim"), *SWITCHES) as port:
        yield port


async def read(reader: Reader, agent: Agent, request: Request = EVERYTHING) -> Result:
    result = await reader.read(agent, request, asyncio.get_running_loop().time() + 300)
    assert result.failure is None
    return result


def flat(result: Result) -> Varbinds:
    """Return a result's columns as net-snmp prints them: dotted OID to value."""
    known = objects()
    return {
        f"{known[name].oid}.{index}": value
        for name, rows in result.columns.items()
        for index, value in rows.items()
    }


def net_snmp(agent: Agent, request: Request = EVERYTHING) -> Varbinds:
    place = f"udp6:[{agent.address}]" if ":" in agent.address else agent.address
    place = f"{place}:{agent.port}"
    known = objects()
    walks = [
        net_snmp_walk(agent.version, agent.community.decode(), place, known[name].oid)
        for name in map(str, request.columns)
    ]
    return {oid: value for walk in walks for oid, value in walk.items()}


def living(oid: str) -> bool:
    column = oid.rpartition(".")[0]
    return next(entry.syntax in LIVING for entry in objects().values() if entry.oid == column)


def not_before(first: int | bytes, second: int | bytes) -> bool:
    """Return whether a counter can have moved from one value to the other; 32 bits may wrap."""
    assert isinstance(first, int)
    assert isinstance(second, int)
    return second >= first or (first < 2**32 and second + 2**32 - first < 2**31)


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_snmpd_tells_us_pysnmp_and_net_snmp_the_same(
    real: int, address: str, version: Literal["1", "2c"]
) -> None:
    agent = Agent(address, real, version, b"public")
    async with SnmpClient() as client, PysnmpReader() as reference:
        before = await read(NativeReader(client), agent)
        theirs = await read(reference, agent)
        tools = await asyncio.to_thread(net_snmp, agent)
        after = await read(NativeReader(client), agent)
        assert sum(client.drops.values()) == 0
    first, second, third, last = flat(before), flat(theirs), tools, flat(after)
    assert {*first} == {*second} == {*third} == {*last}
    assert len(first) > 20
    for oid, value in first.items():
        if living(oid):
            # The loopback counters move while we read: they must follow the order of the reads.
            said = (value, second[oid], third[oid], last[oid])
            assert all(not_before(*pair) for pair in itertools.pairwise(said)), f"{oid}: {said}"
        else:
            assert value == second[oid] == third[oid] == last[oid], oid
    assert before.scalars["sysName"] == b'schule <1> "a"' == theirs.scalars["sysName"]
    assert before.scalars["sysObjectID"] == theirs.scalars["sysObjectID"]
    assert ("ifHCInOctets" in before.columns) == (version == "2c")


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize("switch", SWITCHES)
async def test_recorded_switches_tell_all_three_the_same(
    switches: int, switch: str, version: Literal["1", "2c"]
) -> None:
    agent = Agent("127.0.0.1", switches, version, switch.encode(), timeout=5.0)
    request = FEW if version == "1" else EVERYTHING
    async with SnmpClient() as client, PysnmpReader() as reference:
        ours = await read(NativeReader(client), agent, request)
        theirs = await read(reference, agent, request)
    assert ours.scalars == theirs.scalars
    assert flat(ours) == flat(theirs) == await asyncio.to_thread(net_snmp, agent, request)
    assert len(ours.columns["ifDescr"]) > 20
    if version == "2c":
        assert max(ours.columns["ifHCInOctets"].values()) > 2**32  # type: ignore[operator]


@pytest.mark.thorough
@pytest.mark.parametrize("name", recordings())
async def test_every_recorded_device_tells_all_three_the_same(tmp_path: Path, name: str) -> None:
    """Whatever the recorded devices do, all three read exactly the same."""
    request = FEW if name in HUGE else RECORDED
    with recorded(tmp_path, name) as port:
        agent = Agent("127.0.0.1", port, "2c", name.encode(), timeout=10.0)
        async with SnmpClient() as client, PysnmpReader() as reference:
            ours = await read(NativeReader(client), agent, request)
            theirs = await read(reference, agent, request)
        # Some recordings let the clock run while they are read.
        clocks = ("sysUpTime", "hrSystemUptime", "snmpEngineTime")
        later = {name: theirs.scalars[name] for name in clocks if name in ours.scalars}
        assert {**ours.scalars, **later} == theirs.scalars
        assert flat(ours) == flat(theirs) == await asyncio.to_thread(net_snmp, agent, request)


@pytest.mark.parametrize(
    ("name", "profile", "most"),
    [
        ("cisco-c3560", "cisco", {"temperature_celsius": 100, "fan_good": 1}),
        ("dlink-des3200", "dlink", {"temperature_celsius": 100, "power_supply_good": 1}),
        ("juniper-mx960-12-3r6-6", "juniper", {"temperature_celsius": 100}),
        ("fortinet-xcu", "fortinet", {"cpu_utilization_ratio": 1, "memory_used_ratio": 1}),
        ("h3c-comware-7-1-075", "comware", {"cpu_utilization_ratio": 1}),
    ],
)
async def test_a_recorded_device_is_read_by_the_profile_of_its_make(
    tmp_path: Path, name: str, profile: str, most: dict[str, int]
) -> None:
    profiles = DeviceProfiles(own_profiles())
    known = profiles.named(profile)
    assert known is not None
    scalars, columns = objects_of(known)
    oids = [one.oid.removesuffix(".0") for one in (*scalars, *columns)]
    with recorded(tmp_path, name, also=oids) as port:
        access = SnmpAccess("2c", "x", Engine.NATIVE, port=port, timeout=5.0)
        options = HardwareOptions(access, profiles)
        check = build.check(options, "switch-1")
        async with SnmpClient() as client:
            credentials = {"x": Secret(name)}
            readers = SnmpReaders({Engine.NATIVE: NativeReader(client)}, credentials)
            clock = SystemClock()
            context = ProbeContext(clock, clock.monotonic() + 20, NoTransport(), readers, THREADS)
            reading = (await hardware.run(check, context)).values
    assert isinstance(reading, HardwareReading)
    assert reading.profile == profile
    found = {quantity for quantity, _ in reading.parts}
    assert found >= set(most)
    for quantity, highest in most.items():
        values = [value for (said, _), value in reading.parts.items() if said == quantity]
        assert all(0 <= value <= highest for value in values), values
        assert any(values), quantity


async def test_a_wrong_community_gets_no_answer(real: int) -> None:
    agent = Agent("127.0.0.1", real, "2c", b"private", timeout=0.2, retries=0)
    async with SnmpClient() as client:
        result = await NativeReader(client).read(
            agent, EVERYTHING, asyncio.get_running_loop().time() + 5
        )
    assert result.failure is not None
    assert result.failure.kind is FailureKind.TIMEOUT
    assert (result.scalars, result.columns) == ({}, {})
