"""TCP: whether a port accepts a connection, and how long that takes.

Must not know: which service uses the port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.inventory.checks import TcpOptions
from monitor.observation import TcpReading
from monitor.probes.attempt import Attempt, observe
from monitor.probes.stream.connect import connect, locate, place
from monitor.probes.turns import Turns

if TYPE_CHECKING:
    from monitor.inventory.checks import Check
    from monitor.observation import Observation
    from monitor.probes.context import ProbeContext
    from monitor.probes.resolve import Resolved


async def run(check: Check, context: ProbeContext) -> Observation:
    """Connect to the target's port once and close.

    Returns:
        An observation with a `TcpReading`; refused, reset, unreachable and time-out are
        distinct reasons.

    Raises:
        TypeError: if the check is not a TCP check.
    """
    options = check.options
    if not isinstance(options, TcpOptions):
        raise TypeError(f"{check.id} is not a TCP check")
    attempt = Attempt(context.clock)
    found: list[Resolved] = []

    async def work() -> None:
        resolved = await locate(check.target.host, context, attempt)
        found.append(resolved)
        attempt.place = place(resolved.address, options.port)
        attempt.begin("connect")
        turns = Turns(context.clock, context.deadline)
        with await connect(resolved.address, resolved.ip_version, options.port, turns):
            attempt.stop()

    def values() -> TcpReading:
        return TcpReading(
            address=found[0].address if found else "",
            ip_version=found[0].ip_version if found else None,
            port=options.port,
            resolve_seconds=attempt.of("resolve"),
            connect_seconds=attempt.of("connect"),
        )

    return await observe(check, context, attempt, work(), values)
