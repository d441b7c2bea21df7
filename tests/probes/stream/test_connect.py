"""What a socket or TLS error means: the network's fault, or ours."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import struct

import pytest

from monitor.clock import SystemClock
from monitor.observation import Outcome, Reason
from monitor.probes.stream.certificate import client_context
from monitor.probes.stream.connect import connect, failure
from monitor.probes.turns import Turns


@pytest.mark.parametrize(
    ("number", "outcome", "reason"),
    [
        (errno.ECONNREFUSED, Outcome.FAILED, Reason.REFUSED),
        (errno.ECONNRESET, Outcome.FAILED, Reason.RESET),
        (errno.EPIPE, Outcome.FAILED, Reason.RESET),
        (errno.EHOSTUNREACH, Outcome.FAILED, Reason.UNREACHABLE),
        (errno.ENETUNREACH, Outcome.FAILED, Reason.UNREACHABLE),
        (errno.ETIMEDOUT, Outcome.FAILED, Reason.TIMEOUT),
        (errno.EMFILE, Outcome.UNKNOWN, Reason.NO_SOCKET),
        (errno.EADDRNOTAVAIL, Outcome.UNKNOWN, Reason.NO_SOCKET),
        (errno.EPERM, Outcome.UNKNOWN, Reason.NO_SOCKET),
    ],
)
def test_each_error_has_its_reason_and_names_the_place(
    number: int, outcome: Outcome, reason: Reason
) -> None:
    found = failure(OSError(number, os.strerror(number)), "192.0.2.1", 443)
    assert (found.outcome, found.reason) == (outcome, reason)
    assert "192.0.2.1 port 443" in found.sentence


async def test_a_reset_after_the_answer_does_not_hide_why_tls_failed() -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)

        async def answer_nonsense() -> None:
            peer, _ = await loop.sock_accept(listener)
            with peer:
                await loop.sock_recv(peer, 4096)
                await loop.sock_sendall(peer, b"\x16\x03\x03\x00\x04\xff\x00\x00\x00")
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        serving = asyncio.create_task(answer_nonsense())
        clock = SystemClock()
        turns = Turns(clock, clock.monotonic() + 60)
        port = listener.getsockname()[1]
        lenient = client_context(None, verify=False)
        with await connect("127.0.0.1", 4, port, turns) as connection, pytest.raises(ssl.SSLError):
            await connection.start_tls(lenient, "school.example")
        await serving
