"""The ICMP check: one round of echo requests to a device, and its outcome.

The outcome is `ok` if at least one packet was answered; with some packets lost the reason is
`loss`. It is `failed` if no packet was answered, or the name has no address. It is `unknown` if the
monitor is the cause: no socket, no buffer, no route on this host (if a line is down further away,
packets are sent and time out), or a stepped clock.

Must not know: sockets, schedules, other checks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.inventory.checks import PACING_SECONDS, IcmpOptions
from monitor.observation import Observation, Outcome, Reason
from monitor.probes.resolve import ResolveError, resolve
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from monitor.inventory.checks import Check
    from monitor.observation import EchoRound
    from monitor.probes.context import ProbeContext


async def run(check: Check, context: ProbeContext) -> Observation:
    """Ping a check's host for one round.

    If name resolution used up time, fewer packets are sent; the wait for each stays the same.

    Returns:
        An observation whose values are an `EchoRound`, or None if nothing was sent.

    Raises:
        TypeError: if the check is not an ICMP check.

    Source: RFC 792, RFC 4443 §4.
    """
    clock = context.clock
    started, began = clock.now(), clock.monotonic()

    def observed(
        outcome: Outcome, reason: Reason, detail: str = "", values: EchoRound | None = None
    ) -> Observation:
        duration = clock.monotonic() - began
        return Observation(check, started, duration, outcome, reason, detail, values)

    options = check.options
    if not isinstance(options, IcmpOptions):
        raise TypeError(f"{check.id}: an ICMP check with {type(options).__name__}")
    try:
        resolved = await resolve(check.target.host, clock, context.deadline, context.threads.names)
    except ResolveError as error:
        return observed(error.outcome, error.reason, str(error))
    fitting = fit(options, context.deadline - clock.monotonic())
    if fitting is None:
        return observed(Outcome.UNKNOWN, Reason.NOT_RUN, "no time left for an echo request")
    try:
        echoes = await context.echo.ping(resolved.address, fitting)
    except OSError as error:
        detail = f"nothing sent to {resolved.address}: {error.strerror or error}"
        return observed(Outcome.UNKNOWN, Reason.NO_SOCKET, detail)
    if resolved.seconds:
        echoes = replace(echoes, resolve_seconds=resolved.seconds)
    outcome, reason, detail = judge(echoes)
    if echoes.sent < fitting.packets:
        unsent = f"{fitting.packets - echoes.sent} of {fitting.packets} packets could not be sent"
        detail = f"{detail}; {unsent}" if detail else unsent
    return observed(outcome, reason, detail, echoes)


def fit(options: IcmpOptions, seconds: float) -> IcmpOptions | None:
    """Return the options with as many packets as fit into `seconds`, None if none fits."""
    room = seconds - options.wait - PACING_SECONDS
    if room < 0:
        return None
    most = options.packets if options.spacing <= 0 else int(room / options.spacing + 1e-6) + 1
    return options if most >= options.packets else replace(options, packets=most)


def judge(echoes: EchoRound) -> tuple[Outcome, Reason, str]:
    """Return outcome, reason and a sentence about a round."""
    parts = [*echoes.errors]
    if echoes.altered:
        what = count_of(echoes.altered, "reply", "replies")
        parts.append(f"{what} with another payload than was sent")
    if echoes.cut_to is not None:
        parts.append(f"the replies have only {echoes.cut_to} octets of the payload")
    said = f": {'; '.join(parts)}" if parts else ""
    if not echoes.answered:
        packets = count_of(echoes.sent, "packet")
        detail = f"no reply from {echoes.address} to {packets}{said}"
        reason = Reason.UNREACHABLE if echoes.errors else Reason.TIMEOUT
        return Outcome.FAILED, reason, detail
    if not echoes.rtts:
        detail = "the wall clock was set during the round; its times are discarded"
        return Outcome.UNKNOWN, Reason.CLOCK_STEP, detail
    if echoes.lost:
        detail = f"{echoes.lost} of {echoes.sent} packets to {echoes.address} lost{said}"
        return Outcome.OK, Reason.LOSS, detail
    return Outcome.OK, Reason.NONE, f"{echoes.address} answers{said}" if said else ""
