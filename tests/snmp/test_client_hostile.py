"""Agents that forge, flood, lie or never end: what is dropped, and that all else is read."""

from __future__ import annotations

import asyncio
import time

import pytest

from monitor.snmp.client import SnmpClient
from monitor.snmp.message import PduType
from monitor.snmp.model import FailureKind
from monitor.snmp.read import NativeReader, Request
from tests.snmp.hostile import backwards, cycling, endless, serving
from tests.snmp.reading import REQUEST, ROWS, changed, honest, read, within
from tests.virtual_time import on_virtual_time


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
async def test_reply_not_matching_the_request_is_dropped_and_counted(
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
async def test_none_of_ten_thousand_forged_replies_is_accepted() -> None:
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


COLUMN = Request(("sysName",), ("ifInOctets",))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (endless, FailureKind.LIMIT),
        (cycling, FailureKind.NOT_INCREASING),
    ],
)
@on_virtual_time
async def test_an_endless_walk_ends_with_a_reason_and_keeps_its_data(
    answer: object, kind: FailureKind
) -> None:
    async with SnmpClient() as client, serving(answer) as place:  # type: ignore[arg-type]
        result = await read(client, place, COLUMN, seconds=5)
        assert result.failure is not None
        assert result.failure.kind is kind
        assert result.scalars == {"sysName": b"sw1"}
        assert result.columns["ifInOctets"]


@on_virtual_time
async def test_replies_with_rows_in_reverse_order_are_read_completely() -> None:
    async with SnmpClient() as client, serving(backwards) as place:
        result = await read(client, place, COLUMN, seconds=5)
        assert result.failure is None
        assert set(result.columns["ifInOctets"]) == set(ROWS)


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
                group.create_task(reader.read(place, COLUMN, within(3)))
                for place in (one, two, three, four, five, six) * 5
            ]
            fine = [group.create_task(reader.read(good, REQUEST, within(3))) for _ in range(30)]
        watch.cancel()
        assert {task.result().failure for task in fine} == {None}
        assert all(task.result().failure is not None for task in hostile)
        assert client.requests_in_flight == 0
        # The agents run in this loop as well, so the bound covers more than our own work.
        assert sorted(lags)[-2] < 0.5


async def _watch(lags: list[float]) -> None:
    """Record how many CPU seconds one turn of the loop takes."""
    while True:
        await asyncio.sleep(0.05)
        before = time.thread_time()
        await asyncio.sleep(0)
        lags.append(time.thread_time() - before)


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
