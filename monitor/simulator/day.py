"""The day before a demo's start: rounds of pings to its lines, for their chart of round-trip times.

Must not know: the daemon, or pages.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from monitor.availability.records import TRANSITION, read_transition
from monitor.inventory.checks import IcmpOptions, Role
from monitor.observation import EchoRound, Observation, Outcome, Reason, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from monitor.inventory.city import Inventory
    from monitor.simulator.echo import ModelledEcho
    from monitor.simulator.past import Past

ROUNDS: Final = 144
EVERY: Final = timedelta(days=1) / ROUNDS


def day_before(inventory: Inventory, echo: ModelledEcho, past: Past) -> Iterator[Observation]:
    """Yield the day of each line up to the past's end, with the past's outages.

    `inventory` and `echo` are those of the daemon, on loopback; the echo has no faults. Each round
    has the packets of all rounds of its time, so that it weighs as much as the same time since.
    """
    outages = _outages(past)
    for check in inventory.checks():
        target, options = check.target, check.options
        if target.role is not Role.UPLINK or not isinstance(options, IcmpOptions):
            continue
        each = max(1, round(EVERY.total_seconds() / check.interval))
        down = outages.get(str(target.site_key), [])
        for number in range(-ROUNDS, 0):
            at = past.at + number * EVERY
            if any(begins <= at < ends for begins, ends in down):
                lost = EchoRound(target.host, each * options.packets, ())
                yield Observation(check, at, 0.0, Outcome.FAILED, Reason.TIMEOUT, values=lost)
            else:
                answered, seconds = echo.modelled(target.host, options, number)
                many = replace(answered, sent=each * answered.sent, rtts=each * answered.rtts)
                yield Observation(check, at, seconds, Outcome.OK, values=many)


def _outages(past: Past) -> dict[str, list[tuple[datetime, datetime]]]:
    """Return when each site was down, by its key."""
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    begun: dict[str, datetime] = {}
    for entry in past.entries:
        if entry.kind != TRANSITION:
            continue
        change = read_transition(entry)
        if change.state is State.DOWN:
            begun[change.site] = change.since
        elif change.site in begun:
            span = begun.pop(change.site), change.since
            found.setdefault(change.site, []).append(span)
    return found
