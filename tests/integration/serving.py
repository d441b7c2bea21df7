"""Answers datagrams on loopback, as a device that responds however a test wants.

Must not know: the content of requests and replies.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def serving(host: str, port: int, answer: Callable[[bytes], list[bytes]]) -> Iterator[None]:
    """Answer datagrams on a thread of its own until the context ends."""
    ended = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.bind((host, port))
        device.settimeout(0.1)

        def serve() -> None:
            while not ended.is_set():
                with contextlib.suppress(TimeoutError):
                    request, peer = device.recvfrom(65535)
                    for reply in answer(request):
                        device.sendto(reply, peer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
