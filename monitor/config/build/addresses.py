"""All addresses of the file, and their conflicts: duplicates, overlaps.

Must not know: schools or devices.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.config.shape.fields import IPNetwork
    from monitor.config.tree.problems import Findings, Mark


_CURE = "give each device its own, or delete one of the two entries"


class Addresses:
    """Collects hosts and networks; a final `check` compares the networks."""

    __slots__ = ("_findings", "_hosts", "_listed", "_networks")

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._hosts: dict[str, Mark] = {}
        self._listed: set[str] = set()
        self._networks: list[tuple[IPNetwork, Mark]] = []

    def add_host(self, host: str, mark: Mark, network: IPNetwork | None = None) -> None:
        """Note a device's host; a problem if it is taken, or outside its site's network."""
        if host in self._hosts:
            first = self._hosts[host].line
            self._findings.add(mark, f"host {host} is already used in line {first}", _CURE)
        self._hosts.setdefault(host, mark)
        self._listed.add(host)
        if network is None:
            return
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return
        if address not in network:
            self._findings.add(
                mark, f"host {host} is outside its site's network", f"allowed: within {network}"
            )

    def add_counted(self, host: str, mark: Mark) -> None:
        """Note a host derived from a network; two of these only collide if networks overlap."""
        if host in self._listed:
            first = self._hosts[host].line
            self._findings.add(
                mark,
                f"host {host}, assigned from this network, is already used in line {first}",
                "choose another network or number of switches",
            )
        self._hosts.setdefault(host, mark)

    def add_network(self, network: IPNetwork, mark: Mark) -> None:
        """Note a site's network."""
        self._networks.append((network, mark))

    def check(self) -> None:
        """Add a problem for each network that overlaps an earlier one."""

        def order(entry: tuple[IPNetwork, Mark]) -> tuple[int, int, int]:
            network, _ = entry
            return network.version, int(network.network_address), network.prefixlen

        widest: tuple[IPNetwork, Mark] | None = None
        for network, mark in sorted(self._networks, key=order):
            overlaps = (
                widest is not None
                and widest[0].version == network.version
                and network.network_address in widest[0]
            )
            if widest is None or not overlaps:
                widest = (network, mark)
                continue
            later, earlier = max(mark, widest[1]), min(mark, widest[1])
            ours, theirs = (network, widest[0]) if later == mark else (widest[0], network)
            self._findings.add(
                later,
                f"network {ours} overlaps {theirs} in line {earlier.line}",
                "give each site its own",
            )


def in_url(host: str) -> str:
    """Return a host as written in a URL: an IPv6 address in brackets."""
    try:
        is_ipv6 = ipaddress.ip_address(host).version == 6  # noqa: PLR2004  # the IP version
    except ValueError:
        return host
    return f"[{host}]" if is_ipv6 else host
