"""Findings on one school as JSON: seconds, bit/s, and names as in the code.

Must not know: where the findings come from.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from monitor.cli.conclusion import conclusion
from monitor.observation import DeviceReading

if TYPE_CHECKING:
    from monitor.cli.session import SchoolSession
    from monitor.observation import Observation
    from monitor.uplink import Measured


def session_as_json(session: SchoolSession) -> dict[str, Any]:
    """Return the school, its checks with their values, and its uplinks' load."""
    school, now = session.school, session.clock.now()
    window = session.maintenance
    measured = [session.meters.measured(school.id, site.id) for site in school.sites]
    return {
        "school": school.id,
        "name": school.name,
        "in_lessons": session.calendar.in_lessons(school.type, now, school.days_off),
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
        "contract": dataclasses.asdict(measured.contract),
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
    """Return a value whose rows can be the names of an object: "1/3" where two numbers are one."""
    if not isinstance(value, Mapping):
        return value
    return {
        "/".join(map(str, key)) if isinstance(key, tuple) else key: row
        for key, row in value.items()
    }
