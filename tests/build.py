"""Cities for tests, built in code: `city()` of `school()`s of `site()`s, and a `check()` alone.

What a test does not name has a default that no test may depend on; `changes` are fields of what
is built. Tests of configuration files read one instead (`tests/modelled.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from monitor.inventory.checks import (
    Check,
    CheckKind,
    CheckPlan,
    DnsOptions,
    HardwareOptions,
    HttpOptions,
    IcmpOptions,
    InterfacesOptions,
    Role,
    Target,
    TcpOptions,
)
from monitor.inventory.city import (
    Calendar,
    Contract,
    Inventory,
    Location,
    School,
    Site,
    Switch,
    Uplink,
)

if TYPE_CHECKING:
    from monitor.inventory.checks import CheckOptions

PING: Final = IcmpOptions()
_KINDS: Final = {
    IcmpOptions: CheckKind.ICMP,
    InterfacesOptions: CheckKind.INTERFACES,
    HardwareOptions: CheckKind.HARDWARE,
    TcpOptions: CheckKind.TCP,
    HttpOptions: CheckKind.HTTP,
    DnsOptions: CheckKind.DNS,
}


def plan(options: CheckOptions = PING, **changes: Any) -> CheckPlan:
    """Return how a device is checked: once a minute, with 5 s for an answer, by SNMP 20 s."""
    kind = _KINDS[type(options)]
    timeout = 20.0 if kind in {CheckKind.INTERFACES, CheckKind.HARDWARE} else 5.0
    return replace(CheckPlan(kind, kind.value, 60.0, timeout, options), **changes)


def check(
    options: CheckOptions = PING,
    device: str = "router",
    host: str = "127.0.0.1",
    school: str = "goethe",
    **changes: Any,
) -> Check:
    """Return a check of a device at a school's main site: its router or, by another name, a switch.

    `changes` are fields of the check's plan.
    """
    role = Role.UPLINK if device == "router" else Role.SWITCH
    how, target = plan(options, **changes), Target(school, "main", device, role, host)
    return Check(how.kind, how.name, target, how.interval, how.timeout, options)


def contract(
    down_bps: int = 10**9,
    up_bps: int | None = None,
    *,
    normal: float = 1.0,
    minimum: float = 1.0,
    **changes: Any,
) -> Contract:
    """Return a contract of 99 %; `normal` and `minimum` are shares of the rates."""
    down, up = down_bps, down_bps if up_bps is None else up_bps
    usual, least = ((round(down * share), round(up * share)) for share in (normal, minimum))
    return replace(Contract("Netz GmbH", down, up, *usual, *least, 0.99), **changes)


def uplink(host: str = "192.0.2.1", *checks: CheckPlan, **changes: Any) -> Uplink:
    """Return a router whose line has a contract."""
    return replace(Uplink(host, contract(), checks), **changes)


def switch(name: str = "switch-1", host: str = "192.0.2.11", *checks: CheckPlan) -> Switch:
    """Return a switch."""
    return Switch(name, host, checks)


def site(id_: str = "main", *switches: Switch, **changes: Any) -> Site:
    """Return a site with a router."""
    return replace(Site(id_, Location(51.48, 7.22), uplink(), switches), **changes)


def school(id_: str = "goethe", *sites: Site, **changes: Any) -> School:
    """Return a school; with one site if no site is given."""
    found = School(id_, "1", id_.title(), "Gymnasium", "Mitte", sites or (site(),))
    return replace(found, **changes)


def city(*schools: School, **changes: Any) -> Inventory:
    """Return a city without references and lessons."""
    found = Inventory("Bochum", Calendar("Europe/Berlin", "NW", {}), {}, (), schools)
    return replace(found, **changes)
