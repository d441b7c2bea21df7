from __future__ import annotations

import asyncio
import errno
import itertools
import os
import socket
import struct
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

import pytest

from monitor.flood_filter import FloodFilter
from monitor.inventory.checks import IcmpOptions
from monitor.probes.echo.packet import EchoError
from monitor.probes.echo.port import EchoPermissionError, Mode, Waiting
from monitor.probes.echo.socket import EchoSocket
from tests.virtual_time import VirtualTimeLoop, on_virtual_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.probes.echo.port import OnReply

QUICK = IcmpOptions(packets=3, spacing=0.002, wait=0.1)


class ModelledPort:
    """A port whose peer answers at once, but whose kernel refuses sends as configured."""

    family = socket.AF_INET
    identifier = 7
    mode = Mode.DATAGRAM
    malformed = 0
    kernel_drops = 0

    def __init__(self, refusals: tuple[int, ...] = (), *, answers: bool = True) -> None:
        self.refusals = deque(refusals)
        self.answers = answers
        self.streams_errors = False
        self.sent: list[tuple[str, int]] = []
        self.errors: list[EchoError] = []
        self.errors_read = 0
        self.received = 0
        self.closed = False
        self._replies: deque[tuple[int, str, bytes, int]] = deque()
        self._readable, self._written = os.pipe()
        self._never_flooded = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def fileno(self) -> int:
        return self._readable

    def flood_filter(self) -> FloodFilter:
        return FloodFilter(self._never_flooded)

    def close(self) -> None:
        self.closed = True
        self._never_flooded.close()
        os.close(self._readable)
        os.close(self._written)

    def send(self, packet: bytes, destination: tuple[Any, ...]) -> None:
        if self.refusals and (number := self.refusals.popleft()):
            if self.streams_errors:
                self.errors.append(EchoError("192.0.2.9", 0, "host unreachable"))
            raise OSError(number, os.strerror(number))
        (sequence,) = struct.unpack_from("!H", packet, 6)
        self.sent.append((destination[0], sequence))
        if self.answers:
            self._replies.append((sequence, destination[0], packet[8:], time.time_ns()))
            os.write(self._written, b".")

    def receive(self, on_reply: OnReply) -> Waiting:
        while self._replies:
            os.read(self._readable, 1)
            sequence, source, payload, at_ns = self._replies.popleft()
            self.received += 1
            on_reply(sequence, source, memoryview(payload), at_ns, 64)
        return Waiting.NOTHING

    def read_errors(self) -> list[EchoError]:
        self.errors_read += 1
        errors, self.errors = self.errors, []
        return errors


def open_modelled(port: ModelledPort) -> EchoSocket:
    ports: dict[int, Any] = {4: port}
    return EchoSocket(ports)


async def test_a_full_buffer_is_retried_without_loss() -> None:
    port = ModelledPort((errno.ENOBUFS, errno.EAGAIN, 0, errno.ENOBUFS))
    async with open_modelled(port) as echo:
        found = await echo.ping("192.0.2.1", QUICK)
    assert (found.sent, found.lost) == (3, 0)
    assert port.closed


async def test_a_pending_error_of_another_target_costs_no_packet() -> None:
    port = ModelledPort((errno.EHOSTUNREACH, 0, errno.ECONNREFUSED, errno.EHOSTUNREACH))
    async with open_modelled(port) as echo:
        found = await echo.ping("192.0.2.1", QUICK)
    assert (found.sent, found.lost, found.errors) == (3, 0, ())
    assert port.errors_read >= 3


async def test_a_stream_of_other_targets_errors_costs_no_packet() -> None:
    """As when half a city falls silent: each try meets a new error."""
    port = ModelledPort((errno.EHOSTUNREACH,) * 30)
    port.streams_errors = True
    async with open_modelled(port) as echo:
        found = await echo.ping("192.0.2.1", QUICK)
    assert (found.sent, found.lost) == (3, 0)


async def test_endless_errors_do_not_block_a_send_forever() -> None:
    port = ModelledPort((errno.EHOSTUNREACH,) * 10_000)
    port.streams_errors = True
    async with open_modelled(port) as echo:
        with pytest.raises(OSError, match="No route to host"):
            await echo.ping("192.0.2.1", QUICK)
    assert len(port.refusals) > 9_000


async def test_a_persistent_error_is_reported_if_nothing_could_be_sent() -> None:
    async with open_modelled(ModelledPort((errno.EPERM,) * 12)) as echo:
        with pytest.raises(PermissionError):
            await echo.ping("192.0.2.1", QUICK)


async def test_packets_sent_count_even_if_the_rest_could_not_be_sent() -> None:
    port = ModelledPort((0, *(errno.EPERM,) * 4, 0))
    async with open_modelled(port) as echo:
        found = await echo.ping("192.0.2.1", QUICK)
    assert (found.sent, found.lost) == (2, 0)


@on_virtual_time
async def test_an_icmp_error_is_reported_by_its_own_round() -> None:
    port = ModelledPort(answers=False)
    async with open_modelled(port) as echo:
        ping = asyncio.create_task(echo.ping("192.0.2.1", QUICK))
        await asyncio.sleep(0.02)
        destination, sequence = port.sent[0]
        port.errors.append(
            EchoError(destination, sequence, "host unreachable, reported by 192.0.2.9")
        )
        found = await ping
    assert found.errors == ("host unreachable, reported by 192.0.2.9",)
    assert found.lost == 3


@on_virtual_time
async def test_packets_to_one_target_keep_their_spacing_after_a_stall() -> None:
    port = ModelledPort()
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    instants: list[float] = []
    send = port.send

    def noting(packet: bytes, destination: tuple[Any, ...]) -> None:
        instants.append(loop.time())
        send(packet, destination)

    port.send = noting  # type: ignore[method-assign]
    async with open_modelled(port) as echo:
        ping = asyncio.create_task(echo.ping("192.0.2.1", IcmpOptions(4, 0.02, 56, 0.5)))
        await asyncio.sleep(0.01)
        loop.block(0.06)  # the fault under test
        await ping
    distances = [after - before for before, after in itertools.pairwise(instants)]
    # Without the spacing, the stall would send two of them at once.
    assert min(distances) >= 0.01


async def test_a_burst_is_paced_to_32_packets_per_millisecond() -> None:
    port = ModelledPort()
    loop = asyncio.get_running_loop()
    passes = 0
    in_pass: Counter[int] = Counter()
    send = port.send

    def count_pass() -> None:
        nonlocal passes
        passes += 1
        loop.call_soon(count_pass)

    def noting(packet: bytes, destination: tuple[Any, ...]) -> None:
        in_pass[passes] += 1
        send(packet, destination)

    port.send = noting  # type: ignore[method-assign]
    loop.call_soon(count_pass)
    async with open_modelled(port) as echo:
        addresses = [f"192.0.2.{number}" for number in range(1, 201)]
        options = IcmpOptions(packets=1, wait=1.0)
        found = await asyncio.gather(*(echo.ping(address, options) for address in addresses))
    assert sum(one.lost for one in found) == 0
    assert max(in_pass.values()) == 32
    assert sum(in_pass.values()) == 200


async def test_a_reply_still_in_the_buffer_at_the_deadline_is_not_lost() -> None:
    async with open_modelled(ModelledPort()) as echo:
        await echo.ping("192.0.2.1", IcmpOptions(packets=1, wait=1.0))
        # The next drain by the clock is 10 ms off, this round's end 3 ms.
        found = await echo.ping("192.0.2.1", IcmpOptions(packets=1, wait=0.003))
    assert (found.sent, found.lost) == (1, 0)


@on_virtual_time
async def test_closing_cancels_waiting_pings() -> None:
    echo = open_modelled(ModelledPort(answers=False))
    ping = asyncio.create_task(echo.ping("192.0.2.1", QUICK))
    await asyncio.sleep(0.01)
    echo.close()
    with pytest.raises(asyncio.CancelledError):
        await ping


async def test_an_address_of_a_family_without_a_socket_is_an_error() -> None:
    async with open_modelled(ModelledPort()) as echo:
        with pytest.raises(OSError, match="no IPv6 on this machine"):
            await echo.ping("2001:db8::1", QUICK)


@pytest.fixture
def loopback() -> Iterator[None]:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
        except PermissionError:
            continue
        yield
        return
    pytest.skip("this account may not send pings: net.ipv4.ping_group_range is closed")


@pytest.mark.usefixtures("loopback")
@pytest.mark.parametrize("payload", [0, 1, 56, 1400])
async def test_the_kernel_answers_on_loopback(payload: int) -> None:
    async with EchoSocket.open() as echo:
        found = await echo.ping("127.0.0.1", IcmpOptions(5, 0.002, payload, 2.0))
        assert (found.sent, found.lost, found.hop_limit) == (5, 0, 64)
        assert all(0 < rtt < 2.0 for rtt in found.rtts)
        assert set(echo.drops.values()) == {0}


@pytest.mark.usefixtures("loopback")
async def test_two_sockets_on_one_machine_do_not_receive_each_others_replies() -> None:
    async with EchoSocket.open() as one, EchoSocket.open() as other:
        await asyncio.gather(one.ping("127.0.0.1", QUICK), other.ping("127.0.0.1", QUICK))
        assert set(one.drops.values()) == set(other.drops.values()) == {0}


def test_the_permission_error_is_an_os_error_for_the_probe() -> None:
    assert issubclass(EchoPermissionError, OSError)
