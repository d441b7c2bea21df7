from __future__ import annotations

import re
from importlib import import_module
from itertools import chain
from pathlib import Path
from pkgutil import iter_modules

from monitor import exposition
from monitor.exposition.catalogue import CATALOGUE, GROUPS
from monitor.exposition.echo import RTT_BOUNDS
from monitor.exposition.interfaces import COLUMN_METRICS, INTERFACE_METRICS
from monitor.exposition.metric import Kind, Metric
from monitor.exposition.reference import reference
from monitor.probes.interface_columns import TWINS
from monitor.probes.interfaces import COLUMNS, COLUMNS_32_BIT, DISCONTINUITY

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_no_metric_is_declared_twice() -> None:
    assert len(CATALOGUE) == sum(len(group) for group in GROUPS.values())


def test_every_declared_metric_is_in_the_catalogue() -> None:
    """A constant has its metric's name in capitals; columns of tables are in tuples."""
    gathered = set(CATALOGUE.values())
    for module in iter_modules(exposition.__path__, f"{exposition.__name__}."):
        for constant, value in vars(import_module(module.name)).items():
            if isinstance(value, Metric):
                assert value in gathered, f"{module.name}.{constant}"
                name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", value.name)
                assert constant == name.upper(), module.name
            elif isinstance(value, tuple) and value and isinstance(value[0], Metric):
                assert gathered.issuperset(value), f"{module.name}.{constant}"


def test_every_column_of_interfaces_is_one_that_the_probe_reads() -> None:
    read = {*COLUMNS, *COLUMNS_32_BIT, DISCONTINUITY}
    assert [metric.name for metric in COLUMN_METRICS if metric.name not in read] == []


def test_names_and_labels_are_valid() -> None:
    for metric in CATALOGUE.values():
        assert re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", metric.name)
        for label in (*metric.labels, *metric.optional):
            assert re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", label), f"{metric.name}: {label}"


def test_counter_names_end_in_total_and_info_names_in_info_or_reason() -> None:
    mib_names = {metric.name for metric in INTERFACE_METRICS}
    for metric in CATALOGUE.values():
        if metric.name in mib_names or metric.name.startswith("dot1d"):
            continue
        assert (metric.kind is Kind.COUNTER) == metric.name.endswith("_total"), metric.name
        if metric.kind is Kind.INFO:
            assert metric.name.endswith(("_info", "_reason")), metric.name


def test_both_widths_of_every_counter_are_declared() -> None:
    assert {name for pair in chain.from_iterable(TWINS) for name in pair} <= CATALOGUE.keys()


def test_buckets_reach_from_50_microseconds_to_over_five_seconds() -> None:
    assert RTT_BOUNDS[0] == 0.00005
    assert RTT_BOUNDS[-2] >= 5
    assert list(RTT_BOUNDS) == sorted(RTT_BOUNDS)


def test_the_metrics_page_is_the_one_generated_from_the_catalogue() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == reference(), (
        "run: python -m monitor.exposition.reference > docs/metrics.md"
    )
