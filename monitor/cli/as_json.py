"""What commands print with `--json`: the one home of these forms; docs/json.md describes them.

Seconds, bit/s, instants in ISO 8601 with the city's offset, names as in the code.

Must not know: where the values come from.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from monitor.campaigns.rules import MEASUREMENTS
from monitor.campaigns.trial import why_spoiled
from monitor.cli.conclusion import conclusion
from monitor.observation import DeviceReading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, tzinfo
    from pathlib import Path

    from monitor.calendar.maintenance import PlannedWindow
    from monitor.campaigns.evidence import CampaignVerdict, Measurement
    from monitor.campaigns.plan import Progress, Slot
    from monitor.campaigns.records import CampaignStep
    from monitor.cli.finding import Finding
    from monitor.cli.session import SchoolSession
    from monitor.config.tree.problems import Problem
    from monitor.inventory.city import Inventory
    from monitor.observation import Observation
    from monitor.uplink import Measured


def check_as_json(
    file: Path,
    inventory: Inventory | None,
    hints: Iterable[str],
    errors: Iterable[Problem],
    warnings: Iterable[Problem],
) -> dict[str, Any]:
    """Return the contents of a configuration file; `schools` is empty if it cannot be read."""
    schools = inventory.schools if inventory is not None else ()
    sites = [site for _, site in inventory.sites()] if inventory is not None else []
    found = [dataclasses.asdict(one) for one in errors]
    return {
        "file": str(file),
        "ok": not found,
        "errors": found,
        "warnings": [dataclasses.asdict(one) for one in warnings],
        "hints": list(hints),
        "sites": len(sites),
        "switches": sum(len(site.switches) for site in sites),
        "checks": sum(1 for _ in inventory.checks()) if inventory is not None else 0,
        "schools": [{"id": one.id, "number": one.number, "name": one.name} for one in schools],
    }


def doctor_as_json(findings: Sequence[Finding], *, healthy: bool) -> dict[str, Any]:
    """Return the findings, in the order given."""
    return {
        "healthy": healthy,
        "findings": [
            {"what": one.what, "health": one.health, "found": one.seen, "cure": one.cure}
            for one in findings
        ],
    }


def window_as_json(planned: PlannedWindow, zone: tzinfo) -> dict[str, Any]:
    """Return a maintenance window in the API's form, with its id."""
    return {
        "id": planned.id,
        "school": planned.school,
        "starts": _local(planned.window.starts, zone),
        "ends": _local(planned.window.ends, zone),
        "reason": planned.window.reason,
        "origin": planned.origin,
    }


def plan_as_json(
    site: str, slots: Iterable[Slot], zone: tzinfo, *, possible: bool
) -> dict[str, Any]:
    """Return the tests of a campaign that would start now; `possible` is false without a method."""
    tests = [{"number": slot.number, "at": _local(slot.at, zone)} for slot in slots]
    return {"site": site, "possible": possible, "tests": tests}


def campaign_as_json(
    so_far: Progress,
    verdict: CampaignVerdict | None,
    following: tuple[Slot, datetime] | None,
    counted: int,
    zone: tzinfo,
) -> dict[str, Any]:
    """Return a campaign's progress; `verdict` is set at its end, `following` is the next test."""
    one = so_far.campaign
    return {
        "site": one.site,
        "id": one.id,
        "started": _local(so_far.started, zone),
        "measured": counted,
        "wanted": MEASUREMENTS,
        "ended": _step(so_far.ended, zone) if so_far.ended is not None else None,
        "verdict": dataclasses.asdict(verdict) if verdict is not None else None,
        "next": {"number": following[0].number, "at": _local(following[1], zone)}
        if following is not None
        else None,
        "measurements": [_measurement(test, zone) for test in one.measurements],
        "held_up": [_step(step, zone) for step in so_far.held_up],
    }


def _measurement(test: Measurement, zone: tzinfo) -> dict[str, Any]:
    return {
        "at": _local(test.at, zone),
        "down_bps": test.down_bps,
        "up_bps": test.up_bps,
        "cross_traffic_share": test.cross_traffic_share,
        "counts": not test.invalidities(),
        "why_not": why_spoiled(test),
    }


def _step(step: CampaignStep, zone: tzinfo) -> dict[str, Any]:
    return {"phase": step.phase, "at": _local(step.at, zone), "reason": step.reason}


def _local(instant: datetime, zone: tzinfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="seconds")


def session_as_json(session: SchoolSession) -> dict[str, Any]:
    """Return the school, its checks with their values, and its uplinks' load."""
    school, now = session.school, session.clock.now()
    window = session.maintenance
    measured = [session.meters.measured(school.key(site)) for site in school.sites]
    return {
        "school": school.id,
        "name": school.name,
        "in_lessons": session.calendar.in_lessons(school.type, now, school.days_off),
        "lessons_known": session.calendar.knows_lessons(school.type),
        "maintenance": dataclasses.asdict(window) if window else None,
        "checks": [observation_as_json(observation) for observation in session.latest],
        "conclusion": conclusion(school, session.latest),
        "uplinks": [_uplink(one) for one in measured if one is not None],
    }


def observation_as_json(observation: Observation) -> dict[str, Any]:
    """Return one observation with its values."""
    check = observation.check
    return {
        "id": check.id,
        "kind": check.kind,
        "host": check.target.host,
        "outcome": observation.outcome,
        "reason": observation.reason,
        "detail": observation.detail,
        "started": observation.started.isoformat(),
        "duration_seconds": observation.duration,
        "values": _values(observation),
    }


def _uplink(measured: Measured) -> dict[str, Any]:
    return {
        "site": measured.site,
        "contract": dataclasses.asdict(measured.contract) if measured.contract else None,
        "load": dataclasses.asdict(measured.load) if measured.load else None,
        "findings": [dataclasses.asdict(finding) for finding in measured.findings],
    }


def _values(observation: Observation) -> dict[str, Any] | None:
    values = observation.values
    if values is None:
        return None
    if not isinstance(values, DeviceReading):
        return {name: _named(value) for name, value in dataclasses.asdict(values).items()}
    interfaces: dict[int, dict[str, int | str]] = {}
    for name, rows in values.columns.items():
        for if_index, value in rows.items():
            shown = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
            interfaces.setdefault(if_index, {})[name] = shown
    return {
        "sysName": values.sys_name,
        "sysDescr": values.sys_descr,
        "sysObjectID": values.sys_object_id,
        "sysUpTime": values.uptime_ticks,
        "interfaces": interfaces,
    }


def _named(value: object) -> object:
    """Return a value with keys that JSON allows: "1/3" for a pair of numbers."""
    if not isinstance(value, Mapping):
        return value
    return {
        "/".join(map(str, key)) if isinstance(key, tuple) else key: row
        for key, row in value.items()
    }


def in_json(value: object) -> object:
    """Return a value for which JSON has no type: a set as a sorted list, anything else as text."""
    return sorted(value) if isinstance(value, frozenset) else str(value)
