from __future__ import annotations

import asyncio
import dataclasses
import socket
import time

import pytest

from monitor.snmp.client import Question, SnmpClient, socket_address
from monitor.snmp.decode import decode_message
from monitor.snmp.encode import encode_message, encode_response
from monitor.snmp.message import Message, PduType
from monitor.snmp.model import Agent, FailureKind
from monitor.snmp.oid_octets import decode_arcs, encode_arcs
from monitor.snmp.read import NativeReader, Request, Result
from tests.snmp.agent import ByteAgent, interfaces
from tests.snmp.hostile import serving
from tests.virtual_time import on_virtual_time

REQUEST = Request(("sysUpTime", "sysName"), ("ifInOctets", "ifName"))
ROWS = range(1, 21)


def honest() -> ByteAgent:
    return ByteAgent(interfaces(ROWS))


async def read(
    client: SnmpClient, agent: Agent, request: Request = REQUEST, seconds: float = 3.0
) -> Result:
    loop = asyncio.get_running_loop()
    began = loop.time()
    result = await NativeReader(client).read(agent, request, began + seconds)
    assert loop.time() - began < seconds + 0.2
    assert client.requests_in_flight == 0
    return result


def changed(reply: bytes, **fields: object) -> bytes:
    return encode_message(dataclasses.replace(decode_message(reply), **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@on_virtual_time
async def test_an_honest_agent_is_read_over_both_families(host: str) -> None:
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
async def test_reply_from_another_address_is_dropped_and_counted() -> None:
    agent = honest()
    async with (
        SnmpClient() as client,
        serving(lambda d: [agent.answer(d)], forged=True) as place,
    ):
        result = await read(client, place)
        assert result.failure is not None
        assert result.failure.kind is FailureKind.TIMEOUT
        assert result.scalars == {}
        assert client.drops["wrong_source"] == 2


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("unknown_request", {"request_id": 5}),
        ("wrong_community", {"community": b"private"}),
        ("malformed", {"pdu_type": PduType.GET}),
        ("malformed", {"version": 0}),
    ],
)
@on_virtual_time
async def test_reply_that_is_not_the_asked_one_is_dropped_and_counted(
    reason: str, change: dict[str, object]
) -> None:
    agent = honest()
    async with (
        SnmpClient() as client,
        serving(lambda d: [changed(agent.answer(d), **change)]) as place,
    ):
        result = await read(client, place)
        assert result.failure is not None
        assert result.columns == {}
        assert client.drops[reason] == 2


@on_virtual_time
async def test_none_of_ten_thousand_forged_replies_is_taken() -> None:
    agent = honest()
    forged = 0

    def flood(data: bytes) -> list[bytes]:
        nonlocal forged
        reply = agent.answer(data)
        lies = [changed(reply, request_id=forged + n, varbinds=()) for n in range(1000)]
        forged += 1000
        return [*lies, reply]

    async with SnmpClient() as client, serving(flood, timeout=2.0) as place:
        while forged < 10_000:
            result = await read(client, place, seconds=10)
            assert result.failure is None
            assert [*result.columns["ifName"]] == list(ROWS)
        assert client.drops["unknown_request"] > 5_000


@on_virtual_time
async def test_a_second_reply_to_the_same_request_is_dropped() -> None:
    agent = honest()
    async with SnmpClient() as client, serving(lambda d: [agent.answer(d)] * 2) as place:
        result = await read(client, place)
        assert result.failure is None
        assert [*result.columns["ifName"]] == list(ROWS)
        assert client.drops["unknown_request"] > 0


@pytest.mark.parametrize("garbage", [b"\x00", b"SSH-2.0-", b"\x30\x80" * 700])
@on_virtual_time
async def test_garbage_ends_with_a_reason(garbage: bytes) -> None:
    async with SnmpClient() as client, serving(lambda _: [garbage]) as place:
        result = await read(client, place)
        assert result.failure is not None
        assert result.failure.kind is FailureKind.MALFORMED
        assert client.drops["malformed"] == 2


@on_virtual_time
async def test_62_kilobytes_are_refused_before_decoding() -> None:
    async with SnmpClient() as client, serving(lambda _: [bytes(62_000)]) as place:
        result = await read(client, place)
        assert result.failure is not None
        assert result.failure.kind is FailureKind.MALFORMED
        assert "16384" in result.failure.message
        assert client.drops["too_large"] == 2


@on_virtual_time
async def test_a_silent_agent_is_asked_as_often_as_allowed_and_no_more() -> None:
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
                group.create_task(NativeReader(client).read(place, REQUEST, _in(3)))
                for _ in range(20)
            ]
            failing = [
                group.create_task(NativeReader(client).read(dead, REQUEST, _in(3)))
                for _ in range(20)
            ]
        assert {task.result().failure for task in living} == {None}
        assert all(
            task.result().failure.kind is FailureKind.UNREACHABLE  # type: ignore[union-attr]
            for task in failing
        )


def _in(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def _under_way(client: SnmpClient) -> None:
    while not client.requests_in_flight:  # noqa: ASYNC110  # the client tells nobody
        await asyncio.sleep(0)


def endless(data: bytes) -> list[bytes]:
    """Answer a walk with rows that never end."""
    request = decode_message(data)
    if request.pdu_type == PduType.GET:
        return [honest().answer(data)]
    varbinds = []
    following = [oid for oid, _, _ in request.varbinds]
    for _ in range(request.error_index):
        for place, oid in enumerate(following):
            following[place] = oid[:9] + _next(oid[9:])
            varbinds.append((following[place], 0x41, 1))
    fields = {"pdu_type": PduType.RESPONSE, "error_status": 0, "error_index": 0}
    return [changed(data, varbinds=tuple(varbinds), **fields)]


def _next(index: bytes) -> bytes:
    arcs = decode_arcs(index)
    return encode_arcs((arcs[0] + 1,)) if arcs else b"\x01"


def cycling(data: bytes) -> list[bytes]:
    request = decode_message(data)
    if request.pdu_type == PduType.GET:
        return [honest().answer(data)]
    agent = ByteAgent(interfaces(range(1, 4)), max_varbinds=3)
    start = tuple((oid[:9], tag, value) for oid, tag, value in request.varbinds)
    return [agent.answer(changed(data, varbinds=start))]


def backwards(data: bytes) -> list[bytes]:
    reply = ByteAgent(interfaces(ROWS), max_varbinds=10).answer(data)
    if decode_message(data).pdu_type == PduType.GET:
        return [reply]
    return [changed(reply, varbinds=decode_message(reply).varbinds[::-1])]


COLUMN = Request(("sysName",), ("ifInOctets",))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (endless, FailureKind.LIMIT),
        (cycling, FailureKind.NOT_INCREASING),
    ],
)
@on_virtual_time
async def test_a_walk_that_would_not_end_ends_with_a_reason_and_keeps_what_it_read(
    answer: object, kind: FailureKind
) -> None:
    async with SnmpClient() as client, serving(answer) as place:  # type: ignore[arg-type]
        result = await read(client, place, COLUMN, seconds=5)
        assert result.failure is not None
        assert result.failure.kind is kind
        assert result.scalars == {"sysName": b"sw1"}
        assert result.columns["ifInOctets"]


@on_virtual_time
async def test_replies_whose_rows_are_backwards_are_read_whole() -> None:
    async with SnmpClient() as client, serving(backwards) as place:
        result = await read(client, place, COLUMN, seconds=5)
        assert result.failure is None
        assert set(result.columns["ifInOctets"]) == set(ROWS)


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
async def test_hostile_agents_do_not_disturb_others() -> None:
    agent = honest()
    async with (
        SnmpClient() as client,
        serving(lambda d: [agent.answer(d)], timeout=1.0) as good,
        serving(endless) as one,
        serving(cycling) as two,
        serving(lambda _: [bytes(62_000)]) as three,
        serving(lambda _: [b"garbage"] * 50) as four,
        serving(lambda d: [agent.answer(d)], forged=True) as five,
        serving(lambda _: []) as six,
    ):
        reader = NativeReader(client)
        lags: list[float] = []
        watch = asyncio.create_task(_watch(lags))
        async with asyncio.TaskGroup() as group:
            hostile = [
                group.create_task(reader.read(place, COLUMN, _in(3)))
                for place in (one, two, three, four, five, six) * 5
            ]
            fine = [group.create_task(reader.read(good, REQUEST, _in(3))) for _ in range(30)]
        watch.cancel()
        assert {task.result().failure for task in fine} == {None}
        assert all(task.result().failure is not None for task in hostile)
        assert client.requests_in_flight == 0
        # The agents' work is in this loop as well, so this bounds more than ours.
        assert sorted(lags)[-2] < 0.5


async def _watch(lags: list[float]) -> None:
    """Note how many seconds of CPU time one turn of the loop takes."""
    while True:
        await asyncio.sleep(0.05)
        before = time.thread_time()
        await asyncio.sleep(0)
        lags.append(time.thread_time() - before)


@on_virtual_time
async def test_cancelling_removes_the_request_at_once() -> None:
    async with SnmpClient() as client, serving(lambda _: [], timeout=30.0) as place:
        task = asyncio.create_task(NativeReader(client).read(place, REQUEST, _in(30)))
        await _under_way(client)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert client.requests_in_flight == 0


@on_virtual_time
async def test_many_are_read_at_once_and_then_a_single_one_as_before() -> None:
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
                group.create_task(NativeReader(client).read(place, REQUEST, _in(5)))
                for _ in range(20)
            ]
        assert {task.result().failure for task in tasks} == {None}
        assert most == 3


@on_virtual_time
async def test_who_gets_no_slot_by_the_deadline_is_told_so_and_cancelling_frees_slots() -> None:
    async with SnmpClient(in_flight=1) as client, serving(lambda _: [], timeout=30.0) as place:
        reader = NativeReader(client)
        first = asyncio.create_task(reader.read(place, REQUEST, _in(30)))
        await _under_way(client)
        late = await reader.read(place, REQUEST, _in(0.05))
        assert late.failure is not None
        assert late.failure.kind is FailureKind.NOT_RUN
        waiting = asyncio.create_task(reader.read(place, REQUEST, _in(30)))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait({first})
        await _under_way(client)
        waiting.cancel()
        await asyncio.gather(first, waiting, return_exceptions=True)
        agent = honest()
        async with serving(lambda d: [agent.answer(d)]) as good:
            assert (await reader.read(good, REQUEST, _in(3))).failure is None


@on_virtual_time
async def test_closing_the_client_tells_who_waits() -> None:
    async with serving(lambda _: [], timeout=30.0) as place:
        async with SnmpClient() as client:
            task = asyncio.create_task(NativeReader(client).read(place, REQUEST, _in(30)))
            await _under_way(client)
        result = await task
        assert result.failure is not None
        assert result.failure.kind is FailureKind.NOT_RUN


@on_virtual_time
async def test_a_bug_in_a_conversation_reaches_who_awaits_it() -> None:
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
                await client.converse(place, Broken(), _in(3))
            assert client.requests_in_flight == 0


def _empty(data: bytes) -> bytes:
    request: Message = decode_message(data)
    return encode_response(1, b"public", request.request_id, 0, 0, [])


@on_virtual_time
async def test_the_kernel_gives_more_than_the_default_buffer() -> None:
    async with SnmpClient() as client:
        assert set(client.receive_buffer_bytes.values()) != {0}
        assert min(client.receive_buffer_bytes.values()) >= 212_992


@pytest.mark.parametrize("address", ["", "switch.example", "1.2.3", "1.2.3.4.5", ":::", "::1%nix"])
@on_virtual_time
async def test_an_address_that_is_none_raises(address: str) -> None:
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


@on_virtual_time
async def test_a_flood_between_two_replies_does_not_end_the_wait() -> None:
    agent = honest()
    async with (
        SnmpClient() as client,
        serving(lambda d: [*[b"noise"] * 100, agent.answer(d)], timeout=2.0) as place,
    ):
        result = await read(client, place)
        assert result.failure is None
        assert client.drops["malformed"] == 100 * result.requests


def test_addresses_are_brought_into_the_kernels_form() -> None:
    assert socket_address("0:0::0:1", 161) == (socket.AF_INET6, ("::1", 161, 0, 0))
    assert socket_address("FE80::1%1", 161)[1] == ("fe80::1", 161, 0, 1)
