"""Where a redirect may lead: a device must not be able to choose the monitor's targets freely.

The resolved address of the connection decides. Allowed are the configured address, the network of
the device's site, and the public Internet; not this machine, and no other private addresses.

Must not know: HTTP, or how names are resolved.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from monitor.probes.stream.special_addresses import embedded_ipv4, special_purpose

if TYPE_CHECKING:
    from monitor.probes.stream.special_addresses import IPAddress

# Discard (RFC 863); nothing is sent to it.
_ANY_PORT = 9


def refusal(address: str, asked: str, network: str | None) -> str:
    """Return why a redirect to a literal address is not allowed, empty if it is.

    `asked` is the literal address of the check's first request, `network` that of the device's
    site. An IPv6 address is judged together with the IPv4 addresses embedded in it.

    Raises:
        OSError: if no socket is available to learn this machine's addresses.
    """
    if address == asked:
        return ""
    target = ipaddress.ip_address(address)
    own_place = None if network is None else ipaddress.ip_network(network)
    for face in (target, *embedded_ipv4(target)):
        if is_own(face):
            return "an address of this machine"
        if own_place is not None and face in own_place:
            continue
        block = special_purpose(face)
        if block is not None:
            return f"{block.name} ({block.source}), not within this place's network"
    return ""


def is_own(address: IPAddress) -> bool:
    """Return whether packets to an address are delivered to this machine.

    The kernel chooses the source address of a connected datagram socket without sending: for
    its own addresses it is the destination. It knows every current interface and local route.

    Raises:
        OSError: if no socket is available.
    """
    if address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004  # IP version
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((str(address), _ANY_PORT))
        except OSError:
            return False  # there is no route, so a connection fails, too
        return ipaddress.ip_address(asking.getsockname()[0]) == address
