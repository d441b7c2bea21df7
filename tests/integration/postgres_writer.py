"""Writes a ledger in PostgreSQL until it is killed; prints each number once it is acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from datetime import UTC, datetime

from monitor.clock import SystemClock
from monitor.ledger.chain import Entry, LedgerLockedError
from monitor.ledger.ledger import Ledger
from monitor.ledger.postgres import postgres_place


async def main() -> None:
    place = postgres_place(os.environ["SCHULNETZ_LEDGER"], sys.argv[1])
    first = 0
    # The server needs a moment to notice that the previous writer is dead.
    for _ in range(2_400):
        try:
            async with Ledger.open(place, SystemClock()) as ledger:
                first = len(await ledger.entries("note"))
                for number in itertools.count(first):
                    await ledger.append([Entry(datetime.now(UTC), "note", "", {"n": number})])
                    os.write(1, f"{number}\n".encode())
        except LedgerLockedError:
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main())
