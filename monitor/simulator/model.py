"""The simulated devices of an inventory: interfaces, loads, and the oddities of real life.

Everything about a device follows from its place in the inventory and the city's seed, so that the
same city can be reproduced, and one more school does not change the others. The shares of odd
devices below are higher than in a real city, so that every demo includes each of them.

Must not know: SNMP messages, sockets, faults.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from monitor.inventory.checks import InterfacesOptions, Role
from monitor.inventory.site_key import SiteKey
from monitor.simulator.faults import Place
from monitor.simulator.hardware import (
    GIGABIT,
    LARGE_SWITCHES,
    LEGACY_SWITCH,
    ROUTERS,
    SMALL_SWITCHES,
    VIRTUAL_LAN,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.inventory.checks import CheckPlan
    from monitor.inventory.city import Inventory, Uplink
    from monitor.simulator.hardware import Block, Make

LEGACY_SHARE: Final = 0.04
"""Switches without ifXTable: 32-bit counters only, no ifName."""
NO_BULK_SHARE: Final = 0.03
"""Switches that do not answer GETBULK: two in three answer genErr, one in three nothing."""
HOLES_SHARE: Final = 0.15
"""Switches with interfaces missing from their tables."""
DUPLICATE_NAME_SHARE: Final = 0.03
EMPTY_NAME_SHARE: Final = 0.02
HOSTILE_SHARE: Final = 0.04
"""Switches with hostile texts in ifAlias, ifName or sysName."""

USED_SHARE: Final = 0.3
"""Ports in use: most outlets in a school's rooms are empty."""

WATTS_A_PORT: Final = 15.4
"""The power per port in IEEE 802.3af."""
MOST_POWER_SHARE: Final = 0.7
"""No healthy switch uses more of its power budget."""

HOSTILE_TEXTS: Final = (
    b'quote " backslash \\ brace } newline\nschool_uplink_up 0',
    b"<script>alert(1)</script>",
    b"Gr\xfcner Salon",
    b"\xed\xa0\x80 surrogate",
    b"\x00\x1b[31mred\x7f",
    b"{{7*7}} ${HOME} %s",
    b"\xe2\x80\xaeterger\xe2\x80\x8b",
    b"x" * 255,
)
"""Line breaks, markup, Latin-1, a lone surrogate, controls, templates, bidi marks, length."""

_VLANS: Final = ((10, "Verwaltung"), (20, "Pädagogik"), (30, "Gäste"), (40, "Technik"))
_ROOMS: Final = ("Raum {n}", "WLAN Flur {n}", "Küche {n}", "Aula Bühne {n}", "Sekretariat {n}", "")
_REPLY_LIMITS: Final = ((0.02, 484), (0.15, 1400), (0.60, 1472), (0.85, 2048), (1.0, 8192))
"""Cumulative shares of the largest reply in bytes: RFC 3417's minimum, one frame, or more."""


class Bulk(StrEnum):
    """A device's reaction to GETBULK."""

    ANSWERS = "answers"
    ERROR = "error"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Interface:
    """One row of ifTable and ifXTable; loads are bit/s in the busiest possible second.

    `changed_seconds` is the device's uptime when the interface last changed its state.
    `discontinuity_ticks` is sysUpTime when its counters were last reset, 0 if at the start.
    """

    index: int
    name: bytes
    descr: bytes
    alias: bytes
    type: int
    speed_bps: int
    mac: bytes
    admin_up: bool
    oper_up: bool
    changed_seconds: int
    in_bps: float
    out_bps: float
    errors_per_second: float = 0.0
    discontinuity_ticks: int = 0


@dataclass(frozen=True, slots=True)
class Device:
    """One simulated router or switch; `uptime_seconds` is its age when the city starts.

    `phase` (0 to 1) makes its traffic differ from other devices'. `reply_limit` is the largest
    message in bytes that it sends. `versions` are the SNMP versions it answers, as on the wire.
    `power` is its PoE budget and the drawn power in watts; None without PoE.
    """

    place: Place
    host: str
    sys_name: bytes
    sys_descr: bytes
    product_arc: int
    uptime_seconds: int
    phase: float
    interfaces: tuple[Interface, ...]
    has_if_x_table: bool
    bulk: Bulk
    reply_limit: int
    versions: tuple[int, ...] = (0, 1)
    power: tuple[int, int] | None = None


def sys_name(school: str, site: str, device: str) -> bytes:
    """Return a device's sysName."""
    return f"{school}{'' if site == 'main' else f'-{site}'}-{device}".encode()


class _Dice:
    """Numbers in [0, 1) that depend only on the seed, an identity and a topic."""

    __slots__ = ("_key", "_may_be_hostile")

    def __init__(self, seed: int, identity: str, *, hostile: bool) -> None:
        self._key = blake2b(f"{seed}/{identity}".encode()).digest()
        self._may_be_hostile = hostile

    @property
    def is_hostile(self) -> bool:
        """Return whether the device has hostile texts, where a city may have any."""
        return self._may_be_hostile and self.draws("device")[3] < HOSTILE_SHARE

    def draws(self, topic: str) -> tuple[float, ...]:
        """Return eight numbers."""
        digest = blake2b(topic.encode(), key=self._key, digest_size=32).digest()
        return tuple(
            int.from_bytes(digest[at : at + 4], "big") / (1 << 32) for at in range(0, 32, 4)
        )

    def draw(self, topic: str) -> float:
        """Return one number."""
        return self.draws(topic)[0]


def build_devices(
    inventory: Inventory, seed: int = 0, *, hostile: bool = True
) -> tuple[Device, ...]:
    """Return the city's devices in the inventory's order, each site's router first.

    Some switches have `HOSTILE_TEXTS`, unless `hostile` is false.
    """
    devices = []
    for school, site in inventory.sites():
        place = Place(school.id, site.id, site.uplink.device, Role.UPLINK)
        devices.append(_router(place, site.uplink, _dice(place, seed, hostile=hostile)))
        for switch in site.switches:
            place = Place(school.id, site.id, switch.name, Role.SWITCH)
            dice = _dice(place, seed, hostile=hostile)
            devices.append(_switch(place, switch.host, _versions(switch.checks), dice))
    return tuple(devices)


def renumbered(device: Device, numbering: int) -> Device:
    """Return the device with other ifIndexes, as some vendors assign them after a restart.

    The indexes are rotated, so that each belongs to another interface.
    """
    indexes = [interface.index for interface in device.interfaces]
    turn = 1 + (7 * numbering - 1) % max(1, len(indexes) - 1)
    turned = indexes[turn:] + indexes[:turn]
    interfaces = [
        replace(interface, index=index, changed_seconds=0)
        for interface, index in zip(device.interfaces, turned, strict=True)
    ]
    interfaces.sort(key=lambda interface: interface.index)
    return replace(device, interfaces=tuple(interfaces))


def _router(place: Place, uplink: Uplink, dice: _Dice) -> Device:
    make = ROUTERS[int(dice.draw("make") * len(ROUTERS))]
    contract = uplink.contract
    wan = _block(make.uplinks, dice)[0]
    down_bps, up_bps = (
        (contract.down_bps, contract.up_bps) if contract else (wan.speed_bps, wan.speed_bps)
    )
    share = 0.4 + 0.5 * dice.draw("load")
    wan = replace(
        wan,
        name=(uplink.interface or _uplink_interface(uplink.checks) or wan.name.decode()).encode(),
        alias=f"{contract.provider} {contract.reference}".strip().encode() if contract else b"",
        speed_bps=wan.speed_bps if down_bps <= wan.speed_bps else 10 * GIGABIT,
        in_bps=share * down_bps,
        out_bps=share * up_bps * 0.4,
        admin_up=True,
        oper_up=True,
    )
    # The inventory may use the name of another port of this model for the WAN port.
    access = [port for port in _block(make.access, dice) if port.name != wan.name]
    lan = [replace(port, admin_up=True) for port in access]
    # Traffic from the provider goes out to the school.
    lan[0] = replace(lan[0], oper_up=True, in_bps=wan.out_bps, out_bps=wan.in_bps)
    extras = [interface for block in make.extras for interface in _block(block, dice)]
    vlans = _vlans(make, 1 + int(dice.draw("vlans") * 2), wan, dice)
    device = _device(place, uplink.host, make, [wan, *lan, *extras, *vlans], dice)
    return replace(device, versions=_versions(uplink.checks))


def _switch(place: Place, host: str, versions: tuple[int, ...], dice: _Dice) -> Device:
    legacy, no_bulk, *_ = dice.draws("oddities")
    sizes = LARGE_SWITCHES if dice.draw("size") < 0.6 else SMALL_SWITCHES  # noqa: PLR2004  # six in ten are large
    make = sizes[int(dice.draw("make") * len(sizes))]
    if legacy < LEGACY_SHARE:
        make = LEGACY_SWITCH
    access = _block(make.access, dice)
    first, second = _block(make.uplinks, dice)
    first = replace(
        first,
        alias=b"Uplink zum Router",
        admin_up=True,
        oper_up=True,
        in_bps=min(0.9 * first.speed_bps, sum(port.out_bps for port in access)),
        out_bps=min(0.9 * first.speed_bps, sum(port.in_bps for port in access)),
    )
    second = replace(
        second, oper_up=False, in_bps=0.0, out_bps=0.0, errors_per_second=0.0, alias=b""
    )
    vlans = _vlans(make, 2, first, dice)
    interfaces = _odd_interfaces([*access, first, second, *vlans], dice)
    device = _device(place, host, make, interfaces, dice)
    bulk = Bulk.ANSWERS
    if no_bulk < NO_BULK_SHARE:
        bulk = Bulk.SILENT if no_bulk < NO_BULK_SHARE / 3 else Bulk.ERROR
    device = replace(device, bulk=bulk, versions=versions)
    if make is LEGACY_SWITCH:
        return replace(device, has_if_x_table=False)
    return replace(device, power=_power(access, dice))


def _power(access: Iterable[Interface], dice: _Dice) -> tuple[int, int]:
    """Return a switch's PoE budget and the power drawn by phones and access points (W)."""
    ports = list(access)
    budget = int(len(ports) * WATTS_A_PORT)
    shares = dice.draws("power")
    draws = (4 + 9 * shares[at % len(shares)] for at, port in enumerate(ports) if port.oper_up)
    return budget, min(int(sum(draws) / 2), int(MOST_POWER_SHARE * budget))


def _device(
    place: Place,
    host: str,
    make: Make,
    interfaces: Iterable[Interface],
    dice: _Dice,
) -> Device:
    age, limit, phase, _, text, *_ = dice.draws("device")
    uptime = 3600 + int(age**2 * 400 * 86400)
    name = sys_name(place.school, place.site, place.device)
    if place.role is Role.SWITCH and dice.is_hostile:
        name += b" " + HOSTILE_TEXTS[int(text * len(HOSTILE_TEXTS))]
    rows = sorted(interfaces, key=lambda interface: interface.index)
    return Device(
        place=place,
        host=host,
        sys_name=name[:255],
        sys_descr=make.descr.encode(),
        product_arc=make.arc,
        uptime_seconds=uptime,
        phase=phase,
        interfaces=tuple(
            replace(row, changed_seconds=row.changed_seconds % uptime) for row in rows
        ),
        has_if_x_table=True,
        bulk=Bulk.ANSWERS,
        reply_limit=next(size for share, size in _REPLY_LIMITS if limit < share),
    )


def _odd_interfaces(interfaces: list[Interface], dice: _Dice) -> list[Interface]:
    duplicate, empty, *_ = dice.draws("names")
    holes, where, *_ = dice.draws("holes")
    odd = list(interfaces)
    if duplicate < DUPLICATE_NAME_SHARE:
        odd[1] = replace(odd[1], name=odd[0].name)
        odd[4] = replace(odd[4], name=odd[0].name)
    if empty < EMPTY_NAME_SHARE:
        odd[2:6] = [replace(interface, name=b"") for interface in odd[2:6]]
    if dice.is_hostile:
        for at, text in enumerate(HOSTILE_TEXTS, start=6):
            odd[at] = replace(odd[at], alias=text)
        odd[15] = replace(odd[15], name=b'"}\\\n 1')
    if holes < HOLES_SHARE:
        # Two variants suffice; each numbering costs memory that devices otherwise share.
        start = 3 if where < 0.5 else 14  # noqa: PLR2004  # heads or tails
        del odd[start : start + 5], odd[start + 1]
    return odd


def _block(block: Block, dice: _Dice) -> list[Interface]:
    interfaces = []
    for at in range(block.count):
        number = block.first_number + at
        name = block.name.format(n=number).encode()
        used, load, upload, room, alias, changed, errors, mac = dice.draws(f"port {name!r}")
        in_use = used < USED_SHARE
        peak = min(0.8 * block.speed_bps, 200_000 * 100**load) if in_use else 0.0
        label = _ROOMS[int(room * len(_ROOMS))].format(n=100 + int(alias * 200))
        interfaces.append(
            Interface(
                index=block.first_index + at,
                name=name,
                descr=block.descr.format(n=number).encode(),
                alias=label.encode(),
                type=block.type,
                speed_bps=block.speed_bps,
                # The second-lowest bit of the first octet: locally administered (IEEE 802).
                mac=b"\x02\x00" + int(mac * (1 << 32)).to_bytes(4, "big"),
                admin_up=in_use or room > 0.1,  # noqa: PLR2004  # one free port in ten is shut
                oper_up=in_use,
                changed_seconds=int(changed * 90 * 86400),
                in_bps=peak * (0.1 + 0.2 * upload),
                out_bps=peak,
                errors_per_second=0.02 * errors if in_use and errors > 0.97 else 0.0,  # noqa: PLR2004  # 3 bad cables in 100
            )
        )
    return interfaces


def _vlans(make: Make, count: int, carrier: Interface, dice: _Dice) -> list[Interface]:
    """Return the VLAN interfaces; each carries its part of the load of the line to the router."""
    vlans = []
    for number, label in _VLANS[:count]:
        name = make.vlan_name.format(n=number).encode()
        share, mac, *_ = dice.draws(f"vlan {number}")
        vlans.append(
            replace(
                carrier,
                index=make.vlan_first_index + number,
                name=name,
                descr=name,
                alias=label.encode(),
                type=VIRTUAL_LAN,
                mac=b"\x02\x01" + int(mac * (1 << 32)).to_bytes(4, "big"),
                in_bps=carrier.in_bps * share / count,
                out_bps=carrier.out_bps * share / count,
            )
        )
    return vlans


def _dice(place: Place, seed: int, *, hostile: bool) -> _Dice:
    return _Dice(seed, f"{SiteKey(place.school, place.site)}/{place.device}", hostile=hostile)


def _versions(checks: tuple[CheckPlan, ...]) -> tuple[int, ...]:
    """Return the versions a device answers: those its inventory entry uses."""
    versions = {
        plan.options.access.version
        for plan in checks
        if isinstance(plan.options, InterfacesOptions)
    }
    return (0,) if versions == {"1"} else (0, 1)


def _uplink_interface(checks: tuple[CheckPlan, ...]) -> str | None:
    options = (plan.options for plan in checks if isinstance(plan.options, InterfacesOptions))
    return next((option.uplink_interface for option in options if option.uplink_interface), None)
