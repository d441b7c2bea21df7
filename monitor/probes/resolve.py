"""Resolves a configured host to the address to probe, in every run.

A literal address costs nothing; a name goes through the system's resolver in a thread.
A name that does not resolve is a finding, not an error of the daemon.

Must not know: what is done with the address.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.host_names import ascii_name
from monitor.observation import Outcome, Reason
from monitor.threads import FullError

if TYPE_CHECKING:
    from monitor.clock import Clock
    from monitor.threads import Threads


class ResolveError(Exception):
    """The host has no usable address; the message is a sentence for a person.

    `outcome` is unknown if the cause is ours: no thread was free for the lookup.
    """

    def __init__(
        self,
        sentence: str,
        outcome: Outcome = Outcome.FAILED,
        reason: Reason = Reason.RESOLVE,
    ) -> None:
        super().__init__(sentence)
        self.outcome = outcome
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Resolved:
    """A literal address, its IP version (4 or 6), and how long it took in seconds."""

    address: str
    ip_version: int
    seconds: float


async def resolve(host: str, clock: Clock, deadline: float, names: Threads) -> Resolved:
    """Return the first address of a host, in the system's order of preference (RFC 6724).

    The system resolver runs in one of the threads for `names`.

    Raises:
        ResolveError: if the name has no address, or none came before the deadline
            (a monotonic instant in seconds).
    """
    # Only an IPv6 address has a zone.
    for literal, family, version in (
        (host, socket.AF_INET, 4),
        (host.partition("%")[0], socket.AF_INET6, 6),
    ):
        try:
            socket.inet_pton(family, literal)
        except OSError:
            continue
        return Resolved(host, version, 0.0)
    started = clock.monotonic()
    asked = False

    def look_up() -> tuple[int, str]:
        nonlocal asked
        asked = True
        found, _, _, _, address = socket.getaddrinfo(
            ascii_name(host), None, type=socket.SOCK_DGRAM
        )[0]
        return found, str(address[0])

    try:
        async with asyncio.timeout(max(0.0, deadline - started)):
            found, address = await names.run(look_up)
    except TimeoutError:
        if not asked:
            raise _not_asked(host) from None
        raise ResolveError(f"no answer for the name {host} in time") from None
    except FullError:
        raise _not_asked(host) from None
    except (OSError, UnicodeError) as error:
        raise ResolveError(f"the name {host} does not resolve: {error}") from error
    version = 6 if found == socket.AF_INET6 else 4
    return Resolved(address, version, clock.monotonic() - started)


def _not_asked(host: str) -> ResolveError:
    said = f"too many lookups are pending, {host} was not looked up"
    return ResolveError(said, Outcome.UNKNOWN, Reason.NOT_RUN)
