"""Checks, their options and what they are run against: frozen values.

Must not know: YAML, sockets, or how a probe works.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from monitor.inventory.device_profile import DeviceProfiles
from monitor.inventory.interface_selection import EVERYTHING, InterfaceSelection, UnusedPorts
from monitor.inventory.site_key import SiteKey

if TYPE_CHECKING:
    from collections.abc import Iterable


SnmpVersion = Literal["1", "2c", "3"]


Identity = Literal["ifName", "ifDescr", "ifAlias", "ifIndex"]


# A probe's own deadline as a share of its check's time-out: the rest is for cleaning up.
PROBE_SHARE = 0.95


# How long a round of pings may wait for its turn among many others.
PACING_SECONDS = 0.1


# A dead device's walks are polled less and less often, down to this; pings never are.
BACK_OFF_LIMIT_SECONDS = 300.0


class Engine(StrEnum):
    """The SNMP implementation that polls a device."""

    NATIVE = "native"
    PYSNMP = "pysnmp"


class Role(StrEnum):
    """The role of a device at its site."""

    UPLINK = "uplink"
    SWITCH = "switch"
    REFERENCE = "reference"


class CheckKind(StrEnum):
    """The kinds of checks; each has one file in `monitor/probes/`."""

    ICMP = "icmp"
    INTERFACES = "interfaces"
    HARDWARE = "hardware"
    TCP = "tcp"
    HTTP = "http"
    DNS = "dns"


BACK_OFF_KINDS = frozenset({CheckKind.INTERFACES, CheckKind.HARDWARE})


@dataclass(frozen=True, slots=True)
class SnmpUser:
    """An SNMPv3 user without its passwords; a protocol that it does not use is empty."""

    name: str
    auth: str = ""
    priv: str = ""
    context: str = ""


@dataclass(frozen=True, slots=True)
class SnmpAccess:
    """How to access a device by SNMP; `user` is set for version 3 only.

    The credential's secret is the community, or the two of `password_names`.
    """

    version: SnmpVersion
    credential: str
    engine: Engine = Engine.NATIVE
    port: int = 161
    timeout: float = 2.0
    retries: int = 1
    user: SnmpUser | None = None

    @property
    def is_insecure(self) -> bool:
        """Return whether the traffic can be read by others: all but version 3 with encryption."""
        return self.user is None or not self.user.priv


def password_names(credential: str) -> tuple[str, str]:
    """Return the names under which an SNMPv3 user's secrets are kept: for auth, for priv."""
    return f"{credential}.auth_password", f"{credential}.priv_password"


def snmp_access(plans: Iterable[CheckPlan]) -> SnmpAccess | None:
    """Return the SNMP access of a device with these checks, None if it has none."""
    options = (plan.options for plan in plans)
    found = (option.access for option in options if isinstance(option, SNMP_OPTIONS))
    return next(found, None)


@dataclass(frozen=True, slots=True)
class IcmpOptions:
    """One round of echo requests: how many, how far apart (seconds), how large (bytes).

    `histogram` exports the round-trip times as a histogram.
    """

    packets: int = 5
    spacing: float = 0.2
    payload: int = 56
    wait: float = 2.0
    histogram: bool = True

    @property
    def round_seconds(self) -> float:
        """Return how long a round takes at most if nothing answers, in seconds."""
        return (self.packets - 1) * self.spacing + self.wait + PACING_SECONDS


@dataclass(frozen=True, slots=True)
class InterfacesOptions:
    """One poll of a device's system group and interface tables.

    `uplink_interface` is the ifName of the interface towards the provider, on routers.
    `alias` exports ifAlias, which may contain names of people and is off by default; `read_alias`
    reads it without exporting it. `identity` is the column that labels an interface's series, if
    it is unique on the device. `select` says which interfaces are exported, `unused` how much of
    a port that is down and carries no traffic.
    """

    access: SnmpAccess
    uplink_interface: str | None = None
    alias: bool = False
    read_alias: bool = False
    identity: Identity = "ifName"
    select: InterfaceSelection = EVERYTHING
    unused: UnusedPorts = "status"


@dataclass(frozen=True, slots=True)
class HardwareOptions:
    """One poll of a switch's hardware: power over Ethernet, sensors, spanning tree.

    `profile` names the one of `profiles` that is used; without it, the one for the device's
    sysObjectID. `unused` of `status` omits the power of ports that feed no device.
    """

    access: SnmpAccess
    profiles: DeviceProfiles = field(default_factory=DeviceProfiles)
    profile: str | None = None
    unused: UnusedPorts = "status"


SNMP_OPTIONS = (InterfacesOptions, HardwareOptions)
"""The options of checks that speak SNMP; each has an `access`."""


@dataclass(frozen=True, slots=True)
class TcpOptions:
    """One TCP connection to `port`."""

    port: int


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """One HTTP(S) request to `url`, and the expected response.

    `status` lists the accepted codes, `body` is a regular expression that must match,
    `address` is connected to instead of the URL's host (name and certificate are unchanged).
    `ca_file` is trusted instead of the system's store. `network` is the one that the device is in:
    redirects may lead there although it is private. `old_tls` accepts broken parameters: TLS 1.0,
    RSA key exchange, short keys.
    """

    url: str
    status: tuple[int, ...] = (200,)
    body: str | None = None
    redirects: int = 5
    verify: bool = True
    address: str | None = None
    ca_file: str | None = None
    network: str | None = None
    old_tls: bool = False


@dataclass(frozen=True, slots=True)
class DnsOptions:
    """One DNS query for `name` and `record` to `server`; `expected` are the only valid answers."""

    server: str
    name: str
    record: str = "A"
    port: int = 53
    expected: tuple[str, ...] = ()


CheckOptions = (
    IcmpOptions | InterfacesOptions | HardwareOptions | TcpOptions | HttpOptions | DnsOptions
)


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a check: a site's device, or an outside reference (school and site empty).

    `site_key` is computed once, because every observation looks up its site.
    """

    school: str
    site: str
    device: str
    role: Role
    host: str
    site_key: SiteKey = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "site_key", SiteKey(self.school, self.site))


@dataclass(frozen=True, slots=True)
class Check:
    """One unit of work for the schedule; equal checks are the same check across reloads.

    `name` is unique on the device and is the module name of `/probe`. `id` is
    `school/site/device/name`, unique within an inventory and stable over time.
    """

    kind: CheckKind
    name: str
    target: Target
    interval: float
    timeout: float
    options: CheckOptions
    id: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        target = self.target
        id_ = f"{target.site_key}/{target.device}/{self.name}"
        object.__setattr__(self, "id", id_)


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """The plan of one check of a device: its kind, name, interval (seconds) and options."""

    kind: CheckKind
    name: str
    interval: float
    timeout: float
    options: CheckOptions
