"""A small city as the daemon would describe it, for the tests of pages and API."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from monitor.inventory.checks import CheckKind
from monitor.inventory.city import Criterion
from monitor.observation import Outcome, Reason, State
from monitor.report.forecast import Outlook
from monitor.rollout.stage import Stage
from monitor.status.model import (
    AlertStatus,
    CheckStatus,
    CityStatus,
    EquipmentStatus,
    Finding,
    GoalStatus,
    RoundTrip,
    SchoolStatus,
    SchoolSummary,
    SiteStatus,
    StageStatus,
    TroubleStatus,
    Window,
)
from monitor.status.outage_model import ExcuseStatus, Outage
from monitor.status.uptime import Bar, Level, Stretch, Uptime
from monitor.verdict import Cause, Trouble

RUNBOOKS = "https://runbooks.example.org/docs/runbooks"
NOW = datetime(2022, 3, 7, 10, 0, tzinfo=UTC)


def finding(state: State = State.UP, **changes: Any) -> Finding:
    """Return a verdict on the router of goethe."""
    values: dict[str, Any] = {
        "school": "goethe",
        "site": "main",
        "device": "router",
        "kind": "uplink",
        "state": state,
        "cause": Cause.ANSWERS if state is State.UP else Cause.NO_ANSWER,
        "since": NOW - timedelta(hours=1),
        "detail": "" if state is State.UP else "no reply from 10.82.1.1 to 5 packets",
        "degraded": (),
        "alert": None
        if state is State.UP
        else AlertStatus(name="UplinkDown", runbook=f"{RUNBOOKS}/UplinkDown.md"),
    }
    return Finding(**(values | changes))


def trouble(**changes: Any) -> TroubleStatus:
    """Return why the router of goethe is degraded: its website answers 503."""
    values: dict[str, Any] = {
        "reason": Trouble.SERVICE,
        "check": "website",
        "part": "",
        "since": NOW - timedelta(minutes=20),
        "detail": "the answer is 503, not 200 (failed 3 times in a row)",
        "devices": (),
        "alert": AlertStatus(name="ServiceDown", runbook=f"{RUNBOOKS}/ServiceDown.md"),
    }
    return TroubleStatus(**(values | changes))


def check(**changes: Any) -> CheckStatus:
    """Return the last result of goethe's website."""
    values: dict[str, Any] = {
        "device": "router",
        "check": "website",
        "kind": CheckKind.HTTP,
        "outcome": Outcome.FAILED,
        "reason": Reason.STATUS,
        "interval_seconds": 60.0,
        "at": NOW - timedelta(seconds=30),
        "since": NOW - timedelta(minutes=20),
        "seconds": 0.2,
        "detail": "the answer is 503, not 200",
        "ok_by_hour": (0,) * 20 + (180, 180, 180, 60),
        "failed_by_hour": (0,) * 23 + (60,),
        "certificate_ends": None,
        "certificate_alert": None,
    }
    return CheckStatus(**(values | changes))


def summary(**changes: Any) -> SchoolSummary:
    """Return goethe as one line."""
    values: dict[str, Any] = {
        "id": "goethe",
        "number": "169614",
        "name": "Goethe-Schule",
        "type": "Gymnasium",
        "district": "Mitte",
        "latitude": 51.48,
        "longitude": 7.21,
        "state": State.UP,
        "since": NOW - timedelta(hours=1),
        "degraded_since": None,
        "switches": 2,
        "switches_down": 0,
        "stage": Stage.VERIFIED,
        "in_lessons": True,
        "lessons_known": True,
        "in_maintenance": False,
        "maintenance_ends": None,
        "maintenance_reason": "",
    }
    return SchoolSummary(**(values | changes))


def school(**changes: Any) -> SchoolStatus:
    """Return all of goethe: a day of round trips, an ongoing outage, a maintenance window."""
    day = tuple(
        RoundTrip(
            starts=NOW - timedelta(minutes=5 * piece),
            rtt_seconds=None if piece == 7 else 0.004 + piece * 1e-5,
            loss_ratio=1.0 if piece == 7 else 0.0,
            packets=150,
            packets_lost=150 if piece == 7 else 0,
            first=NOW - timedelta(minutes=5 * piece - 1),
        )
        for piece in range(200, -1, -1)
    )
    site = SiteStatus(
        id="main",
        provider="stadtnetz",
        contracted_down_bps=1e9,
        contracted_up_bps=1e9,
        contracted_availability=0.999,
        contract_reference="contract 2024-17",
        lot="Lot 1",
        programme="DigitalPakt Schule",
        uplink=finding(),
        load_down_bps=2.5e8,
        load_up_bps=1e6,
        switches=(
            finding(device="switch-01", kind="switch"),
            finding(State.DOWN, device="switch-02", kind="switch"),
        ),
        checks=(
            check(),
            check(
                check="icmp", kind=CheckKind.ICMP, outcome=Outcome.OK, reason=Reason.NONE, detail=""
            ),
        ),
        equipment=(
            EquipmentStatus(
                device="switch-01",
                model="Aruba 2930F",
                restarted=NOW - timedelta(days=90),
                ports=28,
                ports_up=17,
                power_drawn_watts=96,
                power_budget_watts=370,
            ),
        ),
        rollout=StageStatus(
            stage=Stage.VERIFIED,
            since=NOW,
            why="campaign 1 passed on 2022-03-01 with 30 tests",
            evidence=("campaign:1",),
        ),
        last_day=day,
    )
    values: dict[str, Any] = summary().model_dump() | {
        "sites": (site,),
        "outages": (
            Outage(
                site="main",
                begins=NOW - timedelta(days=2),
                ends=None,
                cause=Cause.NO_ANSWER,
                reason="no reply from 10.82.1.1 to 5 packets",
                excuses=(),
            ),
        ),
        "excuses": (),
        "maintenance": (
            Window(
                id="532b3d76",
                school="goethe",
                starts=NOW,
                ends=NOW + timedelta(hours=2),
                reason="new router",
                origin="command",
            ),
        ),
    }
    return SchoolStatus(**(values | changes))


def excuse(into: Literal["excused", "down"] = "excused", **changes: Any) -> ExcuseStatus:
    """Return an excuse of 46 minutes in the hour after goethe's outage began."""
    begins = NOW - timedelta(days=2)
    values: dict[str, Any] = {
        "id": "20220307-1a2b3c",
        "site": "main",
        "begins": begins,
        "ends": begins + timedelta(hours=1),
        "into": into,
        "minutes": 46,
        "reason": "our own digger",
    }
    return ExcuseStatus(**(values | changes))


def uptime() -> Uptime:
    """Return goethe's time online: two hours of the last day were down, one partly."""
    day = (Stretch(Level.UP, 0, 20), Stretch(Level.DOWN, 20, 2), Stretch(Level.PARTLY, 22, 1))
    month = (Stretch(Level.NONE, 0, 10), Stretch(Level.UP, 10, 19), Stretch(Level.PARTLY, 29, 1))
    return Uptime(
        Bar((*day, Stretch(Level.UP, 23, 1)), 0.8958, 1440),
        Bar(month, 0.99499, 20 * 1440),
    )


def city(**changes: Any) -> CityStatus:
    """Return the city: one of two schools is down."""
    values: dict[str, Any] = {
        "city": "Bochum",
        "at": NOW,
        "monitor": State.UP,
        "is_isolated": False,
        "isolation_alert": None,
        "shard": None,
        "schools_elsewhere": 0,
        "schools_up": 1,
        "schools_down": 1,
        "schools_unknown": 0,
        "schools_degraded": 0,
        "common_outage": None,
        "earlier_ledger": None,
        "provider_outages": (),
        "root_causes": (finding(State.DOWN, school="schiller"),),
        "degraded": (),
        "certificates": (),
        "goal": GoalStatus(
            name="Gute Schule",
            criterion=Criterion.GIGABIT,
            unit="schools",
            target=date(2022, 12, 31),
            denominator=82,
            listed=80,
            verified=41,
            source="council",
            is_evidence_configured=True,
            built=44,
            outlook=Outlook.EXPECTED,
            early=date(2023, 3, 10),
            middle=date(2023, 8, 2),
            late=date(2024, 1, 5),
            pause_days=9,
        ),
    }
    return CityStatus(**(values | changes))
