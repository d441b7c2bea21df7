"""What a probe is given: the clock, its deadline, and the shared transports.

The transports are protocols (interfaces), so that the demo and the tests can substitute a modelled
network.

Must not know: any single probe, or who opens the transports.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from monitor.inventory.checks import Check
from monitor.observation import Observation

if TYPE_CHECKING:
    from monitor.clock import Clock
    from monitor.inventory.checks import IcmpOptions, SnmpAccess
    from monitor.observation import EchoRound
    from monitor.snmp.read import Request, Result
    from monitor.threads import ProbeThreads


class EchoTransport(Protocol):
    """Sends ICMP echo requests and measures their replies."""

    @property
    def drops(self) -> Mapping[str, int]:
        """Return the number of discarded datagrams, by reason."""

    async def ping(self, address: str, options: IcmpOptions) -> EchoRound:
        """Send one round to a literal IPv4 or IPv6 address; return the result.

        Raises:
            OSError: if no packet could be sent (no route, no permission, no buffer).
        """


class SnmpTransport(Protocol):
    """Reads SNMP objects from devices, through the engine that the access names."""

    async def read(
        self, address: str, access: SnmpAccess, request: Request, deadline: float
    ) -> Result:
        """Read scalars and table columns from a literal address until a monotonic deadline.

        Returns what was read in any case, with the failure if there was one.

        Raises:
            OSError: if no packet could be sent.
        """


@dataclass(frozen=True, slots=True)
class ProbeContext:
    """Shared by the probes of one daemon; `deadline` is a monotonic instant in seconds."""

    clock: Clock
    deadline: float
    echo: EchoTransport
    snmp: SnmpTransport
    threads: ProbeThreads


Probe = Callable[[Check, ProbeContext], Awaitable[Observation]]
