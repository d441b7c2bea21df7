"""What there is to watch: schools, sites, uplinks, switches, and the checks that follow.

Everything is frozen and free of I/O. Times are seconds, rates are bit/s, instants are
aware UTC datetimes. An inventory is built by `monitor.config` and never changes; a
reload builds another one, and the schedule compares their checks.

Must not know: YAML, sockets, results.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from monitor.inventory.device_profile import DeviceProfiles
from monitor.inventory.interface_selection import EVERYTHING, InterfaceSelection, UnusedPorts
from monitor.inventory.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date, datetime, time

SnmpVersion = Literal["1", "2c", "3"]
Identity = Literal["ifName", "ifDescr", "ifAlias", "ifIndex"]
MilestoneStage = Literal["planned", "ordered", "built", "reported"]

# A probe's own deadline, as a share of its check's time-out: the rest is for putting things away.
PROBE_SHARE = 0.95
# What a round of pings may take beyond its spacing and its wait: its turn among many others.
PACING_SECONDS = 0.1


# A dead device's walks are asked for less and less often, down to this; never its pings.
BACK_OFF_LIMIT_SECONDS = 300.0


class Engine(StrEnum):
    """Which SNMP implementation talks to a device."""

    NATIVE = "native"
    PYSNMP = "pysnmp"


class Role(StrEnum):
    """What a device is to its site."""

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
    """How to speak SNMP with one device; `user` holds for version 3, and for no other.

    The credential's secret is the community, or those that `password_names` tells of.
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
        """Return whether others can read along: all but version 3 with encryption."""
        return self.user is None or not self.user.priv


def password_names(credential: str) -> tuple[str, str]:
    """Return under which names the secrets of an SNMPv3 user are kept: of auth, of priv."""
    return f"{credential}.auth_password", f"{credential}.priv_password"


def snmp_access(plans: Iterable[CheckPlan]) -> SnmpAccess | None:
    """Return how a device with these checks is read by SNMP, None if it is not."""
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
        """Return how long a round takes at most when nothing answers."""
        return (self.packets - 1) * self.spacing + self.wait + PACING_SECONDS


@dataclass(frozen=True, slots=True)
class InterfacesOptions:
    """One poll of a device's system group and interface tables.

    `uplink_interface` is the ifName of the interface towards the provider, on routers.
    `alias` exports ifAlias, which may hold names of people and is off by default; `read_alias`
    reads it and exports nothing. `identity` is what an interface's series are known by, where
    it tells the device's interfaces apart. `select` says which interfaces are exported, `unused`
    how much of a port that is down and carries nothing.
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

    `profile` names the one of `profiles` by which the switch's make is read; without, it is
    the one for its sysObjectID. `unused` of `status` leaves out the power of ports that feed none.
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
    """One HTTP(S) request to `url`, and what its answer must look like.

    `status` lists the accepted codes, `body` is a regular expression that must match,
    `address` connects there instead of to the URL's host (name and certificate stay).
    `ca_file` is trusted instead of the system's store. `network` is that of the device's place:
    redirects may lead there although it is private. `old_tls` accepts what is broken: TLS 1.0,
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
    """One DNS query for `name` and `record` to `server`; `expected` answers if any are given."""

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
    """Whom a check asks: a device of a site, or a reference outside (school and site empty)."""

    school: str
    site: str
    device: str
    role: Role
    host: str


@dataclass(frozen=True, slots=True)
class Check:
    """One line of work for the schedule; equal checks are the same check across reloads.

    `name` tells a device's checks apart and is the module name of `/probe`. `id` is
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
        id_ = f"{target.school}/{target.site}/{target.device}/{self.name}"
        object.__setattr__(self, "id", id_)


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """How one check of a device is done: its kind, name, pace (seconds) and options."""

    kind: CheckKind
    name: str
    interval: float
    timeout: float
    options: CheckOptions


@dataclass(frozen=True, slots=True)
class Contract:
    """What the provider owes: rates in bit/s, availability as a ratio of the month.

    `hours` says when the availability is owed: round the clock, or in lesson hours only.
    """

    provider: str
    down_bps: int
    up_bps: int
    normal_down_bps: int
    normal_up_bps: int
    minimum_down_bps: int
    minimum_up_bps: int
    availability: float
    hours: Literal["always", "lessons"] = "always"
    reference: str = ""


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """How the right line is told from an old one; what is empty is not looked at.

    `sys_name` is the router's whole sysName, `if_alias` a part of its uplink's ifAlias,
    `address` the network that the answering address lies in.
    """

    sys_name: str = ""
    if_alias: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Throughput:
    """How an uplink's rate is tested, and how much of it a test may take.

    iperf3 asks `host` and `port`; http downloads `url` and uploads to `upload_url`. Each
    direction takes `warm_up` + `seconds` seconds. `bytes_per_day` caps the payload of a site's
    tests in a local day. `slot` says who shares the one test at a time: the whole city, or the
    sites of one provider. `max_load` is the others' share of the contracted rate from which on
    no test may run.
    """

    method: Literal["iperf3", "http"]
    host: str = ""
    port: int = 5201
    url: str = ""
    upload_url: str = ""
    streams: int = 8
    seconds: float = 10.0
    warm_up: float = 1.0
    bytes_per_day: int = 40_000_000_000
    slot: Literal["city", "provider"] = "city"
    max_load: float = 0.05


@dataclass(frozen=True, slots=True)
class Uplink:
    """A site's broadband line, seen at its router."""

    host: str
    contract: Contract
    checks: tuple[CheckPlan, ...]
    interface: str | None = None
    device: str = "router"
    expected: ExpectedLine = ExpectedLine()
    throughput: Throughput | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Switch:
    """A managed switch of a site."""

    name: str
    host: str
    checks: tuple[CheckPlan, ...]
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Location:
    """WGS84 coordinates in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Milestone:
    """A step of the roll-out that a person vouches for: what, when, by which document."""

    stage: MilestoneStage
    day: date
    reference: str


@dataclass(frozen=True, slots=True)
class Site:
    """One location of a school; `main` where there is one."""

    id: str
    location: Location
    uplink: Uplink
    switches: tuple[Switch, ...]
    milestones: tuple[Milestone, ...] = ()
    lot: str = ""
    programme: str = ""


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """A spell in which failures are expected: aware UTC instants, the end excluded."""

    starts: datetime
    ends: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class School:
    """A school: slug, official number, real name, type, district, and its sites.

    `number` is empty for a school without one. `classes` is how many classes it has, None where
    nobody said. `days_off` are its own days without lessons, beside the city's.
    """

    id: str
    number: str
    name: str
    type: str
    district: str
    sites: tuple[Site, ...]
    maintenance: tuple[MaintenanceWindow, ...] = ()
    classes: int | None = None
    days_off: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class LessonPeriod:
    """Local wall-clock hours of lessons on some weekdays (Monday is 0), the end excluded."""

    weekdays: tuple[int, ...]
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class Holidays:
    """One spell of school holidays, first and last day included."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Calendar:
    """The city's time zone, its country and state for holidays, lessons per school type.

    `country` is ISO 3166-1, `state` as ISO 3166-2 has it, with or without the country. `holidays`
    are the city's own list, `days_off` single days without lessons.
    """

    timezone: str
    state: str
    lessons: Mapping[str, tuple[LessonPeriod, ...]]
    country: str = "DE"
    holidays: tuple[Holidays, ...] = ()
    days_off: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class CredentialSource:
    """Where a secret is read from, never the secret: a file's path or a variable's name.

    `min_bytes` is how long it has to be.
    """

    kind: Literal["file", "environment"]
    place: str
    min_bytes: int = 1


@dataclass(frozen=True, slots=True)
class Reference:
    """A target outside the city's schools; all of them silent means our own line is dead.

    `provider` is the name of the provider whose hand-over router it is, empty for any other.
    """

    name: str
    host: str
    checks: tuple[CheckPlan, ...]
    provider: str = ""


class Criterion(StrEnum):
    """What a line has to carry to be verified."""

    CONTRACT = "contract"
    GIGABIT = "gigabit"
    PER_CLASS = "per-class"


@dataclass(frozen=True, slots=True)
class Goal:
    """The goal of connecting schools: which, how well, how many, until when.

    `denominator` is how many `unit` the goal speaks of, whatever the file lists. `types` and
    `schools` (ids) narrow the goal down where they are given.
    """

    name: str
    criterion: Criterion
    target: date
    denominator: int
    unit: Literal["schools", "sites"]
    source: str
    types: tuple[str, ...] = ()
    schools: tuple[str, ...] = ()

    def covers(self, school: School) -> bool:
        """Return whether the goal speaks of a school."""
        of_type = not self.types or school.type in self.types
        return of_type and (not self.schools or school.id in self.schools)


@dataclass(frozen=True, slots=True)
class ReportedEntry:
    """What was said of a goal on a day, and the text that says so; in the goal's unit.

    `value` is what was reached in all until `day`, `planned` what had been promised in all by then:
    granted, announced, budgeted. None is not said; at least one of the two is.
    """

    day: date
    value: float | None
    source: str
    planned: float | None = None


@dataclass(frozen=True, slots=True)
class ReportedGoal:
    """A goal that nobody here measures: others report it, days rising.

    `target` is in `unit`, until the end of `target_day`; None where none was named. `source`
    says who set the goal.
    """

    id: str
    name: str
    unit: str
    source: str
    entries: tuple[ReportedEntry, ...]
    target: float | None = None
    target_day: date | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that is configured, in the file's order; `runbooks` is where they are read."""

    city: str
    calendar: Calendar
    credentials: Mapping[str, CredentialSource]
    references: tuple[Reference, ...]
    schools: tuple[School, ...]
    goal: Goal | None = None
    reported_goals: tuple[ReportedGoal, ...] = ()
    runbooks: str = ""

    def school(self, school_id: str) -> School | None:
        """Return the school with that id, or None."""
        return next((school for school in self.schools if school.id == school_id), None)

    def checks(self) -> Iterator[Check]:
        """Yield every check: each site's uplink, its switches, then the references."""
        for school in self.schools:
            yield from checks_of_school(school)
        for reference in self.references:
            target = Target("", "", reference.name, Role.REFERENCE, reference.host)
            yield from _checks(target, reference.checks)


def insecure_devices(inventory: Inventory) -> int:
    """Return how many devices are read by SNMP so that others can read along."""
    sites = [site for school in inventory.schools for site in school.sites]
    plans = [site.uplink.checks for site in sites]
    plans += [switch.checks for site in sites for switch in site.switches]
    accesses = [snmp_access(checks) for checks in plans]
    return sum(access.is_insecure for access in accesses if access is not None)


def checks_of_school(school: School) -> Iterator[Check]:
    """Yield the checks of one school: per site the uplink's, then each switch's."""
    for site in school.sites:
        uplink = site.uplink
        target = Target(school.id, site.id, uplink.device, Role.UPLINK, uplink.host)
        yield from _checks(target, uplink.checks)
        for switch in site.switches:
            target = Target(school.id, site.id, switch.name, Role.SWITCH, switch.host)
            yield from _checks(target, switch.checks)


def _checks(target: Target, plans: tuple[CheckPlan, ...]) -> Iterator[Check]:
    for plan in plans:
        yield Check(plan.kind, plan.name, target, plan.interval, plan.timeout, plan.options)
