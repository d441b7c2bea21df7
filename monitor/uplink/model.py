"""One poll of the uplink's interface, and why two polls may yield no rate.

Must not know: contracts, or how samples are compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

# ifOperStatus and ifAdminStatus.
OPER_UP = 1
ADMIN_DOWN = 2


class Gap(StrEnum):
    """Why the last poll yields no rate; `GAP_SENTENCES` says it for a person."""

    NOT_CONFIGURED = "not_configured"
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    NO_UPTIME = "no_uptime"
    NO_COUNTERS = "no_counters"
    FIRST_POLL = "first_poll"
    TOO_SOON = "too_soon"
    TOO_LONG = "too_long"
    OTHER_DEVICE = "other_device"
    RENUMBERED = "renumbered"
    RESTARTED = "restarted"
    UPTIME_STANDS_STILL = "uptime_stands_still"
    CLOCKS_DISAGREE = "clocks_disagree"
    COUNTERS_RESET = "counters_reset"
    WRAP_UNCERTAIN = "wrap_uncertain"
    IMPLAUSIBLE = "implausible"


GAP_SENTENCES = {
    Gap.NOT_CONFIGURED: "no uplink interface is configured",
    Gap.NOT_FOUND: "no interface has the configured name",
    Gap.AMBIGUOUS: "several interfaces have the configured name",
    Gap.NO_UPTIME: "the device does not report its sysUpTime",
    Gap.NO_COUNTERS: "the interface has no octet counters",
    Gap.FIRST_POLL: "there is no previous poll to compare with",
    Gap.TOO_SOON: "less than a second has passed since the previous poll",
    Gap.TOO_LONG: "the previous poll is more than an hour old",
    Gap.OTHER_DEVICE: "a device with another name answered",
    Gap.RENUMBERED: "the interface has another ifIndex than before",
    Gap.RESTARTED: "the device has restarted since the previous poll",
    Gap.UPTIME_STANDS_STILL: "sysUpTime is the same as at the previous poll",
    Gap.CLOCKS_DISAGREE: "sysUpTime advanced by a different time than the monitor's clock",
    Gap.COUNTERS_RESET: "the interface's counters were reset",
    Gap.WRAP_UNCERTAIN: "32-bit counters may have wrapped unnoticed",
    Gap.IMPLAUSIBLE: "the counters grew faster than the interface's speed allows",
}


@dataclass(frozen=True, slots=True)
class Poll:
    """When a poll was made: monotonic seconds of our own clock, and the instant it began."""

    begun: float
    ended: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Counters:
    """One direction's counters as the MIB has them; None where the device has none.

    `packets` are the unicast ones. The sample's `is_wide` says whether octets are 64 bits wide, its
    `has_wide_packets` the same of packets; all others, errors and discards have 32 bits.
    """

    octets: int | None
    packets: int | None
    errors: int | None
    discards: int | None


@dataclass(frozen=True, slots=True)
class Sample:
    """The uplink's interface at one poll.

    `speed_rounding_bps` is by how much the true speed may exceed `speed_bps`. `discontinuity`
    is ifCounterDiscontinuityTime in ticks, `uptime_ticks` sysUpTime.
    """

    sys_name: str
    uptime_ticks: int | None
    if_index: int
    is_wide: bool
    has_wide_packets: bool
    received: Counters
    sent: Counters
    speed_bps: int | None
    speed_rounding_bps: int
    admin_status: int | None
    oper_status: int | None
    discontinuity: int | None
