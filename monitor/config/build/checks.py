"""From merged settings to the plans of a device's checks, and whether their times fit.

Must not know: schools, contracts, addresses of other devices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.config.build.addresses import in_url
from monitor.config.build.credentials import user_of
from monitor.config.build.merge import merge, merge_checks
from monitor.config.shape.checks import (
    DnsRules,
    HardwareRules,
    HttpRules,
    IcmpRules,
    InterfacesRules,
    SnmpRules,
)
from monitor.config.shape.fields import HOST_PLACEHOLDER
from monitor.config.shape.rules import LineRules
from monitor.config.tree.places import mark_of, with_source
from monitor.config.tree.problems import listed, suggestion
from monitor.inventory.checks import (
    PROBE_SHARE,
    CheckKind,
    CheckPlan,
    DnsOptions,
    Engine,
    HardwareOptions,
    HttpOptions,
    IcmpOptions,
    InterfacesOptions,
    SnmpAccess,
    TcpOptions,
    snmp_access,
)
from monitor.inventory.interface_selection import InterfaceSelection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.config.build.merge import ExtraRules, Layer, Merged
    from monitor.config.shape.checks import PaceRules
    from monitor.config.shape.credentials import CredentialRules
    from monitor.config.shape.fields import IPNetwork
    from monitor.config.shape.layout import Location
    from monitor.config.tree.problems import Findings
    from monitor.config.tree.text import Node
    from monitor.inventory.checks import CheckOptions, SnmpVersion
    from monitor.inventory.device_profile import DeviceProfiles

_VERSIONS: dict[str, SnmpVersion] = {"v1": "1", "v2c": "2c", "v3": "3"}
# The schedule needs the rest of the interval to finish and to start again.
_SHARE_OF_INTERVAL = 0.8


@dataclass(frozen=True, slots=True)
class Named:
    """What settings refer to by name: credentials and device profiles."""

    credentials: Mapping[str, CredentialRules]
    profiles: DeviceProfiles


@dataclass(frozen=True, slots=True)
class DeviceAddress:
    """A device's host, and the network of its site if it has one."""

    host: str
    network: IPNetwork | None = None


class Plans:
    """Makes the plans of the devices that share some layers of settings."""

    def __init__(
        self,
        layers: Sequence[Layer],
        address: DeviceAddress,
        named: Named,
        root: Node,
        findings: Findings,
    ) -> None:
        self._layers = layers
        self._host = address.host
        self._network = address.network
        self._credentials = named.credentials
        self._profiles = named.profiles
        self._root = root
        self._findings = findings

    def of_switch(self) -> tuple[CheckPlan, ...]:
        """Return the plans of a switch: pings at the switches' interval, interfaces, hardware."""
        merged = merge(self._layers, "icmp", IcmpRules)
        rules = merged.rules
        if rules.switch_interval < rules.interval and not merged.is_broken:
            self._findings.add(
                mark_of(self._root, merged.nearest_path("switch_interval", "interval")),
                f"switches are pinged every {rules.switch_interval:g}s, more often than their "
                f"uplink ({rules.interval:g}s)",
                f"allowed: switch_interval of {rules.interval:g}s and more",
            )
        ping = self.icmp(histogram=rules.switch_histogram)
        ping = replace(ping, interval=rules.switch_interval)
        interfaces = self.interfaces(is_router=False)
        return (ping,) if interfaces is None else (ping, interfaces, self._hardware(interfaces))

    def of_router(self) -> tuple[CheckPlan, ...]:
        """Return the plans of a router: pings, interfaces if it is read by SNMP, further checks."""
        interfaces = self.interfaces(is_router=True)
        polls = () if interfaces is None else (interfaces,)
        return (self.icmp(), *polls, *self.extras())

    def icmp(self, *, histogram: bool = True) -> CheckPlan:
        """Return the plan for rounds of pings."""
        merged = merge(self._layers, "icmp", IcmpRules)
        rules = merged.rules
        self._check_pace(merged)
        options = IcmpOptions(rules.packets, rules.spacing, rules.payload, rules.wait, histogram)
        keys = ("packets", "spacing", "wait", "timeout")
        self._check_fits(merged, options.round_seconds, "a round of pings", keys)
        return CheckPlan(CheckKind.ICMP, "icmp", rules.interval, rules.timeout, options)

    def interfaces(self, *, is_router: bool) -> CheckPlan | None:
        """Return the plan for polls of the interface tables, None without a credential."""
        merged = merge(self._layers, "interfaces", InterfacesRules)
        rules = merged.rules
        self._check_pace(merged)
        access = self._access(merged)
        uplink = rules.uplink if is_router and rules.uplink else None
        if rules.identity == "ifAlias" and not rules.alias and not merged.is_broken:
            self._findings.add(
                mark_of(self._root, merged.nearest_path("identity", "alias")),
                "interfaces cannot be identified by an ifAlias that is not exported",
                "set alias: true here, or identity to ifName, ifDescr or ifIndex",
            )
        if access is None:
            return None
        line = merge(self._layers, "line", LineRules).rules
        # Read to identify the line; not exported, because it may contain names of people.
        read_alias = (is_router and bool(line.if_alias)) or bool(rules.select.alias)
        options = InterfacesOptions(
            access, uplink, rules.alias, read_alias, rules.identity, _selection(rules), rules.unused
        )
        return CheckPlan(CheckKind.INTERFACES, "interfaces", rules.interval, rules.timeout, options)

    def _hardware(self, interfaces: CheckPlan) -> CheckPlan:
        """Return the plan for polls of the hardware, with the interfaces check's SNMP access."""
        merged = merge(self._layers, "hardware", HardwareRules)
        rules = merged.rules
        self._check_pace(merged)
        access = snmp_access([interfaces])
        assert access is not None  # noqa: S101  # interfaces have one
        if access.timeout * (access.retries + 1) <= interfaces.timeout:  # else reported there
            self._check_request(access, merged)
        if rules.profile and self._profiles.named(rules.profile) is None:
            names = sorted(profile.name for profile in self._profiles.profiles)
            self._findings.add(
                mark_of(self._root, merged.paths["profile"]),
                f"there is no device profile {rules.profile}",
                suggestion(rules.profile, names) or listed(names),
            )
        polled = interfaces.options
        assert isinstance(polled, InterfacesOptions)  # noqa: S101  # as of every such plan
        options = HardwareOptions(access, self._profiles, rules.profile or None, polled.unused)
        return CheckPlan(CheckKind.HARDWARE, "hardware", rules.interval, rules.timeout, options)

    def extras(self, layers: Sequence[Layer] | None = None) -> tuple[CheckPlan, ...]:
        """Return the plans of the further checks, of all layers or of those given."""
        found = merge_checks(self._layers if layers is None else layers)
        return tuple(self._extra(name, rules, path) for name, (rules, path) in found.items())

    def _access(self, interfaces: Merged[InterfacesRules]) -> SnmpAccess | None:
        """Return the device's SNMP access, None if no level configures SNMP."""
        merged = merge(self._layers, "snmp", SnmpRules)
        rules = merged.rules
        if not merged.is_broken and "credential" not in merged.paths:
            if merged.paths:
                self._findings.add(
                    mark_of(self._root, merged.nearest_path(*merged.paths)[:-1]),
                    "no SNMP credential",
                    "set snmp.credential here, in the profile or in defaults",
                )
            return None
        self._check_version(merged)
        access = SnmpAccess(
            version=_VERSIONS[rules.version],
            credential=rules.credential,
            engine=Engine(rules.engine),
            port=rules.port,
            timeout=rules.timeout,
            retries=rules.retries,
            user=user_of(self._credentials.get(rules.credential)),
        )
        self._check_request(access, interfaces)
        return access

    def _check_request(
        self, access: SnmpAccess, poll: Merged[InterfacesRules] | Merged[HardwareRules]
    ) -> None:
        """Add a problem if one request, with its retries, may take longer than the poll."""
        merged = merge(self._layers, "snmp", SnmpRules)
        needed = access.timeout * (access.retries + 1)
        if needed <= poll.rules.timeout or merged.is_broken or poll.is_broken:
            return
        section = "hardware" if isinstance(poll.rules, HardwareRules) else "interfaces"
        given = {**poll.paths, **merged.paths}
        path = max(
            (given[key] for key in ("timeout", "retries") if key in given),
            key=len,
            default=self._layers[0].path,
        )
        self._findings.add(
            mark_of(self._root, path),
            f"one SNMP request with its retries takes up to {needed:g}s",
            f"allowed: at most the time-out of {section} ({poll.rules.timeout:g}s)",
        )

    def _check_version(self, merged: Merged[SnmpRules]) -> None:
        """Add a problem if the credential does not match the version."""
        name, version = merged.rules.credential, merged.rules.version
        found = self._credentials.get(name)
        if found is None or merged.is_broken:
            return  # reported
        user = user_of(found)
        path = merged.nearest_path("version", "credential")
        if user is None and version == "v3":
            self._findings.add(
                mark_of(self._root, path),
                f"version v3 needs an SNMPv3 user, and credential {name} is a community",
                "name an entry of credentials that has a user, or set version to v2c",
            )
        elif user is not None and version != "v3":
            self._findings.add(
                mark_of(self._root, path),
                f"credential {name} is an SNMPv3 user, and the version is {version}",
                "set version: v3 here",
            )

    def _extra(self, name: str, rules: ExtraRules, path: Location) -> CheckPlan:
        given = {key: (*path, key) for key in rules.model_fields_set}
        self._check_share(rules, given, path)
        options: CheckOptions
        if isinstance(rules, HttpRules):
            options = HttpOptions(
                url=rules.url.replace(HOST_PLACEHOLDER, in_url(self._host)),
                status=tuple(rules.status),
                body=rules.body or None,
                redirects=rules.redirects,
                verify=rules.verify,
                ca_file=rules.ca_file or None,
                address=self._filled(rules.address) or None,
                network=None if self._network is None else str(self._network),
                old_tls=rules.old_tls,
            )
        elif isinstance(rules, DnsRules):
            options = DnsOptions(
                server=self._filled(rules.server),
                name=rules.name,
                record=rules.record,
                port=rules.port,
                expected=tuple(rules.expected),
            )
        else:
            options = TcpOptions(rules.port)
        return CheckPlan(CheckKind(rules.kind), name, rules.interval, rules.timeout, options)

    def _filled(self, host: str) -> str:
        return self._host if host == HOST_PLACEHOLDER else host

    def _check_pace(
        self, merged: Merged[IcmpRules] | Merged[InterfacesRules] | Merged[HardwareRules]
    ) -> None:
        if not merged.is_broken and ("interval" in merged.paths or "timeout" in merged.paths):
            path = merged.nearest_path("interval", "timeout")
            self._check_share(merged.rules, merged.paths, path)

    def _check_share(self, rules: PaceRules, given: dict[str, Location], path: Location) -> None:
        longest = rules.interval * _SHARE_OF_INTERVAL
        if rules.timeout > longest:
            at = path if path in given.values() else given.get("timeout", path)
            timeout, interval = (
                with_source(f"{seconds:g}s", given.get(key), at, self._root)
                for key, seconds in (("timeout", rules.timeout), ("interval", rules.interval))
            )
            self._findings.add(
                mark_of(self._root, at),
                f"a time-out of {timeout} is too long for an interval of {interval}",
                f"allowed: at most 80 % of it ({longest:g}s)",
            )

    def _check_fits(
        self, merged: Merged[IcmpRules], needed: float, what: str, keys: tuple[str, ...]
    ) -> None:
        longest = merged.rules.timeout * PROBE_SHARE
        if needed > longest and not merged.is_broken:
            self._findings.add(
                mark_of(self._root, merged.nearest_path(*keys)),
                f"{what} takes up to {needed:g}s",
                f"allowed: at most 95 % of its time-out ({longest:g}s)",
            )


def _selection(rules: InterfacesRules) -> InterfaceSelection:
    chosen = rules.select
    return InterfaceSelection(
        frozenset(chosen.types),
        frozenset(chosen.without_types),
        chosen.name,
        chosen.alias,
        chosen.admin,
    )
