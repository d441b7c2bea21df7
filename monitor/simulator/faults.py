"""The faults of the simulated city: what, where, from when to when.

A fault is written `KIND@SCHOOL`, `KIND@SCHOOL/DEVICE`, `KIND@SCHOOL/SITE` or
`KIND@SCHOOL/SITE/DEVICE`; `reference-down@REFERENCE` is about a reference, and `isolated` (the
monitor's own line is down) has no place. A fault plan gives the condition of each device at any
second. Seconds count from the start of the city.

Must not know: SNMP, sockets, or how a condition is simulated.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.inventory.checks import Role

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from monitor.inventory.city import Inventory, School

LOSS_SHARE = 0.4
"""Share of the packets that a lossy device loses."""

FLAP_PERIOD_SECONDS = 100.0
FLAP_DOWN_SECONDS = 40.0
"""A flapping device does not answer for the first 40 of every 100 seconds.

The period is not a multiple of a minute, so that a poll a minute meets both states.
"""


DAMAGED_PER_SECOND = 50.0
"""Damaged packets per second that arrive at a port with errors."""

FIRST_INSTANT_SECONDS = 90.0
"""When a reset or renumbering of a starting city happens: every device was read before."""


class FaultKind(StrEnum):
    """The possible faults."""

    UPLINK_DOWN = "uplink-down"
    SWITCH_DOWN = "switch-down"
    SLOW = "slow"
    LOSSY = "lossy"
    SLOW_PORT = "slow-port"
    PORT_ERRORS = "port-errors"
    POE_BUDGET = "poe-budget"
    SNMP_SILENT = "snmp-silent"
    REBOOTED = "rebooted"
    RENUMBERED = "renumbered"
    COUNTER_RESET = "counter-reset"
    FLAPPING = "flapping"
    WEBSITE_DOWN = "website-down"
    WEBSITE_REFUSED = "website-refused"
    CERTIFICATE_EXPIRING = "certificate-expiring"
    REFERENCE_DOWN = "reference-down"
    ISOLATED = "isolated"


# At a site's website only; these do not affect devices.
WEBSITE_KINDS = frozenset(
    {FaultKind.WEBSITE_DOWN, FaultKind.WEBSITE_REFUSED, FaultKind.CERTIFICATE_EXPIRING}
)
_BOOT_KINDS = frozenset({FaultKind.REBOOTED, FaultKind.RENUMBERED})
_INSTANT_KINDS = _BOOT_KINDS | {FaultKind.COUNTER_RESET}
# Their effect remains, like the errors that a counter has counted.
_LASTING_KINDS = _INSTANT_KINDS | {FaultKind.PORT_ERRORS}
SILENT_KINDS = frozenset(
    {
        FaultKind.UPLINK_DOWN,
        FaultKind.SWITCH_DOWN,
        FaultKind.REFERENCE_DOWN,
        FaultKind.ISOLATED,
    }
)


class FaultError(ValueError):
    """A fault that is not possible in this city; the message is one line for a person."""


@dataclass(frozen=True, slots=True)
class Place:
    """A device's position in the inventory; school and site are empty for a reference."""

    school: str
    site: str
    device: str
    role: Role


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault at a school, or at one part of it (site, device, site/device).

    Or at a reference: its name is the part, and there is no school.

    It lasts from `starts` until before `ends`. Restarts, renumbered interfaces and counter resets
    happen at `starts` and are not undone, so they have no use for `ends`.
    """

    kind: FaultKind
    school: str = ""
    part: str = ""
    starts: float = 0.0
    ends: float = math.inf

    def __str__(self) -> str:
        """Return the fault in its written form."""
        place = "/".join(name for name in (self.school, self.part) if name)
        return f"{self.kind}@{place}" if place else str(self.kind)


@dataclass(frozen=True, slots=True)
class Condition:
    """The state of a device at one moment.

    `loss` is the share of packets lost. `booted` and `counters_since` are the times of the
    last restart and of the last reset of the counters, None if there was none; `numbering`
    counts how often the interfaces were renumbered. `damaged` is how many damaged packets have
    arrived in addition to the usual ones. `slow_port`: the router's line came up at a lower speed.
    `poe_budget`: a switch's ports draw nearly all of its power. `snmp_silent`: it answers
    only pings.
    """

    silent: bool = False
    slow: bool = False
    loss: float = 0.0
    booted: float | None = None
    counters_since: float | None = None
    numbering: int = 0
    damaged: int = 0
    slow_port: bool = False
    poe_budget: bool = False
    snmp_silent: bool = False


HEALTHY = Condition()


def places_of(inventory: Inventory) -> dict[Place, str]:
    """Return the host of every simulated device, in the inventory's order."""
    places = {}
    for school, site in inventory.sites():
        router = Place(school.id, site.id, site.uplink.device, Role.UPLINK)
        places[router] = site.uplink.host
        for switch in site.switches:
            places[Place(school.id, site.id, switch.name, Role.SWITCH)] = switch.host
    return places


def parse_fault(
    text: str, inventory: Inventory, *, starts: float | None = None, ends: float = math.inf
) -> Fault:
    """Return the fault in a text; its place exists in the inventory.

    Without `starts` it holds from the beginning; a reset or a renumbering then happens after
    `FIRST_INSTANT_SECONDS`, because the devices must have been read before.

    Raises:
        FaultError: if the kind, the school or its part is unknown, or they do not match.
    """
    kind_text, at, place = text.strip().partition("@")
    kinds = [kind.value for kind in FaultKind]
    if kind_text not in kinds:
        raise FaultError(f"unknown fault {kind_text!r}{_suggestion(kind_text, kinds)}")
    kind = FaultKind(kind_text)
    if starts is None:
        starts = FIRST_INSTANT_SECONDS if kind in _INSTANT_KINDS else 0.0
    if not starts < ends:
        raise FaultError(f"{text} ends at {ends:g} s, not after its start at {starts:g} s")
    if kind is FaultKind.ISOLATED:
        if at:
            raise FaultError("isolated is the monitor's own line and takes no @SCHOOL")
        return Fault(kind, starts=starts, ends=ends)
    if kind is FaultKind.REFERENCE_DOWN:
        names = [reference.name for reference in inventory.references]
        if place not in names:
            raise FaultError(f"unknown reference {place!r}{_suggestion(place, names)}")
        return Fault(kind, part=place, starts=starts, ends=ends)
    if not place:
        raise FaultError(f"{kind} needs a place: {kind}@SCHOOL or {kind}@SCHOOL/DEVICE")
    school_id, _, part = place.partition("/")
    school = inventory.school(school_id)
    if school is None:
        known = [school.id for school in inventory.schools]
        among = f"unknown school {school_id!r} among the {len(known)} of this city"
        raise FaultError(f"{among}{_suggestion(school_id, known)}")
    fault = Fault(kind, school_id, part, starts, ends)
    _affected(fault, school)
    return fault


class FaultPlan:
    """The faults of a city, queried per device; replaced as a whole while the city runs."""

    __slots__ = ("_by_place", "_happened", "_inventory", "_isolations", "_wanted")

    def __init__(self, inventory: Inventory, faults: Iterable[Fault] = ()) -> None:
        self._inventory = inventory
        self._wanted: tuple[Fault, ...] = ()
        self._happened: tuple[Fault, ...] = ()
        self._isolations: tuple[Fault, ...] = ()
        self._by_place: dict[Place, tuple[Fault, ...]] = {}
        self._adopt(tuple(faults))

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Return the current faults, without those that happened once."""
        return self._wanted

    def replace(self, faults: Iterable[str | Mapping[str, object]], seconds: float) -> None:
        """Replace the set of faults at the instant `seconds`; on an error nothing changes.

        A text begins now, unless the set contains it already; then it continues. A mapping
        (`{"fault": TEXT, "starts": S, "ends": S}`) has its own times.

        Raises:
            FaultError: if a fault is not possible in this city.
        """
        standing = {str(fault): fault for fault in self._wanted}
        wanted = []
        for entry in faults:
            fault = self._parse(entry, seconds)
            if isinstance(entry, str):
                fault = standing.get(str(fault), fault)
            wanted.append(fault)
        happened = [
            dataclasses.replace(fault, ends=min(fault.ends, seconds))
            for fault in self._wanted
            if fault.kind in _LASTING_KINDS and fault.starts <= seconds and fault not in wanted
        ]
        self._happened = (*self._happened, *happened)
        self._adopt(tuple(wanted))

    def condition(self, place: Place, seconds: float) -> Condition:
        """Return the state of a device at an instant."""
        faults = self._by_place.get(place, self._isolations)
        if not faults:
            return HEALTHY
        return _condition([fault for fault in faults if _holds(fault, seconds)], seconds)

    def _parse(self, entry: str | Mapping[str, object], seconds: float) -> Fault:
        if isinstance(entry, str):
            return parse_fault(entry, self._inventory, starts=seconds)
        text = entry.get("fault")
        starts, ends = entry.get("starts", seconds), entry.get("ends", math.inf)
        unknown = sorted(set(entry) - {"fault", "starts", "ends"})
        if unknown:
            raise FaultError(f"unknown key {unknown[0]!r}; allowed are fault, starts, ends")
        if not isinstance(text, str):
            raise FaultError('a fault needs its text: {"fault": "KIND@SCHOOL"}')
        if not isinstance(starts, int | float) or not isinstance(ends, int | float):
            raise FaultError(f"{text}: starts and ends are seconds since the city's start")
        if not math.isfinite(starts):
            raise FaultError(f"{text} cannot start at {starts:g} s")
        return parse_fault(text, self._inventory, starts=float(starts), ends=float(ends))

    def _adopt(self, wanted: tuple[Fault, ...]) -> None:
        isolations = tuple(fault for fault in wanted if fault.kind is FaultKind.ISOLATED)
        by_place: dict[Place, list[Fault]] = {}
        for fault in (*self._happened, *wanted):
            for place in self._places_of(fault):
                by_place.setdefault(place, [*isolations]).append(fault)
        self._wanted = wanted
        self._isolations = isolations
        self._by_place = {place: tuple(faults) for place, faults in by_place.items()}

    def _places_of(self, fault: Fault) -> tuple[Place, ...]:
        if fault.kind is FaultKind.REFERENCE_DOWN:
            return (Place("", "", fault.part, Role.REFERENCE),)
        school = self._inventory.school(fault.school)
        return () if school is None else _affected(fault, school)


def _holds(fault: Fault, seconds: float) -> bool:
    if fault.kind in _LASTING_KINDS:
        return fault.starts <= seconds
    return fault.starts <= seconds < fault.ends


def _condition(faults: list[Fault], seconds: float) -> Condition:
    kinds = {fault.kind for fault in faults}
    boots = [fault.starts for fault in faults if fault.kind in _BOOT_KINDS]
    resets = [fault.starts for fault in faults if fault.kind in _INSTANT_KINDS]
    flaps = (fault for fault in faults if fault.kind is FaultKind.FLAPPING)
    flapped = any((seconds - f.starts) % FLAP_PERIOD_SECONDS < FLAP_DOWN_SECONDS for f in flaps)
    return Condition(
        silent=flapped or not kinds.isdisjoint(SILENT_KINDS),
        slow=FaultKind.SLOW in kinds,
        loss=LOSS_SHARE if FaultKind.LOSSY in kinds else 0.0,
        booted=max(boots, default=None),
        counters_since=max(resets, default=None),
        numbering=sum(fault.kind is FaultKind.RENUMBERED for fault in faults),
        damaged=int(sum(_damaged(fault, seconds) for fault in faults)),
        slow_port=FaultKind.SLOW_PORT in kinds,
        poe_budget=FaultKind.POE_BUDGET in kinds,
        snmp_silent=FaultKind.SNMP_SILENT in kinds,
    )


def _damaged(fault: Fault, seconds: float) -> float:
    """Return how many packets a fault has damaged up to an instant."""
    if fault.kind is not FaultKind.PORT_ERRORS:
        return 0.0
    return DAMAGED_PER_SECOND * (min(seconds, fault.ends) - fault.starts)


def _affected(fault: Fault, school: School) -> tuple[Place, ...]:
    """Return the devices that a fault affects; an uplink that is down affects those behind it.

    Raises:
        FaultError: if the school has no such part, or the kind of fault does not apply to it.
    """
    places = []
    for site in school.sites:
        router = Place(school.id, site.id, site.uplink.device, Role.UPLINK)
        switches = [Place(school.id, site.id, switch.name, Role.SWITCH) for switch in site.switches]
        whole_site = fault.part in {"", site.id}
        named = [place for place in (router, *switches) if _is_named(fault.part, place)]
        if fault.kind is FaultKind.SWITCH_DOWN:
            # Without a name it is the first switch only: a site's switches seldom fail together.
            places += switches[:1] if whole_site else [p for p in named if p in switches]
        elif fault.kind is FaultKind.UPLINK_DOWN:
            places += [router, *switches] if whole_site or router in named else []
        elif fault.kind in WEBSITE_KINDS:
            places += [router] if whole_site or router in named else []
        elif whole_site or (fault.kind is FaultKind.FLAPPING and router in named):
            places += [router, *switches]
        else:
            places += named
    if fault.kind is FaultKind.SWITCH_DOWN and not fault.part:
        places = places[:1]
    if not places:
        raise FaultError(_no_such_part(fault, school))
    return tuple(places)


def _is_named(part: str, place: Place) -> bool:
    return part in {place.device, f"{place.site}/{place.device}"}


def _no_such_part(fault: Fault, school: School) -> str:
    routers = [(site.id, site.uplink.device) for site in school.sites]
    switches = [(site.id, switch.name) for site in school.sites for switch in site.switches]
    if fault.kind is FaultKind.SWITCH_DOWN:
        if not switches:
            return f"{fault.school} has no switch"
        parts, noun = switches, "switch"
    elif fault.kind is FaultKind.UPLINK_DOWN or fault.kind in WEBSITE_KINDS:
        parts, noun = routers, "router or site"
    else:
        parts, noun = [*routers, *switches], "device or site"
    if "/" in fault.part:
        known = [f"{site}/{device}" for site, device in parts]
    else:
        known = [*dict.fromkeys([device for _, device in parts] + [s.id for s in school.sites])]
    return f"{fault.school} has no {noun} {fault.part!r}{_suggestion(fault.part, known)}"


def _suggestion(word: str, known: Collection[str]) -> str:
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]}?"
    few = sorted(known)[:10]
    return f"; there are {', '.join(few)}{' …' if len(known) > len(few) else ''}"
