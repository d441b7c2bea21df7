"""One attempt of a probe: its phases, its typed failure, and its end by the deadline.

A probe does its work in a coroutine that raises `ProbeError` on failure; `observe` runs it, ends it
at the context's deadline, and turns either result into an observation. A probe's time is limited
only there, so a probe needs no time-outs of its own.

Must not know: any protocol.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from monitor.observation import Observation, Outcome, Reason
from monitor.words.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from monitor.clock import Clock
    from monitor.inventory.checks import Check
    from monitor.observation import Values
    from monitor.probes.context import ProbeContext

PRINTABLE_LIMIT = 128

_WHILE: Mapping[str, str] = {
    "resolve": "looking up the name",
    "connect": "connecting",
    "tls": "in the TLS handshake",
    "processing": "waiting for the response",
    "request": "waiting for the reply",
}


class ProbeError(Exception):
    """Why a probe is not ok: a reason for rules, a sentence for a person."""

    def __init__(self, reason: Reason, sentence: str, outcome: Outcome = Outcome.FAILED) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence
        self.outcome = outcome


class Attempt:
    """The progress of a run: its current phase, the duration of each phase, and the peer.

    A phase lasts until the next one begins, and may occur again (redirects): its durations are
    added up, in monotonic seconds and without gaps, so the phases always sum to the duration.
    `place` is named in the sentence about a time-out. `found` is a failure that is already certain
    while the attempt gathers details; it is kept even if the deadline cuts those short.
    """

    __slots__ = ("_clock", "_since", "found", "phase", "place", "seconds")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = 0.0
        self.phase = ""
        self.place = ""
        self.found: ProbeError | None = None
        self.seconds: dict[str, float] = {}

    def begin(self, phase: str) -> None:
        """End the current phase, if one is running, and begin another."""
        self.stop()
        self.phase = phase
        self._since = self._clock.monotonic()

    def stop(self) -> None:
        """End the current phase; what follows is our own work and counts towards no phase."""
        if self.phase:
            spent = self._clock.monotonic() - self._since
            self.seconds[self.phase] = self.seconds.get(self.phase, 0.0) + spent
        self.phase = ""

    def of(self, phase: str) -> float:
        """Return the seconds spent in a phase, 0.0 if it never began."""
        return self.seconds.get(phase, 0.0)

    @property
    def total(self) -> float:
        """Return the seconds of all phases together."""
        return sum(self.seconds.values())


async def observe(
    check: Check,
    context: ProbeContext,
    attempt: Attempt,
    work: Coroutine[object, object, None],
    values: Callable[[], Values],
) -> Observation:
    """Run an attempt to its end or to the deadline, and return its observation.

    Returns:
        An observation whose duration is the sum of the phases in seconds, and whose values
        hold what was measured, even if the attempt failed half-way.
    """
    started = context.clock.now()
    remaining = context.deadline - context.clock.monotonic()
    if remaining <= 0:
        work.close()
        late = "no time was left before the deadline"
        return Observation(check, started, 0.0, Outcome.UNKNOWN, Reason.NOT_RUN, late)
    failure: ProbeError | None = None
    try:
        async with asyncio.timeout(remaining):
            await work
    except TimeoutError:
        failure = attempt.found or _timeout(attempt, remaining)
    except ProbeError as raised:
        failure = raised
    finally:
        attempt.stop()
    if failure is None:
        return Observation(check, started, attempt.total, Outcome.OK, values=values())
    said = failure.sentence
    outcome, reason = failure.outcome, failure.reason
    return Observation(check, started, attempt.total, outcome, reason, said, values())


def _timeout(attempt: Attempt, limit: float) -> ProbeError:
    if attempt.phase == "resolve":
        said = f"no answer for the name {attempt.place} in {limit:.1f} s"
        return ProbeError(Reason.RESOLVE, said)
    if attempt.phase == "transfer":
        said = f"the response of {attempt.place} did not end in {limit:.1f} s"
        return ProbeError(Reason.TIMEOUT, said)
    activity = _WHILE.get(attempt.phase, "checking")
    said = f"no answer from {attempt.place} in {limit:.1f} s while {activity}"
    return ProbeError(Reason.TIMEOUT, said)


def printable(text: str, limit: int = PRINTABLE_LIMIT) -> str:
    """Return a peer's text without control characters, truncated to the limit."""
    cleaned = plain(text[: 2 * limit])
    return cleaned if len(cleaned) <= limit else cleaned[:limit] + "…"
