"""As of when a board's figures are: when Prometheus last asked the monitor.

A wall has no menu that says so, and a browser that has stopped refreshing looks like one that has
not. While the monitor is silent, this is since when.

Must not know: Grafana's JSON, single boards.
"""

from __future__ import annotations

from typing import Final

from dashboards.panel import Colour, Kind, Panel, Query, Series
from dashboards.sentence import ALIVE, MONITOR_SILENT, REMEMBERED
from monitor.words.text import Text, same

# Points a minute apart miss no sample: one counts for five.
_READ: Final = f'timestamp(up{{job="schulnetz"}}) and {ALIVE}'
_SILENT_SINCE: Final = Series("silent", Text("silent since", "stumm seit"), Colour.SILENT)


def as_of(width: int, height: int, unit: str = "since") -> Panel:
    """Return the tile that says it, in one of the units of dates."""
    title = Text("As of", "Stand")
    return Panel(
        Kind.STAT,
        title,
        Text(
            "When Prometheus last read the monitor, at most three days before the end of the time "
            "range. Good: a minute ago or less, unless the range ends earlier.",
            "Wann Prometheus den Monitor zuletzt gelesen hat, höchstens drei Tage vor dem Ende "
            "des Zeitraums. Gut: vor höchstens einer Minute, außer der Zeitraum endet früher.",
        ),
        (
            Query(f"max({_READ}) * 1000", title, instant=True),
            Query(
                f"max(max_over_time(({_READ})[{REMEMBERED}:1m])) * 1000 unless on () {ALIVE}",
                same(_SILENT_SINCE.name),
                instant=True,
            ),
        ),
        unit,
        MONITOR_SILENT,
        width=width,
        height=height,
        series=(_SILENT_SINCE,),
        names_one=False,
    )
