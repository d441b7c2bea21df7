"""Requests through real sockets: targets, retries, concurrency and deadlines."""

from __future__ import annotations

import asyncio
import dataclasses
import socket

import pytest

from monitor.snmp.client import Question, SnmpClient, socket_address
from monitor.snmp.decode import decode_message
from monitor.snmp.encode import encode_response
from monitor.snmp.message import Message, PduType
from monitor.snmp.model import Agent, FailureKind
from monitor.snmp.read import NativeReader
from tests.snmp.hostile import serving
from tests.snmp.reading import REQUEST, ROWS, honest, read, within
from tests.virtual_time import on_virtual_time


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@on_virtual_time
async def test_an_honest_agent_is_read_over_ipv4_and_ipv6(host: str) -> None:
    agent = honest()
    async with SnmpClient() as client, serving(lambda d: [agent.answer(d)], host=host) as place:
        result = await read(client, place)
        assert result.failure is None
        assert result.scalars == {"sysUpTime": 4_000_000_000, "sysName": b"sw1"}
        assert [*result.columns["ifName"]] == list(ROWS)
        assert result.requests == len(agent.asked)
        assert sum(client.drops.values()) == 0


@on_virtual_time
async def test_request_ids_are_random_and_31_bits_wide() -> None:
    agent = honest()
    async with SnmpClient() as client, serving(lambda d: [agent.answer(d)]) as place:
        for _ in range(20):
            await read(client, place)
    ids = [request.request_id for request in agent.asked]
    assert len(set(ids)) == len(ids)
    assert all(0 <= number < 2**31 for number in ids)
    assert max(ids) > 2**29
    assert ids != sorted(ids)


@on_virtual_time
async def test_a_silent_agent_gets_exactly_the_allowed_retries() -> None:
    asked: list[bytes] = []

    def silent(data: bytes) -> list[bytes]:
        asked.append(data)
        return []

    async with SnmpClient() as client, serving(silent, timeout=0.05, retries=2) as place:
        result = await read(client, place)
        assert result.failure is not None
        assert result.failure.kind is FailureKind.TIMEOUT
        assert len(asked) == 3
        assert len({decode_message(data).request_id for data in asked}) == 3


@on_virtual_time
async def test_a_lost_request_is_sent_again() -> None:
    agent = honest()
    seen = 0

    def lossy(data: bytes) -> list[bytes]:
        nonlocal seen
        seen += 1
        return [agent.answer(data)] if seen % 2 == 0 else []

    async with SnmpClient() as client, serving(lossy, timeout=0.05) as place:
        result = await read(client, place)
        assert result.failure is None
        assert [*result.columns["ifName"]] == list(ROWS)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@on_virtual_time
async def test_a_closed_port_is_unreachable_at_once(host: str) -> None:
    family, _ = socket_address(host, 0)
    with socket.socket(family, socket.SOCK_DGRAM) as free:
        free.bind((host, 0))
        port = free.getsockname()[1]
    async with SnmpClient() as client:
        loop = asyncio.get_running_loop()
        began = loop.time()
        result = await read(client, Agent(host, port, "2c", b"public", 2.0, 1))
        assert result.failure is not None
        assert result.failure.kind is FailureKind.UNREACHABLE
        assert "Connection refused; nothing listens on UDP" in result.failure.message
        assert "refused" in result.failure.message
        assert loop.time() - began < 1.0
        assert client.drops["icmp_error"] == 2


@on_virtual_time
async def test_an_icmp_error_about_one_agent_does_not_disturb_another() -> None:
    agent = honest()
    async with SnmpClient() as client, serving(lambda d: [agent.answer(d)]) as place:
        dead = dataclasses.replace(place, port=1, retries=5)
        async with asyncio.TaskGroup() as group:
            living = [
                group.create_task(NativeReader(client).read(place, REQUEST, within(3)))
                for _ in range(20)
            ]
            failing = [
                group.create_task(NativeReader(client).read(dead, REQUEST, within(3)))
                for _ in range(20)
            ]
        assert {task.result().failure for task in living} == {None}
        assert all(
            task.result().failure.kind is FailureKind.UNREACHABLE  # type: ignore[union-attr]
            for task in failing
        )


async def _under_way(client: SnmpClient) -> None:
    while not client.requests_in_flight:  # noqa: ASYNC110  # the client has no event
        await asyncio.sleep(0)


@on_virtual_time
async def test_a_slow_endless_walk_ends_by_the_deadline() -> None:
    loop = asyncio.get_running_loop()
    async with SnmpClient() as client, serving(lambda _: [], timeout=5.0) as place:
        began = loop.time()
        result = await read(client, place, seconds=0.2)
        assert result.failure is not None
        assert result.failure.kind is FailureKind.TIMEOUT
        assert 0.15 < loop.time() - began < 0.4


@on_virtual_time
async def test_cancelling_removes_the_request_at_once() -> None:
    async with SnmpClient() as client, serving(lambda _: [], timeout=30.0) as place:
        task = asyncio.create_task(NativeReader(client).read(place, REQUEST, within(30)))
        await _under_way(client)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert client.requests_in_flight == 0


@on_virtual_time
async def test_many_agents_are_read_at_once_and_then_a_single_one() -> None:
    agent = honest()
    async with SnmpClient() as client, serving(lambda d: [agent.answer(d)]) as place:
        reader = NativeReader(client)
        deadline = asyncio.get_running_loop().time() + 5.0
        results = await asyncio.gather(*(reader.read(place, REQUEST, deadline) for _ in range(40)))
        results.append(await read(client, place))
        assert [result.failure for result in results] == [None] * 41
        assert {len(result.columns["ifName"]) for result in results} == {len(ROWS)}
        assert sum(client.drops.values()) == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@on_virtual_time
async def test_closed_ports_are_noticed_at_once_among_many(host: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((host, 0))
        closed = s.getsockname()[1]
    async with SnmpClient() as client, serving(lambda d: [honest().answer(d)], host=host) as place:
        reader = NativeReader(client)
        dead = dataclasses.replace(place, port=closed)
        deadline = asyncio.get_running_loop().time() + 5.0
        results = await asyncio.gather(
            *(reader.read(agent, REQUEST, deadline) for agent in [place, dead] * 10)
        )
    kinds = [result.failure and result.failure.kind for result in results]
    assert kinds == [None, FailureKind.UNREACHABLE] * 10


@on_virtual_time
async def test_no_more_requests_are_in_flight_than_allowed() -> None:
    most = 0
    agent = honest()

    def count(data: bytes) -> list[bytes]:
        nonlocal most
        most = max(most, client.requests_in_flight)
        return [agent.answer(data)]

    async with SnmpClient(in_flight=3) as client, serving(count, timeout=2.0) as place:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(NativeReader(client).read(place, REQUEST, within(5)))
                for _ in range(20)
            ]
        assert {task.result().failure for task in tasks} == {None}
        assert most == 3


@on_virtual_time
async def test_a_missing_slot_is_reported_at_the_deadline_and_cancel_frees_slots() -> None:
    async with SnmpClient(in_flight=1) as client, serving(lambda _: [], timeout=30.0) as place:
        reader = NativeReader(client)
        first = asyncio.create_task(reader.read(place, REQUEST, within(30)))
        await _under_way(client)
        late = await reader.read(place, REQUEST, within(0.05))
        assert late.failure is not None
        assert late.failure.kind is FailureKind.NOT_RUN
        waiting = asyncio.create_task(reader.read(place, REQUEST, within(30)))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait({first})
        await _under_way(client)
        waiting.cancel()
        await asyncio.gather(first, waiting, return_exceptions=True)
        agent = honest()
        async with serving(lambda d: [agent.answer(d)]) as good:
            assert (await reader.read(good, REQUEST, within(3))).failure is None


@on_virtual_time
async def test_closing_the_client_fails_waiting_requests() -> None:
    async with serving(lambda _: [], timeout=30.0) as place:
        async with SnmpClient() as client:
            task = asyncio.create_task(NativeReader(client).read(place, REQUEST, within(30)))
            await _under_way(client)
        result = await task
        assert result.failure is not None
        assert result.failure.kind is FailureKind.NOT_RUN


@on_virtual_time
async def test_a_bug_in_a_conversation_reaches_its_awaiter() -> None:
    class Broken:
        def question(self) -> Question:
            return PduType.GET, 0, 0, b""

        def again(self) -> Question | None:
            return None

        def answer(self, head: object, data: bytes) -> None:  # noqa: ARG002  # the face
            raise ZeroDivisionError

        def unanswered(self, failure: object) -> None:  # noqa: ARG002  # the face
            raise ZeroDivisionError

        give_up = unanswered

    echo = [lambda d: [_empty(d)], lambda _: []]
    for answer in echo:
        async with SnmpClient() as client, serving(answer, timeout=0.05) as place:
            with pytest.raises(ZeroDivisionError):
                await client.converse(place, Broken(), within(3))
            assert client.requests_in_flight == 0


def _empty(data: bytes) -> bytes:
    request: Message = decode_message(data)
    return encode_response(1, b"public", request.request_id, 0, 0, [])


@on_virtual_time
async def test_the_kernel_grants_more_than_the_default_buffer() -> None:
    async with SnmpClient() as client:
        assert set(client.receive_buffer_bytes.values()) != {0}
        assert min(client.receive_buffer_bytes.values()) >= 212_992


@pytest.mark.parametrize("address", ["", "switch.example", "1.2.3", "1.2.3.4.5", ":::", "::1%nix"])
@on_virtual_time
async def test_an_invalid_address_raises(address: str) -> None:
    async with SnmpClient() as client:
        with pytest.raises(OSError, match=r"illegal|not found|No such|no interface|invalid"):
            await read(client, Agent(address, 161, "2c", b"public"))


@on_virtual_time
async def test_an_address_that_the_kernel_refuses_raises_and_leaves_nothing_behind() -> None:
    async with SnmpClient() as client:
        # A host without any route has another reason than one with.
        with pytest.raises(OSError, match=r"Permission denied|unreachable"):
            await read(client, Agent("255.255.255.255", 161, "2c", b"public"))
        assert client.requests_in_flight == 0
    with pytest.raises(OSError, match="no socket"):
        await read(client, Agent("127.0.0.1", 161, "2c", b"public"))


def test_addresses_are_normalised_to_the_form_of_the_kernel() -> None:
    assert socket_address("0:0::0:1", 161) == (socket.AF_INET6, ("::1", 161, 0, 0))
    assert socket_address("FE80::1%1", 161)[1] == ("fe80::1", 161, 0, 1)
