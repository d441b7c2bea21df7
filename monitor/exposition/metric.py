"""What a metric is: its name, kind, unit, help and labels.

Must not know: any single metric, or a value of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a metric's values mean; `info` and `states` are gauges in Prometheus' text."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    INFO = "info"
    STATES = "states"


@dataclass(frozen=True, slots=True)
class Metric:
    """One family of series: declared once, named on an interface that others build on.

    `labels` are on every series, in that order; `optional` ones only where configured.
    `unit` is the one of the values, empty for ratios, states and attributes.
    """

    name: str
    kind: Kind
    unit: str
    help: str
    labels: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def text_type(self) -> str:
        """Return the type that Prometheus' text format knows for it."""
        return self.kind.value if self.kind in {Kind.COUNTER, Kind.HISTOGRAM} else Kind.GAUGE.value

    @property
    def header(self) -> bytes:
        """Return its HELP and TYPE lines.

        Source: Prometheus text exposition format 0.0.4.
        """
        escaped = self.help.replace("\\", "\\\\").replace("\n", "\\n")
        return f"# HELP {self.name} {escaped}\n# TYPE {self.name} {self.text_type}\n".encode()
