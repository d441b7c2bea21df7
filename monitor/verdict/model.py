"""What a verdict is: its subject, state, cause and start.

Everything is frozen. Durations are seconds of the monotonic clock; instants are aware UTC
datetimes. A verdict never states more than was measured: what is not proven is unknown.

Must not know: how verdicts are reached, probes, metrics.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.inventory.site_key import SiteKey

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.inventory.checks import Target
    from monitor.observation import State


class Cause(StrEnum):
    """The cause of a verdict; a bounded set, suitable for a label."""

    ANSWERS = "answers"
    NO_ANSWER = "no_answer"
    PROVIDER_OUTAGE = "provider_outage"
    # Unknown, and why.
    STARTING = "starting"
    NO_DATA = "no_data"
    UNPROVEN = "unproven"
    BEHIND_UPLINK = "behind_uplink"
    ISOLATED = "isolated"
    COMMON_OUTAGE = "common_outage"


class SubjectKind(StrEnum):
    """What a verdict is about."""

    UPLINK = "uplink"
    SWITCH = "switch"
    PROVIDER = "provider"
    HUB = "hub"
    MONITOR = "monitor"

    @property
    def is_device(self) -> bool:
        """Return whether it is one of a school's devices."""
        return self in {SubjectKind.UPLINK, SubjectKind.SWITCH}


@dataclass(frozen=True, slots=True)
class Subject:
    """An uplink or a switch of a site; or, school and site empty, a provider, the hub, the monitor.

    The hub is the equipment on our side that all providers' lines share.
    """

    kind: SubjectKind
    school: str
    site: str
    device: str

    @property
    def site_key(self) -> SiteKey:
        """Return the key of its site; both parts are empty if it has none."""
        return SiteKey(self.school, self.site)

    @classmethod
    def of(cls, target: Target) -> Subject:
        """Return the subject of a check of an uplink or a switch."""
        return cls(SubjectKind(target.role.value), target.school, target.site, target.device)

    def __str__(self) -> str:
        if self.kind is SubjectKind.MONITOR:
            return "the monitor"
        if self.kind is SubjectKind.HUB:
            return "the hub"
        if self.kind is SubjectKind.PROVIDER:
            return f"provider {self.device}"
        return f"{self.kind} {self.site_key}/{self.device}"


MONITOR = Subject(SubjectKind.MONITOR, "", "", "monitor")
HUB = Subject(SubjectKind.HUB, "", "", "hub")


@dataclass(frozen=True, slots=True)
class Moment:
    """One point in time on both clocks: monotonic seconds and an aware UTC instant."""

    monotonic: float
    instant: datetime

    def instant_of(self, monotonic: float) -> datetime:
        """Return the instant of a nearby monotonic time, by the current wall clock."""
        return self.instant - timedelta(seconds=self.monotonic - monotonic)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a subject: state, cause, one sentence for a person, and since when."""

    state: State
    cause: Cause
    since: datetime
    detail: str = ""

    def is_same_finding(self, other: Verdict) -> bool:
        """Return whether both have the same state and cause, whatever their sentences."""
        return self.state is other.state and self.cause is other.cause

    def going_on(self, known: Verdict | None) -> Verdict:
        """Return this verdict with the start and cause of a known one, if it continues that."""
        if known is None or known.state is not self.state or known.since >= self.since:
            return self
        return replace(self, since=known.since, cause=known.cause)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a verdict; `at` is when it was detected, `after.since` when it began."""

    subject: Subject
    before: Verdict
    after: Verdict
    at: datetime
    proven_from: datetime

    @property
    def goes_on(self) -> bool:
        """Return whether the current state began before the interruption of monitoring."""
        return self.after.since < self.proven_from


@dataclass(frozen=True, slots=True)
class Hysteresis:
    """How much evidence a change of verdict needs, in rounds and seconds.

    A device is down after `down_rounds` unanswered rounds in a row that span `down_seconds`; it
    leaves down after `up_rounds` answered rounds in a row; it is unknown after
    `stale_intervals` of its own interval without a usable round. The monitor is isolated when
    all of at least `references` references are silent. If more than `lost_share` of the sites that
    used to answer are lost, the loss must be explained, in a city with at least `schools` of
    them.
    """

    down_rounds: int = 3
    down_seconds: float = 60.0
    up_rounds: int = 2
    stale_intervals: float = 3.0
    references: int = 3
    schools: int = 3
    lost_share: float = 0.5
