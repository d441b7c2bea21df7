"""The problems of a device that answers: a closed set, and one finding.

Must not know: how problems are detected.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.verdict.model import Verdict


class Trouble(StrEnum):
    """Why a device is degraded; a bounded set, suitable for a label."""

    PACKET_LOSS = "packet_loss"
    FLAPPING = "flapping"
    SERVICE = "service"
    SNMP = "snmp"
    LINE_FULL = "line_full"
    LINE_ERRORS = "line_errors"
    SLOWER_THAN_CONTRACT = "slower_than_contract"
    HARDWARE = "hardware"
    TEMPERATURE = "temperature"


@dataclass(frozen=True, slots=True)
class Degradation:
    """One reason why a device is degraded: the check that found it, the part, and since when.

    `part` is a fan, a sensor or a direction of the line; empty for the whole device. `detail` is
    one sentence with the exceeded limit.
    """

    trouble: Trouble
    check: str
    part: str
    since: datetime
    detail: str
    devices: tuple[str, ...] = ()

    def is_same_finding(self, other: Degradation) -> bool:
        """Return whether both are the same problem, whatever their sentences."""
        return (self.trouble, self.check, self.part, self.since) == (
            other.trouble,
            other.check,
            other.part,
            other.since,
        )


@dataclass(frozen=True, slots=True)
class Remembered:
    """The problems of one device that must be known after a restart.

    `down` is the verdict while it is down, None otherwise; `degraded` has every open problem,
    including those that are not shown while it is down. `falls` are the outages that make it flap,
    empty if it does not.
    """

    down: Verdict | None = None
    degraded: tuple[Degradation, ...] = ()
    falls: tuple[datetime, ...] = ()

    def is_same(self, other: Remembered) -> bool:
        """Return whether both have the same problems, whatever their sentences."""
        return (
            (self.down and self.down.since) == (other.down and other.down.since)
            and self.falls == other.falls
            and len(self.degraded) == len(other.degraded)
            and all(map(Degradation.is_same_finding, self.degraded, other.degraded))
        )
