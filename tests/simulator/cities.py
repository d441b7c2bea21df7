"""A small city for the simulator's tests, and the same city as a program of its own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from monitor.inventory.checks import (
    CheckKind,
    CheckPlan,
    IcmpOptions,
    InterfacesOptions,
    SnmpAccess,
    TcpOptions,
)
from monitor.inventory.city import (
    Calendar,
    Contract,
    CredentialSource,
    Inventory,
    Location,
    Reference,
    School,
    Site,
    Switch,
    Uplink,
)
from monitor.simulator.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.inventory.checks import SnmpVersion

NAMES = ("goethe", "schiller", "voede", "koellerholz", "natorp", "waldschule")


def city(schools: int = 3, switches: int = 4) -> Inventory:
    """Return a city: the second school has two sites, the third an old router (SNMPv1 only)."""
    return Inventory(
        city="Bochum",
        calendar=Calendar("Europe/Berlin", "DE-NW", {}),
        credentials={"read": CredentialSource("environment", "COMMUNITY")},
        references=(Reference("resolver", "resolver.example", (_ping(), _tcp())),),
        schools=tuple(_school(number, switches) for number in range(schools)),
    )


def _school(number: int, switches: int) -> School:
    name = NAMES[number] if number < len(NAMES) else f"school-{number}"
    sites = [_site(number, 0, switches)]
    if number == 1:
        sites.append(_site(number, 1, 1))
    return School(name, f"{number:06}", name.title(), "Gymnasium", "Mitte", tuple(sites))


def _site(school: int, site: int, switches: int) -> Site:
    network = f"10.{20 + school // 200}.{school % 200}"
    base = 100 * site
    version: SnmpVersion = "1" if school == 2 else "2c"
    # The uplink's interface is named by the site, or by the check alone.
    interface = None if site else "wan0"
    return Site(
        id="annex" if site else "main",
        location=Location(51.48, 7.22),
        uplink=Uplink(f"{network}.{base + 1}", CONTRACT, (_ping(), _snmp(version)), interface),
        switches=tuple(
            Switch(f"switch-{at}", f"{network}.{base + 10 + at}", (_ping(), _snmp("2c")))
            for at in range(1, switches + 1)
        ),
    )


CONTRACT = Contract(
    "Stadtnetz", 10**9, 10**9, 9 * 10**8, 9 * 10**8, 7 * 10**8, 7 * 10**8, 0.995, "always", "B-17"
)


def _ping() -> CheckPlan:
    return CheckPlan(CheckKind.ICMP, "icmp", 60.0, 10.0, IcmpOptions())


def _tcp() -> CheckPlan:
    return CheckPlan(CheckKind.TCP, "tcp", 60.0, 10.0, TcpOptions(443))


def _snmp(version: SnmpVersion) -> CheckPlan:
    options = InterfacesOptions(SnmpAccess(version, "read"), "wan0")
    return CheckPlan(CheckKind.INTERFACES, "interfaces", 60.0, 20.0, options)


def load(path: Path) -> Inventory:
    """Return the city whose numbers of schools and switches are the file's text."""
    schools, switches = path.read_text().split()
    return city(int(schools), int(switches))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], load))
