"""ICMP rounds as sample lines: the last round's gauges, and totals over all rounds.

Packets are sent more often than anybody scrapes, so what counts is kept in counters and a
histogram; they live as long as their check is configured.

Must not know: how packets are sent, or when.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.exposition.text import Blocks
    from monitor.observation import EchoRound

# smokeping_prober's buckets as far as a round-trip time can go before its packet is lost:
# 0.05 ms doubled up to 6.5536 s, then everything.
RTT_BOUNDS = (*(0.00005 * 2**power for power in range(18)), math.inf)


class EchoTotals:
    """What one ICMP check has counted since it was configured."""

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
        """Add the totals' samples under the labels of their check, whose target is `host`.

        Without `histogram`, round-trip times have their sum and their number alone.
        """
        blocks.add("smokeping_requests_total", (*check, host), self._sent)
        blocks.add("probe_icmp_replies_total", check, self._sent - self._lost)
        blocks.add("probe_icmp_lost_total", check, self._lost)
        blocks.add("probe_icmp_late_total", check, self._late)
        blocks.add("probe_icmp_duplicate_total", check, self._duplicates)
        blocks.add("probe_icmp_discarded_total", check, self._discarded)
        family = "smokeping_response_duration_seconds"
        buckets = self._buckets if histogram else {math.inf: sum(self._buckets.values())}
        blocks.add_histogram(family, (*check, host), buckets, self._rtt_sum)


def render_round(blocks: Blocks, check: tuple[str, ...], echo: EchoRound) -> None:
    """Add the samples of one round; what it could not measure is absent."""
    blocks.add("probe_dns_lookup_time_seconds", check, echo.resolve_seconds)
    blocks.add("probe_icmp_duration_seconds", (*check, "resolve"), echo.resolve_seconds)
    blocks.add("probe_icmp_duration_seconds", (*check, "rtt"), echo.rtt_seconds)
    blocks.add("probe_icmp_rtt_difference_seconds", check, echo.rtt_difference_seconds)
    blocks.add("probe_icmp_reply_hop_limit", check, echo.hop_limit)
    if echo.sent:
        blocks.add("probe_icmp_loss_ratio", check, echo.lost / echo.sent)
    if echo.address:
        blocks.add("probe_ip_protocol", check, 6 if ":" in echo.address else 4)
