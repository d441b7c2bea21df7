"""The addresses that a configured daemon communicates with, and which of them a unit allows.

Must not know: any command, or how a check works.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from monitor.inventory.checks import DnsOptions, HttpOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from monitor.cli.unit import Unit
    from monitor.inventory.city import Inventory

Network = IPv4Network | IPv6Network
# The symbolic names of systemd.resource-control(5).
_NAMED: Final = {
    "any": ("0.0.0.0/0", "::/0"),
    "localhost": ("127.0.0.0/8", "::1/128"),
    "link-local": ("169.254.0.0/16", "fe80::/64"),
    "multicast": ("224.0.0.0/4", "ff00::/8"),
}
# `IPAddressAllow=` of deploy/systemd/schulnetz.service: this host and private networks.
SHIPPED: Final = ("localhost", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8")
_RESOLVERS: Final = Path("/etc/resolv.conf")


class UnknownNameError(Exception):
    """A configured name does not resolve; the message names it."""


@dataclass(frozen=True, slots=True)
class Destinations:
    """Where the daemon sends packets: networks by host name.

    `unknown` lists the names that do not resolve.
    """

    networks: dict[str, tuple[Network, ...]]
    unknown: tuple[str, ...]


def hosts_of(inventory: Inventory, ledger: str | None = None) -> list[str]:
    """Return every host that a check, a campaign or the ledger contacts, once each.

    `ledger` is the URL of its database, if it is one.

    Raises:
        ValueError: if that is not a URL.
    """
    found = [ledger_host] if (ledger_host := _host(ledger or "")) else []
    for check in inventory.checks():
        match check.options:
            case HttpOptions(url=url, address=address):
                found.append(address or _host(url))
            case DnsOptions(server=server):
                found.append(server)
            case _:
                found.append(check.target.host)
    for _, site in inventory.sites():
        found += [site.uplink.host, *(switch.host for switch in site.switches)]
        if (test := site.uplink.throughput) is not None:
            found += [test.host, _host(test.url), _host(test.upload_url)]
    return list(dict.fromkeys(filter(None, found)))


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def resolvers() -> list[str]:
    """Return the name servers of this host; none if they cannot be determined."""
    try:
        lines = _RESOLVERS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    words = (line.split() for line in lines)
    return [found[1] for found in words if len(found) > 1 and found[0] == "nameserver"]


def destinations(hosts: Iterable[str], resolve: Callable[[str], list[str]]) -> Destinations:
    """Return the networks of hosts; `resolve` returns the current addresses of a name.

    `resolve` raises `UnknownNameError`.
    """
    networks, unknown = {}, []
    for host in hosts:
        try:
            found = _literal(host) or [ip_network(one) for one in resolve(host)]
        except UnknownNameError:
            unknown.append(host)
            continue
        networks[host] = tuple(found)
    return Destinations(networks, tuple(unknown))


def _literal(host: str) -> list[Network]:
    try:
        return [ip_network(host.partition("%")[0])]
    except ValueError:
        return []


def addresses_of(name: str) -> list[str]:
    """Return the addresses of a name, by this host's resolver.

    Raises:
        UnknownNameError: if it has none.
    """
    try:
        answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownNameError(name) from error
    return list(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in answers))


def blocked(unit: Unit, networks: Iterable[Network]) -> list[Network]:
    """Return which networks a unit's `IPAddressDeny=` keeps the daemon from, merged and sorted.

    Source: systemd.resource-control(5): the allow list takes precedence.
    """
    allowed, denied = (
        list(_networks(unit.all(key))) for key in ("IPAddressAllow", "IPAddressDeny")
    )
    return merged(one for one in networks if not is_in(one, allowed) and is_in(one, denied))


def public(networks: Iterable[Network]) -> list[Network]:
    """Return the networks that the unit as it is shipped does not allow, merged and sorted."""
    allowed = list(_networks(SHIPPED))
    return merged(one for one in networks if not is_in(one, allowed))


def merged(networks: Iterable[Network]) -> list[Network]:
    """Return the fewest networks with the same addresses, those of IPv4 first."""
    found = list(networks)
    v4 = collapse_addresses(one for one in found if isinstance(one, IPv4Network))
    v6 = collapse_addresses(one for one in found if isinstance(one, IPv6Network))
    return [*v4, *v6]


def is_in(network: Network, others: Iterable[Network]) -> bool:
    """Return whether all of a network is in one of the others."""
    return any(
        (
            isinstance(network, IPv4Network)
            and isinstance(other, IPv4Network)
            and network.subnet_of(other)
        )
        or (
            isinstance(network, IPv6Network)
            and isinstance(other, IPv6Network)
            and network.subnet_of(other)
        )
        for other in others
    )


def _networks(values: Iterable[str]) -> Iterator[Network]:
    """Yield the networks that a unit names; other words are ignored, as by systemd."""
    for word in " ".join(values).split():
        for text in _NAMED.get(word, (word,)):
            with suppress(ValueError):
                yield ip_network(text, strict=False)
