"""Which device of an inventory is a school's router, and which are its switches.

Must not know: any single inventory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from monitor.config.rows import LONGEST_ID, NamedHost, slug
from monitor.importing.taken import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.config.rows import Row


class Role(Enum):
    """The role of a device at a school."""

    ROUTER = re.compile(
        r"router|gateway|firewall|\b(?:rt|gw|fw|utm|cpe|wan)[0-9]*\b", re.IGNORECASE
    )
    SWITCH = re.compile(r"switch|\bsw[0-9]*\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Device:
    """A device of an inventory: `hints` indicate its role, the most reliable first."""

    name: str
    host: str
    hints: tuple[str, ...]

    @property
    def role(self) -> Role | None:
        """Return its role by the first hint that indicates one, None if none does."""
        for hint in self.hints:
            said = hint.casefold().replace("_", " ")
            for role in Role:
                if role.value.search(said):
                    return role
        return None


def devices_of(devices: Iterable[Device], place: str) -> tuple[Row, list[Skipped]]:
    """Return the router and switches of one school as a row, and the devices left out, and why."""
    row: Row = {}
    skipped: list[Skipped] = []
    ordered = sorted(devices, key=lambda one: _natural(one.name))
    reachable = [one for one in ordered if one.host]
    _skip(skipped, place, "without an address", [one for one in ordered if not one.host])
    routers = [one for one in reachable if one.role is Role.ROUTER]
    switches = [one for one in reachable if one.role is Role.SWITCH]
    if routers:
        row["router"] = routers[0].host
        what = f"routers beside {routers[0].name}"
        _skip(skipped, place, what, routers[1:])
    if switches:
        row["switches"] = _named(switches)
    others = [one for one in reachable if one.role is None]
    _skip(skipped, place, "neither router nor switch", others)
    return row, skipped


def _skip(skipped: list[Skipped], place: str, why: str, devices: Sequence[Device]) -> None:
    if devices:
        skipped.append(Skipped(f"{place}: {why}", tuple(one.name for one in devices)))


def _named(switches: Iterable[Device]) -> list[NamedHost]:
    """Return the switches with names that the configuration accepts, without duplicates."""
    found: dict[str, NamedHost] = {}
    for one in switches:
        name = base = slug(one.name) or "switch"
        at = 2
        while name in found or name == "router":
            name = f"{base[: LONGEST_ID - 4]}-{at}"
            at += 1
        found[name] = NamedHost(name, one.host)
    return list(found.values())


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key that places switch-2 before switch-10."""
    # The longer of two numbers is the larger one. int() rejects thousands of digits, which a device
    # may send.
    parts = re.findall(r"0*([0-9]+)|([^0-9]+)", name.casefold())
    return [(len(number), number) if number else (-1, text) for number, text in parts]
