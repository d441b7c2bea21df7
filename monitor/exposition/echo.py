"""ICMP rounds as sample lines: the last round's gauges, and totals over all rounds.

Packets are sent more often than metrics are scraped, so totals are kept in counters and a
histogram, for as long as their check is configured.

Must not know: how packets are sent, or when.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from monitor.exposition.metric import CHECK, Kind, Metric
from monitor.exposition.outcome import PROBE_DNS_LOOKUP_TIME_SECONDS, PROBE_IP_PROTOCOL

if TYPE_CHECKING:
    from monitor.exposition.text import Blocks
    from monitor.observation import EchoRound

# smokeping_prober's boards select by `host`. Its `ip` is left out: names are resolved in every
# round, and a new address must not start a new series.
_SMOKEPING: Final = (*CHECK, "host")

SMOKEPING_REQUESTS_TOTAL: Final = Metric(
    "smokeping_requests_total", Kind.COUNTER, "packets", "ICMP echo requests sent", _SMOKEPING
)
SMOKEPING_RESPONSE_DURATION_SECONDS: Final = Metric(
    "smokeping_response_duration_seconds",
    Kind.HISTOGRAM,
    "seconds",
    "Round-trip times of the ICMP echo requests that were answered in time",
    _SMOKEPING,
)
PROBE_ICMP_REPLIES_TOTAL: Final = Metric(
    "probe_icmp_replies_total",
    Kind.COUNTER,
    "packets",
    "ICMP echo requests answered in time, including those that could not be measured",
    CHECK,
)
PROBE_ICMP_LOST_TOTAL: Final = Metric(
    "probe_icmp_lost_total",
    Kind.COUNTER,
    "packets",
    "ICMP echo requests not answered in time",
    CHECK,
)
PROBE_ICMP_LATE_TOTAL: Final = Metric(
    "probe_icmp_late_total",
    Kind.COUNTER,
    "packets",
    "ICMP echo replies after their time-out; their requests count as lost",
    CHECK,
)
PROBE_ICMP_DUPLICATE_TOTAL: Final = Metric(
    "probe_icmp_duplicate_total",
    Kind.COUNTER,
    "packets",
    "Duplicate ICMP echo replies",
    CHECK,
)
PROBE_ICMP_DISCARDED_TOTAL: Final = Metric(
    "probe_icmp_discarded_total",
    Kind.COUNTER,
    "packets",
    "ICMP echo replies in time whose round-trip time is invalid because of a clock step",
    CHECK,
)
PROBE_ICMP_DURATION_SECONDS: Final = Metric(
    "probe_icmp_duration_seconds",
    Kind.GAUGE,
    "seconds",
    "Phases of the last round: resolve, and rtt as its mean; rtt absent without a sample",
    (*CHECK, "phase"),
)
PROBE_ICMP_LOSS_RATIO: Final = Metric(
    "probe_icmp_loss_ratio",
    Kind.GAUGE,
    "",
    "Share of the last round's packets not answered in time: 0 none, 1 all",
    CHECK,
)
PROBE_ICMP_RTT_DIFFERENCE_SECONDS: Final = Metric(
    "probe_icmp_rtt_difference_seconds",
    Kind.GAUGE,
    "seconds",
    "Mean absolute difference of the round-trip times of successive answered packets in the"
    " last round, not across a lost one",
    CHECK,
)
PROBE_ICMP_REPLY_HOP_LIMIT: Final = Metric(
    "probe_icmp_reply_hop_limit",
    Kind.GAUGE,
    "hops",
    "Hop limit (IPv6) or TTL (IPv4) of the last reply",
    CHECK,
)

ICMP_METRICS: Final = (
    SMOKEPING_REQUESTS_TOTAL,
    SMOKEPING_RESPONSE_DURATION_SECONDS,
    PROBE_ICMP_REPLIES_TOTAL,
    PROBE_ICMP_LOST_TOTAL,
    PROBE_ICMP_LATE_TOTAL,
    PROBE_ICMP_DUPLICATE_TOTAL,
    PROBE_ICMP_DISCARDED_TOTAL,
    PROBE_ICMP_DURATION_SECONDS,
    PROBE_ICMP_LOSS_RATIO,
    PROBE_ICMP_RTT_DIFFERENCE_SECONDS,
    PROBE_ICMP_REPLY_HOP_LIMIT,
)


# smokeping_prober's buckets as far as a round-trip time can go before the packet counts as
# lost: 0.05 ms doubled up to 6.5536 s, then infinity.
RTT_BOUNDS = (*(0.00005 * 2**power for power in range(18)), math.inf)


class EchoTotals:
    """The totals of one ICMP check since it was configured."""

    __slots__ = ("_buckets", "_discarded", "_duplicates", "_late", "_lost", "_rtt_sum", "_sent")

    def __init__(self) -> None:
        self._sent = 0
        self._lost = 0
        self._late = 0
        self._duplicates = 0
        self._discarded = 0
        self._rtt_sum = 0.0
        self._buckets = dict.fromkeys(RTT_BOUNDS, 0)

    def count(self, echo: EchoRound) -> None:
        """Add one round."""
        self._sent += echo.sent
        self._lost += echo.lost
        self._late += echo.late
        self._duplicates += echo.duplicates
        self._discarded += echo.discarded
        self._rtt_sum += sum(echo.rtts)
        for rtt in echo.rtts:
            self._buckets[RTT_BOUNDS[bisect_left(RTT_BOUNDS, rtt)]] += 1

    def render(
        self, blocks: Blocks, check: tuple[str, ...], host: str, *, histogram: bool = True
    ) -> None:
        """Add the samples of the totals with the labels of their check, whose target is `host`.

        Without `histogram`, round-trip times have only their sum and their count.
        """
        blocks.add(SMOKEPING_REQUESTS_TOTAL, (*check, host), self._sent)
        blocks.add(PROBE_ICMP_REPLIES_TOTAL, check, self._sent - self._lost)
        blocks.add(PROBE_ICMP_LOST_TOTAL, check, self._lost)
        blocks.add(PROBE_ICMP_LATE_TOTAL, check, self._late)
        blocks.add(PROBE_ICMP_DUPLICATE_TOTAL, check, self._duplicates)
        blocks.add(PROBE_ICMP_DISCARDED_TOTAL, check, self._discarded)
        buckets = self._buckets if histogram else {math.inf: sum(self._buckets.values())}
        times = SMOKEPING_RESPONSE_DURATION_SECONDS
        blocks.add_histogram(times, (*check, host), buckets, self._rtt_sum)


def render_round(blocks: Blocks, check: tuple[str, ...], echo: EchoRound) -> None:
    """Add the samples of one round; values that could not be measured are absent."""
    blocks.add(PROBE_DNS_LOOKUP_TIME_SECONDS, check, echo.resolve_seconds)
    blocks.add(PROBE_ICMP_DURATION_SECONDS, (*check, "resolve"), echo.resolve_seconds)
    blocks.add(PROBE_ICMP_DURATION_SECONDS, (*check, "rtt"), echo.rtt_seconds)
    blocks.add(PROBE_ICMP_RTT_DIFFERENCE_SECONDS, check, echo.rtt_difference_seconds)
    blocks.add(PROBE_ICMP_REPLY_HOP_LIMIT, check, echo.hop_limit)
    if echo.sent:
        blocks.add(PROBE_ICMP_LOSS_RATIO, check, echo.lost / echo.sent)
    if echo.address:
        blocks.add(PROBE_IP_PROTOCOL, check, 6 if ":" in echo.address else 4)
