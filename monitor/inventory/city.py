"""What is monitored: schools, sites, uplinks, switches, and the resulting checks.

Everything is frozen and free of I/O. Times are seconds, rates are bit/s, instants are
aware UTC datetimes. An inventory is built by `monitor.config` and never changes; a
reload builds another one, and the schedule compares their checks.

Must not know: YAML, sockets, results.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from monitor.inventory.checks import Check, CheckPlan, Role, Target, snmp_access
from monitor.inventory.limits import Limits
from monitor.inventory.site_key import SiteKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime, time

    from monitor.inventory.checks import SnmpAccess

NO_CITY: Final = "Schulnetz"
"""The city's name if the configuration has none."""

MilestoneStage = Literal["planned", "ordered", "built", "reported"]


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
    """How to distinguish the right line from an old one; empty fields are not checked.

    `sys_name` is the router's full sysName, `if_alias` a part of its uplink's ifAlias,
    `address` the network of the answering address.
    """

    sys_name: str = ""
    if_alias: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Throughput:
    """How to test an uplink's rate, and how much capacity a test may use.

    iperf3 uses `host` and `port`; http downloads `url` and uploads to `upload_url`. Each
    direction takes `warm_up` + `seconds` seconds. `bytes_per_day` caps the payload of a site's
    tests in a local day. `slot` is the scope in which one test at a time may run: the whole city,
    or the sites of one provider. `max_load` is the cross traffic as a share of the contracted
    rate from which no test may run.
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
    """A site's broadband line, seen at its router; `contract` is None if no contract is known."""

    host: str
    contract: Contract | None
    checks: tuple[CheckPlan, ...]
    interface: str | None = None
    device: str = "router"
    expected: ExpectedLine = ExpectedLine()
    throughput: Throughput | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def provider(self) -> str:
        """Return the provider that the contract names, empty without a contract."""
        return "" if self.contract is None else self.contract.provider

    @property
    def is_owed_in_lessons_only(self) -> bool:
        """Return whether the contract owes lesson hours only."""
        return self.contract is not None and self.contract.hours == "lessons"


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
    """A step of the roll-out that a person attests: what, when, by which document."""

    stage: MilestoneStage
    day: date
    reference: str


@dataclass(frozen=True, slots=True)
class Site:
    """One place of a school, `main` if it is the only one; its location if known."""

    id: str
    location: Location | None
    uplink: Uplink
    switches: tuple[Switch, ...]
    milestones: tuple[Milestone, ...] = ()
    lot: str = ""
    programme: str = ""


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """A period in which failures are expected: aware UTC instants, the end excluded."""

    starts: datetime
    ends: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class School:
    """A school: slug, official number, real name, type, district, and its sites.

    `number`, `type` and `district` are empty for a school without one. `classes` is the number of
    classes, None if unknown. `days_off` are its own days without lessons, in addition to the
    city's.
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

    def key(self, site: Site) -> SiteKey:
        """Return the key of one of its sites."""
        return SiteKey(self.id, site.id)


@dataclass(frozen=True, slots=True)
class LessonPeriod:
    """Local wall-clock hours of lessons on some weekdays (Monday is 0), the end excluded."""

    weekdays: tuple[int, ...]
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class Holidays:
    """One period of school holidays, first and last day included."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Calendar:
    """The city's time zone, its country and state for holidays, lessons per school type.

    `country` is ISO 3166-1, `state` is from ISO 3166-2, with or without the country. `holidays`
    are the city's own list, `days_off` single days without lessons. `is_machine_zone` says that the
    time zone is the machine's, because the file names none.
    """

    timezone: str
    state: str
    lessons: Mapping[str, tuple[LessonPeriod, ...]]
    country: str = "DE"
    holidays: tuple[Holidays, ...] = ()
    days_off: frozenset[date] = frozenset()
    is_machine_zone: bool = False


@dataclass(frozen=True, slots=True)
class CredentialSource:
    """Where a secret is read from, never the secret: a file's path or a variable's name.

    `min_bytes` is its minimum length.
    """

    kind: Literal["file", "environment"]
    place: str
    min_bytes: int = 1


@dataclass(frozen=True, slots=True)
class Reference:
    """A target outside the city's schools; if all of them are silent, our own line is down.

    `provider` is the name of the provider whose hand-over router it is, empty for any other.
    """

    name: str
    host: str
    checks: tuple[CheckPlan, ...]
    provider: str = ""


class Criterion(StrEnum):
    """What a line must carry to be verified."""

    CONTRACT = "contract"
    GIGABIT = "gigabit"
    PER_CLASS = "per-class"


@dataclass(frozen=True, slots=True)
class Goal:
    """The goal of connecting schools: which ones, by which criterion, how many, until when.

    `denominator` is the goal's number of `unit`, whatever the file lists. `types` and
    `schools` (ids) restrict the goal if given.
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
        """Return whether the goal includes a school."""
        of_type = not self.types or school.type in self.types
        return of_type and (not self.schools or school.id in self.schools)


@dataclass(frozen=True, slots=True)
class ReportedEntry:
    """A published statement about a goal on a day, with its source; in the goal's unit.

    `value` is the total reached until `day`, `planned` the total promised by then: granted,
    announced, budgeted. None means not stated; at least one of the two is stated.
    """

    day: date
    value: float | None
    source: str
    planned: float | None = None


@dataclass(frozen=True, slots=True)
class ReportedGoal:
    """A goal that others measure and report; its entries are in ascending order of days.

    `target` is in `unit`, until the end of `target_day`; None if not stated. `source`
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
    """The whole configuration, in the file's order; `runbooks` is the base URL of the runbooks.

    `has_end_mark` says that the file was seen to be complete. `providers` has the name of each
    provider by its key in the file. Of the daemon of a `shard`, such as 1/2, `schools` are its own,
    and `elsewhere` has the shard of each other one by the school's id.
    """

    city: str
    calendar: Calendar
    credentials: Mapping[str, CredentialSource]
    references: tuple[Reference, ...]
    schools: tuple[School, ...]
    goal: Goal | None = None
    reported_goals: tuple[ReportedGoal, ...] = ()
    runbooks: str = ""
    has_end_mark: bool = True
    providers: Mapping[str, str] = field(default_factory=dict)
    shard: str = ""
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    def school(self, school_id: str) -> School | None:
        """Return the school with that id, or None."""
        return next((school for school in self.schools if school.id == school_id), None)

    def sites(self) -> Iterator[tuple[School, Site]]:
        """Yield every site after its school, in the file's order."""
        for school in self.schools:
            for site in school.sites:
                yield school, site

    def checks(self) -> Iterator[Check]:
        """Yield every check: each site's uplink, its switches, then the references."""
        for school in self.schools:
            yield from checks_of_school(school)
        for reference in self.references:
            target = Target("", "", reference.name, Role.REFERENCE, reference.host)
            yield from _checks(target, reference.checks)


def insecure_accesses(inventory: Inventory) -> list[SnmpAccess]:
    """Return the SNMP access of each device that is read without encryption."""
    sites = [site for _, site in inventory.sites()]
    plans = [site.uplink.checks for site in sites]
    plans += [switch.checks for site in sites for switch in site.switches]
    accesses = [snmp_access(checks) for checks in plans]
    return [access for access in accesses if access is not None and access.is_insecure]


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
