"""The data of API and pages; the API's description is generated from these classes.

Rates are bit/s, times seconds, instants aware UTC. Nothing here identifies a person or
a client of the network.

Must not know: where the values come from.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field

from monitor.inventory.checks import CheckKind
from monitor.inventory.city import Criterion
from monitor.observation import Outcome, Reason, State
from monitor.report.forecast import Outlook
from monitor.rollout.stage import Stage
from monitor.status.answer import Answer
from monitor.status.outage_model import ExcuseStatus, Outage
from monitor.verdict import Cause, Trouble


class Standing(StrEnum):
    """A verdict as displayed: up becomes degraded if there is a degradation."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, state: State, *, is_degraded: bool) -> Self:
        """Return the displayed state."""
        return cls("degraded" if state is State.UP and is_degraded else state.value)


class AlertStatus(Answer):
    """The alert that fires for a finding once it has lasted for the rule's time."""

    name: str
    runbook: str = Field(
        description="URL of the runbook; empty if city.runbooks is not configured."
    )


class TroubleStatus(Answer):
    """One reason why a device is degraded; `part` is empty if it is about the whole device."""

    reason: Trouble
    check: str
    part: str
    since: datetime
    detail: str = Field(description="One sentence with the exceeded limit.")
    devices: tuple[str, ...] = Field(
        description="The site's devices whose SNMP fails for the same cause; they do not list it."
    )
    alert: AlertStatus | None


class CheckStatus(Answer):
    """The last result of a check; `at` and `since` are null before its first run.

    `since` is since when all its runs have had this outcome.
    """

    device: str
    check: str
    kind: CheckKind
    outcome: Outcome
    reason: Reason
    interval_seconds: float = Field(
        description="How often it runs; its first run is within one interval of the start."
    )
    at: datetime | None
    since: datetime | None
    seconds: float | None
    detail: str
    ok_by_hour: tuple[int, ...] = Field(
        description="Runs that succeeded in each of the last 24 hours, this one last; since the "
        "monitor's start, empty if there was none."
    )
    failed_by_hour: tuple[int, ...] = Field(description="The same of those that failed.")
    certificate_ends: datetime | None = Field(
        description="First end of any certificate that the server presented; null without one."
    )
    certificate_alert: AlertStatus | None = Field(
        description="The alert on that end, if it is less than 14 days away."
    )


class CertificateStatus(Answer):
    """A certificate that has ended, or ends within 14 days."""

    school: str
    site: str
    device: str
    check: str
    ends: datetime
    alert: AlertStatus | None


class Finding(Answer):
    """A verdict on an uplink or a switch; `degraded` if it is up and works badly."""

    school: str
    site: str
    device: str
    kind: Literal["uplink", "switch"]
    state: State
    cause: Cause
    since: datetime
    detail: str = Field(description="One sentence; empty when all is well.")
    degraded: tuple[TroubleStatus, ...] = Field(
        description="Why the device is degraded; empty if it is not, or is down or unknown."
    )
    alert: AlertStatus | None = Field(
        description="The alert on the state and its cause, if there is one."
    )

    @property
    def standing(self) -> Standing:
        """Return the displayed state."""
        return Standing.of(self.state, is_degraded=bool(self.degraded))


class RoundTrip(Answer):
    """A few minutes of pings to a site's router."""

    starts: datetime
    rtt_seconds: float | None = Field(
        description="Mean of the answered packets; null if none was answered."
    )
    loss_ratio: float
    packets: int = Field(description="How many were sent.")
    packets_lost: int
    first: datetime = Field(description="When the first of them was sent.")


class Window(Answer):
    """A maintenance window, in which failures are expected; the end is excluded."""

    id: str = Field(
        description="For `schulnetz maintenance cancel`; empty for those of the configuration."
    )
    school: str
    starts: datetime
    ends: datetime
    reason: str
    origin: Literal["configuration", "command"]


class StageStatus(Answer):
    """The stage of a site's connection, and its evidence."""

    stage: Stage
    since: datetime | None
    why: str
    evidence: tuple[str, ...]


class EquipmentStatus(Answer):
    """The hardware of a switch, by its last poll; null is not reported."""

    device: str
    model: str
    restarted: datetime | None = Field(description="By sysUpTime.")
    ports: int | None = Field(description="Ethernet interfaces.")
    ports_up: int | None
    power_drawn_watts: int | None = Field(description="PoE power drawn from all units.")
    power_budget_watts: int | None


class SiteStatus(Answer):
    """One site: its line, its switches, its stage."""

    id: str
    provider: str
    contracted_down_bps: float | None = Field(description="Null without a contract.")
    contracted_up_bps: float | None = Field(description="Null without a contract.")
    contracted_availability: float | None = Field(description="A share; null without a contract.")
    contract_reference: str
    lot: str
    programme: str
    uplink: Finding
    load_down_bps: float | None
    load_up_bps: float | None
    switches: tuple[Finding, ...]
    checks: tuple[CheckStatus, ...] = Field(
        description="The last result of every check of its devices, failed ones first."
    )
    equipment: tuple[EquipmentStatus, ...] = Field(
        description="The switches that were polled since the monitor started."
    )
    rollout: StageStatus
    last_day: tuple[RoundTrip, ...]


class SchoolSummary(Answer):
    """Summary of one school: the worst of its sites counts."""

    id: str
    number: str
    name: str
    type: str
    district: str
    latitude: float | None = Field(description="Null if no location is configured.")
    longitude: float | None = Field(description="Null if no location is configured.")
    state: State
    since: datetime
    degraded_since: datetime | None = Field(
        description="If the school is up: since when any device has been degraded; else null."
    )
    switches: int
    switches_down: int
    stage: Stage
    in_lessons: bool
    lessons_known: bool = Field(
        description="Whether lessons are configured for its type; if not, it is never in them."
    )
    in_maintenance: bool
    maintenance_ends: datetime | None = Field(
        description="End of the maintenance window that it is in; null if it is in none."
    )
    maintenance_reason: str = Field(description="Why it is in maintenance; empty if it is not.")

    @property
    def standing(self) -> Standing:
        """Return the displayed state."""
        return Standing.of(self.state, is_degraded=self.degraded_since is not None)


class SchoolStatus(SchoolSummary):
    """One school in full."""

    sites: tuple[SiteStatus, ...]
    outages: tuple[Outage, ...] = Field(
        description="Outages of the last thirty days as recorded, the newest first."
    )
    excuses: tuple[ExcuseStatus, ...] = Field(
        description="What was reclassified of the last thirty days, the newest first; within a "
        "minute of the decision."
    )
    maintenance: tuple[Window, ...]


class GoalStatus(Answer):
    """The progress of the goal of connecting schools, counted by evidence."""

    name: str
    criterion: Criterion
    unit: Literal["schools", "sites"]
    target: date
    denominator: int
    listed: int
    verified: int | None = Field(
        description="Null on a shard that has not read the others' stages for five minutes."
    )
    source: str
    is_evidence_configured: bool = Field(
        description="Whether any site has milestones or its `line` configured; else none counts."
    )
    built: int | None = Field(description="How many have their line; null before the first count.")
    outlook: Outlook | None = Field(description="Forecast status; null before the first forecast.")
    early: date | None = Field(description="Day by which all lines are built in 1 of 10 futures.")
    middle: date | None = Field(description="The same in 5 of 10 futures.")
    late: date | None = Field(description="The same in 9 of 10 futures.")
    pause_days: int | None = Field(
        description="Days since one of the goal last got its line; a school with its last site."
    )


class ProviderOutageStatus(Answer):
    """An ongoing outage of a provider: most of its sites stopped answering together."""

    provider: str
    since: datetime
    sites: int = Field(description="Sites of the provider that were answering before it began.")
    sites_down: int
    detail: str
    alert: AlertStatus | None


class CommonOutageStatus(Answer):
    """All providers stopped answering together; the hub is suspected, verdicts are suspended."""

    since: datetime
    detail: str = Field(description="How many sites of which providers, and the suspects.")
    alert: AlertStatus | None


class EarlierLedgerStatus(Answer):
    """An earlier ledger failed its check or was missing; availability begins with the new one."""

    name: str = Field(description="The file that was set aside, or the note of a missing one.")
    begins: datetime = Field(description="When the ledger in use begins.")
    alert: AlertStatus | None


class CityStatus(Answer):
    """The overview of the city."""

    city: str
    at: datetime
    monitor: State = Field(description="The state of the monitor itself.")
    is_isolated: bool = Field(description="Its own line is down; verdicts are suspended.")
    isolation_alert: AlertStatus | None = Field(description="Null while it is not isolated.")
    shard: str | None = Field(
        description="NUMBER/COUNT of a daemon that monitors a part of the schools; null otherwise."
    )
    schools_elsewhere: int = Field(description="How many schools other shards monitor.")
    schools_up: int
    schools_down: int
    schools_unknown: int
    schools_degraded: int = Field(description="How many of those that are up are degraded.")
    common_outage: CommonOutageStatus | None
    earlier_ledger: EarlierLedgerStatus | None = Field(
        description="Null unless a ledger was set aside and is still there."
    )
    provider_outages: tuple[ProviderOutageStatus, ...]
    root_causes: tuple[Finding, ...] = Field(
        description="Devices that are down for a reason of their own, not by a provider's outage."
    )
    degraded: tuple[Finding, ...] = Field(description="Devices that answer, but are degraded.")
    certificates: tuple[CertificateStatus, ...] = Field(
        description="Certificates of servers at the schools that have ended, or end soon."
    )
    goal: GoalStatus | None


class Schools(Answer):
    """All schools, in the configuration's order."""

    schools: tuple[SchoolSummary, ...]


class Verdicts(Answer):
    """Every verdict, in the configuration's order."""

    verdicts: tuple[Finding, ...]


class Maintenance(Answer):
    """All known windows."""

    windows: tuple[Window, ...]


class Problem(Answer):
    """Why a request was not answered."""

    error: str
