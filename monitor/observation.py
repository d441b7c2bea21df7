"""What a probe found: outcome, reason, timings and values with units.

Each kind of check has one class of values here, so that verdicts, the exposition and the
ledger can read what a probe measured without knowing the probe.

Must not know: how anything was measured, or what follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from monitor.inventory.checks import Check
    from monitor.inventory.device_profile import Quantity


class Outcome(StrEnum):
    """`failed` is the network's doing, `unknown` is the monitor's own."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


class State(StrEnum):
    """The state of an uplink, a switch or the monitor; always exported, never absent."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why an observation is not ok; `detail` gives the particulars."""

    NONE = "none"
    # Caused by the network.
    TIMEOUT = "timeout"
    LOSS = "loss"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    RESET = "reset"
    RESOLVE = "resolve"
    AUTHENTICATION = "authentication"
    MALFORMED = "malformed"
    NOT_INCREASING = "not_increasing"
    LIMIT = "limit"
    AGENT_ERROR = "agent_error"
    TLS = "tls"
    CERTIFICATE = "certificate"
    STATUS = "status"
    BODY = "body"
    REDIRECTS = "redirects"
    RCODE = "rcode"
    ANSWER = "answer"
    BUSY = "busy"
    # Caused by the monitor.
    NOT_RUN = "not_run"
    NO_SOCKET = "no_socket"
    CLOCK_STEP = "clock_step"
    CREDENTIAL = "credential"
    TOOL = "tool"
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class EchoRound:
    """One round of ICMP echo requests to one address.

    `rtts` holds the round-trip times in seconds of the packets answered in time, in the
    order they were sent; `gaps` are the indices in `rtts` before which a packet is missing (lost,
    or not measurable), so the RTTs on either side are not from successive packets. `late` and
    `duplicates` count the replies since the previous round to this address that came after their
    time-out, or more than once. `discarded` packets were answered but not measurable (clock step);
    they count as answered, not as lost. `errors` are ICMP errors as sentences ("host unreachable,
    reported by 192.0.2.1").

    `hop_limit` is the TTL or hop limit of the last reply, `cut_to` the length of the payload in
    truncated replies (octets, None if there are none), `altered` the number of replies with another
    payload than was sent. `resolve_seconds` is how long the name lookup took.
    """

    address: str
    sent: int
    rtts: tuple[float, ...]
    late: int = 0
    duplicates: int = 0
    discarded: int = 0
    hop_limit: int | None = None
    resolve_seconds: float = 0.0
    errors: tuple[str, ...] = ()
    gaps: frozenset[int] = frozenset()
    cut_to: int | None = None
    altered: int = 0

    @property
    def answered(self) -> int:
        """Return how many packets were answered in time."""
        return len(self.rtts) + self.discarded

    @property
    def lost(self) -> int:
        """Return how many packets were not answered in time."""
        return self.sent - self.answered

    @property
    def rtt_seconds(self) -> float | None:
        """Return the mean RTT in seconds, None without a sample."""
        return sum(self.rtts) / len(self.rtts) if self.rtts else None

    @property
    def rtt_difference_seconds(self) -> float | None:
        """Return the mean absolute difference of successive packets' RTTs, in seconds.

        Only successive packets that were both measured count; a lost packet separates its
        neighbours. None if there is no such pair. It is measured on round trips, so it is neither
        the one-way IPDV of RFC 3393 nor the smoothed jitter of RFC 3550.
        """
        differences = [
            abs(self.rtts[place] - self.rtts[place - 1])
            for place in range(1, len(self.rtts))
            if place not in self.gaps
        ]
        return sum(differences) / len(differences) if differences else None


def rtts_and_gaps(times: Iterable[float | None]) -> tuple[tuple[float, ...], frozenset[int]]:
    """Return `rtts` and `gaps` of a round from each packet's RTT in seconds, or None."""
    rtts: list[float] = []
    gaps: set[int] = set()
    for time in times:
        if time is None:
            gaps.add(len(rtts))
        else:
            rtts.append(time)
    return tuple(rtts), frozenset(gaps)


@dataclass(frozen=True, slots=True)
class DeviceReading:
    """One poll of a device: system group and interface tables, values as the MIB has them.

    `columns` maps an object's name (`ifHCInOctets`) to ifIndex to its value: int for numbers,
    bytes for strings as the device sent them. A column that the device lacks is absent.
    `uptime_ticks` is sysUpTime and `host_uptime_ticks` hrSystemUptime, in hundredths of a
    second; `engine_seconds` is snmpEngineTime. None where the device does not report it.

    An interface has its octets either in `ifHCInOctets` and `ifHCOutOctets`, 64 bits wide, or in
    `ifInOctets` and `ifOutOctets`, 32 bits wide; its unicast packets likewise. `ifHighSpeed`
    contains only plausible speeds.

    `read_at` is when the device was read (aware, UTC), None if unknown. `delays` maps
    ifIndex to how many seconds later its values were read, if noticeably later.
    """

    sys_name: str
    sys_descr: str
    sys_object_id: str
    uptime_ticks: int | None
    columns: Mapping[str, Mapping[int, int | bytes]]
    requests: int = 0
    varbinds: int = 0
    host_uptime_ticks: int | None = None
    engine_seconds: int | None = None
    read_at: datetime | None = None
    delays: Mapping[int, float] = field(default_factory=dict)

    @property
    def has_64_bit_counters(self) -> bool:
        """Return whether the octet counters are 64 bits wide (ifXTable)."""
        return bool(self.columns.get("ifHCInOctets"))

    @property
    def running_seconds(self) -> float | None:
        """Return how long the device has run, by hrSystemUptime or its agent's sysUpTime."""
        ticks = (self.uptime_ticks, self.host_uptime_ticks)
        return max((one / 100 for one in ticks if one is not None), default=None)


@dataclass(frozen=True, slots=True)
class PowerSupplyGroup:
    """Power over Ethernet of one unit (POWER-ETHERNET-MIB, RFC 3621); watts.

    `budget` is the power available, `drawn` the power its ports use; None if not reported.
    `status` is 1 on, 2 off, 3 faulty.
    """

    budget: int | None
    drawn: int | None
    status: int | None


@dataclass(frozen=True, slots=True)
class PoweredPort:
    """Power over Ethernet of one port (pethPsePortDetectionStatus, RFC 3621).

    `status` is 1 disabled, 2 searching, 3 delivering power, 4 fault, 5 test, 6 another fault.
    `interface` is the ifName of its interface, empty if that cannot be determined.
    """

    status: int
    interface: str


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor (ENTITY-SENSOR-MIB, RFC 3433); `unit` is the name of its unit in that MIB.

    `value` is in that unit, without a scale; None while the sensor has no value. `is_working` is
    false when it is broken.
    """

    name: str
    unit: str
    value: float | None
    is_working: bool


@dataclass(frozen=True, slots=True)
class Chassis:
    """A device's make and model: the first chassis of ENTITY-MIB (RFC 6933)."""

    model: str
    serial: str
    software: str


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A device that forwards packets at the other end of a cable (IEEE 802.1AB, LLDP-MIB).

    `port` is the local port as the polled device names it, `remote_port` the port at the other end
    as the neighbor names it; empty if the neighbor identifies it by an address only.
    """

    port: str
    sys_name: str
    remote_port: str


@dataclass(frozen=True, slots=True)
class HardwareReading:
    """One poll of a switch's hardware; values that the switch lacks are empty or None.

    `power` is keyed on pethMainPseGroupIndex, `powered_ports` on pethPsePortGroupIndex and
    pethPsePortIndex, `sensors` on entPhysicalIndex.
    `topology_changes` is dot1dStpTopChanges (RFC 4188). `parts` are the readings of the vendor's
    MIBs, by quantity and by the device's name for the part; `profile` names the device profile
    used. `neighbors` is None where they could not be read.
    """

    power: Mapping[int, PowerSupplyGroup]
    sensors: Mapping[int, Sensor]
    topology_changes: int | None = None
    chassis: Chassis | None = None
    profile: str = ""
    parts: Mapping[tuple[Quantity, str], float] = field(default_factory=dict)
    neighbors: tuple[Neighbor, ...] | None = None
    powered_ports: Mapping[tuple[int, int], PoweredPort] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TcpReading:
    """One TCP connection: the peer's address, and its phases in seconds.

    `address` is empty and `ip_version` None when the name did not resolve.
    """

    address: str
    ip_version: int | None
    port: int
    resolve_seconds: float = 0.0
    connect_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CertificateChain:
    """The certificates that a TLS server presented, and when they expire (aware UTC instants).

    `earliest_expiry` is the first expiry of any presented certificate, `verified_expiry` the
    first one of the chain up to a trusted root; None if the chain did not verify or verification is
    off. `subject`, `issuer` (RFC 4514), `names` and `fingerprint_sha256` (hex) are those of the
    server's own certificate, sanitised.
    """

    earliest_expiry: datetime
    verified_expiry: datetime | None
    fingerprint_sha256: str
    subject: str
    issuer: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpReading:
    """One HTTP(S) exchange; phases in seconds, summed over the redirects that were followed.

    `lookup_seconds` is the DNS lookup of the first request only. `status`, `version` and
    everything below are those of the last response; None when there was none. `content_length` is
    the header's value in bytes, None if it was not sent; `body_bytes` is how much of the
    uncompressed body was read, all of it unless `is_cut`. `tls_version` reads "TLS 1.3".
    `is_body_expected` is None if no pattern is configured or no body came.
    """

    address: str
    ip_version: int | None
    lookup_seconds: float = 0.0
    resolve_seconds: float = 0.0
    connect_seconds: float = 0.0
    tls_seconds: float = 0.0
    processing_seconds: float = 0.0
    transfer_seconds: float = 0.0
    redirects: int = 0
    status: int | None = None
    version: str | None = None
    content_length: int | None = None
    body_bytes: int = 0
    is_cut: bool = False
    is_body_expected: bool | None = None
    last_modified: datetime | None = None
    tls_version: str | None = None
    certificate: CertificateChain | None = None


@dataclass(frozen=True, slots=True)
class DnsReading:
    """One DNS query to one server; phases in seconds, with TCP's if the UDP reply was truncated.

    `rcode` is a name ("NXDOMAIN"), `flags` the header's names ("QR", "RD", "RA"); `answers`
    are the records of the requested type as text, the counts are records per section.
    `rcode` is None when no reply came. `serial` is the zone's (SOA). `dropped` counts the
    datagrams that were not the reply to this query.
    """

    address: str
    ip_version: int | None
    resolve_seconds: float = 0.0
    connect_seconds: float = 0.0
    request_seconds: float = 0.0
    transport: str = "udp"
    rcode: str | None = None
    flags: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    answer_count: int = 0
    authority_count: int = 0
    additional_count: int = 0
    serial: int | None = None
    dropped: int = 0


Values = EchoRound | DeviceReading | HardwareReading | TcpReading | HttpReading | DnsReading


@dataclass(frozen=True, slots=True)
class ThroughputReading:
    """One throughput test in one direction: TCP goodput, that is payload received.

    `bits_per_second` is the mean over `seconds` after a warm-up, None if there is no result;
    `outcome`, `reason` and `detail` say why. `direction` is seen from the site: down is towards
    it. `total_bytes` is all payload that was transferred, including warm-up and aborted tests.
    `retransmits` is None if the sender does not report them.
    """

    direction: Literal["down", "up"]
    tool: str
    outcome: Outcome
    reason: Reason = Reason.NONE
    detail: str = ""
    bits_per_second: float | None = None
    streams: int = 0
    seconds: float = 0.0
    total_bytes: int = 0
    retransmits: int | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What one run of one check found.

    `started` is an aware UTC instant, `duration` monotonic seconds. `detail` is one sentence
    for a person; it is empty when all is well. `values` are the measurements, even of a run that
    failed half-way; None if there are none.
    """

    check: Check
    started: datetime
    duration: float
    outcome: Outcome
    reason: Reason = Reason.NONE
    detail: str = ""
    values: Values | None = None
