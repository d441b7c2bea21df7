from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from typing import TYPE_CHECKING

from monitor.exposition.gate import KEPT_SECONDS, ScrapeGate
from monitor.exposition.store import Exposition
from tests.exposition.support import (
    HandClock,
    city_with_gateway,
    exposed_school,
    interfaces_check,
    observed,
    scrape,
    two_ports,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


async def body(gate: ScrapeGate, school_id: str | None = None, *, gzip: bool) -> bytes:
    return b"".join([chunk async for chunk in gate.body(school_id, gzip=gzip)])


def unzipped(data: bytes) -> str:
    return zlib.decompress(data, wbits=31).decode()


def filled(clock: HandClock) -> Exposition:
    exposition = Exposition(clock)
    exposition.set_inventory(
        city_with_gateway(exposed_school("goethe"), exposed_school("schiller"))
    )
    exposition.observe(observed(interfaces_check(), two_ports()))
    return exposition


class CountingExposition(Exposition):
    """An exposition that counts how often it is streamed and how many slices are joined."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__(clock)
        self.streams = 0

    async def stream(self, school: str | None = None) -> AsyncGenerator[bytes, None]:
        self.streams += 1
        async for chunk in super().stream(school):
            yield chunk


async def test_plain_and_compressed_bodies_are_the_same_exposition() -> None:
    clock = HandClock()
    exposition = filled(clock)
    with ScrapeGate(exposition, clock) as gate:
        expected = await scrape(exposition)
        assert (await body(gate, gzip=False)).decode() == expected
        assert unzipped(await body(gate, gzip=True)) == expected


async def test_one_school_is_compressed_separately() -> None:
    clock = HandClock()
    exposition = filled(clock)
    with ScrapeGate(exposition, clock) as gate:
        await body(gate, gzip=True)
        alone = unzipped(await body(gate, "schiller", gzip=True))
    assert alone == await scrape(exposition, "schiller")
    assert "goethe" not in alone


async def test_scrapes_at_the_same_time_share_one_compression() -> None:
    clock = HandClock()
    exposition = CountingExposition(clock)
    exposition.set_inventory(city_with_gateway(exposed_school("goethe")))
    with ScrapeGate(exposition, clock) as gate:
        bodies = await asyncio.gather(*(body(gate, gzip=True) for _ in range(20)))
    assert len(set(bodies)) == 1
    assert exposition.streams == 1


async def test_a_compressed_body_is_cached_for_a_second() -> None:
    clock = HandClock()
    exposition = CountingExposition(clock)
    exposition.set_inventory(city_with_gateway(exposed_school("goethe")))
    with ScrapeGate(exposition, clock) as gate:
        await body(gate, gzip=True)
        clock.time += KEPT_SECONDS - 0.01
        await body(gate, gzip=True)
        assert exposition.streams == 1
        clock.time += 0.02
        await body(gate, gzip=True)
        assert exposition.streams == 2


async def test_a_reload_shows_at_once() -> None:
    clock = HandClock()
    exposition = filled(clock)
    with ScrapeGate(exposition, clock) as gate:
        assert "schiller" in unzipped(await body(gate, gzip=True))
        exposition.set_inventory(city_with_gateway(exposed_school("goethe")))
        assert "schiller" not in unzipped(await body(gate, gzip=True))


async def test_a_client_that_does_not_read_delays_no_other_client() -> None:
    clock = HandClock()
    exposition = Exposition(clock)
    for device in range(100):
        exposition.set_block("ifSpeed", "goethe", f"d{device}", b"ifSpeed 1\n" * 4000)
    with ScrapeGate(exposition, clock) as gate:
        slow = gate.body(None, gzip=False)
        await anext(slow)
        assert len(await body(gate, gzip=False)) > 100 * 4000 * 10
        assert unzipped(await body(gate, gzip=True)).count("\n") == 100 * 4000 + 2
        await slow.aclose()


async def test_many_concurrent_clients_cost_one_slice_per_loop_turn() -> None:
    clock = HandClock()
    exposition = Exposition(clock)
    for device in range(100):
        exposition.set_block("ifSpeed", "goethe", f"d{device}", b"ifSpeed 1\n" * 4000)
    turn = 0
    joined: Counter[int] = Counter()

    async def count_turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async def read(gate: ScrapeGate) -> None:
        async for _ in gate.body(None, gzip=False):
            joined[turn] += 1

    with ScrapeGate(exposition, clock) as gate:
        counting = asyncio.create_task(count_turns())
        await asyncio.gather(*(read(gate) for _ in range(30)))
        counting.cancel()
    assert joined.total() == 30 * 20
    assert max(joined.values()) == 1


async def test_a_client_that_disconnects_while_compressing_does_no_harm() -> None:
    clock = HandClock()
    exposition = filled(clock)
    with ScrapeGate(exposition, clock) as gate:
        leaver = asyncio.create_task(body(gate, gzip=True))
        await asyncio.sleep(0)
        leaver.cancel()
        await asyncio.gather(leaver, return_exceptions=True)
        assert leaver.cancelled()
        assert unzipped(await body(gate, gzip=True)) == await scrape(exposition)
