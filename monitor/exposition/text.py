"""Prometheus' text format: from names and values to lines.

Every string is sanitised here, so that no device and no configuration can break an exposition or
inject control characters into a terminal.

Source: Prometheus text exposition format 0.0.4.

Must not know: what the samples mean.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from monitor.words.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from monitor.exposition.metric import Metric

LABEL_LIMIT = 128

# A mapping's keys have one exact type, and counts are kept by all kinds of str enums.
_Counted = TypeVar("_Counted", bound=str)

# One check has fewer; a device's texts may change with every poll, and old ones are not kept.
_KEPT_BEGINS = 256
# About 100 octets each, shared by all devices: enough for the ports of a few models.
_KEPT_ENDS = 2_000


def sanitise(raw: bytes | str, limit: int = LABEL_LIMIT) -> str:
    """Return text that is safe in a label: valid UTF-8, one line, at most `limit` characters.

    Invalid characters are left out, as in every other output (`monitor.words.plain`).
    """
    return plain(raw)[:limit]


def labels(names: Sequence[str], values: Sequence[bytes | str]) -> str:
    """Return `{name="value",...}` in the given order, values sanitised and escaped.

    Raises:
        ValueError: if the numbers of values and names differ.
    """
    if len(names) != len(values):
        raise ValueError(f"{len(values)} values for the labels {', '.join(names)}")
    pairs = ",".join(map(_pair, names, values))
    return f"{{{pairs}}}" if pairs else ""


def number(value: float) -> str:
    """Return a value as text: integers exact, floats in the shortest form that reads back."""
    if isinstance(value, int):
        return str(int(value))
    if math.isfinite(value):
        return repr(value)
    if math.isnan(value):
        return "NaN"
    return "+Inf" if value > 0 else "-Inf"


class LineBegins(dict[tuple["Metric", tuple[bytes | str, ...]], str]):
    """`name{...}` by metric and label values, for callers that write the same ones repeatedly.

    Sanitising and escaping is most of the cost of a sample that is not in a table.
    """

    __slots__ = ()

    def __missing__(self, key: tuple[Metric, tuple[bytes | str, ...]]) -> str:
        metric, values = key
        text = f"{metric.name}{labels(metric.labels, values)}"
        if len(self) >= _KEPT_BEGINS:
            self.clear()
        self[key] = text
        return text


class Blocks:
    """Collects sample lines, metric by metric.

    `known` keeps the beginnings of lines from round to round.
    """

    __slots__ = ("_known", "_lines")

    def __init__(self, known: LineBegins | None = None) -> None:
        self._known = LineBegins() if known is None else known
        self._lines: dict[str, list[str]] = {}

    def add(self, metric: Metric, values: tuple[bytes | str, ...], value: float | None) -> None:
        """Add one sample, its label values in the metric's order; None adds nothing.

        Raises:
            ValueError: if the number of label values is not the metric's.
        """
        if value is None:
            return
        # Most values are integers, and calling `number` costs a sixth of the total.
        text = value if type(value) is int else number(value)
        line = f"{self._known[metric, values]} {text}\n"
        self._lines.setdefault(metric.name, []).append(line)

    def add_rows(
        self,
        metric: Metric,
        common: tuple[bytes | str, ...],
        rows: Iterable[tuple[tuple[bytes | str, ...], float]],
    ) -> None:
        """Add a sample per row of a table: its own label values, after the common ones, and value.

        For tables that are too large for keeping the label texts of each device: most of a city's
        devices have the same rows.

        Raises:
            ValueError: if the number of label values is not the metric's.
        """
        names = metric.labels
        begin = f"{metric.name}{labels(names[: len(common)], common)[:-1]},"
        own = names[len(common) :]
        lines = [f"{begin}{_end(own, values)} {number(value)}\n" for values, value in rows]
        if lines:
            self._lines.setdefault(metric.name, []).extend(lines)

    def add_states(
        self, metric: Metric, values: tuple[bytes | str, ...], states: Iterable[str], state: str
    ) -> None:
        """Add one sample per state, 1 for the current one, 0 for the others."""
        for each in states:
            self.add(metric, (*values, each), int(each == state))

    def add_counts(
        self, metric: Metric, values: tuple[bytes | str, ...], counts: Mapping[_Counted, int]
    ) -> None:
        """Add a counter's samples by its last label, whose known values the metric lists.

        Values that were not counted yet are 0; counted values that are not known are added, too.
        """
        totals: dict[str, int] = dict.fromkeys(metric.known[metric.labels[-1]], 0)
        totals.update(counts.items())
        for each, total in totals.items():
            self.add(metric, (*values, each), total)

    def add_histogram(
        self,
        metric: Metric,
        values: tuple[bytes | str, ...],
        buckets: Mapping[float, int],
        total: float,
    ) -> None:
        """Add a histogram whose samples add up to `total`.

        `buckets` maps ascending upper bounds, the last one infinite, to the number of samples
        within that bound and above the previous one.
        """
        name = metric.name
        named = self._known[metric, values].removeprefix(name)
        lines = self._lines.setdefault(name, [])
        count = 0
        within = f"{name}_bucket{named[:-1]}," if named else f"{name}_bucket{{"
        for bound, samples in buckets.items():
            count += samples
            lines.append(f'{within}le="{_bound(bound)}"}} {count}\n')
        lines.append(f"{name}_sum{named} {number(total)}\n{name}_count{named} {count}\n")

    def text(self) -> dict[str, bytes]:
        """Return the sample lines of each metric by its name, without HELP and TYPE."""
        return {name: "".join(lines).encode() for name, lines in self._lines.items()}


class SteadyLines:
    """Sample lines that seldom change from round to round: written again only if they do.

    They are a function of a round's `origin`, which is compared with that of the previous round.
    """

    __slots__ = ("_origin", "_texts")

    def __init__(self) -> None:
        self._origin: object = None
        self._texts: dict[str, bytes] | None = None

    def of(self, origin: object, write: Callable[[Blocks], None]) -> dict[str, bytes]:
        """Return what `Blocks.text` returns after `write`, by name of the metric."""
        if self._texts is None or origin != self._origin:
            blocks = Blocks()
            write(blocks)
            self._origin, self._texts = origin, blocks.text()
        return self._texts


@lru_cache(maxsize=_KEPT_ENDS)
def _end(names: tuple[str, ...], values: tuple[bytes | str, ...]) -> str:
    """Return a row's own labels, up to the brace that closes them."""
    return labels(names, values)[1:]


@lru_cache(maxsize=_KEPT_BEGINS)
def _bound(bound: float) -> str:
    return number(bound)


def _pair(name: str, raw: bytes | str) -> str:
    value = sanitise(raw)
    # Line breaks have been removed before.
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{value}"'
