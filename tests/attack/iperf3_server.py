"""Hostile iperf3 servers, each a process of its own, that make the client grow.

Usage: python -m tests.attack.iperf3_server KIND

`memory` announces results of 1 GiB and sends them before any deadline. `output` takes part in a
whole test, and its results contain a name of 8 MiB that the client prints.

The port is the first line of the output; the server ends with its standard input.

Must not know: how the victim reacts.
Source: iperf_api.h and iperf_api.c (cookie, states, JSON with its length before it) of iperf 3.12.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY, OUTPUT = "memory", "output"
ANNOUNCED_BYTES = 1 << 30
NAME_BYTES = 8 << 20
# 200 MB/s: too much within two seconds, and little in the 0.1 s between two checks.
_BLOCK_BYTES, _PAUSE_SECONDS = 1 << 20, 0.005
_COOKIE_BYTES = 37
_TEST_START, _TEST_RUNNING = b"\x01", b"\x02"
_PARAM_EXCHANGE, _CREATE_STREAMS = b"\x09", b"\x0a"
_EXCHANGE_RESULTS, _DISPLAY_RESULTS = b"\x0d", b"\x0e"
_ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def iperf3_server(kind: str) -> Iterator[int]:
    """Run a hostile server; yield its port on 127.0.0.1."""
    pipe = subprocess.PIPE
    argv = (sys.executable, "-m", "tests.attack.iperf3_server", kind)
    with running(*argv, stdin=pipe, stdout=pipe, cwd=_ROOT, ends_by=signal.SIGKILL) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        received = connection.recv(size - len(data))
        if not received:
            raise ConnectionError("it hung up")
        data += received
    return data


def _read_json(control: socket.socket) -> Any:  # JSON is anything
    return json.loads(_exactly(control, int.from_bytes(_exactly(control, 4), "big")))


def _fill_memory(control: socket.socket) -> None:
    control.sendall(_EXCHANGE_RESULTS + ANNOUNCED_BYTES.to_bytes(4, "big"))
    block = b" " * _BLOCK_BYTES
    while True:
        control.sendall(block)
        time.sleep(_PAUSE_SECONDS)


def _drain(stream: socket.socket) -> None:
    with contextlib.suppress(OSError), stream:
        while stream.recv(_BLOCK_BYTES):
            pass


def _fill_output(control: socket.socket, listener: socket.socket) -> None:
    control.sendall(_PARAM_EXCHANGE)
    count = _read_json(control)["parallel"]
    control.sendall(_CREATE_STREAMS)
    for _ in range(count):
        stream, _ = listener.accept()
        threading.Thread(target=_drain, args=(stream,), daemon=True).start()
    control.sendall(_TEST_START)
    control.sendall(_TEST_RUNNING)
    control.recv(1)  # the client says that its time is up
    control.sendall(_EXCHANGE_RESULTS)
    results = _read_json(control) | {"congestion_used": "x" * NAME_BYTES}
    text = json.dumps(results).encode()
    control.sendall(len(text).to_bytes(4, "big") + text + _DISPLAY_RESULTS)
    control.recv(1)


def _serve(kind: str, listener: socket.socket) -> None:
    while True:
        control, _ = listener.accept()
        with contextlib.suppress(OSError), control:
            _exactly(control, _COOKIE_BYTES)
            if kind == MEMORY:
                _fill_memory(control)
            else:
                _fill_output(control, listener)


def main(kind: str) -> None:
    """Serve until standard input ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=_serve, args=(kind, listener), daemon=True).start()
    print(listener.getsockname()[1], flush=True)  # noqa: T201  # what the parent waits for
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
