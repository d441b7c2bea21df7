"""Writes a ledger until killed; forks a new writer for each line it reads.

Forking a warm process costs milliseconds, an interpreter a quarter of a second.
Prints `pid N` per writer, then `ack N` once the entry N is acknowledged, then `dead`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from monitor.clock import SystemClock
from monitor.ledger.chain import Entry
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


async def write_until_killed(path: Path, first: int) -> None:
    async with Ledger.open(SqlitePlace(path), SystemClock()) as ledger:
        number = first
        while True:
            entries = [Entry(datetime.now(UTC), "note", "", {"n": n}) for n in (number, number + 1)]
            await ledger.append(entries)
            say(f"ack {number + 1}")
            number += 2


def main() -> None:
    for line in sys.stdin:
        path, first = line.rsplit(" ", 1)
        child = os.fork()
        if child == 0:
            say(f"pid {os.getpid()}")
            asyncio.run(write_until_killed(Path(path), int(first)))
        os.waitpid(child, 0)
        say("dead")


if __name__ == "__main__":
    main()
