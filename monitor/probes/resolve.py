"""From a configured host to the address that a probe asks, anew for every run.

A literal address costs nothing; a name goes through the system's resolver in a thread.
A name that does not resolve is a finding, not an error of the daemon.

Must not know: what is done with the address.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.clock import Clock


class ResolveError(Exception):
    """The host has no usable address; the message is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A literal address, its IP version (4 or 6), and how long it took in seconds."""

    address: str
    ip_version: int
    seconds: float


async def resolve(host: str, clock: Clock, deadline: float) -> Resolved:
    """Return the first address of a host, in the system's order of preference (RFC 6724).

    Raises:
        ResolveError: if the name has no address, or none came before the deadline
            (a monotonic instant in seconds).
    """
    literal = host.partition("%")[0]
    for family, version in ((socket.AF_INET, 4), (socket.AF_INET6, 6)):
        try:
            socket.inet_pton(family, literal)
        except OSError:
            continue
        return Resolved(host, version, 0.0)
    started = clock.monotonic()
    loop = asyncio.get_running_loop()
    lookup = loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    try:
        async with asyncio.timeout(max(0.0, deadline - started)):
            found = await lookup
    except TimeoutError:
        raise ResolveError(f"no answer for the name {host} in time") from None
    except (OSError, UnicodeError) as error:
        raise ResolveError(f"the name {host} does not resolve: {error}") from error
    family, _, _, _, address = found[0]
    version = 6 if family == socket.AF_INET6 else 4
    return Resolved(str(address[0]), version, clock.monotonic() - started)
