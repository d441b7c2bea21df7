"""A process that floods a server from its own addresses with slow clients and wrong logins.

Usage: python -m tests.integration.flood PORT CLIENTS LOGINS_A_SECOND SECONDS
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import sys
from collections import Counter

SLOW, WRONG = "127.0.0.9", "127.0.0.10"


async def slow(port: int, seconds: float, done: Counter[str]) -> None:
    """Connect and never finish the request."""
    with contextlib.suppress(OSError):
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(SLOW, 0))
            done["connected"] += 1
            writer.write(b"GET /metrics HTTP/1.1\r\nX: ")
            await reader.read()
            writer.close()


async def wrong(port: int, number: int, done: Counter[str]) -> None:
    """Log in with a wrong password."""
    login = base64.b64encode(f"prometheus:wrong-{number}".encode()).decode()
    with contextlib.suppress(OSError):
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(WRONG, 0))
            head = f"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            done[answer.partition(b" ")[2][:3].decode()] += 1


async def main(port: int, clients: int, rate: float, seconds: float) -> None:
    """Flood for some seconds; print how many connected, and the response statuses of the logins."""
    loop = asyncio.get_running_loop()
    numbers, done = itertools.count(), Counter[str]()
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(slow(port, seconds, done))
            await asyncio.sleep(0)
        # On a busy machine opening this many takes long, but the logins must still get time.
        ends = loop.time() + seconds
        while loop.time() < ends:
            for _ in range(max(1, int(rate / 20))):
                group.create_task(wrong(port, next(numbers), done))
            await asyncio.sleep(0.05)
    print(json.dumps(done), flush=True)  # noqa: T201  # what the parent reads


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
