"""Hostile servers, each a process of its own: after one request they send forever.

Usage: python -m tests.attack.peers KIND PACE SECONDS

The port is the first line of the output. A peer stops sending after SECONDS, so that a victim that
cannot get away fails its test instead of hanging; it ends with its standard input.

Must not know: how the victim reacts.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import dns.flags
import dns.message

from tests.integration.probe_servers import LOOPBACK_NAMES, issue
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACES = ("full", "paced", "bytes")
SECONDS = 20.0
PACED_BYTES, PACED_SECONDS = 40_000, 0.01  # 4 MB/s
_BLOCK_BYTES = 65_536
_ROOT = Path(__file__).resolve().parents[2]

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
HTTP = {
    "interim": (b"", b"HTTP/1.1 100 \r\n\r\n"),
    "early-hints": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"),
    "field": (_OK + b"A: ", b"b" * 64),
    "fields": (_OK, b"A: b\r\n"),
    "status-line": (b"HTTP/1.1 200 ", b"O" * 64),
    "body": (_OK + b"\r\n", b"x" * 64),
    "long-body": (_OK + b"Content-Length: 999999999999\r\n\r\n", b"x" * 64),
    "chunks": (_CHUNKED, b"1\r\nx\r\n"),
    "chunk-line": (_CHUNKED, b"1;a=b" * 12),
    "trailers": (_CHUNKED + b"1\r\nx\r\n0\r\n", b"A: b\r\n"),
    # A gzip stream of stored blocks without content.
    "gzip": (
        _OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff",
        b"\x00\x00\x00\xff\xff" * 13,
    ),
    "redirect": (
        b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 999999999999\r\n\r\n",
        b"x" * 64,
    ),
}
"""What an HTTP server says first, and what it then repeats."""

TLS = {
    # A client ignores change_cipher_spec while it shakes hands (RFC 8446 appendix D.4).
    "tls-records": (b"", b"\x14\x03\x03\x00\x01\x01"),
    "tls-alerts": (b"", b"\x15\x03\x03\x00\x02\x01\x5a"),
    "tls-hello": (b"\x16\x03\x03\x00\x04\x02\x00\x40\x00", b"\x16\x03\x03\x00\x01\x00"),
}
"""What is sent in place of a TLS handshake."""

# States of the control connection, sent forever; and results of 2 GiB. Source: iperf_api.h.
IPERF3 = {
    "iperf3-garbage": (b"", b"x" * 64),
    "iperf3-params": (b"", b"\x09"),
    "iperf3-results": (b"\x0d\x7f\xff\xff\xff{", b'"a":1,' * 16),
}
"""What an iperf3 server says first, and what it then repeats."""

TLS_BODY = "tls-body"
"""A real TLS server whose body comes in records of one octet each."""

DNS = ("dns-stray", "dns-other-question", "dns-stream", "dns-records")


class Pace:
    """Sends one pattern repeatedly until the time is up, the victim is gone, or forever."""

    def __init__(self, name: str, seconds: float) -> None:
        self._name = name
        self._seconds = seconds

    def blocks(self, pattern: bytes) -> Iterator[bytes]:
        """Return the next data to send, while there is any."""
        ends = time.monotonic() + self._seconds
        if self._name == "bytes":
            while time.monotonic() < ends:
                for at in range(len(pattern)):
                    yield pattern[at : at + 1]
            return
        size = PACED_BYTES if self._name == "paced" else _BLOCK_BYTES
        block = pattern * max(1, size // len(pattern))
        while time.monotonic() < ends:
            yield block
            if self._name == "paced":
                time.sleep(PACED_SECONDS)


@contextlib.contextmanager
def peer(kind: str, pace: str, seconds: float = SECONDS) -> Iterator[int]:
    """Run a hostile server; yield its port on 127.0.0.1."""
    pipe = subprocess.PIPE
    argv = (sys.executable, "-m", "tests.attack.peers", kind, pace, str(seconds))
    with running(*argv, stdin=pipe, stdout=pipe, cwd=_ROOT, ends_by=signal.SIGKILL) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


def _send_for_ever(
    connection: socket.socket, first: bytes, pattern: bytes, pace: Pace, asked: int = 4096
) -> None:
    with contextlib.suppress(OSError), connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.recv(asked)
        connection.sendall(first)
        for block in pace.blocks(pattern):
            connection.sendall(block)


def _send_tls(connection: socket.socket, context: ssl.SSLContext, pace: Pace) -> None:
    with (
        contextlib.suppress(OSError),
        context.wrap_socket(connection, server_side=True) as session,
    ):
        session.recv(4096)
        session.sendall(_OK + b"\r\n")
        for block in pace.blocks(b"x" * 64):
            for octet in block:
                session.sendall(bytes((octet,)))


def _serve_streams(listener: socket.socket, talk: Callable[[socket.socket], None]) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk, args=(connection,), daemon=True).start()


def _serve_dns(kind: str, bound: socket.socket, pace: Pace) -> None:
    """Answer each query forever, or send it to TCP at the same port."""
    while True:
        data, source = bound.recvfrom(4096)
        query = dns.message.from_wire(data)
        if kind in {"dns-stream", "dns-records"}:
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.TC
            bound.sendto(reply.to_wire(), source)
            continue
        other = dns.message.make_query("other.example", "A")
        if kind == "dns-other-question":
            other.id = query.id
        for block in pace.blocks(dns.message.make_response(other).to_wire()):
            with contextlib.suppress(ConnectionError):
                bound.sendto(block[:1000] if len(block) > 1 else block, source)


def _dns_over_tcp(kind: str, connection: socket.socket, pace: Pace) -> None:
    if kind == "dns-stream":
        _send_for_ever(connection, (16_000).to_bytes(2, "big"), b"x" * 64, pace)
        return
    with contextlib.suppress(OSError), connection:
        query = connection.recv(4096)[2:]
        # As many records as fit, each of a different type: the most expensive to decode.
        records = b"".join(
            b"\xc0\x0c" + number.to_bytes(2, "big") + b"\0\1\0\0\0\0\0\0"
            for number in range(1000, 2300)
        )
        head = query[:2] + b"\x81\x80\0\1" + (1300).to_bytes(2, "big") + bytes(4)
        reply = head + query[12:] + records
        connection.sendall(len(reply).to_bytes(2, "big") + reply)
        for block in pace.blocks(b"x"):
            connection.sendall(block)


def _certificate() -> ssl.SSLContext:
    own = issue("hostile", None, days=90, names=LOOPBACK_NAMES)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(own.pem + own.key_pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def main(kind: str, pace: Pace) -> None:
    """Serve until standard input ends."""
    talk: Callable[[socket.socket], None]
    if kind == TLS_BODY:
        context = _certificate()
        talk = lambda connection: _send_tls(connection, context, pace)  # noqa: E731
    elif kind in DNS:
        talk = lambda connection: _dns_over_tcp(kind, connection, pace)  # noqa: E731
    else:
        first, pattern = (HTTP | TLS | IPERF3)[kind]
        talk = lambda connection: _send_for_ever(connection, first, pattern, pace)  # noqa: E731
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    port = listener.getsockname()[1]
    threading.Thread(target=_serve_streams, args=(listener, talk), daemon=True).start()
    if kind in DNS:
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.bind(("127.0.0.1", port))
        threading.Thread(target=_serve_dns, args=(kind, bound, pace), daemon=True).start()
    print(port, flush=True)  # noqa: T201  # what the parent waits for
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], Pace(sys.argv[2], float(sys.argv[3])))
