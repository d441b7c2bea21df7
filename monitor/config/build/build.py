"""From a draft to the inventory: merges levels, assigns addresses, makes plans.

Must not know: YAML, or pydantic's errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.calendar.local_time import TimeError, to_utc
from monitor.calendar.machine_zone import machine_zone
from monitor.config.build import checks
from monitor.config.build.addresses import Addresses
from monitor.config.build.calendar import calendar_of
from monitor.config.build.contract import check_contract
from monitor.config.build.credentials import check_users, sources
from monitor.config.build.degraded import limits_of
from monitor.config.build.device_profiles import device_profiles
from monitor.config.build.goals import goal_of, reported_goals_of
from monitor.config.build.merge import Layer, merge, useless_removals
from monitor.config.build.milestones import check_milestones
from monitor.config.build.throughput import build_throughput
from monitor.config.shape import units
from monitor.config.shape.base import Rules
from monitor.config.shape.checks import InterfacesRules
from monitor.config.shape.rules import (
    ContractRules,
    LineRules,
    ProfileRules,
    SchoolRules,
    SchoolWithSitesRules,
    SiteRules,
    SwitchRules,
)
from monitor.config.tree.places import mark_of
from monitor.config.tree.problems import listed, suggestion
from monitor.inventory.city import (
    Contract,
    ExpectedLine,
    Inventory,
    Location,
    MaintenanceWindow,
    Milestone,
    Reference,
    School,
    Site,
    Switch,
    Uplink,
)

if TYPE_CHECKING:
    from monitor.config.shape.fields import IPNetwork
    from monitor.config.shape.layout import Location as Path
    from monitor.config.shape.rules import ReferenceRules
    from monitor.config.shape.validate import Draft
    from monitor.config.tree.problems import Findings, Mark
    from monitor.config.tree.text import Node

_FIRST_SWITCH = 11

# In place of a host that could not be determined, in an inventory that is discarded.
_NO_HOST = ""


def build(draft: Draft, root: Node, findings: Findings) -> Inventory:
    """Return the inventory of a draft; add a problem for each broken rule across keys.

    With any finding, earlier or here, the result is invalid.
    """
    return _Builder(draft, root, findings).inventory()


@dataclass(frozen=True, slots=True)
class _Place:
    """One site to build, with its settings from the innermost level outwards."""

    site: SiteRules | SchoolRules
    layers: tuple[Layer, ...]
    path: Path
    profile_switches: int

    def is_own_broken(self, *keys: str) -> bool:
        """Return whether one of the site's own keys broke a rule."""
        return any(key in self.layers[0].broken for key in keys)

    def is_broken(self, key: str) -> bool:
        """Return whether a key broke a rule at any level."""
        return any(key in layer.broken for layer in self.layers)


class _Builder:
    def __init__(self, draft: Draft, root: Node, findings: Findings) -> None:
        self._draft = draft
        self._root = root
        self._findings = findings
        self._addresses = Addresses(findings)
        city = draft.city
        # A nonexistent zone has been reported; the windows are checked in a substitute.
        zone = units.time_zone((city.timezone if city else "") or machine_zone())
        self._zone = zone or ZoneInfo("UTC")
        profiles = device_profiles(draft.device_profiles, root, findings)
        self._named = checks.Named(draft.credentials, profiles)
        self._outermost = (
            () if draft.defaults is None else (self._layer(draft.defaults, ("defaults",)),)
        )

    def inventory(self) -> Inventory:
        """Return the inventory, in the file's order."""
        draft = self._draft
        check_users(draft.credentials, self._root, self._findings)
        references = tuple(
            self._reference(rules, ("references", at)) for at, rules in draft.references.items()
        )
        schools = tuple(self._school(rules, at) for at, rules in draft.schools.items())
        self._addresses.check()
        return Inventory(
            city=draft.city.name if draft.city else "",
            calendar=calendar_of(draft.city, draft.lessons, self._root, self._findings),
            credentials=sources(draft.credentials),
            references=references,
            schools=schools,
            goal=goal_of(draft.goals, schools, self._root, self._findings),
            reported_goals=reported_goals_of(draft.goals, self._root, self._findings),
            runbooks=draft.city.runbooks if draft.city else "",
            providers={key: rules.name for key, rules in draft.providers.items()},
        )

    def _plans(
        self, layers: tuple[Layer, ...], host: str, network: IPNetwork | None = None
    ) -> checks.Plans:
        address = checks.DeviceAddress(host, network)
        return checks.Plans(layers, address, self._named, self._root, self._findings)

    def _layer(self, rules: Rules, path: Path) -> Layer:
        return Layer(rules, path, self._draft.broken_keys(path))

    def _mark(self, path: Path) -> Mark:
        return mark_of(self._root, path)

    def _reference(self, rules: ReferenceRules, path: Path) -> Reference:
        layers = (self._layer(rules, path), *self._outermost)
        self._addresses.add_host(rules.host, self._mark((*path, "host")))
        plans = self._plans(layers, rules.host)
        # City-wide further checks are for uplinks, so a reference only has its own.
        every = (plans.icmp(), *plans.extras(layers[:1]))
        return Reference(rules.name, rules.host, every, self._provider_name(rules.provider))

    def _school(self, rules: SchoolRules | SchoolWithSitesRules, at: int) -> School:
        path = ("schools", at)
        if isinstance(rules, SchoolWithSitesRules):
            sites = tuple(
                self._site(site, rules, (*path, "sites", index))
                for index, site in enumerate(rules.sites)
            )
        else:
            sites = (self._site(rules, None, path),)
        return School(
            id=rules.id,
            number=rules.number,
            name=rules.name or readable(rules.id),
            type=rules.type,
            district=rules.district,
            sites=sites,
            maintenance=self._maintenance(rules, path),
            classes=rules.classes or None,
            days_off=frozenset(rules.days_off),
        )

    def _place(
        self,
        site: SiteRules | SchoolRules,
        school: SchoolWithSitesRules | None,
        path: Path,
    ) -> _Place:
        layers = [self._layer(site, path)]
        if school is not None:
            layers.append(self._layer(school, path[:2]))
        name = site.profile or (school.profile if school else "")
        profile = self._draft.profiles.get(name)
        if profile is not None:
            layers.append(self._layer(profile, ("profiles", name)))
        elif name:  # rejected or unknown, which has been reported
            layers.append(Layer(Rules(), (), frozenset(ProfileRules.model_fields)))
        count = profile.switches if profile is not None else 0
        return _Place(site, (*layers, *self._outermost), path, count)

    def _site(
        self,
        site: SiteRules | SchoolRules,
        school: SchoolWithSitesRules | None,
        path: Path,
    ) -> Site:
        place = self._place(site, school, path)
        router = self._router(place)
        plans = self._plans(place.layers, router, self._network(site))
        self._check_removals(place)
        contract = self._contract(place)
        interfaces = merge(place.layers, "interfaces", InterfacesRules).rules
        check_milestones(site.milestones, path, self._root, self._findings)
        outer = school or site
        return Site(
            id=site.id if isinstance(site, SiteRules) else "main",
            location=Location(*site.location) if site.location else None,
            uplink=Uplink(
                host=router,
                contract=contract,
                checks=plans.of_router(),
                interface=interfaces.uplink or None,
                throughput=build_throughput(
                    place.layers, router, contract, self._root, self._findings
                ),
                expected=self._expected(place, interfaces),
                limits=limits_of(place.layers),
            ),
            switches=self._switches(place, plans),
            milestones=tuple(
                Milestone(stone.stage, stone.day, stone.reference) for stone in site.milestones
            ),
            lot=site.lot or outer.lot,
            programme=site.programme or outer.programme,
        )

    def _router(self, place: _Place) -> str:
        site = place.site
        if place.is_own_broken("network", "router"):
            return _NO_HOST
        if "network" in site.model_fields_set:
            self._addresses.add_network(site.network, self._mark((*place.path, "network")))
        if site.router:
            mark = self._mark((*place.path, "router"))
            self._addresses.add_host(site.router, mark, self._network(site))
            return site.router
        network = self._network(site)
        if network is None:
            self._findings.add(
                self._mark(place.path), "the site has neither network nor router", "give one"
            )
            return _NO_HOST
        if not self._has_counted(place, 1):
            return _NO_HOST
        host = str(network[1])
        self._addresses.add_counted(host, self._mark((*place.path, "network")))
        return host

    def _network(self, site: SiteRules | SchoolRules) -> IPNetwork | None:
        return site.network if "network" in site.model_fields_set else None

    def _has_counted(self, place: _Place, number: int) -> bool:
        """Return whether the network has an address with that number; add a problem if not."""
        network = place.site.network
        last = network.num_addresses - (1 if network.version == 4 else 0)  # noqa: PLR2004
        if number >= last:
            self._findings.add(
                self._mark((*place.path, "network")),
                f"{network} is too small: it has no address number {number} for a device",
                f"allowed: at least {number + 2} addresses, or a list of switches",
            )
            return False
        return True

    def _switches(self, place: _Place, plans: checks.Plans) -> tuple[Switch, ...]:
        site = place.site
        if place.is_own_broken("network", "switches"):
            return ()
        if isinstance(site.switches, list):
            return tuple(
                self._listed_switch(place, switch, index)
                for index, switch in enumerate(site.switches)
            )
        own = "switches" in site.model_fields_set
        count = site.switches if own else place.profile_switches
        if not count or (place.is_broken("switches") and not own):
            return ()
        if not self._has_room(place, count):
            return ()
        mark, checks_of_each = self._mark((*place.path, "network")), plans.of_switch()
        limits = limits_of(place.layers)
        hosts = [str(site.network[_FIRST_SWITCH + number]) for number in range(count)]
        for host in hosts:
            self._addresses.add_counted(host, mark)
        return tuple(
            Switch(f"switch-{number:02d}", host, checks_of_each, limits)
            for number, host in enumerate(hosts, 1)
        )

    def _has_room(self, place: _Place, count: int) -> bool:
        """Return whether that many switch addresses can be assigned; add a problem if not."""
        if self._network(place.site) is not None:
            return self._has_counted(place, _FIRST_SWITCH + count - 1)
        if place.site.router:  # without either, that has been reported
            self._findings.add(
                self._mark(place.path),
                f"{count} switches are to be assigned from a network, but the site has none",
                "give network, or a list of switches",
            )
        return False

    def _listed_switch(self, place: _Place, rules: SwitchRules, index: int) -> Switch:
        path = (*place.path, "switches", index)
        mark = self._mark((*path, "host"))
        self._addresses.add_host(rules.host, mark, self._network(place.site))
        layers = (Layer(rules, path), *place.layers)
        plans = self._plans(layers, rules.host, self._network(place.site))
        return Switch(rules.name, rules.host, plans.of_switch(), limits_of(layers))

    def _contract(self, place: _Place) -> Contract | None:
        """Return the contract, None if no level has one."""
        merged = merge(place.layers, "contract", ContractRules)
        if not merged.paths:
            return None
        if self._draft.defaults is not None:
            check_contract(merged, self._root, self._findings)
        rules = merged.rules
        return Contract(
            provider=self._provider_name(rules.provider),
            down_bps=rules.down,
            up_bps=rules.up,
            normal_down_bps=rules.normal_down,
            normal_up_bps=rules.normal_up,
            minimum_down_bps=rules.minimum_down,
            minimum_up_bps=rules.minimum_up,
            availability=rules.availability,
            hours=rules.hours,
            reference=rules.reference,
        )

    def _provider_name(self, short: str) -> str:
        """Return a provider's name as used in reports and labels."""
        provider = self._draft.providers.get(short)
        return provider.name if provider else short

    def _expected(self, place: _Place, interfaces: InterfacesRules) -> ExpectedLine:
        merged = merge(place.layers, "line", LineRules)
        rules, paths = merged.rules, merged.paths
        if rules.if_alias and not interfaces.uplink and not place.is_broken("interfaces"):
            self._findings.add(
                self._mark(paths["if_alias"]),
                "no interface is named for the ifAlias",
                "set interfaces.uplink to the ifName of the interface towards the provider",
            )
        return ExpectedLine(
            sys_name=rules.sys_name,
            if_alias=rules.if_alias,
            address=str(rules.address) if "address" in paths else "",
        )

    def _check_removals(self, place: _Place) -> None:
        if self._draft.defaults is None or place.is_broken("checks"):
            return
        for path, known in useless_removals(place.layers):
            name = str(path[-1])
            self._findings.add(
                self._mark(path),
                f"no check {name} to remove",
                listed(known),
                suggestion(name, known),
            )

    def _maintenance(
        self, rules: SchoolRules | SchoolWithSitesRules, path: Path
    ) -> tuple[MaintenanceWindow, ...]:
        windows = []
        for index, window in enumerate(rules.maintenance):
            at = (*path, "maintenance", index)
            try:
                key = "starts"
                starts = to_utc(window.starts, self._zone)
                key = "ends"
                ends = to_utc(window.ends, self._zone)
            except TimeError as error:
                self._findings.add(self._mark((*at, key)), str(error))
                continue
            if ends <= starts:
                self._findings.add(
                    self._mark((*at, "ends")),
                    f"the window ends at {ends:%Y-%m-%d %H:%M} UTC, not after its start",
                    "allowed: an end after the start",
                )
            windows.append(MaintenanceWindow(starts, ends, window.reason))
        return tuple(windows)


def readable(school_id: str) -> str:
    """Return a display name for a school without a name: `goethe-schule` is Goethe-Schule."""
    return "-".join(part.capitalize() for part in school_id.split("-"))
