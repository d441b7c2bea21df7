"""Adds up the verdicts on a school's lines and switches, for all schools in one pass.

Must not know: pages, or how a verdict is reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.observation import State
from monitor.verdict import SubjectKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from monitor.verdict import Degradation, Subject, Verdict

# A school's state is the worst state of its lines.
_BADNESS: Final = {State.UP: 0, State.UNKNOWN: 1, State.DOWN: 2}


@dataclass(slots=True)
class Tally:
    """The worst verdict on a school's lines, its switches, and since when a device is degraded."""

    worst: Verdict
    switches: int = 0
    switches_down: int = 0
    degraded_since: datetime | None = None

    @property
    def is_degraded(self) -> bool:
        """Return whether the lines are up and any device is degraded."""
        return self.worst.state is State.UP and self.degraded_since is not None


def tallies(
    findings: Iterable[tuple[Subject, Verdict]],
    degraded: Mapping[Subject, tuple[Degradation, ...]],
) -> dict[str, Tally]:
    """Return the tally of every school with a line among the findings, by its id.

    Each line comes before its switches, as in `VerdictBoard.findings`; degraded devices are among
    the findings.
    """
    found: dict[str, Tally] = {}
    for subject, verdict in findings:
        tally = found.get(subject.school)
        if tally is None:
            tally = found[subject.school] = Tally(verdict)
        if subject.kind is SubjectKind.SWITCH:
            tally.switches += 1
            tally.switches_down += verdict.state is State.DOWN
        elif _BADNESS[verdict.state] > _BADNESS[tally.worst.state]:
            tally.worst = verdict
    for subject, troubles in degraded.items():
        tally = found[subject.school]
        for one in troubles:
            if tally.degraded_since is None or one.since < tally.degraded_since:
                tally.degraded_since = one.since
    return found
