"""Lets the kernel drop datagrams from a flooding source on a socket shared by many peers.

One socket serves all devices. A device that sends faster than datagrams are read fills the
socket's buffer, and replies from other devices are lost. So once the buffer has overflowed, a
kernel packet filter drops everything from a source of many unexpected datagrams for a minute,
including its replies. It does not act earlier because source addresses can be forged.

A busy machine reads few datagrams a second, however many arrive. So while the buffer stays half
full, a source is judged by its share of the datagrams read, not by their number.

Must not know: protocols, devices, or what is done with a datagram.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import ipaddress
import socket
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

STRAYS_A_SECOND: Final = 1000
"""This many unexpected datagrams from one source are a flood once the buffer overflows."""

SHARE: Final = 16
"""While the buffer stays half full, a source of at least one in this many unexpected datagrams, and
of at least `FEWEST`, is a flood, too."""
FEWEST: Final = 100
"""A device that only answers late sends fewer unexpected datagrams than this."""

HOLD_SECONDS: Final = 60.0
# How long unexpected datagrams are counted together while the buffer stays half full.
_LONGEST_SECONDS: Final = 10.0
# A filter has at most 4,096 instructions, nine for an IPv6 address. Linux before 6.8 has memory for
# 114 IPv4 or 33 IPv6 addresses (net.core.optmem_max, 20 KiB).
MOST_DROPPED: Final = 128
# Forged sources must not fill the memory.
_MOST_COUNTED = 4096

Instruction = tuple[int, int, int, int]

# Source: bpf(4), <linux/filter.h>, <asm-generic/socket.h>.
LOAD_BYTE, LOAD_HALF, LOAD_WORD = 0x30, 0x28, 0x20
JUMP_IF_EQUAL, RETURN = 0x15, 0x06
DROP: Final[Instruction] = (RETURN, 0, 0, 0)
PASS: Final[Instruction] = (RETURN, 0, 0, 0xFFFFFFFF)
_SO_ATTACH_FILTER = 26
# Nine counters of 32 bits: what the receive buffer holds, its room, and at the end the datagrams
# that were dropped. SK_MEMINFO_RMEM_ALLOC, SK_MEMINFO_RCVBUF, SK_MEMINFO_DROPS.
_SO_MEMINFO = 55
_MEMORY = struct.Struct("=9I")
# Offsets from here on count from the network header, whatever the socket's kind. SKF_NET_OFF.
_NETWORK_HEADER = 0xFFF00000
_SOURCE = {4: 12, 6: 8}
_WORD = 4


class FloodFilter:
    """Counts unexpected datagrams of one socket by source; the kernel drops the worst sources.

    `further` is the filter program applied to all other sources.
    """

    def __init__(self, guarded: socket.socket, further: Sequence[Instruction] = (PASS,)) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = guarded
        self._further = further
        self._counts: dict[str, int] = {}
        self._total = 0
        self._since = 0.0
        self._lost = 0
        self._dropped: dict[str, asyncio.TimerHandle] = {}

    def close(self) -> None:
        """Stop the timers; the owner closes the socket."""
        for timer in self._dropped.values():
            timer.cancel()
        self._dropped.clear()

    def is_dropped(self, source: str) -> bool:
        """Return whether datagrams from a literal address are currently dropped."""
        return bool(self._dropped) and _without_scope(source) in self._dropped

    def stray(self, source: str) -> bool:
        """Count an unexpected datagram; return whether its source is dropped from now on.

        `source` is the literal address that the kernel gave.
        """
        source = _without_scope(source)
        if source in self._dropped:
            return False
        self._start_over()
        self._total += 1
        count = self._counts.get(source, 0) + 1
        if count == 1 and len(self._counts) >= _MOST_COUNTED:
            return False
        self._counts[source] = count
        if count % FEWEST or len(self._dropped) >= MOST_DROPPED or not self._is_flood(count):
            return False
        self._dropped[source] = self._loop.call_later(HOLD_SECONDS, self._lift, source)
        if not self._attach():
            self._dropped.pop(source).cancel()
            return False
        return True

    def _start_over(self) -> None:
        """Reset the counts after a second, or later while datagrams arrive faster than read."""
        age = self._loop.time() - self._since
        if age < 1 or (age < _LONGEST_SECONDS and is_half_full(self._socket)):
            return
        self._counts.clear()
        self._total = 0
        self._since = self._loop.time()
        self._lost = lost_datagrams(self._socket)

    def _is_flood(self, count: int) -> bool:
        if not count % STRAYS_A_SECOND and lost_datagrams(self._socket) != self._lost:
            return True
        return SHARE * count >= self._total and is_half_full(self._socket)

    def _lift(self, source: str) -> None:
        del self._dropped[source]
        if not self._attach():
            self._dropped[source] = self._loop.call_later(HOLD_SECONDS, self._lift, source)

    def _attach(self) -> bool:
        """Attach the filter for the current sources; return whether the kernel has memory for it.

        If it does not, the previous filter stays.
        """
        program = [one for source in self._dropped for one in dropping(source)]
        try:
            attach(self._socket, [*program, *self._further])
        except OSError as error:
            if error.errno != errno.ENOMEM:
                raise
            return False
        return True


def _without_scope(source: str) -> str:
    return source.partition("%")[0]


def lost_datagrams(receiving: socket.socket) -> int:
    """Return how many datagrams the kernel dropped, by a filter or because the buffer was full."""
    *_, lost = _memory(receiving)
    return lost


def receive_buffer_bytes(receiving: socket.socket) -> int:
    """Return the size of a receive buffer as the kernel counts it (twice the requested one)."""
    _, room, *_ = _memory(receiving)
    return room


def is_half_full(receiving: socket.socket) -> bool:
    """Return whether unread datagrams fill at least half of a socket's receive buffer."""
    held, room, *_ = _memory(receiving)
    return 2 * held >= room


def _memory(receiving: socket.socket) -> tuple[int, ...]:
    return _MEMORY.unpack(receiving.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMORY.size))


def dropping(source: str) -> list[Instruction]:
    """Return the instructions that drop packets from a literal address and pass all others on."""
    address = ipaddress.ip_address(source)
    words = [address.packed[at : at + _WORD] for at in range(0, len(address.packed), _WORD)]
    program: list[Instruction] = []
    for number, word in enumerate(words):
        at = _NETWORK_HEADER + _SOURCE[address.version] + number * _WORD
        # Two instructions for each word that is left, and the drop itself.
        past_the_drop = 2 * (len(words) - number - 1) + 1
        program.append((LOAD_WORD, 0, 0, at))
        program.append((JUMP_IF_EQUAL, 0, past_the_drop, int.from_bytes(word)))
    return [*program, DROP]


def attach(guarded: socket.socket, program: Sequence[Instruction]) -> None:
    """Attach a filter program to a socket, replacing the previous one.

    Source: socket(7), SO_ATTACH_FILTER.
    """
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    memory = ctypes.create_string_buffer(code)
    head = struct.pack("HP", len(program), ctypes.addressof(memory))
    guarded.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, head)
