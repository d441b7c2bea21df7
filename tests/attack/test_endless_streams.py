"""Servers that send forever over TCP, TLS and DNS: the check ends, and nothing else waits."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.inventory.checks import DnsOptions, HttpOptions
from monitor.inventory.city import Throughput
from monitor.observation import HttpReading, Outcome, Reason
from monitor.probes.stream.http1 import HEAD_LIMIT
from monitor.throughput.measure import GRACE_SECONDS
from tests.attack.heartbeat import heartbeat, longest_turn_allowed
from tests.attack.peers import DNS, HTTP, IPERF3, PACES, SECONDS, TLS, TLS_BODY, peer
from tests.probes.support import measure, probe, stream_server

if TYPE_CHECKING:
    from typing import Literal

    from monitor.observation import Observation
    from tests.attack.heartbeat import Heartbeat

pytestmark = [pytest.mark.integration, pytest.mark.heavy]

DEADLINE = 1.0
# For checks that end at a limit: on a starved machine the deadline must not come first.
LONG_DEADLINE = 15.0
ALLOWED_SECONDS = 1.0

# Decided long before the deadline, unless the peer sends byte by byte.
SAID = {
    "interim": "more than 10 interim responses",
    "early-hints": "more than 10 interim responses",
    "field": "its heads are longer than 16 KiB together",
    "fields": "its heads are longer than 16 KiB together",
    "status-line": "its heads are longer than 16 KiB together",
    "chunk-line": "a line of the chunked coding is too long",
    "trailers": "its heads and trailers are longer than 16 KiB together",
    "redirect": "more than 5 redirects",
    "tls-records": "TLS",
    "tls-alerts": "TLS",
    "tls-hello": "TLS",
    "dns-stray": "more than 1000 other replies",
    "dns-other-question": "more than 1000 other replies",
    "dns-stream": "answers another question",
    "dns-records": "more than 256 records",
}
# Source: libcurl-errors(3): CURLE_RECV_ERROR ("Too large response headers"), CURLE_OUT_OF_MEMORY.
CURL_TOO_LARGE, CURL_TIMED_OUT = 56, 28
CURL_REFUSES = {CURL_TOO_LARGE, 27}


async def ask(kind: str, port: int, seconds: float = DEADLINE) -> Observation:
    if kind in DNS:
        options = DnsOptions("127.0.0.1", "www.schule.example", port=port)
        return await probe(options, seconds=seconds)
    scheme = "https" if kind in {*TLS, TLS_BODY} else "http"
    url = f"{scheme}://127.0.0.1:{port}/"
    return await probe(HttpOptions(url, verify=False), seconds=seconds)


def assert_ended_in_time(elapsed: float, deadline: float, heart: Heartbeat) -> None:
    """The check has ended by its deadline; time that other programs took is not counted."""
    assert elapsed - heart.starved < deadline + ALLOWED_SECONDS
    assert elapsed < SECONDS, "it ended with its peer, not by itself"
    assert heart.beats, "no other task got a turn of the loop"
    assert heart.longest_turn < longest_turn_allowed()


@pytest.mark.parametrize("pace", PACES)
@pytest.mark.parametrize("kind", [*HTTP, *TLS, TLS_BODY, *DNS])
async def test_an_endless_peer_is_abandoned_by_the_deadline(kind: str, pace: str) -> None:
    is_limited = kind in SAID and pace == "full"
    deadline = LONG_DEADLINE if is_limited else DEADLINE
    with peer(kind, pace) as port:
        async with heartbeat() as heart:
            before = time.monotonic()
            observation = await ask(kind, port, deadline)
            elapsed = time.monotonic() - before
            await asyncio.sleep(0.02)
    assert_ended_in_time(elapsed, deadline, heart)
    if is_limited:
        assert SAID[kind] in observation.detail
    elif observation.reason is Reason.TIMEOUT:
        assert re.search(r"did not end in 1.0 s|no answer from .* in 1.0 s", observation.detail)
    elif kind in SAID:
        assert SAID[kind] in observation.detail
    else:
        assert observation.outcome is Outcome.OK, observation.detail
        assert isinstance(observation.values, HttpReading)
        assert observation.values.is_cut


@pytest.mark.parametrize("kind", ["interim", "field", "fields"])
@pytest.mark.parametrize("direction", ["down", "up"])
async def test_a_transfer_response_has_the_same_limits(
    kind: str, direction: Literal["down", "up"]
) -> None:
    with peer(kind, "full") as port:
        url = f"http://127.0.0.1:{port}/large"
        settings = Throughput("http", url=url, upload_url=url, streams=4, seconds=8, warm_up=0)
        async with heartbeat() as heart:
            reading = await measure(settings, direction, 10**10, SystemClock())
            await asyncio.sleep(0.02)
    assert reading.reason in {Reason.MALFORMED, Reason.RESET}, reading.detail
    assert heart.longest_turn < longest_turn_allowed()
    if direction == "up":
        assert SAID[kind] in reading.detail


@pytest.mark.parametrize("pace", ["full", "bytes"])
@pytest.mark.parametrize("kind", IPERF3)
async def test_an_endless_iperf3_server_is_abandoned_by_the_deadline(kind: str, pace: str) -> None:
    # The deadline of a test is ten seconds after its own duration.
    with peer(kind, pace, 60.0) as port:
        settings = Throughput("iperf3", "127.0.0.1", port, streams=4, seconds=1, warm_up=0)
        async with heartbeat() as heart:
            before = time.monotonic()
            reading = await measure(settings, "down", 10**10, SystemClock())
            elapsed = time.monotonic() - before
            await asyncio.sleep(0.02)
    assert reading.outcome is Outcome.FAILED
    assert reading.reason in {Reason.MALFORMED, Reason.TIMEOUT}, reading.detail
    assert elapsed - heart.starved < 1 + GRACE_SECONDS + ALLOWED_SECONDS
    assert heart.longest_turn < longest_turn_allowed()


async def test_all_attackers_together_do_not_disturb_a_healthy_check() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()

    kinds = [*HTTP, *TLS, *DNS]
    with ExitStack() as stack:
        ports = {kind: stack.enter_context(peer(kind, "full")) for kind in kinds}
        async with stream_server(answer) as healthy, heartbeat() as heart:
            asked = [asyncio.create_task(ask(kind, port)) for kind, port in ports.items()]
            healthy_ones = 0
            while not all(task.done() for task in asked):
                url = f"http://127.0.0.1:{healthy}/"
                observation = await probe(HttpOptions(url), seconds=SECONDS)
                assert observation.outcome is Outcome.OK, observation.detail
                healthy_ones += 1
            for task in asked:
                await task
            await asyncio.sleep(0.02)
    assert healthy_ones
    assert heart.longest_turn < 3 * longest_turn_allowed(), "with two dozen attackers at once"


@pytest.mark.parametrize("kind", [*HTTP])
async def test_responses_that_curl_refuses_are_refused_sooner(kind: str) -> None:
    with peer(kind, "full") as port:
        url = f"http://127.0.0.1:{port}/"
        argv = ["curl", "-sS", "--max-time", "2", "-o", "/dev/null", "-w", "%{size_header}", url]
        curl = await asyncio.to_thread(
            subprocess.run, argv, capture_output=True, text=True, check=False
        )
        observation = await ask(kind, port, LONG_DEADLINE)
    assert curl.returncode in {*CURL_REFUSES, CURL_TIMED_OUT}, curl
    if curl.returncode in CURL_REFUSES:
        assert observation.reason is Reason.MALFORMED, observation.detail
        if curl.returncode == CURL_TOO_LARGE:
            assert int(curl.stdout) > HEAD_LIMIT
