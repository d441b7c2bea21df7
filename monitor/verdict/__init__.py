"""From observations to verdicts: up, down or unknown per uplink, switch and the monitor.

In addition, the problems of a device that is up: it is degraded.

Pure: no I/O, no clock of its own. `docs/verdicts.md` states the rules for people.

Must not know: how anything is measured, stored or shown.
"""

from __future__ import annotations

from monitor.verdict.city import VerdictBoard
from monitor.verdict.conditions import Conditions, LastRun
from monitor.verdict.model import (
    HUB,
    MONITOR,
    Cause,
    Change,
    Hysteresis,
    Moment,
    Subject,
    SubjectKind,
    Verdict,
)
from monitor.verdict.trouble import Degradation, Remembered, Trouble

__all__ = [
    "HUB",
    "MONITOR",
    "Cause",
    "Change",
    "Conditions",
    "Degradation",
    "Hysteresis",
    "LastRun",
    "Moment",
    "Remembered",
    "Subject",
    "SubjectKind",
    "Trouble",
    "Verdict",
    "VerdictBoard",
]
