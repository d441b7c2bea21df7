"""Keeps scrapes from disturbing the probes: one slice at a time, compressed bodies kept 1 s.

Must not know: HTTP. The server says whether the client accepts gzip.
"""

from __future__ import annotations

import asyncio
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from monitor.clock import Clock
    from monitor.exposition.store import Exposition

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

KEPT_SECONDS = 1.0

# zlib's fastest level and a gzip header: 0.12 s of CPU for 73 MB, which become 3.3 MB.
_LEVEL = 1
_GZIP_WINDOW = 31


@dataclass(frozen=True, slots=True)
class _Body:
    """A compressed exposition, the generation of its series, and until when it may be reused."""

    chunks: tuple[bytes, ...]
    generation: int
    expires: float


class ScrapeGate:
    """Serves expositions to any number of clients; use as a context manager.

    However many clients there are, one slice is joined at a time and one body is compressed at a
    time. A plain body is joined while it is sent, so a slow client costs no memory and does not
    delay the others.
    """

    def __init__(self, exposition: Exposition, clock: Clock) -> None:
        self._exposition = exposition
        self._clock = clock
        self._joining = asyncio.Lock()
        self._compressing = asyncio.Lock()
        self._kept: dict[str | None, _Body] = {}
        # Not the loop's default executor: there, hosts that do not resolve would delay scrapes.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="compress")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.shutdown(cancel_futures=True)

    async def body(self, school: str | None, *, gzip: bool) -> AsyncGenerator[bytes, None]:
        """Yield the exposition of a school, or of all for None, compressed if `gzip`."""
        if not gzip:
            async for chunk in self._in_turns(school):
                yield chunk
            return
        for chunk in (await self._compressed(school)).chunks:
            yield chunk

    async def _in_turns(self, school: str | None) -> AsyncGenerator[bytes, None]:
        async with aclosing(self._exposition.stream(school)) as stream:
            while True:
                async with self._joining:
                    chunk = await anext(stream, None)
                if chunk is None:
                    return
                yield chunk

    async def _compressed(self, school: str | None) -> _Body:
        async with self._compressing:
            generation = self._exposition.generation
            kept = self._kept.get(school)
            if kept and kept.generation == generation and kept.expires > self._clock.monotonic():
                return kept
            chunks = await self._compress(school)
            now = self._clock.monotonic()
            self._kept = {of: body for of, body in self._kept.items() if body.expires > now}
            body = self._kept[school] = _Body(chunks, generation, now + KEPT_SECONDS)
            return body

    async def _compress(self, school: str | None) -> tuple[bytes, ...]:
        loop = asyncio.get_running_loop()
        compressor = zlib.compressobj(_LEVEL, wbits=_GZIP_WINDOW)
        chunks = [
            await loop.run_in_executor(self._worker, compressor.compress, chunk)
            async for chunk in self._in_turns(school)
        ]
        chunks.append(await loop.run_in_executor(self._worker, compressor.flush))
        return tuple(chunk for chunk in chunks if chunk)
