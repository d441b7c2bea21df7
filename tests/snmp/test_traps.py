"""Which datagrams are decoded at all, and that none of them does harm."""

from __future__ import annotations

import asyncio
import random
import socket
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from monitor.snmp import traps
from monitor.snmp.model import AuthProtocol, PrivProtocol, Security
from monitor.snmp.traps import (
    MAX_BYTES,
    REASONS,
    SOURCE_BURST,
    SOURCE_RATE,
    TOTAL_BURST,
    TOTAL_RATE,
    Senders,
    TrapGate,
    TrapReceiver,
    literal,
)

if TYPE_CHECKING:
    import pytest

KNOWN = frozenset(f"10.0.0.{number}" for number in range(1, 101))
COLD_START = bytes.fromhex(
    "303802010104067075626c6963a72b020401020304020100020100301d300b06082b06010201010300430105"
)


def drops() -> dict[str, int]:
    return dict.fromkeys(REASONS, 0)


def test_a_trap_from_a_stranger_is_dropped_without_a_trace() -> None:
    counted = drops()
    gate = TrapGate(Senders(KNOWN), 0.0, counted)
    before = len(gate._sources)
    assert not any(gate.lets_pass(f"192.0.2.{number}", 100, 0.0) for number in range(200))
    assert counted == drops() | {"source": 200}
    assert len(gate._sources) == before


def test_a_huge_datagram_is_not_decoded() -> None:
    counted = drops()
    gate = TrapGate(Senders(KNOWN), 0.0, counted)
    assert gate.lets_pass("10.0.0.1", MAX_BYTES, 0.0)
    assert not gate.lets_pass("10.0.0.1", MAX_BYTES + 1, 0.0)
    assert counted["refused"] == 1


@given(st.lists(st.floats(0, 60), min_size=1, max_size=300))
def test_one_device_gets_no_more_than_its_share_through(times: list[float]) -> None:
    gate = TrapGate(Senders(KNOWN), 0.0, drops())
    passed = [now for now in sorted(times) if gate.lets_pass("10.0.0.1", 100, now)]
    assert len(passed) <= SOURCE_BURST + SOURCE_RATE * max(times)
    assert len(passed) >= min(len(times), SOURCE_BURST)


def test_one_flood_leaves_room_for_others_and_the_total_is_limited() -> None:
    counted = drops()
    gate = TrapGate(Senders(KNOWN), 0.0, counted)
    flood = sum(gate.lets_pass("10.0.0.1", 100, at / 1000) for at in range(10_000))
    assert flood <= SOURCE_BURST + SOURCE_RATE * 10
    assert gate.lets_pass("10.0.0.2", 100, 10.0)
    everybody = sum(
        gate.lets_pass(address, 100, 10.0 + turn / 10) for turn in range(20) for address in KNOWN
    )
    assert everybody <= TOTAL_BURST + TOTAL_RATE * 2


def test_an_ipv4_mapped_source_is_recognised() -> None:
    assert literal("::ffff:10.0.0.1") == literal("10.0.0.1") == "10.0.0.1"


async def test_garbage_and_mangled_traps_are_counted_without_an_exception(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for limit in ("SOURCE_RATE", "SOURCE_BURST", "TOTAL_RATE", "TOTAL_BURST"):
        monkeypatch.setattr(traps, limit, 1e9)
    loop = asyncio.get_running_loop()
    raised: list[object] = []
    loop.set_exception_handler(lambda _, context: raised.append(context))
    counted = drops()
    user = Security(
        b"monitor", AuthProtocol.SHA1, b"long enough", PrivProtocol.AES128, b"also long enough"
    )
    dice = random.Random(4)
    taken: list[str] = []
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending,
    ):
        receiving.settimeout(0)
        receiving.bind(("127.0.0.1", 0))
        receiver = TrapReceiver(
            receiving.dup(),
            Senders(frozenset({"127.0.0.1"}), frozenset({b"public"}), (user,)),
            lambda _, kind: taken.append(kind),
            loop.time,
            counted,
            lambda _: None,
        )
        for number in range(600):
            data = bytearray(COLD_START)
            for _ in range(dice.randrange(4)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            sent = dice.randbytes(dice.randrange(1, 200)) if number % 2 else bytes(data)
            sending.sendto(sent, receiving.getsockname())
            # One at a time: more than the socket buffer holds would be lost.
            async with asyncio.timeout(60):
                while sum(counted.values()) + len(taken) <= number:  # noqa: ASYNC110  # no event
                    await asyncio.sleep(0.001)
        receiver.close()
    assert raised == []
    assert counted["refused"] >= 300
