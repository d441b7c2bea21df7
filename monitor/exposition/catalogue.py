"""Every metric of the product, declared once: name, kind, unit, help, labels.

A family that is not here cannot be exported. To add some: a tuple of `Metric` and an entry
in `GROUPS` with the heading it has in `docs/metrics.md`.

Must not know: values, or where they come from.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from monitor.exposition.goal import CAMPAIGN_METRICS, FORECAST_METRICS, GOAL_METRICS, STAGE_METRICS
from monitor.exposition.hardware import HARDWARE_METRICS
from monitor.exposition.metric import Kind, Metric
from monitor.exposition.mib import DEVICE, INTERFACE_METRICS, SYSTEM_METRICS
from monitor.exposition.services import CONNECTION_METRICS, DNS_METRICS, HTTP_METRICS
from monitor.exposition.standing import (
    ACCOUNT_METRICS,
    CALENDAR_METRICS,
    DEGRADED_METRICS,
    LOAD_METRICS,
    VERDICT_METRICS,
)
from monitor.inventory.checks import CheckKind
from monitor.observation import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

_SITE = ("school", "site")
_CHECK = (*DEVICE, "check")
# smokeping_prober's boards choose by `host`. Its `ip` is not here: names are resolved in every
# round, and another address must not begin another series.
_SMOKEPING = (*_CHECK, "host")
_RATE = "bits per second"

_PROBE_METRICS = (
    Metric(
        "probe_success",
        Kind.GAUGE,
        "",
        "Whether the check's last run found all well: 1 yes, 0 no, absent if it could not tell",
        _CHECK,
    ),
    Metric(
        "probe_duration_seconds",
        Kind.GAUGE,
        "seconds",
        "How long the check's last run took; absent if it could not tell anything",
        _CHECK,
    ),
    Metric(
        "probe_outcome",
        Kind.STATES,
        "",
        "How the check's last run ended: ok, failed (the network's doing), unknown (our own)",
        (*_CHECK, "outcome"),
    ),
    Metric(
        "probe_failure_reason",
        Kind.INFO,
        "",
        "Why the check's last run was not plainly ok; absent if it was",
        (*_CHECK, "reason"),
    ),
    Metric(
        "probe_last_run_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "When the check's last run started, Unix time",
        _CHECK,
    ),
    Metric(
        "probe_dns_lookup_time_seconds",
        Kind.GAUGE,
        "seconds",
        "How long the target's name took to resolve",
        _CHECK,
    ),
    Metric(
        "probe_ip_protocol",
        Kind.GAUGE,
        "",
        "IP version that the check used: 4 or 6",
        _CHECK,
    ),
)

_ICMP_METRICS = (
    Metric(
        "smokeping_requests_total",
        Kind.COUNTER,
        "packets",
        "ICMP echo requests sent",
        _SMOKEPING,
    ),
    Metric(
        "smokeping_response_duration_seconds",
        Kind.HISTOGRAM,
        "seconds",
        "Round-trip times of the ICMP echo requests that were answered in time",
        _SMOKEPING,
    ),
    Metric(
        "probe_icmp_replies_total",
        Kind.COUNTER,
        "packets",
        "ICMP echo requests answered in time, those too that could not be measured",
        _CHECK,
    ),
    Metric(
        "probe_icmp_lost_total",
        Kind.COUNTER,
        "packets",
        "ICMP echo requests not answered in time",
        _CHECK,
    ),
    Metric(
        "probe_icmp_late_total",
        Kind.COUNTER,
        "packets",
        "ICMP echo replies after their time-out; their requests count as lost",
        _CHECK,
    ),
    Metric(
        "probe_icmp_duplicate_total",
        Kind.COUNTER,
        "packets",
        "ICMP echo replies that came again",
        _CHECK,
    ),
    Metric(
        "probe_icmp_discarded_total",
        Kind.COUNTER,
        "packets",
        "ICMP echo replies in time whose round-trip time a clock step spoiled",
        _CHECK,
    ),
    Metric(
        "probe_icmp_duration_seconds",
        Kind.GAUGE,
        "seconds",
        "Phases of the last round: resolve, and rtt as its mean; rtt absent without a sample",
        (*_CHECK, "phase"),
    ),
    Metric(
        "probe_icmp_loss_ratio",
        Kind.GAUGE,
        "",
        "Share of the last round's packets not answered in time: 0 none, 1 all",
        _CHECK,
    ),
    Metric(
        "probe_icmp_rtt_difference_seconds",
        Kind.GAUGE,
        "seconds",
        "Mean absolute difference of the round-trip times of successive answered packets in the"
        " last round; none is taken across a lost one",
        _CHECK,
    ),
    Metric(
        "probe_icmp_reply_hop_limit",
        Kind.GAUGE,
        "hops",
        "Hop limit (IPv6) or TTL (IPv4) of the last reply",
        _CHECK,
    ),
)


def _contract(name: str, unit: str, text: str) -> Metric:
    return Metric(f"school_contract_{name}", Kind.GAUGE, unit, text, _SITE)


_INVENTORY_METRICS = (
    Metric(
        "school_info",
        Kind.INFO,
        "",
        "A school's attributes, to be joined on school",
        ("school", "number", "name", "type", "district"),
    ),
    Metric(
        "school_site_info",
        Kind.INFO,
        "",
        "A site's attributes, to be joined on school and site; coordinates in degrees (WGS84)",
        (*_SITE, "lat", "lon", "provider", "lot", "programme"),
    ),
    Metric(
        "school_device_info",
        Kind.INFO,
        "",
        "A configured device: its role (uplink, switch) and host",
        (*DEVICE, "role", "host"),
    ),
    Metric(
        "school_device_snmp_insecure",
        Kind.GAUGE,
        "",
        "Whether others can read along when the device is read by SNMP: "
        "0 with SNMPv3 and encryption, else 1",
        DEVICE,
    ),
    Metric(
        "monitor_reference_info",
        Kind.INFO,
        "",
        "A configured reference target outside the schools",
        ("device", "host"),
    ),
    Metric(
        "school_contract_info",
        Kind.INFO,
        "",
        "A site's contract: who owes it, and its number or document, empty without one",
        (*_SITE, "provider", "reference"),
    ),
    _contract("down_bits_per_second", _RATE, "Contracted maximum rate towards the site"),
    _contract("up_bits_per_second", _RATE, "Contracted maximum rate from the site"),
    _contract("normal_down_bits_per_second", _RATE, "Rate normally available towards the site"),
    _contract("normal_up_bits_per_second", _RATE, "Rate normally available from the site"),
    _contract("minimum_down_bits_per_second", _RATE, "Contracted minimum rate towards the site"),
    _contract("minimum_up_bits_per_second", _RATE, "Contracted minimum rate from the site"),
    _contract("availability_ratio", "", "Contracted share of the month that the line is up"),
)

_OWN_METRICS = (
    Metric(
        "monitor_loop_lag_seconds",
        Kind.HISTOGRAM,
        "seconds",
        "How much later than asked the event loop woke a sleeper",
    ),
    Metric(
        "monitor_run_duration_seconds",
        Kind.HISTOGRAM,
        "seconds",
        "How long runs of checks took",
        ("kind",),
        known={"kind": tuple(CheckKind)},
    ),
    Metric(
        "monitor_runs_total",
        Kind.COUNTER,
        "runs",
        "Runs of checks that ended, by outcome",
        ("kind", "outcome"),
        known={"kind": tuple(CheckKind), "outcome": tuple(Outcome)},
    ),
    Metric(
        "monitor_runs_skipped_total",
        Kind.COUNTER,
        "runs",
        "Runs of checks that were due while the one before still ran",
        ("kind",),
        known={"kind": tuple(CheckKind)},
    ),
    Metric(
        "monitor_replies_dropped_total",
        Kind.COUNTER,
        "packets",
        "Packets received and not believed, by reason; those of the protocol trap are no replies",
        ("protocol", "reason"),
    ),
    Metric(
        "monitor_snmp_values_left_out_total",
        Kind.COUNTER,
        "values",
        "Values in SNMP replies that cannot be read and are missing from the rest, by reason",
        ("reason",),
    ),
    Metric(
        "monitor_web_refusals_total",
        Kind.COUNTER,
        "refusals",
        "Connections that the web server closed and requests that it did not answer, by reason",
        ("reason",),
    ),
    Metric(
        "monitor_config_last_reload_successful",
        Kind.GAUGE,
        "",
        "Whether the last attempt to load the configuration succeeded: 1 yes, 0 no",
    ),
    Metric(
        "monitor_config_last_reload_success_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "When the configuration was last loaded with success, Unix time",
    ),
    Metric(
        "monitor_web_config_last_reload_successful",
        Kind.GAUGE,
        "",
        "Whether the last attempt to load the file of --web-config succeeded: 1 yes, 0 no; "
        "absent without one",
    ),
    Metric(
        "monitor_web_config_last_reload_success_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "When the file of --web-config was last loaded with success, Unix time",
    ),
    Metric(
        "monitor_clock_timestamp_seconds",
        Kind.GAUGE,
        "seconds",
        "The daemon's wall clock at the moment of the scrape, Unix time",
    ),
    Metric("monitor_schools", Kind.GAUGE, "schools", "Schools in the configuration"),
    Metric(
        "monitor_devices",
        Kind.GAUGE,
        "devices",
        "Devices in the configuration, by role",
        ("role",),
    ),
    Metric("monitor_checks", Kind.GAUGE, "checks", "Checks in the configuration", ("kind",)),
    Metric(
        "monitor_build_info",
        Kind.INFO,
        "",
        "Version of the product and of the Python that runs it",
        ("version", "python"),
    ),
)

GROUPS: Mapping[str, tuple[Metric, ...]] = MappingProxyType(
    {
        "Schools, sites, devices and contracts": _INVENTORY_METRICS,
        "Checks": _PROBE_METRICS,
        "ICMP": _ICMP_METRICS,
        "TCP, HTTP and DNS": (*CONNECTION_METRICS, *HTTP_METRICS, *DNS_METRICS),
        "Devices": SYSTEM_METRICS,
        "Interfaces": INTERFACE_METRICS,
        "Hardware of switches": HARDWARE_METRICS,
        "Verdicts": (*VERDICT_METRICS, *DEGRADED_METRICS),
        "Load of the uplinks": LOAD_METRICS,
        "Calendar and maintenance": CALENDAR_METRICS,
        "Account of minutes, and the ledger": ACCOUNT_METRICS,
        "Stages of the roll-out, and campaigns": (*STAGE_METRICS, *CAMPAIGN_METRICS),
        "Goals": GOAL_METRICS,
        "Forecast": FORECAST_METRICS,
        "The daemon itself": _OWN_METRICS,
    }
)

CATALOGUE: Mapping[str, Metric] = MappingProxyType(
    {metric.name: metric for group in GROUPS.values() for metric in group}
)
