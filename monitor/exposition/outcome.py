"""Metrics of all checks: the outcome of the last run, and how its target was reached.

Must not know: what else a kind of check measures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.exposition.metric import CHECK, Kind, Metric
from monitor.observation import Outcome, Reason

if TYPE_CHECKING:
    from monitor.exposition.text import Blocks
    from monitor.observation import Observation

PROBE_SUCCESS: Final = Metric(
    "probe_success",
    Kind.GAUGE,
    "",
    "Whether the check's last run succeeded: 1 yes, 0 no, absent if unknown",
    CHECK,
)
PROBE_DURATION_SECONDS: Final = Metric(
    "probe_duration_seconds",
    Kind.GAUGE,
    "seconds",
    "How long the check's last run took; absent if its outcome is unknown",
    CHECK,
)
PROBE_OUTCOME: Final = Metric(
    "probe_outcome",
    Kind.STATES,
    "",
    "Outcome of the check's last run: ok, failed (the network's fault), unknown (the monitor's)",
    (*CHECK, "outcome"),
)
PROBE_FAILURE_REASON: Final = Metric(
    "probe_failure_reason",
    Kind.INFO,
    "",
    "Why the check's last run was not fully ok; absent if it was",
    (*CHECK, "reason"),
)
PROBE_LAST_RUN_TIMESTAMP_SECONDS: Final = Metric(
    "probe_last_run_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "When the check's last run started, Unix time",
    CHECK,
)
PROBE_DNS_LOOKUP_TIME_SECONDS: Final = Metric(
    "probe_dns_lookup_time_seconds",
    Kind.GAUGE,
    "seconds",
    "How long the target's name took to resolve; 0 if it is an address",
    CHECK,
)
PROBE_IP_PROTOCOL: Final = Metric(
    "probe_ip_protocol",
    Kind.GAUGE,
    "",
    "IP version that the check used: 4 or 6; without an address it is 0, for a ping absent",
    CHECK,
)

PROBE_METRICS: Final = (
    PROBE_SUCCESS,
    PROBE_DURATION_SECONDS,
    PROBE_OUTCOME,
    PROBE_FAILURE_REASON,
    PROBE_LAST_RUN_TIMESTAMP_SECONDS,
    PROBE_DNS_LOOKUP_TIME_SECONDS,
    PROBE_IP_PROTOCOL,
)


def render_outcome(blocks: Blocks, labels: tuple[str, ...], observation: Observation) -> None:
    """Add the samples of a run's outcome: no success and no duration if it is unknown."""
    outcome = observation.outcome
    if outcome is not Outcome.UNKNOWN:
        blocks.add(PROBE_SUCCESS, labels, int(outcome is Outcome.OK))
        blocks.add(PROBE_DURATION_SECONDS, labels, observation.duration)
    if observation.reason is not Reason.NONE:
        blocks.add(PROBE_FAILURE_REASON, (*labels, observation.reason), 1)
    started = observation.started.timestamp()
    blocks.add(PROBE_LAST_RUN_TIMESTAMP_SECONDS, labels, started)


def render_states(blocks: Blocks, labels: tuple[str, ...], outcome: Outcome) -> None:
    """Add the samples of what seldom changes from run to run: how the last one ended."""
    blocks.add_states(PROBE_OUTCOME, labels, Outcome, outcome)
