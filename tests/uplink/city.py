"""Schools whose uplink routers are polled, and what those polls bring."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.inventory.checks import CheckKind, CheckPlan, InterfacesOptions, SnmpAccess
from monitor.inventory.city import (
    Calendar,
    Inventory,
    Location,
    School,
    Site,
    Switch,
    Uplink,
    checks_of_school,
)
from monitor.observation import Observation, Outcome, Reason
from tests.uplink.router import GIGABIT, MORNING

if TYPE_CHECKING:
    from monitor.inventory.checks import Check
    from monitor.inventory.city import Contract
    from monitor.observation import DeviceReading

LASTED = 0.05


def school(
    school_id: str, *sites: str, contract: Contract = GIGABIT, interface: str = "wan0"
) -> School:
    options = InterfacesOptions(SnmpAccess("2c", "devices"), interface)
    plan = CheckPlan(CheckKind.INTERFACES, "interfaces", 60.0, 20.0, options)
    plain = replace(plan, options=replace(options, uplink_interface=None))
    return School(
        school_id,
        "1",
        school_id.title(),
        "Gymnasium",
        "Mitte",
        tuple(
            Site(
                site,
                Location(51.48, 7.22),
                Uplink(f"10.0.{number}.1", contract, (plan,), interface),
                (Switch("sw0", f"10.0.{number}.11", (plain,)),),
            )
            for number, site in enumerate(sites or ("main",))
        ),
    )


def city(*schools: School) -> Inventory:
    return Inventory("Bochum", Calendar("Europe/Berlin", "NW", {}), {}, (), schools)


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
