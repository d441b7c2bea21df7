"""Maps the inventory's addresses to loopback, where the simulated city runs.

10.x.y.z becomes 127.x.y.z; everything else (names, other networks, IPv6) gets an address in
127.128.0.0/9 that is derived from its text. Only hosts and ports change, so the unchanged
daemon runs on the result. The city has ping and SNMP; other checks are left out, because their
packets would go to real servers, unless these are on loopback themselves.

Must not know: sockets, devices, or what uses the result.
"""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from monitor.inventory.checks import (
    CheckKind,
    DnsOptions,
    HardwareOptions,
    HttpOptions,
    InterfacesOptions,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from monitor.inventory.checks import CheckPlan
    from monitor.inventory.city import Inventory, Reference, School, Site

_PLAN: Final = ipaddress.ip_network("10.0.0.0/8")
_LOOPBACK: Final = ipaddress.ip_network("127.0.0.0/8")
# So large that two of a thousand hosts hardly ever get the same address.
_OTHERS: Final = ipaddress.ip_network("127.128.0.0/9")
_DEVICE_KINDS: Final = frozenset({CheckKind.ICMP, CheckKind.INTERFACES, CheckKind.HARDWARE})
_REFERENCE_KINDS: Final = frozenset({CheckKind.ICMP})


class LoopbackError(ValueError):
    """Two devices would share one loopback address; the message names both."""


def loopback_inventory(inventory: Inventory, port: int) -> Inventory:
    """Return the inventory with every host on loopback and every SNMP agent on `port`.

    A host that is already on loopback is kept, so the rewriting may be repeated.

    Raises:
        LoopbackError: if two devices have the same host, or map to the same loopback address.
    """
    addresses = _addresses(inventory)
    return replace(
        inventory,
        references=tuple(_reference(one, addresses, port) for one in inventory.references),
        schools=tuple(_school(school, addresses, port) for school in inventory.schools),
    )


def _addresses(inventory: Inventory) -> dict[str, str]:
    """Return the loopback address of every host.

    Raises:
        LoopbackError: if two devices would share one.
    """
    names: dict[str, str] = {}
    for school, site in inventory.sites():
        hosts = [(site.uplink.device, site.uplink.host)]
        hosts += [(switch.name, switch.host) for switch in site.switches]
        for device, host in hosts:
            name = f"{school.key(site)}/{device}"
            if host in names:
                raise LoopbackError(f"{names[host]} and {name} have the same host {host}")
            names[host] = name
    for reference in inventory.references:
        # References are only pinged, so two of them, or one and a device, may share a host.
        names.setdefault(reference.host, f"reference {reference.name}")
    taken: dict[str, str] = {}
    for host, name in names.items():
        address = _address(host)
        if address in taken:
            both = f"{taken[address]} and {name}"
            raise LoopbackError(f"{both} would both be {address} on loopback; change one host")
        taken[address] = name
    return {host: _address(host) for host in names}


def _address(host: str) -> str:
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        literal = None
    if isinstance(literal, ipaddress.IPv4Address):
        if literal in _LOOPBACK:
            return str(literal)
        offset = int(literal) - int(_PLAN.network_address)
        # The first and the last address of a network are broadcast addresses; they cannot be bound.
        if literal in _PLAN and 0 < offset < _PLAN.num_addresses - 1:
            return str(_LOOPBACK[offset])
    digest = int.from_bytes(blake2b(host.lower().encode(), digest_size=8).digest(), "big")
    return str(_OTHERS[1 + digest % (_OTHERS.num_addresses - 2)])


def _school(school: School, addresses: dict[str, str], port: int) -> School:
    return replace(school, sites=tuple(_site(site, addresses, port) for site in school.sites))


def _site(site: Site, addresses: dict[str, str], port: int) -> Site:
    uplink = replace(
        site.uplink,
        host=addresses[site.uplink.host],
        checks=_plans(site.uplink.checks, _DEVICE_KINDS, port),
    )
    switches = tuple(
        replace(
            switch,
            host=addresses[switch.host],
            checks=_plans(switch.checks, _DEVICE_KINDS, port),
        )
        for switch in site.switches
    )
    return replace(site, uplink=uplink, switches=switches)


def _reference(reference: Reference, addresses: dict[str, str], port: int) -> Reference:
    checks = _plans(reference.checks, _REFERENCE_KINDS, port)
    return replace(reference, host=addresses[reference.host], checks=checks)


def _plans(
    plans: tuple[CheckPlan, ...], kinds: Collection[CheckKind], port: int
) -> tuple[CheckPlan, ...]:
    return tuple(_plan(plan, port) for plan in plans if plan.kind in kinds or _stays_here(plan))


def _stays_here(plan: CheckPlan) -> bool:
    """Return whether a check uses only a server on loopback, by its address."""
    options = plan.options
    if isinstance(options, HttpOptions):
        return options.redirects == 0 and _is_loopback(options.address or _host_of(options.url))
    return isinstance(options, DnsOptions) and _is_loopback(options.server)


def _host_of(url: str) -> str:
    """Return the host in a URL, empty if there is none."""
    return urlsplit(url).hostname or ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _plan(plan: CheckPlan, port: int) -> CheckPlan:
    options = plan.options
    if not isinstance(options, InterfacesOptions | HardwareOptions):
        return plan
    access = replace(options.access, port=port)
    if access.user is not None:
        # Simulated devices have no users.
        access = replace(access, version="2c", user=None)
    return replace(plan, options=replace(options, access=access))
