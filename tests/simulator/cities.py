"""A small city for the simulator's tests, and the same city as a program of its own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from monitor.inventory.checks import (
    CheckPlan,
    InterfacesOptions,
    SnmpAccess,
    TcpOptions,
)
from monitor.inventory.city import (
    CredentialSource,
    Inventory,
    Reference,
    School,
    Site,
)
from monitor.simulator.__main__ import main
from tests import build

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.inventory.checks import SnmpVersion

NAMES = ("goethe", "schiller", "voede", "koellerholz", "natorp", "waldschule")


def simulated_city(schools: int = 3, switches: int = 4) -> Inventory:
    """Return a city: the second school has two sites, the third an old router (SNMPv1 only)."""
    checks = (_ping(), build.plan(TcpOptions(443), timeout=10.0))
    return build.city(
        *(_school(number, switches) for number in range(schools)),
        credentials={"read": CredentialSource("environment", "COMMUNITY")},
        references=(Reference("resolver", "resolver.example", checks),),
    )


def _school(number: int, switches: int) -> School:
    name = NAMES[number] if number < len(NAMES) else f"school-{number}"
    sites = [_site(number, 0, switches)]
    if number == 1:
        sites.append(_site(number, 1, 1))
    return build.school(name, *sites, number=f"{number:06}")


def _site(school: int, site: int, switches: int) -> Site:
    network = f"10.{20 + school // 200}.{school % 200}"
    base = 100 * site
    version: SnmpVersion = "1" if school == 2 else "2c"
    # The uplink's interface is named by the site, or by the check alone.
    interface = None if site else "wan0"
    boxes = (
        build.switch(f"switch-{at}", f"{network}.{base + 10 + at}", _ping(), _snmp("2c"))
        for at in range(1, switches + 1)
    )
    checks = (_ping(), _snmp(version))
    line = build.uplink(f"{network}.{base + 1}", *checks, contract=CONTRACT, interface=interface)
    return build.site("annex" if site else "main", *boxes, uplink=line)


CONTRACT = build.contract(
    normal=0.9, minimum=0.7, provider="Stadtnetz", availability=0.995, reference="B-17"
)


def _ping() -> CheckPlan:
    return build.plan(timeout=10.0)


def _snmp(version: SnmpVersion) -> CheckPlan:
    return build.plan(InterfacesOptions(SnmpAccess(version, "read"), "wan0"))


def load(path: Path) -> Inventory:
    """Return the city whose numbers of schools and switches are the file's text."""
    schools, switches = path.read_text().split()
    return simulated_city(int(schools), int(switches))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], load))
