"""As of when a board's figures are: when Prometheus last asked the monitor.

A wall has no menu that says so, and a browser that has stopped refreshing looks like one that has
not.

Must not know: Grafana's JSON, single boards.
"""

from __future__ import annotations

from dashboards.panel import Kind, Panel, Query
from dashboards.sentence import MONITOR_SILENT
from monitor.words.text import Text


def as_of(width: int, height: int, unit: str = "since") -> Panel:
    """Return the tile that says it, in one of the units of dates."""
    title = Text("As of", "Stand")
    return Panel(
        Kind.STAT,
        title,
        Text(
            "When Prometheus last read the monitor, within the time range. Good: a minute ago or "
            "less, unless the range ends earlier.",
            "Wann Prometheus den Monitor zuletzt gelesen hat, innerhalb des Zeitraums. Gut: vor "
            "höchstens einer Minute, außer der Zeitraum endet früher.",
        ),
        (
            Query(
                'max(timestamp(up{job="schulnetz"}) and up{job="schulnetz"} == 1) * 1000',
                title,
                instant=True,
            ),
        ),
        unit,
        MONITOR_SILENT,
        width=width,
        height=height,
    )
