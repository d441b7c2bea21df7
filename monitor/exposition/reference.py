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

Every family that the daemon exports, made from `monitor/exposition/catalogue.py` by
`python -m monitor.exposition.reference`. A value that is not known is absent; what is known
to be down is 0, and counters begin at 0: those of everything that is configured are there from the
daemon's start. Names of MIB objects stand as the MIB has them, so that dashboards for
snmp_exporter's `if_mib` fit; `probe_*` names are blackbox_exporter's and `smokeping_*` names
smokeping_prober's where they have one for the same thing.

Labels in parentheses are there only where configured or needed: an interface's series have
`ifIndex` only where its name does not tell it from the others, so that a restart which numbers
the interfaces anew goes on with the same series (`identity` in the configuration);
`ifType_info` has the present number, and says once what seldom changes of an interface. A port
that is down and carries nothing has `ifOperStatus` and `ifAdminStatus` alone
([snmp.md](snmp.md#unused-ports)). Strings from devices are cut at 128
characters and freed of control characters. `process_*` metrics come from the Prometheus
client library and are the usual ones.

## Instants of polls

The daemon polls devices in its own rhythm and is scraped in Prometheus'. What an interfaces poll
brings (`if*`, `sysUpTime`, `school_device_read_timestamp_seconds`) therefore carries the instant
at which the device was read, in milliseconds, wherever the check's interval is two minutes or
less. Without it a device of exactly 100 Mbit/s is drawn as 66.6 and 133.3 in turn. No other family
carries one. The instant is when the reply came that had the row, by the daemon's clock: keep it in
time (NTP), and `honor_timestamps` in Prometheus true, as it is by default.

- Prometheus keeps each poll once, however often it scrapes.
- A sample that is older than five minutes, Prometheus' look-back, is not exposed.
- Prometheus sets no staleness marker for samples with an instant: the series of a device that is
  removed or no longer answers end five minutes after their last poll. From Prometheus 2.48 on
  `track_timestamps_staleness: true` in the scrape configuration ends them with the next scrape.
- Use a window of at least four polls: `[4m]` at one poll a minute. `rate()` spreads what its
  samples grew by over the whole window, and shows up to a third too little beside a poll that is
  missing; divided by the rate of the polls' own instants it is right there, too:

  ```promql
  (rate(ifHCInOctets[4m]) or rate(ifInOctets[4m])) * 8
    / on (school, site, device) group_left ()
    rate(school_device_read_timestamp_seconds[4m])
  ```

- An interface has its octets either in `ifHCInOctets` or, where it has no 64-bit counter that
  counts, in `ifInOctets`: ask for both. Prometheus takes the wrap of a 32-bit counter for a reset,
  and shows too little in the window in which it happens (every 6 minutes at 100 Mbit/s); the
  uplink's load ([uplink.md](uplink.md)) knows the difference.
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
