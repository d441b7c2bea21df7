"""Special-purpose addresses, and the IPv4 addresses that an IPv6 address may reach.

Both registries are complete as of July 2026; each of their rows is one line here.

Source: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and RFC 8190), column
"Globally Reachable"; "N/A" and blank count as no.

Must not know: sockets, or why an address is checked.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


class Block(NamedTuple):
    """A row of a registry; `is_global` says whether the block is globally reachable."""

    network: IPNetwork
    name: str
    source: str
    is_global: bool


def _block(network: str, name: str, source: str, *, is_global: bool = False) -> Block:
    return Block(ipaddress.ip_network(network), name, source, is_global)


IPV4_BLOCKS: Final = (
    _block("0.0.0.0/8", "this network", "RFC 791"),
    _block("0.0.0.0/32", "this host on this network", "RFC 1122"),
    _block("10.0.0.0/8", "private use", "RFC 1918"),
    _block("100.64.0.0/10", "shared address space", "RFC 6598"),
    _block("127.0.0.0/8", "loopback", "RFC 1122"),
    _block("169.254.0.0/16", "link-local", "RFC 3927"),
    _block("172.16.0.0/12", "private use", "RFC 1918"),
    _block("192.0.0.0/24", "IETF protocol assignments", "RFC 6890"),
    _block("192.0.0.0/29", "IPv4 service continuity prefix", "RFC 7335"),
    _block("192.0.0.8/32", "IPv4 dummy address", "RFC 7600"),
    _block("192.0.0.9/32", "Port Control Protocol anycast", "RFC 7723", is_global=True),
    _block("192.0.0.10/32", "TURN anycast", "RFC 8155", is_global=True),
    _block("192.0.0.170/32", "NAT64/DNS64 discovery", "RFC 8880"),
    _block("192.0.0.171/32", "NAT64/DNS64 discovery", "RFC 8880"),
    _block("192.0.2.0/24", "documentation", "RFC 5737"),
    _block("192.31.196.0/24", "AS112", "RFC 7535", is_global=True),
    _block("192.52.193.0/24", "AMT", "RFC 7450", is_global=True),
    _block("192.88.99.0/24", "deprecated 6to4 relay anycast", "RFC 7526"),
    _block("192.88.99.2/32", "6a44 relay anycast", "RFC 6751"),
    _block("192.168.0.0/16", "private use", "RFC 1918"),
    _block("192.175.48.0/24", "direct delegation AS112", "RFC 7534", is_global=True),
    _block("198.18.0.0/15", "benchmarking", "RFC 2544"),
    _block("198.51.100.0/24", "documentation", "RFC 5737"),
    _block("203.0.113.0/24", "documentation", "RFC 5737"),
    _block("240.0.0.0/4", "reserved", "RFC 1112"),
    _block("255.255.255.255/32", "limited broadcast", "RFC 919"),
    # Not in this registry: multicast addresses no single host.
    _block("224.0.0.0/4", "multicast", "RFC 5771"),
)

IPV6_BLOCKS: Final = (
    _block("::1/128", "loopback", "RFC 4291"),
    _block("::/128", "unspecified", "RFC 4291"),
    _block("::ffff:0:0/96", "IPv4-mapped", "RFC 4291"),
    _block("64:ff9b::/96", "IPv4-IPv6 translation", "RFC 6052", is_global=True),
    _block("64:ff9b:1::/48", "local IPv4-IPv6 translation", "RFC 8215"),
    _block("100::/64", "discard-only", "RFC 6666"),
    _block("100:0:0:1::/64", "IPv6 dummy prefix", "RFC 9780"),
    _block("2001::/23", "IETF protocol assignments", "RFC 2928"),
    _block("2001::/32", "Teredo", "RFC 4380"),
    _block("2001:1::1/128", "Port Control Protocol anycast", "RFC 7723", is_global=True),
    _block("2001:1::2/128", "TURN anycast", "RFC 8155", is_global=True),
    _block("2001:1::3/128", "DNS-SD SRP anycast", "RFC 9665", is_global=True),
    _block("2001:2::/48", "benchmarking", "RFC 5180"),
    _block("2001:3::/32", "AMT", "RFC 7450", is_global=True),
    _block("2001:4:112::/48", "AS112", "RFC 7535", is_global=True),
    _block("2001:10::/28", "deprecated ORCHID", "RFC 4843"),
    _block("2001:20::/28", "ORCHIDv2", "RFC 7343", is_global=True),
    _block("2001:30::/28", "drone remote ID", "RFC 9374", is_global=True),
    _block("2001:db8::/32", "documentation", "RFC 3849"),
    _block("2002::/16", "6to4", "RFC 3056"),
    _block("2620:4f:8000::/48", "direct delegation AS112", "RFC 7534", is_global=True),
    _block("3fff::/20", "documentation", "RFC 9637"),
    _block("5f00::/16", "segment routing identifiers", "RFC 9602"),
    _block("fc00::/7", "unique local", "RFC 4193"),
    _block("fe80::/10", "link-local", "RFC 4291"),
    # Not in this registry.
    _block("::/96", "IPv4-compatible", "RFC 4291"),
    _block("fec0::/10", "deprecated site-local", "RFC 3879"),
    _block("ff00::/8", "multicast", "RFC 4291"),
    # The only block from which IANA has assigned global unicast addresses.
    _block("2000::/3", "global unicast", "RFC 4291", is_global=True),
    _block("::/0", "unassigned", "RFC 4291"),
)

_TRANSLATION = ipaddress.IPv6Network("64:ff9b::/96")
_LOCAL_TRANSLATION = ipaddress.IPv6Network("64:ff9b:1::/48")
_LOW_32 = (
    ipaddress.IPv6Network("::/96"),
    ipaddress.IPv6Network("::ffff:0:0/96"),
    ipaddress.IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated, RFC 2765
    _TRANSLATION,
)
_TEREDO = ipaddress.IPv6Network("2001::/32")
_6TO4 = ipaddress.IPv6Network("2002::/16")
# Bits 64 to 95 of an ISATAP address without the universal bit. Source: RFC 5214 §6.1.
_ISATAP, _UNIVERSAL_BIT = 0x00005EFE, 0x02000000
_ALL_32 = 0xFFFFFFFF


def special_purpose(address: IPAddress) -> Block | None:
    """Return the narrowest block that makes an address not globally reachable, or None."""
    blocks = IPV4_BLOCKS if address.version == 4 else IPV6_BLOCKS  # noqa: PLR2004  # IP version
    found = [block for block in blocks if address in block.network]
    narrowest = max(found, key=lambda block: block.network.prefixlen, default=None)
    return None if narrowest is None or narrowest.is_global else narrowest


def embedded_ipv4(address: IPAddress) -> tuple[ipaddress.IPv4Address, ...]:
    """Return the IPv4 addresses to which packets for an IPv6 address may be forwarded."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    return tuple(ipaddress.IPv4Address(number) for number in _embedded(address))


def _embedded(address: ipaddress.IPv6Address) -> Iterator[int]:
    bits = int(address)
    if any(address in network for network in _LOW_32) or _is_isatap(bits):
        yield bits & _ALL_32
    if address in _6TO4:  # RFC 3056 §2
        yield bits >> 80 & _ALL_32
    if address in _TEREDO:  # RFC 4380 §4: the server's, and the client's with its bits inverted
        yield bits >> 64 & _ALL_32
        yield ~bits & _ALL_32
    if address in _LOCAL_TRANSLATION:
        yield from _translated(bits)


def _is_isatap(bits: int) -> bool:
    return bits >> 32 & _ALL_32 & ~_UNIVERSAL_BIT == _ISATAP


def _translated(bits: int) -> Iterator[int]:
    """Return the IPv4 address behind a prefix of 48, 56, 64 or 96 bits.

    Bits 64 to 71 are skipped. Source: RFC 6052 §2.2.
    """
    yield bits & _ALL_32
    without = bits >> 64 << 56 | bits & (1 << 56) - 1
    for prefix in (48, 56, 64):
        yield without >> (120 - prefix - 32) & _ALL_32
