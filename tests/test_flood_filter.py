"""The kernel drops the source that floods a shared socket, and no other."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor import flood_filter
from monitor.flood_filter import (
    FEWEST,
    HOLD_SECONDS,
    MOST_DROPPED,
    PASS,
    SHARE,
    STRAYS_A_SECOND,
    FloodFilter,
    attach,
    dropping,
    is_half_full,
    lost_datagrams,
)
from tests.virtual_time import run_virtually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pytest

    from monitor.flood_filter import Instruction


@contextmanager
def receiver(address: str) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as receiving:
        receiving.settimeout(0)
        receiving.bind((address, 0))
        yield receiving


def arrives(receiving: socket.socket, source: str) -> bool:
    """Return whether a datagram from an address is received; on loopback that is at once."""
    with receiver(source) as sending:
        sending.sendto(b"x", receiving.getsockname()[:2])
    try:
        receiving.recvfrom(10)
    except BlockingIOError:
        return False
    return True


def overflow(receiving: socket.socket, source: str) -> None:
    with receiver(source) as sending:
        while not lost_datagrams(receiving):
            sending.sendto(bytes(1000), receiving.getsockname()[:2])
    while True:
        try:
            receiving.recvfrom(1000)
        except BlockingIOError:
            return


def test_a_filter_of_maximum_size_drops_exactly_its_addresses() -> None:
    with receiver("127.0.0.1") as receiving:
        sources = [f"127.0.1.{host}" for host in range(1, MOST_DROPPED + 1)]
        attach(receiving, [*(one for source in sources for one in dropping(source)), PASS])
        assert not any(arrives(receiving, source) for source in sources)
        assert arrives(receiving, f"127.0.1.{MOST_DROPPED + 1}")


# As many as Linux before 6.8 has memory for.
IPV6_ADDRESSES = 32


def test_a_filter_of_ipv6_addresses_is_accepted_by_the_kernel() -> None:
    with receiver("::1") as receiving:
        others = [f"2001:db8::{host:x}" for host in range(1, IPV6_ADDRESSES + 1)]
        attach(receiving, [*(one for source in others for one in dropping(source)), PASS])
        assert arrives(receiving, "::1")
        attach(receiving, [*dropping("2001:db8::1"), *dropping("::1"), PASS])
        assert not arrives(receiving, "::1")


def test_a_source_is_dropped_for_a_minute_once_the_buffer_has_overflowed() -> None:
    async def main() -> None:
        with receiver("127.0.0.1") as receiving:
            floods = FloodFilter(receiving)
            for _ in range(5 * STRAYS_A_SECOND):
                assert not floods.stray("127.0.0.9"), "there was room for every source"
            await asyncio.sleep(1)
            assert not floods.stray("127.0.0.9")
            overflow(receiving, "127.0.0.9")
            said = [floods.stray("127.0.0.9") for _ in range(2 * STRAYS_A_SECOND)]
            assert said.count(True) == 1
            assert not said[STRAYS_A_SECOND - 3]
            assert not arrives(receiving, "127.0.0.9")
            assert arrives(receiving, "127.0.0.8")
            await asyncio.sleep(HOLD_SECONDS - 1)
            assert floods.is_dropped("127.0.0.9")
            await asyncio.sleep(2)
            assert not floods.is_dropped("127.0.0.9")
            assert arrives(receiving, "127.0.0.9")
            floods.close()

    run_virtually(main())


def fill(receiving: socket.socket) -> None:
    """Let more datagrams wait than half of the buffer holds."""
    with receiver("127.0.0.9") as sending:
        while not is_half_full(receiving):
            sending.sendto(bytes(1000), receiving.getsockname()[:2])


def test_on_a_slow_machine_the_share_of_a_source_decides() -> None:
    async def main() -> None:
        with receiver("127.0.0.1") as receiving:
            floods = FloodFilter(receiving)
            assert not any(floods.stray("127.0.0.9") for _ in range(2 * FEWEST)), "it has room"
            fill(receiving)
            # Twenty a second are far from a thousand.
            said = []
            for number in range(2 * FEWEST):
                await asyncio.sleep(1 / 20)
                said.append(floods.stray("127.0.0.9"))
                assert number % 10 or not floods.stray("127.0.0.8"), "one that answers late"
            assert said.count(True) == 1
            assert floods.is_dropped("127.0.0.9")
            assert not floods.is_dropped("127.0.0.8")
            floods.close()

    run_virtually(main())


def test_sources_are_read_as_before_if_the_kernel_has_no_memory_for_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    most = 3 * len(dropping("127.0.0.1")) + 1

    def attach_if_small(guarded: socket.socket, program: Sequence[Instruction]) -> None:
        if len(program) > most:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        attach(guarded, program)

    async def main() -> None:
        with receiver("127.0.0.1") as receiving:
            floods = FloodFilter(receiving)
            fill(receiving)
            sources = [f"127.0.2.{host}" for host in range(1, 6)]
            for source in sources:
                for _ in range(2 * FEWEST):
                    floods.stray(source)
            dropped = [floods.is_dropped(source) for source in sources]
            assert dropped == [True, True, True, False, False]
            await asyncio.sleep(HOLD_SECONDS + 1)
            assert not any(map(floods.is_dropped, sources))
            floods.close()

    monkeypatch.setattr(flood_filter, "attach", attach_if_small)
    run_virtually(main())


def test_a_source_with_few_of_many_strays_is_not_a_flood() -> None:
    async def main() -> None:
        with receiver("127.0.0.1") as receiving:
            floods = FloodFilter(receiving)
            assert not floods.stray("127.0.0.8")
            fill(receiving)
            for number in range(FEWEST * SHARE * 2):
                assert not floods.stray(f"10.0.{number >> 8}.{number & 255}")
            for number in range(FEWEST):
                assert not floods.stray("127.0.0.8"), number
            floods.close()

    run_virtually(main())


def test_few_strays_from_each_of_many_sources_are_not_a_flood() -> None:
    async def main() -> None:
        with receiver("127.0.0.1") as receiving:
            floods = FloodFilter(receiving)
            assert not floods.stray("127.0.0.8")
            overflow(receiving, "127.0.0.9")
            for number in range(20_000):
                assert not floods.stray(f"10.0.{number >> 8}.{number & 255}")
            floods.close()

    run_virtually(main())
