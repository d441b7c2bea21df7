"""SNMPv3 with net-snmp's agent: the same values as its own tools and pysnmp, and every refusal."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.snmp.client import SnmpClient
from monitor.snmp.model import Agent, AuthProtocol, Failure, FailureKind, PrivProtocol, Security
from monitor.snmp.read import NativeReader
from monitor.snmp.reference import PysnmpReader
from tests.integration.snmpd import net_snmp_v3_walk, snmpd, v3_user
from tests.integration.test_snmp_agents import COLUMNS, EVERYTHING, flat, living, read
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.snmpd import Varbinds

pytestmark = pytest.mark.integration

LEVELS = [
    pytest.param("", "", id="noAuthNoPriv"),
    pytest.param("sha1", "", id="authNoPriv"),
    pytest.param("md5", "des", id="MD5-DES"),
    pytest.param("sha1", "aes128", id="SHA-AES128"),
    pytest.param("sha256", "aes256", id="SHA256-AES256"),
    pytest.param("sha1", "aes256", id="SHA-AES256-Blumenthal"),
    pytest.param("sha1", "aes256c", id="SHA-AES256-Reeder"),
]
PAIRS = [(auth, priv) for auth in AuthProtocol for priv in PrivProtocol]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with snmpd(tmp_path_factory.mktemp("snmpd-v3")) as port:
        yield port


def agent(port: int, security: Security) -> Agent:
    return Agent("127.0.0.1", port, "3", b"", timeout=10.0, security=security)


def net_snmp(port: int, security: Security) -> Varbinds:
    walks = [
        net_snmp_v3_walk(security, port, oid) for oid in ("1.3.6.1.2.1.2.2", "1.3.6.1.2.1.31.1.1")
    ]
    return {oid: value for walk in walks for oid, value in walk.items()}


@pytest.mark.parametrize(("auth", "priv"), LEVELS)
async def test_three_implementations_read_the_same(real: int, auth: str, priv: str) -> None:
    security = v3_user(auth, priv)
    place = agent(real, security)
    async with SnmpClient() as client, PysnmpReader() as reference:
        before = await read(NativeReader(client), place)
        theirs = await read(reference, place)
        tools = await asyncio.to_thread(net_snmp, real, security)
        after = await read(NativeReader(client), place)
        assert sum(client.drops.values()) == 0
    first, second, last = flat(before), flat(theirs), flat(after)
    assert {*first} == {*second} == {*last} <= {*tools}
    assert len(first) > 20
    assert len(before.columns) > len(COLUMNS) // 2
    for oid, value in first.items():
        if living(oid):
            assert value <= second[oid] <= tools[oid] <= last[oid], oid  # type: ignore[operator]
        else:
            assert value == second[oid] == tools[oid] == last[oid], oid
    assert before.scalars["sysName"] == b'schule <1> "a"' == theirs.scalars["sysName"]


async def test_all_snmp_versions_read_the_same(real: int) -> None:
    async with SnmpClient() as client:
        secure = await read(NativeReader(client), agent(real, v3_user("sha1", "aes128")))
        clear = await read(NativeReader(client), Agent("127.0.0.1", real, "2c", b"public"))
        old = await read(NativeReader(client), Agent("127.0.0.1", real, "1", b"public"))
    assert {*flat(secure)} == {*flat(clear)} >= {*flat(old)}
    assert secure.columns["ifDescr"] == clear.columns["ifDescr"] == old.columns["ifDescr"]


async def test_every_pair_of_protocols_works(real: int) -> None:
    async with SnmpClient() as client:
        for auth, priv in PAIRS:
            result = await read(NativeReader(client), agent(real, v3_user(auth, priv)))
            assert len(result.columns["ifDescr"]) > 0, (auth, priv)


async def refusal(port: int, security: Security) -> Failure:
    async with SnmpClient() as client:
        deadline = asyncio.get_running_loop().time() + 60
        place = replace(agent(port, security), timeout=1.0)
        result = await NativeReader(client).read(place, EVERYTHING, deadline)
    assert (result.scalars, result.columns) == ({}, {})
    assert result.failure is not None
    assert result.failure.kind is FailureKind.AUTHENTICATION
    return result.failure


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"auth_password": b"falschfalsch"}, "wrong authentication password or protocol"),
        ({"auth": AuthProtocol.SHA512}, "wrong authentication password or protocol"),
        ({"priv_password": b"falschfalsch"}, "wrong privacy password"),
        ({"priv": PrivProtocol.AES256}, "wrong privacy password or privacy protocol"),
        ({"user": b"niemand"}, "does not know user 'niemand'"),
        ({"engine_id": b"12345"}, "engine ID is 80001f88"),
        ({"context": b"nowhere"}, "or context"),
    ],
)
async def test_each_v3_error_is_reported(real: int, wrong: dict[str, object], words: str) -> None:
    failure = await refusal(real, replace(v3_user("sha1", "aes128"), **wrong))  # type: ignore[arg-type]
    assert words in failure.message


async def test_a_security_level_the_agent_does_not_offer_is_reported(real: int) -> None:
    security = replace(v3_user("sha1"), priv=PrivProtocol.AES128, priv_password=b"falschfalsch")
    failure = await refusal(real, security)
    assert "does not allow user 'user-sha1' the level authPriv" in failure.message


async def test_a_rebooted_agent_is_read_without_a_failure(tmp_path: Path) -> None:
    port = free_port()
    place = agent(port, v3_user("sha256", "aes128"))
    async with SnmpClient() as client:
        reader = NativeReader(client)
        for _ in range(2):
            with snmpd(tmp_path, port):
                await read(reader, place)
                await read(reader, place)
