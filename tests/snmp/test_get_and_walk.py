"""Scalars and columns in one request: what it saves, and which agents get separate requests."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.snmp.ber import Tag
from monitor.snmp.client import SnmpClient
from monitor.snmp.decode import decode_message
from monitor.snmp.encode import encode_message
from monitor.snmp.get_and_walk import GetAndWalk
from monitor.snmp.message import PduType
from monitor.snmp.model import FailureKind
from monitor.snmp.oid_octets import encode_oid
from monitor.snmp.oids import objects
from monitor.snmp.read import NativeReader, Request
from monitor.snmp.scalars import Get, by_oid
from monitor.snmp.walk import Walk
from tests.snmp.agent import HC_IN_OCTETS, ByteAgent, columns, interfaces, lead
from tests.snmp.hostile import serving
from tests.virtual_time import on_virtual_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.snmp.message import Message
    from monitor.snmp.read import Result

SCALARS = ("sysUpTime", "sysName", "sysDescr", "sysLocation")
COLUMNS = ("ifInOctets", "ifOutOctets", "ifHCInOctets", "ifName")
REQUEST = Request(SCALARS, COLUMNS)
ROWS = range(1, 61)


def is_joint(request: Message) -> bool:
    return request.pdu_type == PduType.GET_BULK and request.error_status > 0


async def polls(
    agent: ByteAgent, count: int, answer: Callable[[bytes], list[bytes]] | None = None
) -> list[tuple[Result, list[Message]]]:
    """Return the result of each of several polls, and its requests."""
    found = []
    answer = answer or (lambda data: [agent.answer(data)])
    async with serving(answer, timeout=0.05) as place, SnmpClient() as client:
        reader = NativeReader(client)
        for _ in range(count):
            agent.asked.clear()
            result = await reader.read(place, REQUEST, asyncio.get_running_loop().time() + 5)
            found.append((result, list(agent.asked)))
    return found


@on_virtual_time
async def test_a_known_agent_gets_scalars_and_columns_in_one_request() -> None:
    (first, asked), (second, asked_again) = await polls(ByteAgent(interfaces(ROWS)), 2)
    assert [is_joint(request) for request in asked] == [False] * first.requests
    assert [is_joint(request) for request in asked_again] == [True] + [False] * (
        second.requests - 1
    )
    assert second.requests == first.requests - 1
    assert (second.scalars, second.columns) == (first.scalars, first.columns)
    assert set(second.scalars) == {"sysUpTime", "sysName", "sysDescr"}
    assert first.failure is second.failure is None


@pytest.mark.parametrize(
    "habit",
    [{"only_repeats": True}, {"max_varbinds": 2}, {"too_big_above": 3}, {"max_varbinds": 0}],
    ids=str,
)
@on_virtual_time
async def test_an_agent_that_fails_the_combined_request_gets_two_for_a_day(
    habit: dict[str, bool],
) -> None:
    agent = ByteAgent(interfaces(ROWS))
    right, *_ = await polls(agent, 1)
    seen: list[list[Message]] = []
    odd = ByteAgent(interfaces(ROWS), **habit)  # type: ignore[arg-type]  # by the names above

    def answer(data: bytes) -> list[bytes]:
        plain = agent.answer(data)
        return [odd.answer(data) if is_joint(decode_message(data)) else plain]

    for result, asked in await polls(agent, 4, answer):
        assert (result.scalars, result.columns) == (right[0].scalars, right[0].columns)
        assert result.failure is None
        assert result.requests == len(asked)
        seen.append(asked)
    assert [sum(map(is_joint, asked)) for asked in seen] == [0, 1, 0, 0]
    assert [asked[-1].pdu_type for asked in seen] == [PduType.GET_BULK] * 4


def without(column: str, rows: Iterable[int]) -> ByteAgent:
    """Return an agent whose column lacks some rows."""
    lacking = {f"{column}.{row}" for row in rows}
    return ByteAgent({oid: one for oid, one in interfaces(ROWS).items() if oid not in lacking})


@on_virtual_time
async def test_a_column_without_rows_is_asked_once_a_poll_until_it_has_some() -> None:
    agent, full = without(HC_IN_OCTETS, ROWS), ByteAgent(interfaces(ROWS))
    current = agent

    def answer(data: bytes) -> list[bytes]:
        return [current.answer(data)]

    async with serving(answer, timeout=0.05) as place, SnmpClient() as client:
        reader = NativeReader(client)

        async def read() -> tuple[Result, list[Message]]:
            current.asked.clear()
            result = await reader.read(place, REQUEST, asyncio.get_running_loop().time() + 5)
            return result, list(current.asked)

        first, _ = await read()
        lacking, asked = await read()
        current = full
        returned, asked_again = await read()
        current = agent
        gone, _ = await read()
    assert first.columns == lacking.columns == gone.columns
    assert "ifHCInOctets" not in lacking.columns
    names = [[name for name, _, _ in one.varbinds] for one in asked]
    places = [at for at, one in enumerate(names) if encode_oid(HC_IN_OCTETS) in one]
    assert places == [0]
    assert names[0].index(encode_oid(HC_IN_OCTETS)) == asked[0].error_status - 1 == len(SCALARS)
    assert {name: tuple(rows) for name, rows in returned.columns.items()} == dict.fromkeys(
        COLUMNS, tuple(ROWS)
    )
    assert [is_joint(one) for one in asked_again[:2]] == [True, False]
    assert returned.failure is gone.failure is None


@on_virtual_time
async def test_a_table_that_ends_within_the_combined_reply_is_read_with_it() -> None:
    few = ByteAgent(interfaces([1]))
    (first, asked), (second, asked_again), (third, _) = await polls(few, 3)
    assert first.columns == second.columns == third.columns
    assert [len(asked), len(asked_again)] == [2, 1]
    assert first.failure is second.failure is None


@on_virtual_time
async def test_a_column_that_lost_rows_is_asked_again_and_joined_as_before() -> None:
    full, short = ByteAgent(interfaces(range(1, 4))), ByteAgent(interfaces([1]))
    agents = iter([full, short, short, full])
    seen = []
    current = full
    async with serving(lambda data: [current.answer(data)]) as place, SnmpClient() as client:
        reader = NativeReader(client)
        for current in agents:
            current.asked.clear()
            result = await reader.read(place, REQUEST, asyncio.get_running_loop().time() + 5)
            rows = {len(values) for values in result.columns.values()}
            seen.append((rows, [is_joint(one) for one in current.asked]))
    assert seen == [
        ({3}, [False, False]),
        ({1}, [True, False]),
        ({1}, [True]),
        ({3}, [True, False]),
    ]


@on_virtual_time
async def test_an_agent_silent_to_the_combined_request_gets_two_within_its_tries() -> None:
    agent = ByteAgent(interfaces(ROWS))

    def answer(data: bytes) -> list[bytes]:
        reply = agent.answer(data)
        return [] if is_joint(decode_message(data)) else [reply]

    (first, _), (second, asked), (third, asked_again) = await polls(agent, 3, answer)
    assert first.columns == second.columns == third.columns
    assert first.scalars == second.scalars == third.scalars
    assert [is_joint(request) for request in asked[:2]] == [True, False]
    assert not any(map(is_joint, asked_again))


@on_virtual_time
async def test_with_a_single_try_silence_to_the_combined_request_costs_one_read() -> None:
    agent = ByteAgent(interfaces(ROWS))

    def answer(data: bytes) -> list[bytes]:
        reply = agent.answer(data)
        return [] if is_joint(decode_message(data)) else [reply]

    outcomes = []
    async with serving(answer, timeout=0.05, retries=0) as place, SnmpClient() as client:
        reader = NativeReader(client)
        for _ in range(4):
            result = await reader.read(place, REQUEST, asyncio.get_running_loop().time() + 5)
            outcomes.append((result.failure is None, result.requests > 0))
    assert outcomes == [(True, True), (False, True), (True, True), (True, True)]


@on_virtual_time
async def test_a_known_agent_that_died_gets_no_extra_tries() -> None:
    agent = ByteAgent(interfaces(ROWS))
    has_died = asyncio.Event()

    def answer(data: bytes) -> list[bytes]:
        reply = agent.answer(data)
        return [] if has_died.is_set() else [reply]

    async with serving(answer, timeout=0.05, retries=1) as place, SnmpClient() as client:
        reader = NativeReader(client)
        first = await reader.read(place, REQUEST, asyncio.get_running_loop().time() + 5)
        assert first.failure is None
        has_died.set()
        agent.asked.clear()
        result = await reader.read(place, REQUEST, asyncio.get_running_loop().time() + 5)
    assert [request.pdu_type for request in agent.asked] == [PduType.GET_BULK, PduType.GET]
    assert result.failure is not None
    assert result.failure.kind is FailureKind.TIMEOUT
    assert (result.scalars, result.columns) == ({}, {})


@on_virtual_time
async def test_a_garbled_combined_answer_costs_one_request() -> None:
    agent = ByteAgent(interfaces(ROWS))

    def answer(data: bytes) -> list[bytes]:
        reply = agent.answer(data)
        if is_joint(decode_message(data)):
            message = decode_message(reply)
            cut = encode_message(replace(message, varbinds=message.varbinds[:2]))
            return [cut[:-3] + b"\x04\x01" + cut[-1:]]
        return [reply]

    (first, asked), (second, asked_again) = await polls(agent, 2, answer)
    assert (second.scalars, second.columns) == (first.scalars, first.columns)
    assert len(asked_again) == len(asked) + 1


@given(
    st.lists(st.integers(1, 300), max_size=70, unique=True).map(sorted),
    st.integers(0, 70),
    st.sets(st.sampled_from(["1", "3", "5"])),
    st.just([]) | st.lists(st.integers(0, 5), min_size=len(COLUMNS), max_size=len(COLUMNS)),
)
def test_combined_and_separate_requests_read_the_same(
    rows: list[int], columns_end: int, lacking: set[str], expected: list[int]
) -> None:
    found = interfaces(rows)
    for row in rows[columns_end:]:
        del found[f"{HC_IN_OCTETS}.{row}"]
    for arc in lacking:
        del found[f"1.3.6.1.2.1.1.{arc}.0"]
    agent = ByteAgent(found)
    known = objects()
    brought = []
    for scalar_octets in (None, 100):
        get = Get(by_oid([known[name] for name in SCALARS]))
        conversation = GetAndWalk(
            get, lambda: Walk(columns(*COLUMNS), bulk=True, rows=expected), scalar_octets
        )
        lead(conversation, agent)
        assert conversation.walk is not None
        brought.append((get.values, conversation.walk.columns, get.failure))
    assert brought[0] == brought[1]


def test_only_oids_ending_in_zero_can_be_fetched_by_getnext() -> None:
    scalar = objects()["sysName"]
    assert Get(by_oid([scalar])).can_be_next
    for oid in ("1.3.6.1.4.1.9.1.7", "1.3.6.1.4.1.9.1.128"):
        assert encode_oid(oid)[-1] in {7, 0}
        assert not Get({encode_oid(oid): scalar}).can_be_next
    assert not Get({}).can_be_next


def test_the_first_reply_has_room_for_the_scalars() -> None:
    long = interfaces(ROWS) | {"1.3.6.1.2.1.1.1.0": (Tag.OCTET_STRING, b"x" * 250)}
    sizes = []
    agent = ByteAgent(long)
    plain = agent.answer

    def answer(data: bytes) -> bytes:
        reply = plain(data)
        sizes.append(len(reply))
        return reply

    agent.answer = answer  # type: ignore[method-assign]  # to look at what goes over the wire
    get = Get(by_oid([objects()[name] for name in SCALARS]))
    lead(GetAndWalk(get, lambda: Walk(columns(*COLUMNS), bulk=True), 350), agent)
    assert len(sizes) > 2
    assert max(sizes) <= 1400
