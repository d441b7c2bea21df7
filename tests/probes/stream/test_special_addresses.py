"""Addresses of special purpose: the registries' rows, and IPv4 within IPv6."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.probes.stream.special_addresses import (
    IPV4_BLOCKS,
    IPV6_BLOCKS,
    embedded_ipv4,
    special_purpose,
)
from tests.attack.wrapped import wrapped

# A busy machine must not fail the property.
slowly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("blocks", [IPV4_BLOCKS, IPV6_BLOCKS])
def test_each_registry_row_is_named_once(blocks: tuple[object, ...]) -> None:
    networks = [block.network for block in (*IPV4_BLOCKS, *IPV6_BLOCKS)]
    assert len(networks) == len(set(networks))
    assert blocks


@pytest.mark.parametrize("block", [*IPV4_BLOCKS, *IPV6_BLOCKS], ids=str)
def test_row_boundaries_belong_to_their_narrowest_row(
    block: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str, str, bool],
) -> None:
    network = block[0]
    rows = [row for row in (*IPV4_BLOCKS, *IPV6_BLOCKS) if row.network.version == network.version]
    for address in (network[0], network[-1]):
        narrowest = max(
            (row for row in rows if address in row.network), key=lambda row: row.network.prefixlen
        )
        assert special_purpose(address) == (None if narrowest.is_global else narrowest)


# Python's own table is older, and has not all exceptions that the registries make.
EXCEPTIONS = [
    block.network
    for block in (*IPV4_BLOCKS, *IPV6_BLOCKS)
    if block.is_global and block.network.prefixlen > 3
]


@slowly
@given(st.ip_addresses())
def test_what_python_calls_private_or_reserved_is_special_here(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    is_special = (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_private
        or address.is_unspecified
    )
    if is_special and not any(address in network for network in EXCEPTIONS):
        assert special_purpose(address) is not None


@pytest.mark.parametrize(
    ("address", "is_special"),
    [
        ("93.184.216.34", False),
        ("192.0.0.9", False),
        ("192.0.0.8", True),
        ("172.15.255.255", False),
        ("172.32.0.0", False),
        ("100.63.255.255", False),
        ("100.127.255.255", True),
        ("2a00:1450:4001::1", False),
        ("64:ff9b::5db8:d822", False),
        ("4000::1", True),
        ("fec0::1", True),
        ("fd00::1", True),
        ("2001:1::1", False),
        ("2001:1::4", True),
    ],
)
def test_addresses_just_outside_a_range_are_not_special(address: str, *, is_special: bool) -> None:
    assert (special_purpose(ipaddress.ip_address(address)) is not None) is is_special


@slowly
@given(st.ip_addresses(v=4), st.integers(0, 2**64 - 1))
def test_every_wrapping_is_unwrapped(address: ipaddress.IPv4Address, dice: int) -> None:
    for name, form in wrapped(address, dice).items():
        assert address in embedded_ipv4(form), name


def test_an_address_that_embeds_nothing_unwraps_to_nothing() -> None:
    assert embedded_ipv4(ipaddress.ip_address("2a00:1450:4001::7f00:1")) == ()
    assert embedded_ipv4(ipaddress.ip_address("127.0.0.1")) == ()
