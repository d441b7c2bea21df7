"""A transfer of which nothing came in the measuring time has no rate: it failed."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import replace

import pytest

from monitor.clock import SystemClock
from monitor.inventory.city import Throughput
from monitor.observation import Outcome, Reason
from monitor.probes.attempt import ProbeError
from monitor.throughput.http import _Stream, transfer
from monitor.throughput.iperf3 import read_report
from monitor.throughput.order import Tally, TransferOrder
from tests.probes.support import THREADS, measure, stream_server
from tests.throughput.test_iperf3 import order, report

MUCH = 10**10
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"


def settings(port: int) -> Throughput:
    url = f"http://127.0.0.1:{port}/large"
    return Throughput("http", url=url, upload_url=url, streams=4, seconds=0.5, warm_up=1.0)


async def test_a_server_that_promises_a_body_and_sends_none_has_no_rate() -> None:
    async def promise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        await reader.read()

    async with stream_server(promise) as port:
        reading = await measure(settings(port), "up", MUCH, SystemClock())
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.TIMEOUT)
    assert reading.detail == "no payload came through in 0.5 s"
    assert (reading.bits_per_second, reading.streams) == (None, 4)


async def test_a_transfer_that_stalls_after_its_start_has_no_rate() -> None:
    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"x" * 1000)
        await reader.read()

    async with stream_server(begin) as port:
        reading = await measure(settings(port), "up", MUCH, SystemClock())
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.TIMEOUT)
    assert reading.bits_per_second is None
    assert reading.total_bytes == 4 * 1000, "earlier data is still counted"


async def test_an_upload_that_the_server_does_not_read_has_no_rate() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as deaf:
        # Connections wait in the backlog; their first segments fill a buffer of a page.
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reading = await measure(settings(deaf.getsockname()[1]), "down", MUCH, SystemClock())
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.TIMEOUT)
    assert reading.detail == "no payload came through in 0.5 s"
    assert reading.bits_per_second is None


async def test_bytes_moved_never_decrease_while_a_server_reads_slowly() -> None:
    """Half a chunk in our buffers made the rate of a transfer negative."""
    moved: list[int] = []

    async def sip(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        while await reader.read(100_000):  # noqa: ASYNC110  # a slow reader is what is wanted
            await asyncio.sleep(0.02)

    def note(_: int) -> None:
        moved.append(sum(stream.moved for stream in streams))

    async with stream_server(sip) as port:
        longer = replace(settings(port), seconds=2.0)
        clock = SystemClock()
        tally = Tally(MUCH, note)
        sent = TransferOrder(longer, "down", clock, clock.monotonic() + 60, tally, THREADS)
        streams: list[_Stream] = []
        made = _Stream.__init__

        def kept(self: _Stream, *arguments: object) -> None:
            made(self, *arguments)  # type: ignore[arg-type]
            streams.append(self)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_Stream, "__init__", kept)
            reading = await transfer(sent)
    assert reading.outcome is Outcome.OK
    assert moved == sorted(moved)
    assert moved[-1] > moved[0]


async def test_a_refusal_is_read_even_if_nothing_more_can_be_sent() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        # By now the buffers between the two are full; if not, it is noticed even sooner.
        await asyncio.sleep(0.5)
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await asyncio.Event().wait()

    async with stream_server(refuse) as port:
        longer = replace(settings(port), seconds=60.0)
        reading = await measure(longer, "down", MUCH, SystemClock())
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.STATUS)
    assert "answers 413" in reading.detail


@pytest.mark.parametrize("figure", ["bits_per_second", "seconds"])
def test_a_report_with_nothing_received_gives_no_rate(figure: str) -> None:
    nothing = report()
    nothing["end"]["sum_received"][figure] = 0
    with pytest.raises(ProbeError) as caught:
        read_report(json.dumps(nothing).encode(), "", order())
    assert (caught.value.reason, caught.value.outcome) == (Reason.TIMEOUT, Outcome.FAILED)
    assert caught.value.sentence == "no payload came through in 10 s"


def test_a_report_of_streams_without_data_gives_no_rate() -> None:
    nothing = report()
    for stream in nothing["end"]["streams"]:
        stream["receiver"]["bytes"] = 0
    with pytest.raises(ProbeError, match="no payload came through"):
        read_report(json.dumps(nothing).encode(), "", order())
