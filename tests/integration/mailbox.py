"""A small SMTP server on loopback that keeps the mails it receives (part of RFC 5321)."""

from __future__ import annotations

import contextlib
import queue
import socketserver
import threading
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

PATIENCE_SECONDS = 120.0


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._say("220 mailbox")
        for line in self.rfile:
            verb = line.split(b":")[0].split()[0].upper()
            if verb == b"EHLO":
                self._say("250-mailbox", "250 8BITMIME")
            elif verb == b"DATA":
                self._say("354 go on")
                cast("_Server", self.server).mails.put(self._data())
                self._say("250 kept")
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def _data(self) -> bytes:
        lines = iter(self.rfile.readline, b".\r\n")
        return b"".join(line.removeprefix(b".") if line[:2] == b".." else line for line in lines)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: queue.Queue[bytes] = queue.Queue()


class Mailbox:
    """The mails received."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.address = f"127.0.0.1:{server.server_address[1]}"

    def raw(self) -> bytes:
        """Return the next mail unparsed.

        Raises:
            queue.Empty: if none comes.
        """
        return self._server.mails.get(timeout=PATIENCE_SECONDS)

    def next(self) -> EmailMessage:
        """Return the next mail, decoded by Python's own parser."""
        return message_from_bytes(self.raw(), policy=policy.default)


@contextlib.contextmanager
def mailbox() -> Iterator[Mailbox]:
    """Run the server for the length of the block."""
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield Mailbox(server)
        finally:
            server.shutdown()
            thread.join()
