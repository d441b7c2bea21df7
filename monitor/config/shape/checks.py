"""The shape of checks: kinds, options, intervals.

Must not know: positions, merging, or rules across keys.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from monitor.config.shape.base import Rules
from monitor.config.shape.fields import (
    CheckName,
    DnsName,
    EntryName,
    Expression,
    FilePath,
    HostOrPlaceholder,
    Interval,
    Port,
    Spacing,
    Text,
    Timeout,
    Url,
)
from monitor.config.shape.select import SelectRules


class SnmpRules(Rules):
    """How to read a device by SNMP."""

    credential: EntryName = Field(default_factory=str)
    """Entry of `credentials` with the community or the user."""
    version: Literal["v1", "v2c", "v3"] = "v2c"
    """SNMP version."""
    engine: Literal["native", "pysnmp"] = "native"
    """SNMP implementation that is used for the device."""
    port: Port = 161
    """UDP port."""
    timeout: Timeout = Field(default="2s", validate_default=True)
    """Wait for one reply."""
    retries: Annotated[int, Field(ge=0, le=10)] = 1
    """Further attempts after a time-out."""


class PaceRules(Rules):
    """How often a check runs, and how long it may take."""

    interval: Interval = Field(default="60s", validate_default=True)
    """From one run's start to the next."""
    timeout: Timeout = Field(default="10s", validate_default=True)
    """Deadline of one run, at most 80 % of the interval."""


class IcmpRules(PaceRules):
    """One round of pings."""

    interval: Interval = Field(default="10s", validate_default=True)
    """From one round's start to the next, for uplinks and references."""
    timeout: Timeout = Field(default="5s", validate_default=True)
    """Deadline of one round, at most 80 % of the interval."""
    switch_interval: Interval = Field(default="60s", validate_default=True)
    """From one round's start to the next, for switches; not shorter than the interval."""
    switch_histogram: bool = False
    """Whether round-trip times of switches are exported as a histogram, too."""
    packets: Annotated[int, Field(ge=1, le=100)] = 5
    """Echo requests in a round."""
    spacing: Spacing = Field(default="200ms", validate_default=True)
    """From one echo request to the next."""
    payload: Annotated[int, Field(ge=8, le=1472)] = 56
    """Bytes of data in each echo request."""
    wait: Timeout = Field(default="2s", validate_default=True)
    """Wait for the reply to the last echo request."""


class InterfacesRules(PaceRules):
    """One poll of a device's interface tables."""

    timeout: Timeout = Field(default="20s", validate_default=True)
    """Deadline of one run, at most 80 % of the interval."""
    uplink: Text = Field(default_factory=str)
    """ifName of the router's interface towards the provider."""
    alias: bool = False
    """Whether ifAlias is exported; it may contain names of people."""
    identity: Literal["ifName", "ifDescr", "ifAlias", "ifIndex"] = "ifName"
    """Name that identifies an interface's series: one that stays the same when it is renumbered."""
    select: SelectRules = Field(default_factory=SelectRules)
    """Which interfaces are exported; the innermost level applies as a whole."""
    unused: Literal["status", "whole"] = "status"
    """What is exported of an unused port that is down: its two states, or everything."""


class HardwareRules(PaceRules):
    """One poll of a switch's hardware: power over Ethernet, sensors, spanning tree."""

    interval: Interval = Field(default="5m", validate_default=True)
    """From one run's start to the next."""
    timeout: Timeout = Field(default="20s", validate_default=True)
    """Deadline of one run, at most 80 % of the interval."""
    profile: EntryName = Field(default_factory=str)
    """Device profile to use; by default, the one for the switch's sysObjectID."""


class TcpRules(PaceRules):
    """A TCP connection to the device."""

    kind: Literal["tcp"]
    """TCP connect."""
    port: Port
    """TCP port."""


class HttpRules(PaceRules):
    """An HTTP(S) request."""

    kind: Literal["http"]
    """HTTP or HTTPS request."""
    url: Url
    """URL of the page; `{host}` stands for the device's host."""
    status: Annotated[list[Annotated[int, Field(ge=100, le=599)]], Field(min_length=1)] = Field(
        default=[200]
    )
    """Accepted status codes."""
    body: Expression = Field(default_factory=str)
    """Regular expression that the body must match."""
    redirects: Annotated[int, Field(ge=0, le=20)] = 5
    """How many redirects are followed."""
    verify: bool = True
    """Whether the certificate must be valid."""
    old_tls: bool = False
    """Whether TLS 1.0, RSA key exchange and short keys are accepted, for old devices; insecure."""
    ca_file: FilePath = Field(default_factory=str)
    """Absolute path of the certificates to trust instead of the system's."""
    address: HostOrPlaceholder = Field(default_factory=str)
    """Address to connect to instead of the URL's host; `{host}` is the device's host."""


class DnsRules(PaceRules):
    """A DNS query."""

    kind: Literal["dns"]
    """DNS query."""
    server: HostOrPlaceholder
    """Resolver that is queried; `{host}` stands for the device's host."""
    name: DnsName
    """Name that is queried."""
    record: Literal["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"] = "A"
    """Record type."""
    port: Port = 53
    """UDP port."""
    expected: list[Text] = Field(default=[])
    """Exact set of expected answers; any answer is accepted if empty."""


ExtraCheck = Annotated[TcpRules | HttpRules | DnsRules, Field(discriminator="kind")]


Checks = dict[CheckName, ExtraCheck | None]
