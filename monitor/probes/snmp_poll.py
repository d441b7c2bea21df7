"""What all SNMP polls have in common: resolving the address, and the outcome.

Must not know: which objects are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.observation import Observation, Outcome, Reason
from monitor.probes.resolve import ResolveError, resolve
from monitor.snmp.read import FailureKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from monitor.inventory.checks import Check
    from monitor.observation import Values
    from monitor.probes.context import ProbeContext
    from monitor.snmp.read import Failure

    Read = Callable[[str], Awaitable[tuple[Values | None, Failure | None]]]


async def poll(check: Check, context: ProbeContext, read: Read) -> Observation:
    """Return the observation of one poll.

    `read` polls a literal address; it returns the values, and why they are incomplete if they are.
    """
    clock = context.clock
    started, begun = clock.now(), clock.monotonic()

    def observation(
        outcome: Outcome, reason: Reason, detail: str, reading: Values | None = None
    ) -> Observation:
        duration = clock.monotonic() - begun
        return Observation(check, started, duration, outcome, reason, detail, reading)

    try:
        resolved = await resolve(check.target.host, clock, context.deadline, context.threads.names)
    except ResolveError as error:
        return observation(error.outcome, error.reason, str(error))
    try:
        reading, failure = await read(resolved.address)
    except OSError as error:
        return observation(Outcome.UNKNOWN, Reason.NO_SOCKET, f"no request was sent: {error}")
    if failure is None:
        return observation(Outcome.OK, Reason.NONE, "", reading)
    # No time or no free slot is our own cause; both enums have the same words.
    outcome = Outcome.UNKNOWN if failure.kind is FailureKind.NOT_RUN else Outcome.FAILED
    return observation(outcome, Reason(failure.kind.value), failure.message, reading)
