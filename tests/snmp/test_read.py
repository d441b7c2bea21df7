from __future__ import annotations

import asyncio

import pytest

from monitor.snmp.ber import Tag
from monitor.snmp.client import SnmpClient
from monitor.snmp.decode import decode_message
from monitor.snmp.message import PduType
from monitor.snmp.model import Agent, FailureKind
from monitor.snmp.read import NativeReader, Request
from monitor.snmp.reference import PysnmpReader
from tests.snmp.agent import HC_IN_OCTETS, IN_OCTETS, OUT_OCTETS, ByteAgent, interfaces
from tests.snmp.hostile import serving
from tests.snmp.reading import within
from tests.virtual_time import on_virtual_time

REQUEST = Request(("sysName",), ("ifInOctets", "ifName"))
ROWS = range(1, 41)
ENTITY = "1.3.6.1.2.1.47.1.1.1.1.7.1"


@on_virtual_time
async def test_an_agent_without_getbulk_is_remembered_for_a_day() -> None:
    agent = ByteAgent(interfaces(ROWS), bulk=False)
    async with SnmpClient() as client, serving(lambda d: [agent.answer(d)]) as place:
        reader = NativeReader(client)
        first = await reader.read(place, REQUEST, within(3))
        agent.asked.clear()
        second = await reader.read(place, REQUEST, within(3))
        assert first.columns == second.columns
        assert [*second.columns["ifName"]] == list(ROWS)
        assert PduType.GET_BULK not in {request.pdu_type for request in agent.asked}
        await asyncio.sleep(86_000)
        await reader.read(place, REQUEST, within(3))
        assert PduType.GET_BULK not in {request.pdu_type for request in agent.asked}
        await asyncio.sleep(400)
        await reader.read(place, REQUEST, within(3))
        assert PduType.GET_BULK in {request.pdu_type for request in agent.asked}


class SilentToGetBulk(ByteAgent):
    """An agent that ignores GETBULK and answers GETNEXT."""

    def replies(self, data: bytes) -> list[bytes]:
        reply = self.answer(data)
        return [] if self.asked[-1].pdu_type == PduType.GET_BULK else [reply]


@pytest.mark.parametrize("reader", ["native", "pysnmp"])
@on_virtual_time
async def test_columns_alone_of_an_agent_silent_to_getbulk_are_read(reader: str) -> None:
    """They got nothing: of 1,000 switches ten were degraded, without hardware, walks or tables."""
    agent = SilentToGetBulk(interfaces(ROWS))
    async with (
        SnmpClient() as client,
        PysnmpReader() as reference,
        serving(agent.replies, timeout=0.5) as place,
    ):
        engine = NativeReader(client) if reader == "native" else reference
        result = await engine.read(place, Request((), ("ifInOctets", "ifName")), within(20))
    assert result.failure is None
    assert {len(rows) for rows in result.columns.values()} == {len(ROWS)}
    # GETBULK is tried once, then retried.
    assert [request.pdu_type for request in agent.asked].count(PduType.GET_BULK) == 2


@on_virtual_time
async def test_no_other_table_of_an_agent_silent_to_getbulk_is_asked_by_it_for_a_day() -> None:
    agent = SilentToGetBulk(interfaces(ROWS))
    async with SnmpClient() as client, serving(agent.replies) as place:
        reader = NativeReader(client)
        await reader.read(place, REQUEST, within(20))
        agent.asked.clear()
        others = await reader.read(place, Request((), ("ifOutOctets",)), within(20))
        assert others.failure is None
        assert {request.pdu_type for request in agent.asked} == {PduType.GET_NEXT}
        await asyncio.sleep(86_500)
        agent.asked.clear()
        later = await reader.read(place, Request((), ("ifHCInOctets",)), within(20))
        assert later.failure is None
        assert PduType.GET_BULK in {request.pdu_type for request in agent.asked}


@pytest.mark.parametrize("reader", ["native", "pysnmp"])
@on_virtual_time
async def test_columns_alone_of_a_dead_agent_cost_two_questions(reader: str) -> None:
    asked = []

    def silent(data: bytes) -> list[bytes]:
        asked.append(decode_message(data).pdu_type)
        return []

    async with (
        SnmpClient() as client,
        PysnmpReader() as reference,
        serving(silent, timeout=0.5) as place,
    ):
        engine = NativeReader(client) if reader == "native" else reference
        result = await engine.read(place, Request((), ("ifInOctets",)), within(20))
    assert result.failure is not None
    assert result.failure.kind is FailureKind.TIMEOUT
    assert asked == [*[PduType.GET_BULK] * 2, *[PduType.GET_NEXT] * 2]


@on_virtual_time
async def test_the_reply_size_an_agent_can_handle_is_remembered() -> None:
    agent = ByteAgent(interfaces(ROWS), too_big_above=20)
    async with SnmpClient() as client, serving(lambda d: [agent.answer(d)]) as place:
        reader = NativeReader(client)
        first = await reader.read(place, REQUEST, within(3))
        second = await reader.read(place, REQUEST, within(3))
        assert first.columns == second.columns
        assert second.requests < first.requests
        assert second.failure is None


@on_virtual_time
async def test_an_incomplete_walk_is_not_remembered() -> None:
    agent = ByteAgent(interfaces(ROWS))

    def dying(data: bytes) -> list[bytes]:
        reply = agent.answer(data)
        return [reply] if len(agent.asked) == 1 else []

    async with SnmpClient() as client, serving(dying, timeout=0.02, retries=0) as place:
        reader = NativeReader(client)
        result = await reader.read(place, REQUEST, within(3))
        assert result.failure is not None
        assert result.failure.kind is FailureKind.TIMEOUT
        assert result.scalars == {"sysName": b"sw1"}
        assert reader._hints == {}


@on_virtual_time
async def test_scalars_alone_and_columns_alone_can_be_read() -> None:
    agent = ByteAgent(interfaces(ROWS))
    async with SnmpClient() as client, serving(lambda d: [agent.answer(d)]) as place:
        reader = NativeReader(client)
        scalars = await reader.read(place, Request(("sysName", "sysUpTime"), ()), within(3))
        assert (set(scalars.scalars), scalars.requests) == ({"sysName", "sysUpTime"}, 1)
        columns = await reader.read(place, Request((), ("ifName",)), within(3))
        assert [*columns.columns["ifName"]] == list(ROWS)
        nothing = await reader.read(place, Request((), ()), within(3))
        assert (nothing.scalars, nothing.columns, nothing.failure) == ({}, {}, None)


@on_virtual_time
async def test_a_device_without_ifxtable_lacks_only_those_columns() -> None:
    found = {oid: v for oid, v in interfaces(ROWS).items() if not oid.startswith("1.3.6.1.2.1.31")}
    agent = ByteAgent(found)
    async with SnmpClient() as client, serving(lambda d: [agent.answer(d)]) as place:
        wanted = Request(("sysName",), ("ifName", "ifHCInOctets", "ifInOctets"))
        result = await NativeReader(client).read(place, wanted, within(3))
        assert result.failure is None
        assert set(result.columns) == {"ifInOctets"}


@on_virtual_time
async def test_v1_is_read_without_getbulk() -> None:
    agent = ByteAgent(interfaces(ROWS))
    async with SnmpClient() as client, serving(lambda d: [agent.answer(d)], version="1") as place:
        wanted = Request(("sysName", "sysLocation"), ("ifInOctets", "ifName"))
        result = await NativeReader(client).read(place, wanted, within(3))
        assert result.failure is None
        assert result.scalars == {"sysName": b"sw1"}
        assert [*result.columns["ifName"]] == list(ROWS)
        assert {request.pdu_type for request in agent.asked} == {PduType.GET, PduType.GET_NEXT}
        assert {request.version for request in agent.asked} == {0}


@on_virtual_time
async def test_an_unknown_object_is_a_caller_error() -> None:
    async with SnmpClient() as client:
        with pytest.raises(KeyError):
            await NativeReader(client).read(
                Agent("127.0.0.1", 161, "2c", b"public"), Request((), ("ifMood",)), within(1)
            )


def test_the_community_is_in_no_repr() -> None:
    assert "s3cret" not in repr(Agent("192.0.2.1", 161, "2c", b"s3cret"))


@on_virtual_time
async def test_no_pattern_is_compiled_for_the_columns_a_device_has_left() -> None:
    objects = interfaces(ROWS)
    ends = {IN_OCTETS: 10, OUT_OCTETS: 20, HC_IN_OCTETS: 30}
    for column, last in ends.items():
        for row in range(last + 1, len(ROWS) + 1):
            del objects[f"{column}.{row}"]
    agent = ByteAgent(objects)
    wanted = Request((), ("ifInOctets", "ifOutOctets", "ifHCInOctets", "ifName"))
    async with SnmpClient() as client, serving(lambda d: [agent.answer(d)]) as place:
        reader = NativeReader(client)
        found = await reader.read(place, wanted, within(3))
    assert found.failure is None
    rows = [list(column) for column in found.columns.values()]
    assert rows == [list(range(1, last + 1)) for last in (10, 20, 30, 40)]
    assert len(reader._rows) == 1


@on_virtual_time
async def test_a_short_table_does_not_shorten_the_requests_for_a_long_one() -> None:
    agent = ByteAgent(interfaces(list(range(1, 51))) | {ENTITY: (Tag.OCTET_STRING, b"x")})
    long, short = Request((), ("ifInOctets", "ifOutOctets")), Request((), ("entPhysicalName",))
    async with serving(lambda data: [agent.answer(data)]) as there, SnmpClient() as client:
        reader = NativeReader(client)
        for request in (long, short):
            await reader.read(there, request, within(2))
        assert (await reader.read(there, short, within(2))).varbinds == 2
        again = await reader.read(there, long, within(2))
    assert len(again.columns["ifInOctets"]) == 50
    assert again.varbinds == 2 * 51
