"""pysnmp behind the same interface: equal results, and the protection that it lacks itself."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from monitor.snmp.ber import Tag
from monitor.snmp.client import SnmpClient
from monitor.snmp.message import Message, PduType, Varbind
from monitor.snmp.model import Agent, FailureKind
from monitor.snmp.read import NativeReader, Request
from monitor.snmp.reference import PysnmpReader
from tests.snmp.agent import HC_IN_OCTETS, IN_OCTETS, OUT_OCTETS, ByteAgent, interfaces
from tests.snmp.hostile import Answer, backwards, cycling, endless, serving
from tests.snmp.reading import within
from tests.virtual_time import on_virtual_time

if TYPE_CHECKING:
    from collections.abc import Callable

REQUEST = Request(
    ("sysDescr", "sysObjectID", "sysUpTime", "sysName", "sysLocation"),
    ("ifInOctets", "ifOutOctets", "ifHCInOctets", "ifName"),
)


class GetBulkAsGet(ByteAgent):
    """An agent that answers a GETBULK as if it were a GET."""

    def _answer(self, request: Message) -> tuple[int, int, list[Varbind]]:
        if request.pdu_type == PduType.GET_BULK:
            return 0, 0, [(oid, Tag.INTEGER, b"\x00") for oid, _, _ in request.varbinds]
        return super()._answer(request)


def agents() -> dict[str, ByteAgent]:
    holes = interfaces([1, 2, 7, 127, 128, 131, 16_383, 16_384, 20_000])
    del holes[f"{OUT_OCTETS}.2"]
    del holes[f"{HC_IN_OCTETS}.20000"]
    without = {oid: v for oid, v in interfaces(range(1, 9)).items() if HC_IN_OCTETS not in oid}
    return {
        "plain": ByteAgent(interfaces(range(1, 53))),
        "holes": ByteAgent(holes),
        "a missing column": ByteAgent(without),
        "no getbulk": ByteAgent(interfaces(range(1, 9)), bulk=False),
        "too big": ByteAgent(interfaces(range(1, 31)), too_big_above=7),
        "cut short": ByteAgent(interfaces(range(1, 31)), max_varbinds=9),
        "broken": ByteAgent(interfaces(range(1, 9)), broken=IN_OCTETS),
        "getbulk as a get": GetBulkAsGet(interfaces(range(1, 31))),
    }


class NamesNoCulprit(ByteAgent):
    """An agent that refuses a GET of several objects without saying which one is missing."""

    def _answer(self, request: Message) -> tuple[int, int, list[Varbind]]:
        if request.pdu_type == PduType.GET and len(request.varbinds) > 1:
            return 2, 0, list(request.varbinds)
        return super()._answer(request)


class SilentAboutTheLast(NamesNoCulprit):
    """One that then answers for the first object only."""

    def replies(self, data: bytes) -> list[bytes]:
        is_first = len(self.asked) < 2
        reply = self.answer(data)
        return [reply] if is_first else []


class NoThreads(ThreadPoolExecutor):
    """A default executor of the event loop that takes no work."""

    def submit(self, fn: Callable[..., Any], /, *_: object, **__: object) -> Future[Any]:
        raise AssertionError(f"{fn} in the default executor")


@on_virtual_time
async def test_objects_are_requested_one_by_one_if_the_agent_names_no_culprit() -> None:
    agent = NamesNoCulprit(interfaces([1]))
    async with (
        PysnmpReader() as reference,
        serving(lambda data: [agent.answer(data)], timeout=2.0, version="1") as place,
    ):
        result = await reference.read(place, Request(("sysDescr", "sysName"), ()), within(20))
    assert result.scalars == {"sysDescr": b"a switch", "sysName": b"sw1"}
    assert result.failure is None
    assert result.requests == 3


@on_virtual_time
async def test_objects_read_before_a_timeout_are_kept() -> None:
    agent = SilentAboutTheLast(interfaces([1]))
    async with (
        PysnmpReader() as reference,
        serving(agent.replies, timeout=0.5, version="1") as place,
    ):
        result = await reference.read(place, Request(("sysDescr", "sysName"), ()), within(20))
    assert result.failure is not None
    assert result.failure.kind is FailureKind.TIMEOUT
    assert result.scalars == {"sysDescr": b"a switch"}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@on_virtual_time
async def test_a_literal_address_needs_no_thread(address: str) -> None:
    agent, executor = ByteAgent(interfaces([1])), NoThreads()
    asyncio.get_running_loop().set_default_executor(executor)
    async with (
        PysnmpReader() as reference,
        serving(lambda data: [agent.answer(data)], timeout=2.0, host=address) as place,
    ):
        result = await reference.read(place, Request(("sysName",), ()), within(20))
    assert result.scalars == {"sysName": b"sw1"}


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize("name", [*agents()])
@on_virtual_time
async def test_both_engines_read_the_same(name: str, version: str) -> None:
    agent = agents()[name]
    async with (
        SnmpClient() as client,
        PysnmpReader() as reference,
        serving(lambda d: [agent.answer(d)], timeout=2.0, version=version) as place,
    ):
        ours = await NativeReader(client).read(place, REQUEST, within(10))
        theirs = await reference.read(place, REQUEST, within(10))
    assert ours.scalars == theirs.scalars
    assert ours.columns == theirs.columns
    assert (ours.failure and ours.failure.kind) == (theirs.failure and theirs.failure.kind)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (endless, FailureKind.LIMIT),
        (cycling, FailureKind.NOT_INCREASING),
        (backwards, FailureKind.NOT_INCREASING),
        (lambda _: [], FailureKind.TIMEOUT),
        (lambda _: [b"garbage"], FailureKind.TIMEOUT),
    ],
)
@on_virtual_time
async def test_hostile_agents_end_with_a_reason_by_the_deadline(
    answer: Answer, kind: FailureKind
) -> None:
    loop = asyncio.get_running_loop()
    async with PysnmpReader() as reference, serving(answer, timeout=0.1) as place:
        began = loop.time()
        result = await reference.read(place, Request(("sysName",), ("ifInOctets",)), began + 2)
        assert result.failure is not None
        assert result.failure.kind is kind
        assert loop.time() - began < 2.5


@on_virtual_time
async def test_a_reply_from_another_address_is_refused_with_the_same_message() -> None:
    agent = ByteAgent(interfaces(range(1, 3)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind(("127.0.0.1", 0))
        asked = 0

        class Forging(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
                nonlocal asked
                asked += 1
                elsewhere.sendto(agent.answer(data), address)

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Forging, local_addr=("127.0.0.1", 0))
        try:
            host, port = transport.get_extra_info("sockname")
            place = Agent(host, port, "2c", b"public", timeout=0.2, retries=1)
            async with SnmpClient() as client, PysnmpReader() as reference:
                ours = await NativeReader(client).read(place, Request(("sysName",), ()), within(5))
                theirs = await reference.read(place, Request(("sysName",), ()), within(5))
        finally:
            transport.close()
        port = elsewhere.getsockname()[1]
    assert theirs.failure is not None
    assert theirs.failure == ours.failure
    assert f"a reply from 127.0.0.1 port {port}, an address that was" in theirs.failure.message
    assert asked == 4


@on_virtual_time
async def test_one_engine_serves_a_credential_permanently() -> None:
    agent = ByteAgent(interfaces(range(1, 3)))
    async with (
        PysnmpReader() as reference,
        serving(lambda d: [agent.answer(d)], timeout=2.0) as one,
        serving(lambda d: [agent.answer(d)], timeout=2.0) as two,
    ):
        for place in (one, two, one):
            assert (await reference.read(place, REQUEST, within(5))).failure is None
        assert len(reference._engines) == 1
        assert len(reference._targets) == 2


@on_virtual_time
async def test_an_invalid_address_raises() -> None:
    async with PysnmpReader() as reference:
        with pytest.raises(OSError, match="illegal"):
            await reference.read(Agent("switch", 161, "2c", b"x"), REQUEST, within(1))
