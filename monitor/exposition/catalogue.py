"""Every metric of the product, gathered from the files that write their lines.

A family that is not here cannot be exported. To add one: a `Metric` beside the function that writes
its lines, in the tuple of its file, and for a new tuple a place in `GROUPS`, under the heading that
it has in `docs/metrics.md`.

Must not know: values, or where they come from.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from monitor.exposition.availability import ACCOUNT_METRICS
from monitor.exposition.blackbox import CONNECTION_METRICS, DNS_METRICS, HTTP_METRICS
from monitor.exposition.degraded import DEGRADED_METRICS
from monitor.exposition.devices import POLL_METRICS, SYSTEM_METRICS
from monitor.exposition.echo import ICMP_METRICS
from monitor.exposition.goal import FORECAST_METRICS, GOAL_METRICS, ROLLOUT_SITES
from monitor.exposition.hardware import HARDWARE_METRICS
from monitor.exposition.interfaces import INTERFACE_METRICS
from monitor.exposition.inventory_info import INVENTORY_METRICS
from monitor.exposition.outcome import PROBE_METRICS
from monitor.exposition.own import OWN_METRICS
from monitor.exposition.restarts import SCHOOL_DEVICE_RESTARTS_TOTAL
from monitor.exposition.rollout import CAMPAIGN_METRICS, ROLLOUT_LINE_RIGHT, STAGE_METRICS
from monitor.exposition.traps import SCHOOL_DEVICE_TRAPS_TOTAL
from monitor.exposition.uplink import LOAD_METRICS
from monitor.exposition.verdicts import CALENDAR_METRICS, VERDICT_METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.exposition.metric import Metric

GROUPS: Final[Mapping[str, tuple[Metric, ...]]] = MappingProxyType(
    {
        "Schools, sites, devices and contracts": INVENTORY_METRICS,
        "Checks": PROBE_METRICS,
        "ICMP": ICMP_METRICS,
        "TCP, HTTP and DNS": (*CONNECTION_METRICS, *HTTP_METRICS, *DNS_METRICS),
        "Devices": (
            *SYSTEM_METRICS,
            SCHOOL_DEVICE_RESTARTS_TOTAL,
            SCHOOL_DEVICE_TRAPS_TOTAL,
            *POLL_METRICS,
        ),
        "Interfaces": INTERFACE_METRICS,
        "Hardware of switches": HARDWARE_METRICS,
        "Verdicts": (*VERDICT_METRICS, *DEGRADED_METRICS),
        "Load of the uplinks": LOAD_METRICS,
        "Calendar and maintenance": CALENDAR_METRICS,
        "Account of minutes, and the ledger": ACCOUNT_METRICS,
        "Stages of the roll-out, and campaigns": (
            *STAGE_METRICS,
            ROLLOUT_SITES,
            ROLLOUT_LINE_RIGHT,
            *CAMPAIGN_METRICS,
        ),
        "Goals": GOAL_METRICS,
        "Forecast": FORECAST_METRICS,
        "The daemon itself": OWN_METRICS,
    }
)

CATALOGUE: Final[Mapping[str, Metric]] = MappingProxyType(
    {metric.name: metric for group in GROUPS.values() for metric in group}
)
