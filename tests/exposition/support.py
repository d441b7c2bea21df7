"""Helpers of the exposition's tests: checks, readings, a clock, and a parser."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from monitor.inventory.checks import (
    Check,
    CheckPlan,
    InterfacesOptions,
    SnmpAccess,
)
from monitor.inventory.city import (
    Inventory,
    Location,
    Reference,
    School,
)
from monitor.observation import DeviceReading, Observation, Outcome
from tests import build

if TYPE_CHECKING:
    from monitor.exposition.store import Exposition
    from monitor.observation import Values

MONDAY = datetime(2022, 3, 7, 10, 0, tzinfo=UTC)
ACCESS = SnmpAccess("2c", "public")

Labels = frozenset[tuple[str, str]]
Samples = dict[tuple[str, Labels], float]


@dataclass
class HandClock:
    """A clock that stands still until a test moves it."""

    time: float = 1000.0

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return MONDAY

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


def interfaces_check(
    device: str = "switch-1", school: str = "goethe", *, alias: bool = False
) -> Check:
    options = InterfacesOptions(ACCESS, alias=alias)
    return build.check(options, device, "10.0.0.2", school, timeout=40.0)


def icmp_check(device: str = "router", school: str = "goethe") -> Check:
    return build.check(device=device, host="10.0.0.1", school=school, interval=10.0)


def observed(
    check: Check, values: Values | None = None, outcome: Outcome = Outcome.OK
) -> Observation:
    return Observation(check, MONDAY, 0.25, outcome, values=values)


def reading(**columns: dict[int, int | bytes]) -> DeviceReading:
    return DeviceReading("core", "Switch 1.0", "1.3.6.1.4.1.9.1.1", 4711, columns, 7, 120)


def two_ports(**columns: dict[int, int | bytes]) -> DeviceReading:
    """Return a reading of interfaces 1 and 7 with 64-bit octets and further columns."""
    base: dict[str, dict[int, int | bytes]] = {
        "ifName": {1: b"ge-0/0/1", 7: b"ge-0/0/7"},
        "ifDescr": {1: b"port 1", 7: b"port 7"},
        "ifHCInOctets": {1: 2**64 - 1, 7: 12},
        "ifOperStatus": {1: 1, 7: 5},
    }
    return reading(**(base | columns))


def exposed_school(school_id: str = "goethe", switches: int = 1, reference: str = "") -> School:
    contract = build.contract(
        normal=0.9, minimum=0.5, provider="Stadtnetz", availability=0.985, reference=reference
    )
    pings, polls = _plan(icmp_check()), _plan(interfaces_check())
    rows = (
        build.switch(f"switch-{number}", f"10.0.0.{number + 1}", polls)
        for number in range(1, switches + 1)
    )
    site = build.site(
        "main",
        *rows,
        location=Location(51.48, 7.21),
        uplink=build.uplink("10.0.0.1", pings, polls, contract=contract),
        lot="Los 1",
        programme="Gute Schule",
    )
    name = "Goethe-Schule \u201eam Park\u201c"
    return build.school(school_id, site, number="169614", name=name)


def city_with_gateway(*schools: School) -> Inventory:
    reference = Reference("gateway", "192.0.2.1", (_plan(icmp_check()),))
    return build.city(*schools, references=(reference,))


def _plan(check: Check) -> CheckPlan:
    return CheckPlan(check.kind, check.name, check.interval, check.timeout, check.options)


def with_host(check: Check, host: str) -> Check:
    return replace(check, target=replace(check.target, host=host))


def exact_names(text: str) -> Samples:
    """Return the samples of an exposition as Prometheus names them.

    prometheus-client's parser appends `_total` to every counter without it, so the types are hidden
    from it here; types are compared elsewhere.
    """
    untyped = "".join(line for line in text.splitlines(keepends=True) if line[:6] != "# TYPE")
    found: Samples = {}
    for family in text_string_to_metric_families(untyped):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, f"series twice: {key}"
            found[key] = sample.value
    return found


async def scrape(exposition: Exposition, school_id: str | None = None) -> str:
    return b"".join([chunk async for chunk in exposition.stream(school_id)]).decode()
