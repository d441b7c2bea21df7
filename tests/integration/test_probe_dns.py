"""DNS against dnsmasq, and against servers that lie, hang or answer from elsewhere."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import dns.flags
import dns.message
import dns.rrset
import pytest

from monitor.inventory.checks import DnsOptions
from monitor.observation import DnsReading, Outcome, Reason
from tests.integration.probe_servers import dnsmasq
from tests.ports import free_port
from tests.probes.support import DEADLINE, LATE_SECONDS, probe, stream_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from monitor.observation import Observation

    Answer = Callable[[bytes], list[bytes]]

pytestmark = pytest.mark.integration

ZONE = (
    "auth-server=ns.schule.example,127.0.0.1",
    "auth-zone=schule.example",
    "auth-soa=2026101501,admin.schule.example",
    "host-record=www.schule.example,192.0.2.10,2001:db8::10",
    "cname=web.schule.example,www.schule.example",
    "txt-record=text.schule.example,Stadt Bochum",
    *(f"host-record=big.schule.example,198.51.100.{number}" for number in range(1, 61)),
)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("dnsmasq")
    port = free_port()
    with dnsmasq(folder, ZONE, port):
        yield port


async def ask(port: int, name: str, record: str = "A", *expected: str) -> Observation:
    return await probe(DnsOptions("127.0.0.1", name, record, port, expected))


def reading_of(observation: Observation) -> DnsReading:
    assert isinstance(observation.values, DnsReading)
    return observation.values


@pytest.mark.parametrize(
    ("name", "record", "answers"),
    [
        ("www.schule.example", "A", ("192.0.2.10",)),
        ("WWW.schule.example.", "AAAA", ("2001:db8::10",)),
        ("web.schule.example", "A", ("192.0.2.10",)),
        ("text.schule.example", "TXT", ('"Stadt Bochum"',)),
    ],
)
async def test_answers_are_read_and_compared(
    port: int, name: str, record: str, answers: tuple[str, ...]
) -> None:
    observation = await ask(port, name, record, *answers)
    reading = reading_of(observation)
    assert observation.outcome is Outcome.OK, observation.detail
    assert (reading.rcode, reading.answers, reading.transport) == ("NOERROR", answers, "udp")
    assert {"QR", "AA", "RD"} <= set(reading.flags)
    phases = reading.resolve_seconds + reading.connect_seconds + reading.request_seconds
    assert phases == pytest.approx(observation.duration, abs=1e-9)


async def test_zone_serial_is_read(port: int) -> None:
    reading = reading_of(await ask(port, "schule.example", "SOA"))
    assert reading.serial == 2026101501
    assert reading.answer_count == 1


async def test_unexpected_answers_fail_and_name_both(port: int) -> None:
    observation = await ask(port, "www.schule.example", "A", "192.0.2.99")
    assert observation.reason is Reason.ANSWER
    assert observation.detail == "www.schule.example A is 192.0.2.10, expected 192.0.2.99"


@pytest.mark.parametrize(
    ("name", "rcode"), [("nosuch.schule.example", "NXDOMAIN"), ("elsewhere.example", "REFUSED")]
)
async def test_rcode_is_the_reason(port: int, name: str, rcode: str) -> None:
    observation = await ask(port, name)
    assert (observation.outcome, observation.reason) == (Outcome.FAILED, Reason.RCODE)
    assert observation.detail == f"127.0.0.1 port {port} answers {rcode} for {name} A"
    assert reading_of(observation).rcode == rcode


async def test_truncated_reply_is_queried_again_over_tcp(port: int) -> None:
    observation = await ask(port, "big.schule.example")
    reading = reading_of(observation)
    assert observation.outcome is Outcome.OK, observation.detail
    assert (reading.transport, reading.answer_count, len(reading.answers)) == ("tcp", 60, 60)
    assert "TC" not in reading.flags


async def test_closed_port_is_refused() -> None:
    observation = await ask(free_port(), "www.schule.example")
    assert observation.reason is Reason.REFUSED


@pytest.mark.parametrize(
    ("name", "record", "expected"),
    [("a..b", "A", ()), ("www.example", "NOSUCH", ()), ("www.example", "A", ("no address",))],
)
async def test_impossible_check_is_unknown(
    name: str, record: str, expected: tuple[str, ...]
) -> None:
    observation = await ask(1, name, record, *expected)
    assert (observation.outcome, observation.reason) == (Outcome.UNKNOWN, Reason.NOT_RUN)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer: Answer, strangers: Answer | None) -> None:
        self._answer = answer
        self._strangers = strangers
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Python 3.11's own class does not declare itself as one.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        assert self._transport is not None
        if self._strangers is not None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                for forged in self._strangers(data):
                    stranger.sendto(forged, (str(addr[0]), addr[1]))
        for reply in self._answer(data):
            self._transport.sendto(reply, addr)


@asynccontextmanager
async def datagram_server(answer: Answer, strangers: Answer | None = None) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(answer, strangers), local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


def reply_to(data: bytes, address: str = "192.0.2.10") -> dns.message.Message:
    query = dns.message.from_wire(data)
    reply = dns.message.make_response(query)
    name = query.question[0].name
    reply.answer.append(dns.rrset.from_text(name, 60, "IN", "A", address))
    return reply


def forged_ids(data: bytes) -> list[bytes]:
    genuine = reply_to(data, "203.0.113.66").to_wire()
    return [bytes([genuine[0] ^ 1]) + genuine[1:], b"\x00", genuine[:2] + data[2:]]


async def test_datagrams_not_answering_this_query_are_dropped_and_counted() -> None:
    def answer(data: bytes) -> list[bytes]:
        return [*forged_ids(data), reply_to(data).to_wire()]

    async with datagram_server(answer) as port:
        observation = await ask(port, "www.example", "A", "192.0.2.10")
    assert observation.outcome is Outcome.OK, observation.detail
    assert reading_of(observation).dropped == 3


async def test_reply_from_another_port_is_not_accepted_even_with_the_right_id() -> None:
    def forge(data: bytes) -> list[bytes]:
        return [reply_to(data, "203.0.113.66").to_wire()] * 3

    async with datagram_server(lambda data: [reply_to(data).to_wire()], forge) as port:
        observation = await ask(port, "www.example", "A", "192.0.2.10")
    assert observation.outcome is Outcome.OK, observation.detail


async def test_silent_server_times_out_in_the_request_phase() -> None:
    async with datagram_server(lambda _: []) as port:
        options = DnsOptions("127.0.0.1", "www.example", port=port)
        observation = await probe(options, seconds=DEADLINE)
    assert observation.reason is Reason.TIMEOUT
    assert observation.detail.endswith("in 2.0 s while waiting for the reply")
    assert DEADLINE / 2 < reading_of(observation).request_seconds < DEADLINE + LATE_SECONDS


async def test_garbage_with_the_right_id_is_malformed() -> None:
    async with datagram_server(lambda data: [data[:2] + b"\xff" * 40]) as port:
        observation = await ask(port, "www.example")
    assert observation.reason is Reason.MALFORMED


async def test_oversized_datagram_is_refused_before_decoding() -> None:
    async with datagram_server(lambda data: [reply_to(data).to_wire() + bytes(8000)]) as port:
        observation = await ask(port, "www.example")
    assert observation.reason is Reason.LIMIT


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"\xff\xff", Reason.LIMIT),
        (b"\x00\x20abc", Reason.MALFORMED),
        (b"\x00\x00", Reason.MALFORMED),
        (b"", Reason.MALFORMED),
    ],
)
async def test_bad_reply_over_tcp_has_a_reason(stream: bytes, reason: Reason) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        writer.write(stream)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    def truncated(data: bytes) -> list[bytes]:
        reply = dns.message.make_response(dns.message.from_wire(data))
        reply.flags |= dns.flags.TC
        return [reply.to_wire()]

    async with stream_server(handle) as port:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(truncated, None), local_addr=("127.0.0.1", port)
        )
        observation = await ask(port, "www.example")
        transport.close()
    assert observation.reason is reason, observation.detail
