"""What one observation shows about reachability, for every kind of check.

Any answer at all proves the path to a device, even a refusal, a wrong status or a lossy round. A
problem of the monitor itself shows nothing.

Must not know: earlier rounds, or other devices.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from monitor.inventory.checks import Role
from monitor.observation import DeviceReading, EchoRound, Outcome, Reason

if TYPE_CHECKING:
    from monitor.observation import Observation


class Answer(Enum):
    """What one round shows about reachability."""

    ANSWERED = "answered"
    SILENT = "silent"
    NOTHING = "nothing"


_SILENT = frozenset({Reason.NONE, Reason.TIMEOUT, Reason.LOSS, Reason.UNREACHABLE})
_OURS = frozenset(
    {Reason.NOT_RUN, Reason.NO_SOCKET, Reason.CLOCK_STEP, Reason.CREDENTIAL, Reason.BUG}
)


def answer_of(observation: Observation) -> Answer:
    """Return what an observation shows about its device's reachability."""
    # A round longer than its own interval: the process was suspended in the middle of it.
    if observation.duration > observation.check.interval:
        return Answer.NOTHING
    if observation.outcome is Outcome.OK:
        return Answer.ANSWERED
    if observation.outcome is Outcome.UNKNOWN or observation.reason in _OURS:
        return Answer.NOTHING
    return _answer_of_failure(observation)


def _answer_of_failure(observation: Observation) -> Answer:
    # A name that does not resolve shows nothing about a school's line, but something about our own.
    if observation.reason is Reason.RESOLVE:
        is_reference = observation.check.target.role is Role.REFERENCE
        return Answer.SILENT if is_reference else Answer.NOTHING
    values = observation.values
    if isinstance(values, EchoRound):
        has_answered = values.answered > 0
    elif isinstance(values, DeviceReading) and values.varbinds:
        has_answered = True
    else:
        has_answered = observation.reason not in _SILENT
    return Answer.ANSWERED if has_answered else Answer.SILENT
