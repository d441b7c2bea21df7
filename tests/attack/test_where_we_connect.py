"""Redirects that would turn the monitor against itself, its neighbors or other networks."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.inventory.checks import HttpOptions
from monitor.observation import Outcome, Reason
from monitor.probes.stream.redirect_target import is_own, refusal
from monitor.probes.stream.special_addresses import IPV4_BLOCKS, IPV6_BLOCKS
from tests.attack.wrapped import wrapped
from tests.integration.namespace import namespace
from tests.probes.support import probe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from monitor.observation import Observation
    from tests.integration.namespace import Namespace

# A busy machine must not fail the property.
slowly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
PUBLIC = "93.184.216.34"
PLACE = "10.82.3.0/24"
REFUSED = [
    block.network
    for block in IPV4_BLOCKS
    if not block.is_global and block.network.num_addresses > 256
]


@slowly
@given(
    st.sampled_from(REFUSED).flatmap(lambda n: st.ip_addresses(network=n)), st.integers(0, 2**64)
)
def test_a_refused_address_is_refused_in_every_ipv6_embedding(
    address: ipaddress.IPv4Address, dice: int
) -> None:
    place = ipaddress.ip_network(PLACE)
    exceptions = [block.network for block in IPV4_BLOCKS if block.is_global]
    if address in place or any(address in network for network in exceptions):
        return
    assert refusal(str(address), PUBLIC, PLACE)
    for name, form in wrapped(address, dice).items():
        assert refusal(str(form), PUBLIC, PLACE), f"{form}, {name}"
        assert refusal(str(form), PUBLIC, None), f"{form}, {name}"


@pytest.mark.parametrize(
    "block", [b for b in (*IPV4_BLOCKS, *IPV6_BLOCKS) if not b.is_global], ids=lambda b: str(b[0])
)
def test_a_redirect_into_a_special_purpose_block_is_refused(
    block: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str, str, bool],
) -> None:
    if block[0].prefixlen == 0:
        return  # what is left of everything
    for address in (block[0][-1], block[0][0]):
        assert refusal(str(address), PUBLIC, None)


@pytest.mark.parametrize(
    ("address", "asked", "network", "allowed"),
    [
        (PUBLIC, "10.82.3.5", PLACE, True),
        ("2a00:1450:4001::1", PUBLIC, None, True),
        ("64:ff9b::5db8:d822", "64:ff9b::808:808", None, True),
        ("10.82.3.9", "10.82.3.5", PLACE, True),
        ("10.82.4.9", "10.82.3.5", PLACE, False),
        ("10.82.3.9", "10.82.3.5", None, False),
        ("10.82.3.5", "10.82.3.5", None, True),
        ("127.0.0.1", "127.0.0.1", None, True),
        ("127.0.0.2", "127.0.0.1", None, False),
        ("127.0.0.1", PUBLIC, "127.0.0.0/8", False),
        ("0.0.0.0", PUBLIC, None, False),
        ("169.254.169.254", "10.82.3.5", PLACE, False),
        ("fe80::1%lo", PUBLIC, None, False),
        ("fd82:3::9", "fd82:3::1", "fd82:3::/64", True),
        ("fd82:4::9", "fd82:3::1", "fd82:3::/64", False),
    ],
)
def test_configured_and_public_addresses_are_allowed(
    address: str, asked: str, network: str | None, *, allowed: bool
) -> None:
    assert (refusal(address, asked, network) == "") is allowed


OWN = ("93.184.216.1", "10.82.3.77", "10.50.0.1", "2a00:1450:4001::77", "fd82:3::77")
NEIGHBOR = ("93.184.216.34", "10.82.3.9", "10.50.0.2", "2a00:1450:4001::78", "fd82:3::9")


@pytest.fixture(scope="module")
def inside() -> Iterator[Namespace]:
    """Make a host with its own addresses on a link to a school, and a second host."""
    with namespace("where") as made:
        made.run("ip", "tuntap", "add", "dev", "lan0", "mode", "tap")
        made.run("ip", "link", "set", "lan0", "up")
        for own, length in zip(OWN, (24, 24, 24, 64, 64), strict=True):
            made.run("ip", "addr", "add", f"{own}/{length}", "dev", "lan0", *_without_wait(own))
        # Every address in it is local, without an interface that has it.
        made.run("ip", "route", "add", "local", "198.51.100.0/24", "dev", "lo")
        yield made


def _without_wait(address: str) -> tuple[str, ...]:
    return ("nodad",) if ":" in address else ()


@pytest.mark.root
@pytest.mark.integration
def test_own_addresses_are_those_of_all_interfaces_right_now(inside: Namespace) -> None:
    with inside.entered():
        for own in (*OWN, "198.51.100.7", "127.0.0.1", "::1", "0.0.0.0", "::"):
            assert is_own(ipaddress.ip_address(own)), own
        for other in NEIGHBOR:
            assert not is_own(ipaddress.ip_address(other)), other
        later = ipaddress.ip_address("93.184.217.9")
        assert not is_own(later)
        inside.run("ip", "addr", "add", f"{later}/32", "dev", "lan0")
        assert is_own(later)
        inside.run("ip", "addr", "del", f"{later}/32", "dev", "lan0")
        assert not is_own(later)


@pytest.mark.root
@pytest.mark.integration
def test_a_public_or_school_address_is_refused_if_it_is_our_own(inside: Namespace) -> None:
    with inside.entered():
        assert refusal("93.184.216.1", "93.184.216.34", None) == "an address of this machine"
        assert refusal("10.82.3.77", "10.82.3.5", PLACE) == "an address of this machine"
        assert refusal("64:ff9b::5db8:d801", PUBLIC, None) == "an address of this machine"
        assert refusal("10.82.3.77", "10.82.3.77", PLACE) == "", "it was requested directly"
        assert refusal("10.82.3.9", "10.82.3.5", PLACE) == ""


@pytest.mark.root
@pytest.mark.integration
def test_own_addresses_are_known_even_with_nonlocal_bind(inside: Namespace) -> None:
    with inside.entered():
        for family in ("ipv4", "ipv6"):
            inside.run("sysctl", "-qw", f"net.{family}.ip_nonlocal_bind=1")
        assert not is_own(ipaddress.ip_address("93.184.216.34"))
        assert is_own(ipaddress.ip_address("93.184.216.1"))


class Web:
    """Two servers on addresses of this machine: one redirects, the other counts its visits."""

    def __init__(self) -> None:
        self.location = ""
        self.port = 0
        self.visits = 0

    async def redirect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 302 Found\r\nLocation: {self.location}\r\nContent-Length: 0\r\n\r\n"
        writer.write(head.encode())
        writer.close()

    async def secret(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
        writer.close()


@contextmanager
def listening(address: str, port: int = 0) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, port), family=family) as listener:
        listener.settimeout(0)
        yield listener


@asynccontextmanager
async def web(inside: Namespace, secret_at: str) -> AsyncIterator[Web]:
    """Serve the redirect at 10.82.3.77, and the secret at an address and the port of `Web`."""
    made = Web()
    with inside.entered(), listening("10.82.3.77") as one, listening(secret_at) as two:
        made.port = two.getsockname()[1]
        made.location = f"http://10.82.3.77:{one.getsockname()[1]}"
        async with (
            await asyncio.start_server(made.redirect, sock=one),
            await asyncio.start_server(made.secret, sock=two),
        ):
            yield made


async def ask_redirected(inside: Namespace, made: Web, location: str) -> Observation:
    url, made.location = made.location, location
    with inside.entered():
        return await probe(HttpOptions(url, network=PLACE), seconds=20)


@pytest.mark.root
@pytest.mark.integration
@pytest.mark.parametrize(
    ("secret_at", "host"),
    [
        ("10.50.0.1", "10.50.0.1"),
        ("93.184.216.1", "93.184.216.1"),
        ("93.184.216.1", "[::ffff:93.184.216.1]"),
        ("2a00:1450:4001::77", "[2a00:1450:4001::77]"),
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "0.0.0.0"),
        ("127.0.0.1", "127.1"),
        ("127.0.0.1", "2130706433"),
        ("127.0.0.1", "0x7f000001"),
        ("127.0.0.1", "017700000001"),
        ("127.0.0.1", "localhost"),
        ("127.0.0.1", "[::ffff:127.0.0.1]"),
        ("127.0.0.1", "[::ffff:7f00:1]"),
        ("::1", "[::1]"),
        ("::1", "[::]"),
    ],
)
async def test_a_device_cannot_make_the_monitor_query_its_own_services(
    inside: Namespace, secret_at: str, host: str
) -> None:
    async with web(inside, secret_at) as made:
        observation = await ask_redirected(inside, made, f"http://{host}:{made.port}/")
        assert made.visits == 0, "it was connected to before it was judged"
    assert observation.outcome is Outcome.FAILED
    assert observation.reason is Reason.REDIRECTS, observation.detail
    assert "leads to" in observation.detail


@pytest.mark.root
@pytest.mark.integration
async def test_a_redirect_to_the_same_address_is_followed(inside: Namespace) -> None:
    async with web(inside, "10.82.3.77") as made:
        observation = await ask_redirected(inside, made, f"http://10.82.3.77:{made.port}/")
        assert made.visits == 1
    assert observation.outcome is Outcome.OK, observation.detail


@pytest.mark.root
@pytest.mark.integration
async def test_a_rebinding_name_is_judged_by_the_address_connected_to(
    inside: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the second answer for the same name is this machine."""
    answers = ["10.82.3.77", "10.50.0.1", "10.82.3.77"]
    asked: list[str] = []

    def getaddrinfo(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        address = answers[len(asked) - 1]
        return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", (address, 0))]

    async with web(inside, "10.50.0.1") as made:
        port = made.location.rpartition(":")[2]
        made.location = f"http://printer.example:{port}"
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        observation = await ask_redirected(inside, made, f"http://printer.example:{made.port}/")
        assert made.visits == 0
    assert observation.detail.endswith("10.50.0.1: an address of this machine")
    assert asked == ["printer.example"] * 2, "looked up once per request, not in between"


def test_without_a_socket_no_address_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> socket.socket:
        raise OSError(24, os.strerror(24))

    monkeypatch.setattr(socket, "socket", none)
    with pytest.raises(OSError, match="open files"):
        refusal(PUBLIC, "10.82.3.5", PLACE)
