"""The catalogue as `docs/metrics.md`: `python -m monitor.exposition.reference > docs/metrics.md`.

Must not know: values.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from monitor.exposition.catalogue import GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.exposition.metric import Metric

_INTRODUCTION = """\
# Metrics

Every family that the daemon exports, made from `monitor/exposition/catalogue.py` by `python -m
monitor.exposition.reference`. An unknown value is absent; a value that is known to be down is 0,
and counters begin at 0: those of all configured objects exist from the daemon's start. MIB
objects keep their names, so that dashboards for snmp_exporter's `if_mib` work; `probe_*` and
`smokeping_*` names are those of blackbox_exporter and smokeping_prober if they have an equivalent
metric. `/probe` exposes what blackbox_exporter does, with its zeros: `probe_icmp_duration_seconds`
of a silent router has `phase="rtt"` 0 there, and none in `/metrics`.

Labels in parentheses are only present if configured or needed: an interface's series have
`ifIndex` only if its name is not unique, so that a restart which renumbers the interfaces
continues the same series (`identity` in the configuration); `ifType_info` has the current number
and type. An unused port that is down has only `ifOperStatus` and `ifAdminStatus`
([snmp.md](snmp.md#unused-ports)). Strings from devices are truncated to 128 characters and
stripped of control characters. `process_*` metrics are the standard ones of the Prometheus client
library.

## Instants of polls

Polls of devices and scrapes by Prometheus are not synchronised. The result of an interfaces poll
(`if*`, `sysUpTime`, `school_device_read_timestamp_seconds`) therefore carries the instant at
which the device was read, in milliseconds, wherever the check's interval is two minutes or less.
Without it a constant rate of 100 Mbit/s would be drawn as 66.6 and 133.3 in turn. No other family
carries a time stamp. It is the time when the reply with the row arrived, by the daemon's clock:
run NTP, and leave `honor_timestamps` in Prometheus true, which is the default.

- Prometheus keeps each poll once, however often it scrapes.
- Samples older than five minutes, Prometheus' look-back, are not exposed.
- Prometheus sets no staleness marker for samples with an instant: the series of a device that is
  removed or no longer answers end five minutes after their last poll. From Prometheus 2.48 on
  `track_timestamps_staleness: true` in the scrape configuration ends them with the next scrape.
- Use a window of at least four polls: `[4m]` at one poll a minute. `rate()` extrapolates to the
  whole window, and is up to a third too low if a poll is missing; divided by the rate of the
  polls' own time stamps it is correct there too:

  ```promql
  (rate(ifHCInOctets[4m]) or rate(ifInOctets[4m])) * 8
    / on (school, site, device) group_left ()
    rate(school_device_read_timestamp_seconds[4m])
  ```

- An interface has its octets either in `ifHCInOctets` or, if it has no working 64-bit counter, in
  `ifInOctets`: query both. Prometheus treats the wrap of a 32-bit counter as a reset, and the
  rate is too low in the window in which it happens (every 6 minutes at 100 Mbit/s); the uplink's
  load ([uplink.md](uplink.md)) handles wraps correctly.
"""


def reference() -> str:
    """Return the whole document as Markdown."""
    return "\n".join([_INTRODUCTION, *_sections()])


def _sections() -> Iterator[str]:
    for heading, metrics in GROUPS.items():
        yield f"## {heading}\n"
        yield "| metric | type | unit | labels | meaning |\n|---|---|---|---|---|"
        for metric in metrics:
            yield _row(metric)
        yield ""


def _row(metric: Metric) -> str:
    labels = [*metric.labels, *(f"({name})" for name in metric.optional)]
    unit = metric.unit or "–"
    meaning = metric.help.replace("|", "\\|")
    return f"| `{metric.name}` | {metric.kind} | {unit} | {', '.join(labels) or '–'} | {meaning} |"


if __name__ == "__main__":
    sys.stdout.write(reference())
