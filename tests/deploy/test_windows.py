"""Each window of a rule is long enough for its metric and covers devices of every make.

A counter that moves every five minutes has no increase in most windows of five minutes: an alert on
it would resolve and fire again forever.
"""

from __future__ import annotations

import inspect
import re

import pytest
import yaml

from dashboards.boards import BOARDS
from monitor.availability.recorder import MinuteRecorder
from monitor.config import load
from monitor.exposition.catalogue import CATALOGUE, GROUPS
from monitor.exposition.devices import SCHOOL_DEVICE_READ_TIMESTAMP_SECONDS
from monitor.exposition.metric import Kind
from monitor.inventory.checks import CheckKind
from monitor.probes.interface_columns import TWINS
from tests.deploy.rules import ROOT, RULES, alerts, all_rules
from tests.drills.pace import seconds

STEPS_OF_A_WINDOW = 2
# The check whose run updates a family, by the family's heading in docs/metrics.md.
MOVED_BY = {
    "Devices": CheckKind.INTERFACES,
    "Interfaces": CheckKind.INTERFACES,
    "Hardware of switches": CheckKind.HARDWARE,
    "ICMP": CheckKind.ICMP,
    "Load of the uplinks": CheckKind.INTERFACES,
}
MINUTES = "school_minutes_total"
_RANGE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{[^}]*\})?\[(\w+)(?::\w+)?\]")
_SUFFIX = re.compile(r"_(?:bucket|sum|count)$")


def global_seconds(key: str) -> float:
    text = (RULES.parent / "prometheus.yml").read_text(encoding="utf-8")
    return seconds(yaml.safe_load(text)["global"][key])


def steps() -> dict[str, float]:
    """Return after how many seconds at most each series is updated: families and records."""
    inventory = load(ROOT / "config" / "schools.yaml")
    intervals: dict[CheckKind, float] = {}
    for check in inventory.checks():
        intervals[check.kind] = max(check.interval, intervals.get(check.kind, 0))
    scrape = global_seconds("scrape_interval")
    found = {}
    for heading, group in GROUPS.items():
        kind = MOVED_BY.get(heading)
        for metric in group:
            found[metric.name] = max(scrape, intervals[kind] if kind else 0)
    every = inspect.signature(MinuteRecorder).parameters["every_minutes"].default
    found[MINUTES] = every * 60.0
    for rule in all_rules():
        if rule.record:
            evaluation = global_seconds("evaluation_interval")
            found[rule.record] = seconds(rule.interval) if rule.interval else evaluation
    return found


def windows(expression: str) -> list[tuple[str, float]]:
    """Return (metric, seconds) of each range selector."""
    return [(name, seconds(window)) for name, window in _RANGE.findall(expression)]


def test_every_window_spans_two_updates_of_its_metric() -> None:
    known = steps()
    for rule in all_rules():
        for name, window in windows(rule.expression):
            family = name if name in known else _SUFFIX.sub("", name)
            assert family in known, name
            needed = STEPS_OF_A_WINDOW * known[family]
            assert window >= needed, f"{rule.alert or rule.record}: {name}[{window:g}s] < {needed}s"


def test_the_window_parser_finds_all_windows() -> None:
    for rule in all_rules():
        assert len(windows(rule.expression)) == rule.expression.count("["), rule.record
    assert steps()[MINUTES] == 300
    assert steps()["ifInErrors"] == 60


def test_an_alert_on_minutes_survives_a_gap_in_them() -> None:
    """Isolated or restarted, the daemon counts no minute as up or down; a ticket stays open."""
    on_minutes = [rule for rule in alerts() if "minutes_down" in rule.expression]
    assert len(on_minutes) == 4
    for rule in on_minutes:
        assert seconds(rule.keeps or "0s") >= STEPS_OF_A_WINDOW * steps()[MINUTES], rule.variant


NARROW_TWIN = {wide: narrow for pair in TWINS for wide, narrow in zip(*pair, strict=True)} | {
    "ifHighSpeed": "ifSpeed"
}


@pytest.mark.parametrize("wide", sorted(NARROW_TWIN))
def test_queries_for_64_bit_counters_also_cover_32_bit_ones(wide: str) -> None:
    """A switch with only the 32-bit columns is exported under their names."""
    assert {wide, NARROW_TWIN[wide]} <= CATALOGUE.keys()
    asked = [(rule.alert or rule.record, rule.expression) for rule in all_rules()]
    asked += [
        (panel.title.en, query.expr)
        for board in BOARDS
        for row in board.rows
        for panel in row.panels
        for query in panel.queries
    ]
    for path in sorted((ROOT / "docs" / "runbooks").glob("*.md")):
        queries = path.read_text(encoding="utf-8").split("```promql\n")[1:]
        lines = [line for query in queries for line in query.split("```")[0].splitlines()]
        asked += [(path.stem, line) for line in lines]
    for name, expression in asked:
        if re.search(rf"\b{wide}\b", expression):
            assert re.search(rf"\b{NARROW_TWIN[wide]}\b", expression), f"{name}: {expression}"


def test_counter_windows_are_used_only_with_rate_and_increase() -> None:
    for rule in all_rules():
        for name in re.findall(r"\b(?:rate|increase)\(([\w:]+)", rule.expression):
            if name == SCHOOL_DEVICE_READ_TIMESTAMP_SECONDS.name:
                # Not a counter, but it rises by one per second, which is what the rule uses.
                continue
            metric = CATALOGUE.get(name) or CATALOGUE[_SUFFIX.sub("", name)]
            assert metric.kind in {Kind.COUNTER, Kind.HISTOGRAM}, name
