"""Schools whose uplink routers are polled, and the results of those polls."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.inventory.checks import InterfacesOptions, SnmpAccess
from monitor.inventory.city import (
    School,
    checks_of_school,
)
from monitor.observation import Observation, Outcome, Reason
from tests import build
from tests.uplink.router import GIGABIT, MORNING

if TYPE_CHECKING:
    from monitor.inventory.checks import Check
    from monitor.inventory.city import Contract
    from monitor.observation import DeviceReading

LASTED = 0.05


def polled_school(
    school_id: str, *sites: str, contract: Contract = GIGABIT, interface: str = "wan0"
) -> School:
    access = SnmpAccess("2c", "devices")
    polls = build.plan(InterfacesOptions(access, interface))
    line = build.uplink("10.0.0.1", polls, contract=contract, interface=interface)
    box = build.switch("sw0", "10.0.0.11", build.plan(InterfacesOptions(access)))
    places = (build.site(one, box, uplink=line) for one in sites or ("main",))
    return build.school(school_id, *places)


def check(school: School, device: str = "router", site: str = "main") -> Check:
    return next(
        one
        for one in checks_of_school(school)
        if (one.target.device, one.target.site) == (device, site)
    )


def observed(check: Check, reading: DeviceReading | None, ended: float) -> Observation:
    at = MORNING + timedelta(seconds=ended - LASTED)
    if reading is None:
        return Observation(check, at, LASTED, Outcome.FAILED, Reason.TIMEOUT, "no answer")
    return Observation(check, at, LASTED, Outcome.OK, values=reading)
