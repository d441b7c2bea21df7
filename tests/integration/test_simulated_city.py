"""The simulated city as a process, queried with net-snmp's own tools."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from monitor.clock import SystemClock
from monitor.config import load
from monitor.simulator import process as process_module
from monitor.simulator.city import City, CityError
from monitor.simulator.faults import FaultError, places_of
from monitor.simulator.loopback import loopback_inventory
from monitor.simulator.model import Bulk, build_devices
from monitor.simulator.process import CityProcess
from monitor.snmp.ber import Tag
from monitor.snmp.client import SnmpClient
from monitor.snmp.message import PduType
from monitor.snmp.model import Agent as SnmpPeer
from monitor.snmp.model import Request
from monitor.snmp.oid_octets import decode_oid, encode_oid
from monitor.snmp.read import NativeReader
from tests.simulator.cities import simulated_city
from tests.simulator.requests import agents_of, answered, ask, walk
from tools.processes import running_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from monitor.simulator.agent import Agent
    from monitor.simulator.model import Device
    from monitor.snmp.model import Result

pytestmark = pytest.mark.integration

PROGRAM = (sys.executable, "-m", "tests.simulator.cities")
SCHOOLS, SWITCHES = 6, 12
PATIENCE_SECONDS = 60.0
# Enough schools that every kind of odd device occurs.
MANY_SCHOOLS = 10
SYS_NAME = "1.3.6.1.2.1.1.5.0"
IF_ALIAS = "1.3.6.1.2.1.31.1.1.1.18"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "city"
    path.write_text(f"{SCHOOLS} {SWITCHES}")
    return path


@pytest.fixture
async def running(config: Path) -> AsyncIterator[CityProcess]:
    async with CityProcess(config, program=PROGRAM, community="geheim") as process:
        yield process


async def tool(*arguments: str) -> str:
    """Return what a net-snmp tool prints: numeric OIDs, no MIBs, strings in hexadecimal."""
    name, *rest = arguments
    command = (name, "-m", "", "-On", "-Ox", "-Oe", "-r1", "-t2", *rest)
    pipe, merged = subprocess.PIPE, subprocess.STDOUT
    async with running_async(*command, stdout=pipe, stderr=merged) as process:
        output, _ = await process.communicate()
    return output.decode(errors="replace")


def printed(output: str) -> list[tuple[str, str]]:
    """Return (OID, value) for each object printed; hexadecimal strings may span lines."""
    found: list[tuple[str, str]] = []
    for line in output.splitlines():
        oid, equals, value = line.partition(" = ")
        if equals:
            found.append((oid.lstrip("."), value))
        elif found:
            found[-1] = (found[-1][0], found[-1][1] + line)
    return found


def as_printed(tag: int, value: int | bytes | None) -> str:
    """Return a value in the format of `tool`; changing numbers are left out by the caller."""
    if tag == Tag.OCTET_STRING and isinstance(value, bytes):
        return f"Hex-STRING: {value.hex(' ').upper()} " if value else '""'
    if tag == Tag.OBJECT_IDENTIFIER and isinstance(value, bytes):
        return "OID: ." + ".".join(map(str, decode_oid(value)))
    assert isinstance(value, int)
    names = {Tag.INTEGER: "INTEGER", Tag.GAUGE32: "Gauge32"}
    return f"{names[Tag(tag)]}: {value}"


STILL = frozenset({Tag.OCTET_STRING, Tag.OBJECT_IDENTIFIER, Tag.INTEGER, Tag.GAUGE32})


def agents() -> list[Agent]:
    """Return the same agents as in the city's process, for comparison."""
    return agents_of(SCHOOLS, SWITCHES)


def on_loopback(agent: Agent) -> str:
    moved = loopback_inventory(simulated_city(SCHOOLS, SWITCHES), 1)
    return places_of(moved)[agent.device.place]


def normal(value: str) -> str:
    return re.sub(r"\s+", " ", value).strip()


async def test_snmpbulkwalk_reads_what_the_model_says(running: CityProcess) -> None:
    for agent in [a for a in agents() if a.device.bulk is Bulk.ANSWERS][::9]:
        if 1 not in agent.device.versions:
            continue
        peer = f"{on_loopback(agent)}:{running.port}"
        got = printed(await tool("snmpbulkwalk", "-v2c", "-c", "geheim", "-Cr25", peer, "1.3"))
        expected = walk(agent)
        names = [".".join(map(str, decode_oid(oid))) for oid, _, _ in expected]
        assert [oid for oid, value in got if "No more variables" not in value] == names
        for (_, shown), (oid, tag, value) in zip(got, expected, strict=False):
            if tag in STILL:
                assert normal(shown) == normal(as_printed(tag, value)), decode_oid(oid)


async def test_snmpwalk_version_1_reads_everything_but_64_bits(running: CityProcess) -> None:
    agent = next(a for a in agents() if a.device.place.school == "voede")
    assert agent.device.versions == (0,)
    peer = f"{on_loopback(agent)}:{running.port}"
    got = printed(await tool("snmpwalk", "-v1", "-c", "geheim", peer, "1.3"))
    expected = [".".join(map(str, decode_oid(oid))) for oid, _, _ in walk(agent, version=0)]
    assert [oid for oid, _ in got if oid in expected] == expected
    assert not [value for _, value in got if "Counter64" in value]


async def test_snmpget_and_its_errors(running: CityProcess) -> None:
    agent = agents()[1]
    peer = f"{on_loopback(agent)}:{running.port}"
    output = await tool("snmpget", "-v2c", "-c", "geheim", peer, SYS_NAME, "1.3.6.1.2.1.99.1.0")
    shown = printed(output)
    assert normal(shown[0][1]) == normal(as_printed(Tag.OCTET_STRING, agent.device.sys_name))
    assert "No Such Object" in shown[1][1]
    assert "noSuchName" in await tool("snmpget", "-v1", "-c", "geheim", peer, "1.3.6.1.2.1.99.1.0")
    assert "Timeout" in await tool(
        "snmpget", "-v2c", "-c", "falsch", "-r0", "-t0.3", peer, SYS_NAME
    )


async def test_counters_of_the_running_city_grow(running: CityProcess) -> None:
    agent = agents()[0]
    wan = next(row.index for row in agent.device.interfaces if row.name == b"wan0")
    peer = f"{on_loopback(agent)}:{running.port}"
    arguments = ("-v2c", "-c", "geheim", peer, f"1.3.6.1.2.1.31.1.1.1.6.{wan}")
    first, second = await tool("snmpget", *arguments), await tool("snmpget", *arguments)
    before, after = (int(printed(text)[0][1].rpartition(" ")[2]) for text in (first, second))
    assert 0 < before < after


async def test_our_reader_reads_every_device_including_odd_ones(config: Path) -> None:
    config.write_text(f"{MANY_SCHOOLS} {SWITCHES}")
    everyone = build_devices(loopback_inventory(simulated_city(MANY_SCHOOLS, SWITCHES), 1))
    assert {device.bulk for device in everyone} == set(Bulk)
    assert {device.versions for device in everyone} == {(0,), (0, 1)}
    async with CityProcess(config, program=PROGRAM) as process, SnmpClient() as client:
        reading = (read_device(client, device, process.port) for device in everyone)
        results = await asyncio.gather(*reading)
    for device, result in zip(everyone, results, strict=True):
        columns = result.columns
        assert result.failure is None, (device.place, result.failure)
        assert result.scalars["sysName"] == device.sys_name
        assert columns["ifDescr"] == {row.index: row.descr for row in device.interfaces}
        if device.has_if_x_table:
            assert columns["ifAlias"] == {row.index: row.alias for row in device.interfaces}
        has_wide = device.has_if_x_table and 1 in device.versions
        assert bool(columns.get("ifHCInOctets")) == has_wide, device.place


async def read_device(client: SnmpClient, device: Device, port: int) -> Result:
    version: Literal["1", "2c"] = "2c" if 1 in device.versions else "1"
    peer = SnmpPeer(device.host, port, version, b"public", timeout=1.0, retries=5)
    request = Request(("sysName",), ("ifDescr", "ifName", "ifHCInOctets", "ifAlias"))
    deadline = asyncio.get_running_loop().time() + 120.0
    return await NativeReader(client).read(peer, request, deadline)


async def does_answer(running: CityProcess, place: str) -> bool:
    return await answered_within(60, running, place)


async def is_silent(running: CityProcess, place: str) -> bool:
    return not await answered_within(1, running, place)


async def answered_within(seconds: int, running: CityProcess, place: str) -> bool:
    moved = loopback_inventory(simulated_city(SCHOOLS, SWITCHES), running.port)
    hosts = {f"{p.school}/{p.site}/{p.device}": host for p, host in places_of(moved).items()}
    peer = f"{hosts[place]}:{running.port}"
    output = await tool("snmpget", "-v2c", "-c", "geheim", "-r0", f"-t{seconds}", peer, SYS_NAME)
    return "Timeout" not in output


async def test_faults_of_a_running_city_can_be_replaced(running: CityProcess) -> None:
    assert await does_answer(running, "goethe/main/switch-1")
    await running.set_faults(["uplink-down@goethe"])
    assert await is_silent(running, "goethe/main/router")
    assert await is_silent(running, "goethe/main/switch-1")
    assert await does_answer(running, "schiller/main/router")
    await running.set_faults([])
    assert await does_answer(running, "goethe/main/switch-1")


async def test_an_unknown_place_is_refused_and_changes_nothing(running: CityProcess) -> None:
    await running.set_faults(["switch-down@goethe/switch-1"])
    with pytest.raises(FaultError, match="unknown school 'gothe' among"):
        await running.set_faults(["uplink-down@gothe"])
    assert await is_silent(running, "goethe/main/switch-1")


async def test_a_slow_device_answers_late(running: CityProcess) -> None:
    await running.set_faults(["slow@goethe"])
    assert not await does_answer_within(running, 0.15)
    assert await does_answer_within(running, 60)


async def does_answer_within(running: CityProcess, seconds: float) -> bool:
    moved = loopback_inventory(simulated_city(SCHOOLS, SWITCHES), running.port)
    peer = f"{moved.schools[0].sites[0].uplink.host}:{running.port}"
    wait = f"-t{seconds:g}"
    output = await tool("snmpget", "-v2c", "-c", "geheim", "-r0", wait, peer, SYS_NAME)
    return "Timeout" not in output


def city_process(
    config: Path,
    *,
    stdin: int = subprocess.PIPE,
    stdout: int | None = None,
    stderr: int | None = None,
) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    command = (*PROGRAM, "--config", str(config))
    return running_async(*command, stdin=stdin, stdout=stdout, stderr=stderr)


async def test_the_city_ends_when_its_standard_input_closes(config: Path) -> None:
    async with city_process(config, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ready = json.loads(await process.stdout.readline())
        assert ready["devices"] == 6 * 13 + 2
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), PATIENCE_SECONDS) == 0


async def test_an_input_that_never_closes_is_refused(config: Path) -> None:
    nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
    async with city_process(config, stdin=nothing, stderr=pipe) as process:
        _, errors = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == 1
    assert errors.decode().startswith("standard input must be a pipe or a terminal")
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_city_stops_cleanly_on_a_signal(config: Path, number: signal.Signals) -> None:
    async with city_process(config, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        await process.stdout.readline()
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), PATIENCE_SECONDS) == 0


async def test_the_context_manager_leaves_no_process_behind(config: Path) -> None:
    async with CityProcess(config, program=PROGRAM) as process:
        pid = process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_city_that_stops_listening_is_killed(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "_END_SECONDS", 0.1)
    async with CityProcess(config, program=PROGRAM) as process:
        pid = process.pid
        os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_city_that_does_not_answer_a_command_is_stopped(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "_ANSWER_SECONDS", 0.1)
    async with CityProcess(config, program=PROGRAM) as process:
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(CityError, match=r"did not answer within 0\.1 s"):
            await process.set_faults([])
        with pytest.raises(CityError, match="exit code -9"):
            await process.wait()


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"uplink-down@goethe", "not JSON"),
        (b"\xff", "codec can't decode"),
        (b'{"fault": "isolated"}', "a command is"),
        (b'{"faults": "isolated"}', "a list of texts or objects"),
        (b'{"faults": [{"fault": "isolated", "starts": 1' + b"0" * 400 + b"}]}", "too large"),
        (b"[" * 100_000, "recursion"),
    ],
)
async def test_an_invalid_command_is_answered_with_the_mistake(line: bytes, error: str) -> None:
    a_city = City(simulated_city(), clock=SystemClock(), community=b"public")
    assert error in json.loads(a_city.command(line))["error"]


async def test_an_early_exit_is_reported_with_its_reason(config: Path) -> None:
    with pytest.raises(CityError, match="unknown fault 'uplink-dwon'; did you mean uplink-down"):
        async with CityProcess(config, program=PROGRAM, faults=["uplink-dwon@goethe"]):
            pytest.fail("the city started with a fault that does not exist")


async def test_a_later_exit_is_reported(config: Path) -> None:
    async with CityProcess(config, program=PROGRAM) as process:
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(CityError, match="exit code -9"):
            await process.wait()
        with pytest.raises(CityError, match="exit code -9"):
            await process.set_faults([])


async def test_a_port_in_use_is_one_line_with_the_cure(config: Path) -> None:
    host = build_devices(loopback_inventory(simulated_city(), 1))[0].host
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as holder:
        holder.bind((host, 0))
        port = holder.getsockname()[1]
        with pytest.raises(CityError, match=rf"cannot listen on {host} port {port}: .*--port"):
            async with CityProcess(config, program=PROGRAM, port=port):
                pytest.fail("two sockets share one address")


async def test_a_low_file_limit_is_reported_with_the_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (20, 40))
    inventory = simulated_city(SCHOOLS, SWITCHES)
    with pytest.raises(CityError, match=r"needs \d+ open files and the limit is 40; raise it"):
        async with City(inventory, clock=SystemClock(), community=b"public"):
            pytest.fail("the city opened more files than allowed")


async def test_the_city_of_the_real_configuration_starts() -> None:
    config = Path(__file__).parents[2] / "config" / "schools.yaml"
    inventory = load(config)
    async with CityProcess(config) as process:
        assert process.devices == len(places_of(inventory))


async def test_a_bad_configuration_is_reported_with_its_place(tmp_path: Path) -> None:
    config = tmp_path / "schools.yaml"
    config.write_text("version: 1\nschools: [\n")
    with pytest.raises(CityError, match=r"schools\.yaml:\d+:\d+: "):
        async with CityProcess(config):
            pytest.fail("a city without a configuration")


async def test_fewer_schools_are_the_first_ones(config: Path) -> None:
    async with CityProcess(config, program=PROGRAM, schools=1) as process:
        assert process.devices == 13


def test_the_comparison_agents_equal_those_of_the_city() -> None:
    # The expected values of the tests above must not depend on the addresses.
    moved = build_devices(loopback_inventory(simulated_city(SCHOOLS, SWITCHES), 1))
    assert [d.interfaces for d in moved] == [a.device.interfaces for a in agents()]
    reply = answered(ask(agents()[1], PduType.GET_NEXT, [encode_oid(IF_ALIAS)]))
    assert reply.varbinds[0][0].startswith(encode_oid(IF_ALIAS))
