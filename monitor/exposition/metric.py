"""The declaration of a metric: name, kind, unit, help and labels.

Must not know: any single metric, or a value of one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


SITE: Final = ("school", "site")
DEVICE: Final = (*SITE, "device")
CHECK: Final = (*DEVICE, "check")
"""The labels that identify the source of a value."""


class Kind(StrEnum):
    """The type of a metric; `info` and `states` are gauges in Prometheus' text format."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    INFO = "info"
    STATES = "states"


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric family: declared once, with a name that others depend on.

    Each is a constant beside the function that writes its lines. It is equal only to itself: lines
    are stored by metric, and hashing all its fields would cost more than a line.

    `labels` are on every series, in that order; `optional` ones only where configured.
    `unit` is that of the values, empty for ratios, states and attributes. `known` lists all
    possible values of a counter's last labels: each of those series exists from the start, at 0,
    because the first event is only an increase if the series existed before.
    """

    name: str
    kind: Kind
    unit: str
    help: str
    labels: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def known_values(self) -> Iterable[tuple[str, ...]]:
        """Return every combination of values of the labels in `known`, in the labels' order."""
        return product(*(self.known[label] for label in self.labels if label in self.known))

    @property
    def text_type(self) -> str:
        """Return the metric's type in the Prometheus text format."""
        return self.kind.value if self.kind in {Kind.COUNTER, Kind.HISTOGRAM} else Kind.GAUGE.value

    @property
    def header(self) -> bytes:
        """Return its HELP and TYPE lines.

        Source: Prometheus text exposition format 0.0.4.
        """
        escaped = self.help.replace("\\", "\\\\").replace("\n", "\\n")
        return f"# HELP {self.name} {escaped}\n# TYPE {self.name} {self.text_type}\n".encode()
