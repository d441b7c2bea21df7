"""Builds the status from the daemon's state.

Must not know: HTTP, pages, the daemon.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from monitor.observation import State
from monitor.rollout.stage import Stage, StageFinding
from monitor.status.alerts import OF_LEDGER, alert_of_cause, alert_status
from monitor.status.certificates import certificates_near
from monitor.status.degraded import checks_of, troubles_of
from monitor.status.goal import goal_status
from monitor.status.model import (
    CityStatus,
    CommonOutageStatus,
    EarlierLedgerStatus,
    Finding,
    ProviderOutageStatus,
    SchoolStatus,
    SchoolSummary,
    SiteStatus,
    StageStatus,
    Window,
)
from monitor.status.outage_model import SiteAvailability, Sla
from monitor.status.outages import excuses_of, outage_of_month, outages_since
from monitor.status.tally import tallies
from monitor.verdict import Cause, Subject, SubjectKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from monitor.availability.excuse_effect import Effect
    from monitor.availability.excuses import Excuse
    from monitor.availability.records import Transition
    from monitor.availability.sla import SlaReport
    from monitor.calendar.maintenance import MaintenanceBook, PlannedWindow
    from monitor.calendar.school_days import SchoolCalendar
    from monitor.inventory.city import Inventory, School, Site
    from monitor.inventory.site_key import SiteKey
    from monitor.ledger.health import LedgerHealth
    from monitor.report.outlook import CityView
    from monitor.rollout.board import RolloutBoard
    from monitor.status.equipment import EquipmentBook
    from monitor.status.history import RoundTripHistory
    from monitor.status.outcomes import OutcomeHistory
    from monitor.status.tally import Tally
    from monitor.uplink import UplinkMeters
    from monitor.verdict import Conditions, Degradation, Verdict, VerdictBoard
    from monitor.verdict.provider import ProviderOutage

# A school is at the lowest stage of its sites.
_WORST_STAGE = (
    Stage.REGRESSED,
    Stage.UNKNOWN,
    Stage.PLANNED,
    Stage.ORDERED,
    Stage.BUILT,
    Stage.REPORTED,
    Stage.LIVE,
    Stage.LIVE_STALE,
    Stage.VERIFIED,
)
# Outages that ended earlier are not shown.
OUTAGES_OF: Final = timedelta(days=30)
_NO_STAGE = StageFinding(Stage.UNKNOWN, None, "nothing is known of this site")


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of everything that is shown."""

    inventory: Inventory
    board: VerdictBoard
    conditions: Conditions
    rollout: RolloutBoard
    meters: UplinkMeters
    calendar: SchoolCalendar
    maintenance: MaintenanceBook
    history: RoundTripHistory
    equipment: EquipmentBook
    outcomes: OutcomeHistory
    city: CityView
    ledger: LedgerHealth
    excuses: Mapping[Excuse, Mapping[SiteKey, Effect]]


def city_status(sources: Sources, now: datetime) -> CityStatus:
    """Return the overview of the city."""
    inventory, board = sources.inventory, sources.board
    degraded = sources.conditions.degraded()
    found = tallies(board.findings(), degraded)
    states = [found[school.id].worst.state for school in inventory.schools]
    causes = [subject for subject in board.root_causes() if subject.kind.is_device]
    hub, runbooks = board.common_outage, inventory.runbooks
    isolated = alert_of_cause(SubjectKind.UPLINK, Cause.ISOLATED) if board.is_isolated else ""
    return CityStatus(
        city=inventory.city,
        at=now,
        monitor=board.monitor.state,
        is_isolated=board.is_isolated,
        isolation_alert=alert_status(isolated, runbooks),
        shard=inventory.shard or None,
        schools_elsewhere=len(inventory.elsewhere),
        schools_up=states.count(State.UP),
        schools_down=states.count(State.DOWN),
        schools_unknown=states.count(State.UNKNOWN),
        schools_degraded=sum(found[school.id].is_degraded for school in inventory.schools),
        common_outage=None
        if hub is None
        else CommonOutageStatus(
            since=hub.since,
            detail=hub.detail,
            alert=alert_status(alert_of_cause(SubjectKind.UPLINK, Cause.COMMON_OUTAGE), runbooks),
        ),
        earlier_ledger=_earlier_ledger(sources.ledger, runbooks),
        provider_outages=tuple(
            _provider_outage(board, outage, runbooks) for outage in board.provider_outages.values()
        ),
        root_causes=tuple(
            finding_of(sources, subject, verdict)
            for subject in causes
            if (verdict := board.verdict(subject)) is not None
        ),
        degraded=tuple(
            finding_of(sources, subject, verdict, troubles)
            for subject, troubles in degraded.items()
            if (verdict := board.verdict(subject)) is not None
        ),
        certificates=certificates_near(sources.conditions.certificates(), now, runbooks),
        goal=goal_status(sources.city, now),
    )


def _earlier_ledger(ledger: LedgerHealth, runbooks: str) -> EarlierLedgerStatus | None:
    if not ledger.quarantined or ledger.begun is None:
        return None
    return EarlierLedgerStatus(
        name=ledger.quarantined,
        begins=ledger.begun,
        alert=alert_status(OF_LEDGER, runbooks),
    )


def _provider_outage(
    board: VerdictBoard, outage: ProviderOutage, runbooks: str
) -> ProviderOutageStatus:
    return ProviderOutageStatus(
        provider=outage.provider,
        since=outage.since,
        sites=len(outage.sites),
        sites_down=sum(
            subject.site_key in outage.sites
            and subject.kind is SubjectKind.UPLINK
            and verdict.state is State.DOWN
            for subject, verdict in board.findings()
        ),
        detail=outage.why,
        alert=alert_status(alert_of_cause(SubjectKind.UPLINK, Cause.PROVIDER_OUTAGE), runbooks),
    )


def school_summaries(sources: Sources, now: datetime) -> tuple[SchoolSummary, ...]:
    """Return the summary of every school, in the configuration's order."""
    found = tallies(sources.board.findings(), sources.conditions.degraded())
    return tuple(
        SchoolSummary(**_summary(sources, school, found[school.id], now))
        for school in sources.inventory.schools
    )


def school_status(
    sources: Sources, school: School, transitions: Iterable[Transition], now: datetime
) -> SchoolStatus:
    """Return a school in full; `transitions` are its sites', as far back as known, in order."""
    subjects = [subject for site in school.sites for subject in _subjects(school, site)]
    found = tallies(
        ((one, _verdict(sources, one)) for one in subjects),
        {one: sources.conditions.of(one) for one in subjects},
    )
    excuses = excuses_of(school.id, sources.excuses, now - OUTAGES_OF)
    return SchoolStatus(
        **_summary(sources, school, found[school.id], now),
        sites=tuple(_site(sources, school, site, now) for site in school.sites),
        outages=outages_since(now - OUTAGES_OF, transitions, excuses),
        excuses=excuses,
        maintenance=windows_of(sources.maintenance.windows(school.id)),
    )


def windows_of(planned: Iterable[PlannedWindow]) -> tuple[Window, ...]:
    """Return maintenance windows for display."""
    return tuple(
        Window(
            id=one.id,
            school=one.school,
            starts=one.window.starts,
            ends=one.window.ends,
            reason=one.window.reason,
            origin=one.origin,
        )
        for one in planned
    )


def sla_of(report: SlaReport) -> Sla:
    """Return a month's availability for display."""
    return Sla(
        month=report.month,
        sites=tuple(
            SiteAvailability(
                school=one.school.id,
                site=one.site.id,
                provider=one.site.uplink.provider,
                verdict=one.verdict.value,
                is_certain=one.certain,
                whole_month=one.total.is_whole,
                recorded_share=one.total.recorded_share,
                availability=one.total.availability,
                contracted=_owed_availability(one.site),
                up_minutes=one.total.up,
                down_minutes=one.total.down,
                excused_minutes=one.total.excused,
                charged_minutes=one.charged,
                outages=tuple(
                    outage_of_month(outage, one.key, report.excuses) for outage in one.outages
                ),
            )
            for one in report.sites
        ),
    )


def _owed_availability(site: Site) -> float | None:
    contract = site.uplink.contract
    return None if contract is None else contract.availability


def finding_of(
    sources: Sources, subject: Subject, verdict: Verdict, degraded: Iterable[Degradation] = ()
) -> Finding:
    """Return a verdict on a device for display."""
    runbooks, found = sources.inventory.runbooks, tuple(degraded)
    runs = sources.conditions.runs(subject) if found else ()
    return Finding(
        school=subject.school,
        site=subject.site,
        device=subject.device,
        kind="uplink" if subject.kind is SubjectKind.UPLINK else "switch",
        state=verdict.state,
        cause=verdict.cause,
        since=verdict.since,
        detail=verdict.detail,
        degraded=troubles_of(found, subject, runs, runbooks),
        alert=alert_status(alert_of_cause(subject.kind, verdict.cause), runbooks),
    )


def _summary(sources: Sources, school: School, tally: Tally, now: datetime) -> dict[str, Any]:
    worst, window = tally.worst, sources.maintenance.active(school.id, now)
    stages = {_stage(sources, school, site).stage for site in school.sites}
    place = school.sites[0].location
    return {
        "id": school.id,
        "number": school.number,
        "name": school.name,
        "type": school.type,
        "district": school.district,
        "latitude": place.latitude if place else None,
        "longitude": place.longitude if place else None,
        "state": worst.state,
        "since": worst.since,
        "degraded_since": tally.degraded_since if worst.state is State.UP else None,
        "switches": tally.switches,
        "switches_down": tally.switches_down,
        "stage": next(stage for stage in _WORST_STAGE if stage in stages),
        "in_lessons": sources.calendar.in_lessons(school.type, now, school.days_off),
        "lessons_known": sources.calendar.knows_lessons(school.type),
        "in_maintenance": window is not None,
        "maintenance_ends": window.ends if window else None,
        "maintenance_reason": window.reason if window else "",
    }


def _site(sources: Sources, school: School, site: Site, now: datetime) -> SiteStatus:
    measured = sources.meters.measured(school.key(site))
    load = measured.load if measured else None
    stage = _stage(sources, school, site)
    contract, runbooks = site.uplink.contract, sources.inventory.runbooks
    return SiteStatus(
        id=site.id,
        provider=site.uplink.provider,
        contracted_down_bps=contract.down_bps if contract else None,
        contracted_up_bps=contract.up_bps if contract else None,
        contracted_availability=_owed_availability(site),
        contract_reference=contract.reference if contract else "",
        lot=site.lot,
        programme=site.programme,
        uplink=_uplink(sources, school, site),
        load_down_bps=load.down_bps if load else None,
        load_up_bps=load.up_bps if load else None,
        switches=tuple(_switches(sources, school, site)),
        checks=checks_of(
            sources.conditions, sources.outcomes, _subjects(school, site), now, runbooks
        ),
        equipment=sources.equipment.of(school.key(site)),
        rollout=StageStatus(
            stage=stage.stage, since=stage.since, why=stage.why, evidence=stage.evidence
        ),
        last_day=sources.history.last_day(school.key(site), now),
    )


def _stage(sources: Sources, school: School, site: Site) -> StageFinding:
    return sources.rollout.findings.get(str(school.key(site)), _NO_STAGE)


def _uplink(sources: Sources, school: School, site: Site) -> Finding:
    return _finding(sources, _subjects(school, site)[0])


def _switches(sources: Sources, school: School, site: Site) -> list[Finding]:
    return [_finding(sources, subject) for subject in _subjects(school, site)[1:]]


def _subjects(school: School, site: Site) -> list[Subject]:
    """Return the uplink of a site, then its switches."""
    return [
        Subject(SubjectKind.UPLINK, school.id, site.id, site.uplink.device),
        *(Subject(SubjectKind.SWITCH, school.id, site.id, one.name) for one in site.switches),
    ]


def _finding(sources: Sources, subject: Subject) -> Finding:
    verdict = _verdict(sources, subject)
    return finding_of(sources, subject, verdict, sources.conditions.of(subject))


def _verdict(sources: Sources, subject: Subject) -> Verdict:
    verdict = sources.board.verdict(subject)
    if verdict is None:
        raise KeyError(f"{subject} is configured, but has no verdict")
    return verdict
