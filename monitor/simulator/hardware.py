"""The models of routers and switches in the simulated city: how they name and number their ports.

The numbering schemes are those of real product families (flat, chassis with large ifIndexes, slots
counted from zero); the models are invented, and their descriptions say so.

Must not know: schools, counters, or SNMP messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GIGABIT: Final = 1_000_000_000
ETHERNET: Final = 6
LOOPBACK: Final = 24
TUNNEL: Final = 131
VIRTUAL_LAN: Final = 136
"""Interface types (IANAifType-MIB): ethernetCsmacd, softwareLoopback, tunnel, l3ipvlan."""


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive interfaces of one kind: `count` of them, ifIndexes from `first_index` on.

    `name` and `descr` are format strings with `n`, which counts from `first_number`.
    """

    name: str
    descr: str
    first_index: int
    count: int
    speed_bps: int
    first_number: int = 1
    type: int = ETHERNET


@dataclass(frozen=True, slots=True)
class Make:
    """One device model: its sysDescr, its arc below the OID of simulated products, its interfaces.

    `access` are the ports for classrooms (on routers: towards the school), `uplinks` lead to
    the router (on routers: to the provider). The ifIndex of a VLAN interface is its VLAN's number
    after `vlan_first_index`.
    """

    descr: str
    arc: int
    access: Block
    uplinks: Block
    vlan_name: str
    vlan_first_index: int
    extras: tuple[Block, ...] = ()


def _flat(ports: int, arc: int) -> Make:
    return Make(
        descr=f"Simulated {ports}-port switch, flat numbering, firmware YA.16.11",
        arc=arc,
        access=Block("{n}", "{n}", 1, ports, GIGABIT),
        uplinks=Block("{n}", "{n}", ports + 1, 2, 10 * GIGABIT, first_number=ports + 1),
        vlan_name="VLAN_{n}",
        vlan_first_index=ports + 30,
    )


def _chassis(ports: int, arc: int) -> Make:
    return Make(
        descr=f"Simulated {ports}-port switch, chassis numbering, firmware 15.2(7)",
        arc=arc,
        access=Block("Gi1/0/{n}", "GigabitEthernet1/0/{n}", 10101, ports, GIGABIT),
        uplinks=Block("Te1/1/{n}", "TenGigabitEthernet1/1/{n}", 10201, 2, 10 * GIGABIT),
        vlan_name="Vlan{n}",
        vlan_first_index=0,
    )


def _slots(ports: int, arc: int) -> Make:
    return Make(
        descr=f"Simulated {ports}-port switch, slot numbering, firmware 21.4R3",
        arc=arc,
        access=Block("ge-0/0/{n}", "ge-0/0/{n}", 513, ports, GIGABIT, first_number=0),
        uplinks=Block("xe-0/1/{n}", "xe-0/1/{n}", 600, 2, 10 * GIGABIT, first_number=0),
        vlan_name="irb.{n}",
        vlan_first_index=1000,
    )


SMALL_SWITCHES: Final = (_flat(24, 1), _chassis(24, 2), _slots(24, 3))
LARGE_SWITCHES: Final = (_flat(48, 4), _chassis(48, 5), _slots(48, 6))

LEGACY_SWITCH: Final = Make(
    descr="Simulated 24-port switch without ifXTable, firmware 2.04",
    arc=7,
    access=Block("{n}", "Port {n}", 1, 24, 100_000_000),
    uplinks=Block("{n}", "Port {n} (Gigabit)", 25, 2, GIGABIT, first_number=25),
    vlan_name="VLAN {n}",
    vlan_first_index=100,
)

ROUTERS: Final = (
    Make(
        descr="Simulated business router, flat numbering, firmware 10.72",
        arc=20,
        access=Block("LAN-{n}", "Ethernet LAN-{n}", 1, 4, GIGABIT),
        uplinks=Block("WAN-{n}", "Ethernet WAN-{n}", 5, 1, GIGABIT),
        vlan_name="BRG-{n}",
        vlan_first_index=40,
        extras=(Block("VPN-RATHAUS", "VPN to the town hall", 90, 1, 0, type=TUNNEL),),
    ),
    Make(
        descr="Simulated branch router, chassis numbering, firmware 17.6",
        arc=21,
        access=Block("Gi0/0/{n}", "GigabitEthernet0/0/{n}", 2, 3, GIGABIT),
        uplinks=Block("Gi0/0/{n}", "GigabitEthernet0/0/{n}", 1, 1, GIGABIT, first_number=0),
        vlan_name="BDI{n}",
        vlan_first_index=60,
        extras=(
            Block("Lo{n}", "Loopback{n}", 20, 1, 8 * GIGABIT, first_number=0, type=LOOPBACK),
            Block("Tu{n}", "Tunnel{n}", 22, 1, 100_000, first_number=10, type=TUNNEL),
        ),
    ),
    Make(
        descr="Simulated Linux router, firmware 1.4",
        arc=22,
        access=Block("eth{n}", "eth{n}", 3, 4, GIGABIT),
        uplinks=Block("wan{n}", "wan{n}", 2, 1, GIGABIT, first_number=0),
        vlan_name="br{n}",
        vlan_first_index=20,
        extras=(Block("lo", "lo", 1, 1, 10_000_000, type=LOOPBACK),),
    ),
)
