"""SNMPv3 through real sockets: drops are counted, failures are named, deadlines hold."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from monitor.snmp import usm_keys
from monitor.snmp.client import SnmpClient
from monitor.snmp.model import FailureKind
from monitor.snmp.read import NativeReader, Result
from monitor.snmp.usm import REFUSALS
from tests.snmp.agent import ByteAgent, interfaces
from tests.snmp.hostile import serving
from tests.snmp.reading import REQUEST, read, within
from tests.snmp.test_usm import AUTH_PRIV, engine
from tests.snmp.usm_agent import USM_STATS, UsmAgent
from tests.virtual_time import on_virtual_time


@on_virtual_time
async def test_an_engine_is_discovered_once_and_then_read_repeatedly() -> None:
    theirs = replace(engine(), agent=ByteAgent(interfaces(range(1, 41))))
    async with (
        SnmpClient() as client,
        serving(lambda d: [theirs.answer(d)], security=AUTH_PRIV) as place,
    ):
        for _ in range(3):
            result = await read(client, place)
            assert result.failure is None
            assert result.scalars["sysName"] == b"sw1"
            assert [*result.columns["ifName"]] == list(range(1, 41))
        assert sum(client.drops.values()) == 0
    assert [bool(message.engine_id) for message in theirs.asked].count(False) == 1
    ids = [message.message_id for message in theirs.asked]
    assert len(set(ids)) == len(ids)
    assert max(ids) > 2**28


@pytest.mark.parametrize(
    ("reason", "lies"),
    [
        ("wrong_engine", {"engine_id": b"another-engine"}),
        ("wrong_user", {"user": b"root"}),
        ("wrong_level", {"flags": 1}),
        ("wrong_context", {"context": b"other"}),
        ("unknown_request", {"message_id": 5}),
    ],
)
@on_virtual_time
async def test_datagrams_other_than_the_reply_are_counted_and_reported(
    reason: str, lies: dict[str, object]
) -> None:
    theirs = engine(lies=lies)
    async with (
        SnmpClient() as client,
        serving(lambda d: [theirs.answer(d)], security=AUTH_PRIV) as place,
    ):
        result = await read(client, place)
        assert (result.scalars, result.columns) == ({}, {})
        assert client.drops[reason] == 2
        assert result.failure is not None
        assert result.failure.kind is FailureKind.AUTHENTICATION
        assert {*REFUSALS} <= {*client.drops}


@on_virtual_time
async def test_a_replayed_and_a_community_reply_are_dropped() -> None:
    theirs = engine()
    recorded: list[bytes] = []

    def replay(data: bytes) -> list[bytes]:
        recorded.append(theirs.answer(data))
        old = recorded[1:-1]
        return [*old, b"\x30\x1c\x02\x01\x01\x04\x06public" + bytes(18), recorded[-1]]

    async with SnmpClient() as client, serving(replay, security=AUTH_PRIV) as place:
        for _ in range(3):
            assert (await read(client, place)).failure is None
        assert client.drops["unknown_request"] > 0


@on_virtual_time
async def test_a_reply_from_another_address_is_dropped() -> None:
    theirs = engine()
    async with (
        SnmpClient() as client,
        serving(lambda d: [theirs.answer(d)], forged=True, security=AUTH_PRIV) as place,
    ):
        result = await read(client, place)
        assert result.failure is not None
        assert result.failure.kind is FailureKind.TIMEOUT
        assert client.drops["wrong_source"] == 2


@on_virtual_time
async def test_a_refused_password_ends_at_once() -> None:
    theirs = engine()
    wrong = replace(AUTH_PRIV, auth_password=b"falschfalsch")
    async with (
        SnmpClient() as client,
        serving(lambda d: [theirs.answer(d)], security=wrong) as place,
    ):
        result = await read(client, place)
    assert result.failure is not None
    assert result.failure.kind is FailureKind.AUTHENTICATION
    assert len(theirs.asked) == 2


@on_virtual_time
async def test_silence_after_discovery_is_distinguished_from_a_dead_agent() -> None:
    theirs = engine()

    def met_only(data: bytes) -> list[bytes]:
        return [] if theirs.asked else [theirs.answer(data)]

    async with SnmpClient() as client, serving(met_only, security=AUTH_PRIV) as place:
        silent = (await read(client, place)).failure
        dead = (await read(client, place)).failure
    assert silent is not None
    assert silent.kind is FailureKind.AUTHENTICATION
    assert "ignores our requests: wrong privacy password" in silent.message
    assert dead is not None
    assert dead.kind is FailureKind.TIMEOUT


@on_virtual_time
async def test_an_agent_that_keeps_changing_its_engine_id_is_given_up() -> None:
    count = 0

    def changing(data: bytes) -> list[bytes]:
        nonlocal count
        count += 1
        return [engine(engine_id=b"engine-%d" % count).answer(data)]

    async with SnmpClient() as client, serving(changing, security=AUTH_PRIV) as place:
        result = await read(client, place)
    assert result.failure is not None
    assert result.failure.kind is FailureKind.AUTHENTICATION
    assert count == 5


@on_virtual_time
async def test_an_agent_that_always_calls_us_untimely_is_given_up() -> None:
    class Untimely(UsmAgent):
        def answer(self, data: bytes) -> bytes:
            reply = super().answer(data)
            asked = self.asked[-1]
            return self.report(asked, f"{USM_STATS}.2.0", 1) if asked.engine_id else reply

    theirs = Untimely(ByteAgent(interfaces(range(1, 3))), AUTH_PRIV)
    async with (
        SnmpClient() as client,
        serving(lambda d: [theirs.answer(d)], security=AUTH_PRIV) as place,
    ):
        result = await read(client, place)
    assert result.failure is not None
    assert "keeps reporting an unknown engine ID" in result.failure.message
    assert len(theirs.asked) == 5


@on_virtual_time
async def test_a_digest_that_the_machine_forbids_costs_only_its_own_devices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In FIPS mode, hashlib raises ValueError for MD5."""

    def forbid(*_: object) -> bytes:
        raise ValueError("unsupported hash type")

    theirs, plain = engine(), ByteAgent(interfaces(range(1, 9)))
    theirs.crypto()
    monkeypatch.setattr(usm_keys, "password_to_key", forbid)
    async with (
        SnmpClient() as client,
        serving(lambda d: [theirs.answer(d)], security=AUTH_PRIV) as forbidden,
        serving(lambda d: [plain.answer(d)], timeout=2.0) as allowed,
    ):
        reader = NativeReader(client)
        for _ in range(3):
            places = [*[forbidden] * 8, allowed]
            reads = [reader.read(place, REQUEST, within(5.0)) for place in places]
            *failed, result = await asyncio.gather(*reads, return_exceptions=True)
            assert [str(error) for error in failed] == ["unsupported hash type"] * 8
            assert isinstance(result, Result)
            assert result.scalars["sysName"] == b"sw1"
        assert client.requests_in_flight == 0
