"""The shape of the configuration file: every key, its type, its default.

Settings are allowed in `defaults`, a profile, a school and a site; each level only sets what
differs, so most keys have a default or none here, and `merge.py` finds the value that applies.

Must not know: positions, merging, or rules across keys.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from monitor.config.shape.base import Rules
from monitor.config.shape.checks import Checks, HardwareRules, IcmpRules, InterfacesRules, SnmpRules
from monitor.config.shape.credentials import CredentialRules
from monitor.config.shape.degraded import DegradedRules
from monitor.config.shape.device_profiles import DeviceProfileRules
from monitor.config.shape.fields import (
    Country,
    Day,
    DeviceName,
    EntryName,
    Host,
    Hours,
    Instant,
    IPNetwork,
    Latitude,
    Longitude,
    Network,
    Percent,
    Rate,
    SchoolNumber,
    Slug,
    Text,
    Url,
)
from monitor.config.shape.goals import GoalsRules
from monitor.config.shape.throughput import ThroughputRules
from monitor.inventory.city import NO_CITY


def _no_network() -> IPNetwork:
    # Never used: callers first check whether a network was given.
    return ip_network("0.0.0.0/32")


# Limit for lists of days and holidays: more is a mistake, and slow to read.
_MOST_DAYS = 500


class HolidaysRules(Rules):
    """A period of school holidays."""

    name: Text
    """Name of the holidays."""
    first: Day = Field(alias="from")
    """First day without lessons."""
    last: Day = Field(alias="to")
    """Last day without lessons."""


class CityRules(Rules):
    """The city that owns the schools."""

    name: Text = NO_CITY
    """Name of the city."""
    timezone: Text = Field(default_factory=str)
    """Time zone of days, lessons and maintenance windows (IANA name); by default the machine's."""
    country: Country = "DE"
    """Country, for its public holidays (ISO 3166-1)."""
    state: Text = Field(default_factory=str)
    """State, for its holidays (ISO 3166-2 without the country)."""
    holidays: Annotated[list[HolidaysRules], Field(max_length=_MOST_DAYS)] = Field(
        default_factory=list
    )
    """School holidays in addition to the shipped ones, or if none are shipped."""
    days_off: Annotated[list[Day], Field(max_length=_MOST_DAYS)] = Field(default_factory=list)
    """Days on which no school has lessons, in addition to all holidays."""
    runbooks: Url = Field(default_factory=str)
    """Base URL of the runbooks, without `/UplinkDown.md`."""


class ProviderRules(Rules):
    """A company that sells uplinks; without persons."""

    name: Text
    """Name for reports and labels."""


class ContractRules(Rules):
    """What the provider owes."""

    provider: EntryName = Field(default_factory=str)
    """Entry of `providers` that owes it."""
    down: Rate = Field(default_factory=int)
    """Contracted rate towards the school."""
    up: Rate = Field(default_factory=int)
    """Contracted rate from the school."""
    normal_down: Rate = Field(default_factory=int)
    """Rate normally available towards the school."""
    normal_up: Rate = Field(default_factory=int)
    """Rate normally available from the school."""
    minimum_down: Rate = Field(default_factory=int)
    """Guaranteed minimum towards the school."""
    minimum_up: Rate = Field(default_factory=int)
    """Guaranteed minimum from the school."""
    availability: Percent = Field(default_factory=float)
    """Owed share of the month."""
    hours: Literal["always", "lessons"] = "always"
    """When the availability is owed."""
    reference: Text = Field(default_factory=str)
    """Contract number or document."""


class LineRules(Rules):
    """How to distinguish the right line from an old one; all given values must be seen."""

    sys_name: Text = Field(default_factory=str)
    """The router's sysName."""
    if_alias: Text = Field(default_factory=str)
    """Part of the ifAlias of the router's interface towards the provider."""
    address: Network = Field(default_factory=_no_network)
    """Network of the answering address."""


class Settings(Rules):
    """Settings of every level; the innermost level wins, key by key."""

    snmp: SnmpRules = Field(default_factory=SnmpRules)
    """How devices are read by SNMP."""
    icmp: IcmpRules = Field(default_factory=IcmpRules)
    """How uplinks are pinged."""
    interfaces: InterfacesRules = Field(default_factory=InterfacesRules)
    """How interface tables are polled."""
    hardware: HardwareRules = Field(default_factory=HardwareRules)
    """How often a switch's hardware is read."""
    contract: ContractRules = Field(default_factory=ContractRules)
    """What the provider of the uplink owes, key by key."""
    line: LineRules = Field(default_factory=LineRules)
    """How to identify the right line, key by key."""
    throughput: ThroughputRules = Field(default_factory=ThroughputRules)
    """How the uplink's rate is tested, key by key."""
    degraded: DegradedRules = Field(default_factory=DegradedRules)
    """Limits beyond which an answering device is degraded, key by key."""
    checks: Checks = Field(default_factory=dict)
    """Further checks of the uplink by name; `null` removes one set at an outer level."""


class ProfileRules(Settings):
    """Settings that schools of one kind share."""

    switches: Annotated[int, Field(ge=0, le=200)] = Field(default_factory=int)
    """Number of switches of a site that does not set it itself."""


class ReferenceRules(Rules):
    """A target outside the schools that proves that the monitor's own line works."""

    name: Slug
    """Name of the reference."""
    host: Host
    """Address or host name."""
    provider: EntryName = Field(default_factory=str)
    """Entry of `providers` whose hand-over router it is; at least two references have none."""
    icmp: IcmpRules = Field(default_factory=IcmpRules)
    """How it is pinged, where different from `defaults`."""
    checks: Checks = Field(default_factory=dict)
    """Further checks by name."""


class LessonRules(Rules):
    """Hours of lessons on some weekdays."""

    weekdays: Annotated[
        list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Field(min_length=1)
    ]
    """Days of the week."""
    hours: Hours
    """Local hours, the end excluded."""


class SwitchRules(Rules):
    """A managed switch."""

    name: DeviceName
    """Name of the device, unique in its site."""
    host: Host
    """Address or host name."""
    snmp: SnmpRules = Field(default_factory=SnmpRules)
    """How it is read, where different from its site."""
    degraded: DegradedRules = Field(default_factory=DegradedRules)
    """Limits for degraded, where different from its site."""
    interfaces: InterfacesRules = Field(default_factory=InterfacesRules)
    """How its interface tables are polled, where different from its site."""


def _switches_kind(value: object) -> str:
    return "list" if isinstance(value, list) else "count"


Switches = Annotated[
    Annotated[Annotated[int, Field(ge=0, le=200)], Tag("count")]
    | Annotated[list[SwitchRules], Tag("list")],
    Discriminator(_switches_kind),
]


class MaintenanceRules(Rules):
    """A period in which failures are expected."""

    starts: Instant
    """Start; in the city's time zone if no offset is given."""
    ends: Instant
    """End, excluded."""
    reason: Text
    """Reason, as displayed."""


class MilestoneRules(Rules):
    """A step of the roll-out that a person attests."""

    stage: Literal["planned", "ordered", "built", "reported"]
    """Which step."""
    day: Day
    """Day on which it was reached."""
    reference: Text
    """Document that proves it."""


class Placed(Settings):
    """The equipment of one place: a router, switches, and the line."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["network"]}, {"required": ["router"]}]}
    )

    location: Annotated[tuple[Latitude, Longitude] | None, Field(strict=False)] = None
    """Latitude and longitude in degrees (WGS84), for maps."""
    network: Network = Field(default_factory=_no_network)
    """Address block: the router has its 1st address, counted switches the 11th and following."""
    router: Host = Field(default_factory=str)
    """Router's address or host name, if it is not the network's 1st address."""
    switches: Switches = Field(default_factory=int)
    """Number of switches, or a list of them."""
    profile: EntryName = Field(default_factory=str)
    """Entry of `profiles` that applies."""
    milestones: list[MilestoneRules] = Field(default_factory=list)
    """Steps of the roll-out reached so far, in order."""
    lot: Text = Field(default_factory=str)
    """Lot of the tender."""
    programme: Text = Field(default_factory=str)
    """Funding programme."""


class SiteRules(Placed):
    """One of several places of a school."""

    id: Slug
    """Short name, unique in the school."""


class Identity(Rules):
    """The identity of a school."""

    id: Slug
    """Short name, unique in the file, for good: the label in metrics, the name in the ledger."""
    number: SchoolNumber = Field(default_factory=str)
    """Official school number, in quotes; omitted if there is none."""
    name: Text = Field(default_factory=str)
    """Full name; by default, derived from the id."""
    type: Text = Field(default_factory=str)
    """Type of school; an entry of `lessons` if there are lessons."""
    district: Text = Field(default_factory=str)
    """District of the city, omitted if unknown."""
    maintenance: list[MaintenanceRules] = Field(default_factory=list)
    """Maintenance windows."""
    days_off: Annotated[list[Day], Field(max_length=_MOST_DAYS)] = Field(default_factory=list)
    """The school's own days without lessons (*bewegliche Ferientage*)."""
    classes: Annotated[int, Field(ge=1, le=500)] = Field(default_factory=int)
    """Number of classes, for the criterion `per-class`."""


class SchoolRules(Placed, Identity):
    """A school at one place."""


class SchoolWithSitesRules(Settings, Identity):
    """A school at several places."""

    profile: EntryName = Field(default_factory=str)
    """Entry of `profiles` for sites that name none."""
    lot: Text = Field(default_factory=str)
    """Lot of the tender, for sites that name none."""
    programme: Text = Field(default_factory=str)
    """Funding programme, for sites that name none."""
    sites: Annotated[list[SiteRules], Field(min_length=1)]
    """The places."""


def _school_kind(value: object) -> str:
    return "sites" if isinstance(value, dict) and "sites" in value else "one"


AnySchool = Annotated[
    Annotated[SchoolRules, Tag("one")] | Annotated[SchoolWithSitesRules, Tag("sites")],
    Discriminator(_school_kind),
]


class Document(Rules):
    """The whole file."""

    version: Literal[1] = 1
    """Version of this format."""
    city: CityRules = Field(default_factory=CityRules)
    """The city, its time zone and its holidays."""
    credentials: dict[Slug, CredentialRules] = Field(default_factory=dict)
    """Communities and SNMPv3 users by name: the sources of secrets, never a secret."""
    providers: dict[Slug, ProviderRules] = Field(default_factory=dict)
    """Companies that sell uplinks, by short name."""
    references: Annotated[list[ReferenceRules], Field(min_length=3)] = Field(default_factory=list)
    """Targets outside the schools, at least three if there are any."""
    lessons: dict[Text, list[LessonRules]] = Field(default_factory=dict)
    """Hours of lessons, by type of school."""
    defaults: Settings = Field(default_factory=Settings)
    """Settings for all."""
    profiles: dict[Slug, ProfileRules] = Field(default_factory=dict)
    """Settings by kind of school."""
    device_profiles: Annotated[dict[Slug, DeviceProfileRules], Field(max_length=100)] = Field(
        default_factory=dict
    )
    """Readings of some vendors' switches, in addition to the shipped profiles."""
    goals: GoalsRules = Field(default_factory=GoalsRules)
    """The goals of the roll-out."""
    schools: Annotated[list[AnySchool], Field(min_length=1, max_length=5000)]
    """All schools."""
