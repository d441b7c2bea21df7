"""What counts as evidence of the roll-out: measurements, campaigns, days of a line, peaks.

Frozen values that the whole roll-out shares. A disturbed measurement is *invalid*, which is not the
line's fault and never counts against it.

Must not know: the ledger, how a rate is measured, or what follows from the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from monitor.campaigns.layers import COUNTED_PER_PAYLOAD

if TYPE_CHECKING:
    from datetime import datetime

Method = Literal["iperf3", "http"]

MINIMUM_STREAMS: Final = 4
MINIMUM_SECONDS: Final = 10.0
# The school's own traffic during a test, as a share of the contracted rate.
CROSS_TRAFFIC_LIMIT: Final = 0.05


class Direction(StrEnum):
    """The direction of the data; `down` is towards the site."""

    DOWN = "down"
    UP = "up"


class Invalidity(StrEnum):
    """Why a measurement is not valid as evidence about the line."""

    TOO_FEW_STREAMS = "too_few_streams"
    TOO_SHORT = "too_short"
    NO_SLOT = "no_slot"
    CLOCK_STEP = "clock_step"
    CROSS_TRAFFIC = "cross_traffic"
    CROSS_TRAFFIC_UNKNOWN = "cross_traffic_unknown"
    TOOL_FAILED = "tool_failed"


@dataclass(frozen=True, slots=True)
class Rates:
    """The owed rates of one direction in bit/s: contracted (maximum), normal and minimum rate."""

    maximum_bps: float
    normal_bps: float
    minimum_bps: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """One test of a line, both directions.

    `site` is `school/site`, `at` the aware UTC instant of its start. A rate that the tool did
    not determine is None. `seconds` is the length of the shorter direction, `cross_traffic_share`
    the other traffic on the uplink as a share of the contracted rate in the worse direction,
    None if the counters do not show it; `down_others_bps` and `up_others_bps` are that traffic
    in the measured direction, in bit/s of octets as the router counts them. `held_slot`: no
    other test of the operator ran. `campaign` is the campaign's id, empty for a single test.
    """

    site: str
    at: datetime
    method: Method
    down_bps: float | None
    up_bps: float | None
    streams: int
    seconds: float
    cross_traffic_share: float | None
    clock_stepped: bool
    held_slot: bool
    campaign: str = ""
    detail: str = ""
    down_others_bps: float | None = None
    up_others_bps: float | None = None

    def rate(self, direction: Direction) -> float | None:
        """Return the rate of one direction in bit/s, None if the tool determined none."""
        return self.down_bps if direction is Direction.DOWN else self.up_bps

    def others(self, direction: Direction) -> float:
        """Return the cross traffic in one direction, in bit/s of payload.

        Derived from the router's counters, assuming full segments.
        """
        counted = self.down_others_bps if direction is Direction.DOWN else self.up_others_bps
        return (counted or 0.0) / COUNTED_PER_PAYLOAD

    def carried(self, direction: Direction) -> float:
        """Return the total rate of the line in one direction in bit/s: the test's and others'.

        0 if the tool determined no rate.
        """
        rate = self.rate(direction)
        return 0.0 if rate is None else rate + self.others(direction)

    def invalidities(self) -> tuple[Invalidity, ...]:
        """Return all reasons why this measurement does not count; empty if it is valid.

        Source: docs/rollout.md, "What a valid measurement is".
        """
        share = self.cross_traffic_share
        broken = {
            Invalidity.TOOL_FAILED: self.down_bps is None or self.up_bps is None,
            Invalidity.TOO_FEW_STREAMS: self.streams < MINIMUM_STREAMS,
            Invalidity.TOO_SHORT: self.seconds < MINIMUM_SECONDS,
            Invalidity.NO_SLOT: not self.held_slot,
            Invalidity.CLOCK_STEP: self.clock_stepped,
            Invalidity.CROSS_TRAFFIC_UNKNOWN: share is None,
            Invalidity.CROSS_TRAFFIC: share is not None and not share < CROSS_TRAFFIC_LIMIT,
        }
        return tuple(reason for reason, holds in broken.items() if holds)


@dataclass(frozen=True, slots=True)
class Campaign:
    """The measurements of one site that are evaluated together, and the rates owed at the time."""

    id: str
    site: str
    down: Rates
    up: Rates
    measurements: tuple[Measurement, ...] = ()

    def owed(self, direction: Direction) -> Rates:
        """Return the owed rates of one direction."""
        return self.down if direction is Direction.DOWN else self.up


class CampaignOutcome(StrEnum):
    """How a campaign ended; `incomplete` says nothing about the line."""

    PASSED = "passed"
    FAILED = "failed"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class CampaignVerdict:
    """The result of a campaign: the whole, and each direction with its reasons as text.

    `missing` says what a campaign lacks to be complete. `counted` measurements were evaluated,
    from `first` to `last` (starts of tests, None without any). `down_reasons` and `up_reasons`
    name the rules that the direction broke, empty if it met all of them.
    """

    outcome: CampaignOutcome
    missing: tuple[str, ...]
    down: CampaignOutcome
    down_reasons: tuple[str, ...]
    up: CampaignOutcome
    up_reasons: tuple[str, ...]
    counted: int
    first: datetime | None
    last: datetime | None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return the reasons of both directions, each with its direction in words."""
        ways = (("download", self.down_reasons), ("upload", self.up_reasons))
        return tuple(f"{way}: {reason}" for way, reasons in ways for reason in reasons)


@dataclass(frozen=True, slots=True)
class LineDay:
    """24 hours of a line: its latest 1440 minutes before `until` that were owed or unknown.

    Minutes of maintenance and outside the contract's hours are left out. `counted_minutes` were
    up or down, `answered_minutes` of them up; the rest of the 1440 is unknown. `right_line` says
    whether the line was identified as the expected one, None if unknown; `line` says why.
    """

    site: str
    since: datetime
    until: datetime
    answered_minutes: int
    counted_minutes: int
    right_line: bool | None
    line: str = ""


@dataclass(frozen=True, slots=True)
class PassivePeak:
    """The highest rate that a line carried in one minute of ordinary use, in bit/s.

    Evidence that the line can carry that much. It never verifies a line, because the demand is
    not known.
    """

    site: str
    at: datetime
    direction: Direction
    bps: float


@dataclass(frozen=True, slots=True)
class Judged:
    """A campaign's id and its verdict."""

    campaign: str
    verdict: CampaignVerdict
