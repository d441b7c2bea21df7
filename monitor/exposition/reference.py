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
the metric `ifIndex` has the present number. Strings from devices are cut at 128
characters and freed of control characters. `process_*` metrics come from the Prometheus
client library and are the usual ones.
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
